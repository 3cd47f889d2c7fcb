/* What the kernel does behind its users' backs: compaction, kswapd, the vmstat worker. */
#include "replay/run.h"

#include <errno.h>

/* Frames to either side of the recorded block that are searched for one like it. */
#define NEAR_FRAMES 4096

/* The first free block of at least this order above or below a frame; FPR_PFN_NONE if none is near
 * enough. */
static fpr_pfn search(const struct fpr_zone *zone, fpr_pfn pfn, unsigned order, bool up)
{
    fpr_pfn size = 1ull << order, at = up ? pfn + size : pfn - size;
    while (up ? at < pfn + NEAR_FRAMES : at < pfn && pfn - at < NEAR_FRAMES) {
        struct fpr_block block;
        enum fpr_page_kind kind;
        if (fpr_zone_page(zone, at, &kind, &block)) {
            break;
        }
        if (kind == FPR_PAGE_FREE && block.order >= order) {
            return up ? block.pfn : block.pfn + (1ull << block.order) - size;
        }
        fpr_pfn past = (block.pfn + (1ull << block.order) + size - 1) & ~(size - 1);
        at = up ? past : (block.pfn & ~(size - 1)) - size;
    }
    return FPR_PFN_NONE;
}

/* Takes the nearest free block of this order. */
static fpr_pfn near_block(struct fpr_zone *zone, fpr_pfn pfn, unsigned order)
{
    fpr_pfn above = search(zone, pfn, order, true), below = search(zone, pfn, order, false);
    fpr_pfn at = above;
    if (below != FPR_PFN_NONE && (above == FPR_PFN_NONE || pfn - below < above - pfn)) {
        at = below;
    }
    return at != FPR_PFN_NONE && !fpr_zone_take(zone, at, order) ? at : FPR_PFN_NONE;
}

/* Compaction's scanners are not modelled: it gets the recorded block where that is free, else the
 * nearest of its size, else any movable one. */
static fpr_pfn isolate_block(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, unsigned cpu)
{
    if (!fpr_zone_isolate(zone, pfn, order)) {
        fpr_zone_adopt(zone, pfn, order);
        return pfn;
    }
    if (!fpr_zone_take(zone, pfn, order))
        return pfn;
    fpr_pfn got = near_block(zone, pfn, order);
    if (got == FPR_PFN_NONE)
        fpr_zone_alloc(zone, order, FPR_GFP_HIGHUSER_MOVABLE, cpu, &got);
    return got;
}

int fpr_on_isolate(struct run *run, const struct op *op)
{
    struct fpr_zone *zone = fpr_run_zone(run, op->pfn);
    if (!zone || !run_knows(run, FPR_KNOW_BIT_ISOLATE))
        return 0;
    run->mute = true;
    if (run->follows_free)
        bits_put(run->limbo, op->pfn, 1ull << op->order, false);
    fpr_pfn got = isolate_block(zone, op->pfn, op->order, run_cpu(run, op));
    if (got != op->pfn)
        run->misfits++;
    if (got != FPR_PFN_NONE) {
        run->map[op->id] = (uint32_t)got;
        if (op->order)
            fpr_zone_split(zone, got, op->order, 0);
    }
    run->mute = false;
    return 0;
}

int fpr_on_compact(struct run *run, const struct op *op)
{
    struct behind_scenes *b = &run->behind;
    if (b->capturing) {
        fpr_zone_capture_end(b->zone, &b->captured);
        b->capturing = false;
    }
    b->zone = fpr_run_zone(run, op->pfn);
    if (b->zone && op->flags & OP_F_BATCHED && run_knows(run, FPR_KNOW_BIT_CAPTURE))
        b->capturing = !fpr_zone_capture_begin(b->zone, op->order);
    return 0;
}

int fpr_on_compact_end(struct run *run, const struct op *op)
{
    (void)op;
    struct behind_scenes *b = &run->behind;
    if (b->capturing)
        fpr_zone_capture_end(b->zone, &b->captured);
    b->capturing = false;
    b->zone = NULL;
    return 0;
}

int fpr_on_drain_zone(struct run *run, const struct op *op)
{
    if (!run_knows(run, FPR_KNOW_BIT_DRAIN))
        return 0;
    for (size_t i = 0; i < run->nr_zones; i++) {
        struct fpr_zone *zone = fpr_machine_zone(run->machine, i);
        if (!run->behind.zone || run->behind.zone == zone)
            fpr_zone_drain(zone, run_cpu(run, op));
    }
    return 0;
}

int fpr_on_fold(struct run *run, const struct op *op)
{
    (void)op;
    if (run_knows(run, FPR_KNOW_BIT_FOLD))
        for (size_t i = 0; i < run->nr_zones; i++)
            fpr_zone_fold_stats(fpr_machine_zone(run->machine, i));
    return 0;
}

/* kswapd keeps per-cpu lists short while it works, and takes away the boost that it found. */
static void balance(struct run *run, int highest, bool on)
{
    for (size_t i = 0; i < run->nr_zones && i < 2 * FPR_NR_ZONE_INDICES; i++) {
        struct fpr_zone *zone = fpr_machine_zone(run->machine, i);
        struct fpr_zone_info info;
        struct fpr_zone_counters c;
        fpr_zone_get_info(zone, &info);
        fpr_zone_get_counters(zone, &c);
        if ((int)info.index > highest)
            continue;
        if (run_knows(run, FPR_KNOW_BIT_RECLAIM))
            fpr_zone_set_reclaiming(zone, on);
        if (on) {
            run->behind.boost[i] = c.boost;
        } else if (run->behind.boost[i]) {
            uint64_t less = run->behind.boost[i] < c.boost ? run->behind.boost[i] : c.boost;
            fpr_zone_set_boost(zone, c.boost_factor, c.boost - less);
            run->behind.boost[i] = 0;
        }
    }
}

int fpr_on_balance(struct run *run, const struct op *op)
{
    run->behind.balancing = (int)op->aux;
    balance(run, run->behind.balancing, true);
    return 0;
}

int fpr_on_balance_end(struct run *run, const struct op *op)
{
    (void)op;
    if (run->behind.balancing >= 0)
        balance(run, run->behind.balancing, false);
    run->behind.balancing = -1;
    return 0;
}
