/* The Reported flag, set from outside: for replaying what a kernel did. */
#include "mm/freelist.h"

#include <errno.h>

int fpr_zone_set_reported(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, bool reported)
{
    struct fpr_block b;
    enum fpr_page_kind kind;
    if (!zone_usable(zone) || order > zone->max_order || fpr_zone_page(zone, pfn, &kind, &b)) {
        return -EINVAL;
    }
    if (kind != FPR_PAGE_FREE || b.pfn != pfn || b.order != order) {
        return -EINVAL;
    }
    zone_lock(zone);
    struct area *a = &zone->area[order];
    uint16_t *tag = &a->tags[(uint32_t)(pfn - zone->base) >> a->shift];
    uint16_t rest = (uint16_t)(tag_load(tag) & ~(unsigned)TAG_REPORTED);
    tag_store(tag, (uint16_t)(rest | (reported ? TAG_REPORTED : 0)));
    zone_unlock(zone);
    return 0;
}
