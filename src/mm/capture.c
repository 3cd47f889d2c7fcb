/* Compaction's capture: a block that frees put together goes to the compactor at once. */
#include "mm/alloc.h"
#include "mm/freelist.h"

#include <errno.h>

int fpr_zone_capture_begin(struct fpr_zone *zone, unsigned order)
{
    if (!zone_usable(zone) || order > zone->max_order) {
        return -EINVAL;
    }
    zone_lock(zone);
    int err = zone->capture.active ? -EBUSY : 0;
    if (!err) {
        zone->capture = (struct capture){.active = true, .order = order, .pfn = FPR_PFN_NONE};
        fpr_zone_quick_changed(zone);
    }
    zone_unlock(zone);
    return err;
}

int fpr_zone_capture_pause(struct fpr_zone *zone, bool paused)
{
    if (!zone_usable(zone)) {
        return -EINVAL;
    }
    zone_lock(zone);
    int err = zone->capture.active ? 0 : -EINVAL;
    if (!err) {
        zone->capture.paused = paused;
    }
    zone_unlock(zone);
    return err;
}

static fpr_pfn end(struct fpr_zone *z)
{
    fpr_pfn got = z->capture.pfn;
    if (got != FPR_PFN_NONE) {
        uint32_t i = (uint32_t)(got - z->base);
        held_del(z, i, z->capture.order);
        zone_touch(z, i);
        fpr_mark_allocated(z, i, z->capture.order, pageblock_get(z, i));
    }
    z->capture = (struct capture){.pfn = FPR_PFN_NONE};
    fpr_zone_quick_changed(z);
    return got;
}

int fpr_zone_capture_end(struct fpr_zone *zone, fpr_pfn *pfn)
{
    if (!zone_usable(zone) || !pfn) {
        return -EINVAL;
    }
    zone_lock(zone);
    int err = zone->capture.active ? 0 : -EINVAL;
    if (!err) {
        *pfn = end(zone);
    }
    zone_unlock(zone);
    return err;
}
