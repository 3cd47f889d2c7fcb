#include "mm/isolate.h"

#include "mm/alloc.h"
#include "mm/buddy.h"
#include "mm/emit.h"
#include "mm/freelist.h"
#include "mm/pageblock.h"
#include "mm/pcp.h"
#include "mm/watermark.h"

#include <errno.h>

/* A big free block in the hands of somebody else is as good as movable: its pageblocks become
 * so, unless they are special. */
static void make_movable(struct fpr_zone *z, uint32_t i, unsigned order)
{
    uint32_t n = order > z->pageblock_order ? 1u << (order - z->pageblock_order) : 1;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t block = i + (k << z->pageblock_order), start;
        if (pageblock_get(z, block) >= FPR_HIGHATOMIC) {
            continue;
        }
        if (!z->policy.isolate_moves_rest) {
            pageblock_set(z, block, FPR_MOVABLE);
        } else if (fpr_pageblock_whole(z, block, &start)) {
            fpr_pageblock_move(z, block, FPR_MOVABLE);
            pageblock_set(z, block, FPR_MOVABLE);
        }
    }
}

bool fpr_isolate_block(struct fpr_zone *z, uint32_t i, unsigned order)
{
    int mt = pageblock_get(z, i);
    if (mt != FPR_ISOLATE) {
        if (!fpr_watermark_plain(z, z->watermark[FPR_WMARK_MIN] + (1ull << order))) {
            z->stats.isolate_refused++;
            return false;
        }
        zone_account(z, -(int64_t)(1ull << order));
    }
    freelist_del(z, i, order);
    held_add(z, i, order, mt);
    if (order + 1 >= z->pageblock_order) {
        make_movable(z, i, order);
    }
    z->stats.isolated_blocks++;
    emit_block(z, FPR_EVENT_ISOLATE, i, order, mt);
    return true;
}

bool fpr_putback_block(struct fpr_zone *z, uint32_t i, unsigned order, enum fpr_place place)
{
    int mt = pageblock_get(z, i);
    held_del(z, i, order);
    z->stats.putback_blocks++;
    fpr_buddy_free(z, i, order, mt, place, false);
    emit_block(z, FPR_EVENT_PUTBACK, i, order, mt);
    return freelist_is_free(z, i, order);
}

int fpr_zone_isolate(struct fpr_zone *zone, fpr_pfn pfn, unsigned order)
{
    uint32_t i;
    if (!zone_usable(zone) || order > zone->max_order || !zone_index(zone, pfn, &i) ||
        (pfn & ((1ull << order) - 1))) {
        return -EINVAL;
    }
    zone_lock(zone);
    int err = !freelist_is_free(zone, i, order)   ? -EINVAL
              : fpr_isolate_block(zone, i, order) ? 0
                                                  : -EAGAIN;
    zone_unlock(zone);
    return err;
}

/* Index of a block of exactly this order that is held for the caller. */
static bool find_held(const struct fpr_zone *z, fpr_pfn pfn, unsigned order, uint32_t *i)
{
    if (order > z->max_order || !zone_index(z, pfn, i) || (*i & ((1u << order) - 1))) {
        return false;
    }
    uint16_t tag = freelist_tag(z, *i, order);
    return tag_is(tag, PAGE_HELD, order) && !(tag & TAG_TAKEN);
}

int fpr_zone_putback(struct fpr_zone *zone, fpr_pfn pfn, unsigned order)
{
    uint32_t i;
    if (!zone_usable(zone)) {
        return -EINVAL;
    }
    zone_lock(zone);
    bool found = find_held(zone, pfn, order, &i);
    if (found) {
        fpr_putback_block(zone, i, order, zone->policy.putback);
    }
    zone_unlock(zone);
    return found ? 0 : -EINVAL;
}

int fpr_zone_adopt(struct fpr_zone *zone, fpr_pfn pfn, unsigned order)
{
    uint32_t i;
    if (!zone_usable(zone)) {
        return -EINVAL;
    }
    zone_lock(zone);
    bool found = find_held(zone, pfn, order, &i);
    if (found) {
        held_del(zone, i, order);
        zone_touch(zone, i);
        fpr_mark_allocated(zone, i, order, FPR_UNMOVABLE);
    }
    zone_unlock(zone);
    return found ? 0 : -EINVAL;
}
