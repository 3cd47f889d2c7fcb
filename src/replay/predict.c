/* Predict mode: the model answers the requests. */
#include "replay/run.h"

#include <errno.h>

struct fpr_zone *fpr_run_zone(const struct run *run, fpr_pfn pfn)
{
    return pfn == FPR_PFN_NONE ? NULL : fpr_machine_zone_of(run->machine, pfn);
}

void fpr_run_touch(struct run *run, fpr_pfn pfn, unsigned order)
{
    fpr_host_touch(run->host, pfn, 1ull << order);
}

/* Orders that the per-cpu lists of the profile hold. */
bool fpr_run_pcp_holds(const struct fpr_zone *zone, unsigned order)
{
    struct fpr_zone_info info;
    if (fpr_zone_get_info(zone, &info) || order == 0)
        return true;
    return info.pcp_lists > FPR_NR_PCPTYPES && (order <= 3 || order == info.pageblock_order);
}

/* The model's frame of the pages that an operation frees. */
static fpr_pfn resolve(const struct run *run, const struct op *op)
{
    if (run->resync)
        return op->pfn;
    if (op->id == NONE32) /* older than the trace, unless it was free then */
        return bit_get(run->free_at_start, op->pfn) ? FPR_PFN_NONE : op->pfn;
    if (op->id == FREED32 || run->map[op->id] == NONE32)
        return FPR_PFN_NONE;
    return run->map[op->id] + (fpr_pfn)op->aux;
}

static int on_alloc(struct run *run, const struct op *op)
{
    unsigned other = run_knows(run, FPR_KNOW_BIT_GOT) ? OP_F_LATE : OP_F_EARLY;
    if (op->flags & other)
        return 0;
    if (run->unseen.list)
        fpr_infer_serve(run, op);
    fpr_pfn pfn = FPR_PFN_NONE;
    if (op->flags & OP_F_COMPACTED && run->behind.captured != FPR_PFN_NONE) {
        pfn = run->behind.captured;
        run->behind.captured = FPR_PFN_NONE;
    } else if (op->flags & OP_F_CAPTURED && run->recorded &&
               (run->resync || !run_knows(run, FPR_KNOW_BIT_CAPTURE))) {
        /* it took no block from the lists, whatever the model's lists hold */
    } else {
        bool locked = op->flags & OP_F_LOCKED && run_knows(run, FPR_KNOW_BIT_TRYLOCK);
        fpr_gfp gfp = op->gfp;
        if (!run_knows(run, FPR_KNOW_BIT_GFP))
            gfp &= ~(FPR_GFP_DMA | FPR_GFP_DMA32);
        fpr_alloc_pages_flags(run->machine, op->order, gfp, run_cpu(run, op),
                              locked ? FPR_ALLOC_PCP_LOCKED : 0, &pfn);
    }
    if (pfn != FPR_PFN_NONE && !run_knows(run, FPR_KNOW_BIT_LRU))
        fpr_zone_set_movable(fpr_run_zone(run, pfn), pfn, op->order, false);
    pfn = fpr_run_took(run, op, pfn, op->flags & OP_F_IRQ ? "interrupt" : "task");
    if (pfn != FPR_PFN_NONE)
        fpr_run_touch(run, pfn, op->order);
    fpr_log_check(run);
    return 0;
}

static int on_bulk(struct run *run, const struct op *op)
{
    if (!run_knows(run, FPR_KNOW_BIT_BULK))
        return 0;
    fpr_pfn pfn = FPR_PFN_NONE;
    fpr_alloc_pages_bulk_one(run->machine, op->gfp, op->aux, run_cpu(run, op), &pfn);
    pfn = fpr_run_took(run, op, pfn, "bulk");
    if (pfn != FPR_PFN_NONE)
        fpr_run_touch(run, pfn, 0);
    if (op->flags & OP_F_LAST)
        fpr_log_check(run);
    return 0;
}

static int free_now(struct run *run, const struct op *op, int mt, unsigned flags)
{
    fpr_pfn pfn = resolve(run, op);
    if (pfn == FPR_PFN_NONE)
        pfn = fpr_infer_free(run, op->pfn);
    if (pfn == FPR_PFN_NONE) {
        run->silent_frees++;
        return 0;
    }
    struct fpr_zone *zone = fpr_run_zone(run, pfn);
    if (!zone) {
        run->frees_lost++;
        return 0;
    }
    int err = fpr_zone_free_as(zone, pfn, op->order, mt, run_cpu(run, op), flags);
    /* part of a block that was split since, or a block of which only single pages are known */
    if (err == -EINVAL && !fpr_zone_regroup(zone, pfn, op->order))
        err = fpr_zone_free_as(zone, pfn, op->order, mt, run_cpu(run, op), flags);
    if (err)
        run->frees_lost++;
    return 0;
}

static int on_free(struct run *run, const struct op *op)
{
    if (op->flags & OP_F_BATCHED && run_knows(run, FPR_KNOW_BIT_BATCHED)) {
        fpr_pfn pfn = resolve(run, op);
        const struct fpr_zone *zone = fpr_run_zone(run, pfn);
        int mt = zone ? fpr_zone_pageblock_type(zone, pfn) : -1;
        run->types[op->gfp] = mt < 0 ? 0xff : (uint8_t)mt;
        return 0;
    }
    bool locked = op->flags & OP_F_LOCKED && run_knows(run, FPR_KNOW_BIT_TRYLOCK);
    const struct fpr_zone *zone = run->follows_free ? fpr_run_zone(run, op->pfn) : NULL;
    if (zone && (locked || !fpr_run_pcp_holds(zone, op->order)))
        bits_put(run->limbo, op->pfn, 1ull << op->order, true);
    return free_now(run, op, -1, locked ? FPR_ALLOC_PCP_LOCKED : 0);
}

static int on_batched(struct run *run, const struct op *op)
{
    if (!run_knows(run, FPR_KNOW_BIT_BATCHED))
        return 0;
    uint8_t mt = run->types[op->gfp];
    return free_now(run, op, mt == 0xff ? -1 : mt, 0);
}

const op_fn fpr_predict_ops[NR_OP_KINDS] = {
    [OP_ALLOC] = on_alloc,
    [OP_FREE] = on_free,
    [OP_BATCHED] = on_batched,
    [OP_BULK] = on_bulk,
    [OP_TAKEN] = fpr_on_buddy_event,
    [OP_DRAINED] = fpr_on_buddy_event,
    [OP_ISOLATE] = fpr_on_isolate,
    [OP_PASS_BEGIN] = fpr_on_pass_begin,
    [OP_PASS_ISOLATE] = fpr_on_pass_isolate,
    [OP_REPORT] = fpr_on_report,
    [OP_PASS_END] = fpr_on_pass_end,
    [OP_FOLD] = fpr_on_fold,
    [OP_BALANCE] = fpr_on_balance,
    [OP_BALANCE_END] = fpr_on_balance_end,
    [OP_COMPACT] = fpr_on_compact,
    [OP_COMPACT_END] = fpr_on_compact_end,
    [OP_DRAIN_ZONE] = fpr_on_drain_zone,
};
