/* Compaction's capture: a block that frees put together goes to the compactor at once. */
#include "mm/alloc.h"
#include "mm/freelist.h"

#include <errno.h>

int fpr_zone_capture_begin(struct fpr_zone *zone, unsigned order)
{
    if (!zone || order > zone->max_order) {
        return -EINVAL;
    }
    if (zone->capture.active) {
        return -EBUSY;
    }
    zone->capture = (struct capture){.active = true, .order = order, .pfn = FPR_PFN_NONE};
    fpr_zone_quick_changed(zone);
    return 0;
}

int fpr_zone_capture_pause(struct fpr_zone *zone, bool paused)
{
    if (!zone || !zone->capture.active) {
        return -EINVAL;
    }
    zone->capture.paused = paused;
    return 0;
}

int fpr_zone_capture_end(struct fpr_zone *zone, fpr_pfn *pfn)
{
    if (!zone || !pfn || !zone->capture.active) {
        return -EINVAL;
    }
    fpr_pfn got = zone->capture.pfn;
    if (got != FPR_PFN_NONE) {
        uint32_t i = (uint32_t)(got - zone->base);
        held_del(zone, i, zone->capture.order);
        zone_touch(zone, i);
        fpr_mark_allocated(zone, i, zone->capture.order, pageblock_get(zone, i));
    }
    zone->capture = (struct capture){.pfn = FPR_PFN_NONE};
    fpr_zone_quick_changed(zone);
    *pfn = got;
    return 0;
}
