/* Isolating whole pageblocks, as memory offlining and big contiguous allocations do. */
#include "mm/buddy.h"
#include "mm/freelist.h"
#include "mm/isolate.h"
#include "mm/pageblock.h"
#include "mm/pcp.h"

#include <errno.h>

/* No free block may lie across an end of the range, or a part of it would be in a pageblock of
 * another type than its list: so an end is one of a largest block, or the last pageblock's. */
static bool end_ok(const struct fpr_zone *z, fpr_pfn end)
{
    uint64_t largest = 1ull << z->max_order, pageblock = zone_pageblock_pages(z);
    fpr_pfn first = (z->start + pageblock - 1) & ~(pageblock - 1);
    fpr_pfn last = (z->start + z->spanned) & ~(pageblock - 1);
    return end >= first && end <= last && (!(end & (largest - 1)) || end == first || end == last);
}

static bool range_ok(const struct fpr_zone *z, fpr_pfn start, fpr_pfn end, int mt)
{
    return zone_usable(z) && mt >= 0 && mt < FPR_HIGHATOMIC && start < end && end_ok(z, start) &&
           end_ok(z, end);
}

/* Reserved frames and allocated ones that are not movable keep a pageblock from being isolated;
 * free, per-cpu and held ones do not. A movable zone minds only the reserved ones. */
static bool has_unmovable(const struct fpr_zone *z, uint32_t start)
{
    uint64_t end = start + zone_pageblock_pages(z);
    for (uint64_t i = start; i < end;) {
        struct fpr_block b;
        enum fpr_page_kind kind;
        fpr_zone_page(z, zone_pfn(z, (uint32_t)i), &kind, &b);
        bool movable = tag_load(&z->tags[b.pfn - z->base]) & TAG_MOVABLE;
        if (kind == FPR_PAGE_RESERVED ||
            (kind == FPR_PAGE_ALLOCATED && !movable && z->index != FPR_ZONE_MOVABLE)) {
            return true;
        }
        i = b.pfn - z->base + (1ull << b.order);
    }
    return false;
}

static void isolate_pageblock(struct fpr_zone *z, uint32_t i)
{
    pageblock_set(z, i, FPR_ISOLATE);
    z->nr_isolated++;
    fpr_zone_quick_changed(z);
    struct pageblock_census c = fpr_pageblock_move(z, i, FPR_ISOLATE);
    zone_account(z, -(int64_t)c.free);
}

/* A big free block that could merge across the border is taken out and put back, so that it
 * does. Otherwise the free blocks just move. */
static void unisolate_pageblock(struct fpr_zone *z, uint32_t i, int mt)
{
    if (pageblock_get(z, i) != FPR_ISOLATE) {
        return;
    }
    unsigned order = z->max_order + 1;
    for (unsigned o = z->pageblock_order; o <= z->max_order; o++) {
        if ((i & ((1u << o) - 1)) == 0 && freelist_is_free(z, i, o)) {
            order = o;
        }
    }
    /* by frame number: indices count from a largest block, so bit max_order is not theirs */
    fpr_pfn buddy = zone_pfn(z, i) ^ 1ull << order;
    bool mergeable = order <= z->max_order && buddy >= z->start && buddy < z->start + z->spanned &&
                     pageblock_get(z, (uint32_t)(buddy - z->base)) != FPR_ISOLATE;
    if (mergeable) {
        fpr_isolate_block(z, i, order);
        pageblock_set(z, i, mt);
        fpr_putback_block(z, i, order, z->policy.putback);
    } else {
        struct pageblock_census c = fpr_pageblock_move(z, i, mt);
        zone_account(z, (int64_t)c.free);
        pageblock_set(z, i, mt);
    }
    z->nr_isolated--;
    fpr_zone_quick_changed(z);
}

static void drain_all(struct fpr_zone *z)
{
    for (unsigned c = 0; c < z->cpus; c++) {
        fpr_zone_drain(z, c);
    }
}

static void unisolate(struct fpr_zone *z, fpr_pfn start, fpr_pfn end, int mt)
{
    zone_lock(z);
    for (fpr_pfn p = start; p < end; p += zone_pageblock_pages(z)) {
        unisolate_pageblock(z, (uint32_t)(p - z->base), mt);
    }
    zone_unlock(z);
}

int fpr_zone_unisolate_range(struct fpr_zone *zone, fpr_pfn start, fpr_pfn end, int mt)
{
    if (!range_ok(zone, start, end, mt)) {
        return -EINVAL;
    }
    unisolate(zone, start, end, mt);
    return 0;
}

int fpr_zone_isolate_range(struct fpr_zone *zone, fpr_pfn start, fpr_pfn end, int mt)
{
    if (!range_ok(zone, start, end, mt)) {
        return -EINVAL;
    }
    for (fpr_pfn p = start; p < end; p += zone_pageblock_pages(zone)) {
        uint32_t i = (uint32_t)(p - zone->base);
        zone_lock(zone);
        bool refused = pageblock_get(zone, i) == FPR_ISOLATE || has_unmovable(zone, i);
        if (!refused) {
            isolate_pageblock(zone, i);
        }
        zone_unlock(zone);
        if (refused) {
            unisolate(zone, start, p, mt);
            return -EBUSY;
        }
        drain_all(zone);
    }
    return 0;
}
