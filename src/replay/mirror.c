/* Mirror mode: the kernel's own buddy-level events are applied, so that the free lists hold the
 * same pages as the kernel's did. What it has on per-cpu lists is allocated in the model; `limbo`
 * remembers which frames those are. */
#include "replay/run.h"

#include <errno.h>

/* Takes what is free of a block that the kernel had free. */
static void take(struct run *run, const struct op *op)
{
    struct fpr_zone *zone = fpr_run_zone(run, op->pfn);
    if (!zone || !fpr_zone_take(zone, op->pfn, op->order))
        return;
    run->misfits++;
    for (fpr_pfn i = 0; i < 1ull << op->order; i++)
        fpr_zone_take(zone, op->pfn + i, 0);
}

static void give(struct run *run, const struct op *op, int mt)
{
    struct fpr_zone *zone = fpr_run_zone(run, op->pfn);
    if (!zone)
        return;
    int err = fpr_zone_free_as(zone, op->pfn, op->order, mt, 0, FPR_ALLOC_PCP_LOCKED);
    if (err == -EINVAL && !fpr_zone_regroup(zone, op->pfn, op->order))
        err = fpr_zone_free_as(zone, op->pfn, op->order, mt, 0, FPR_ALLOC_PCP_LOCKED);
    if (err)
        run->misfits++;
}

static void limbo(struct run *run, const struct op *op, bool on)
{
    bits_put(run->limbo, op->pfn, 1ull << op->order, on);
}

/* Has this block left the free lists, and not been handed out since? */
static bool in_limbo(const struct run *run, const struct op *op)
{
    for (fpr_pfn i = 0; i < 1ull << op->order; i++)
        if (!bit_get(run->limbo, op->pfn + i))
            return false;
    return true;
}

/* Scores whether the frames handed out are ones that the model has off its free lists. */
static int on_alloc(struct run *run, const struct op *op)
{
    if (op->flags & OP_F_LATE || op->pfn == NONE32)
        return 0;
    if (op->flags & OP_F_CAPTURED)
        take(run, op);
    run->r->allocs++;
    run->r->allocs_exact += op->flags & OP_F_CAPTURED || in_limbo(run, op);
    limbo(run, op, false);
    fpr_run_touch(run, op->pfn, op->order);
    return 0;
}

static int on_bulk(struct run *run, const struct op *op)
{
    return on_alloc(run, op);
}

static int on_free(struct run *run, const struct op *op)
{
    const struct fpr_zone *zone = fpr_run_zone(run, op->pfn);
    if (!zone)
        return 0;
    if (!(op->flags & OP_F_LOCKED) && fpr_run_pcp_holds(zone, op->order))
        limbo(run, op, true);
    else
        give(run, op, -1);
    return 0;
}

static int on_taken(struct run *run, const struct op *op)
{
    take(run, op);
    limbo(run, op, true);
    return 0;
}

static int on_drained(struct run *run, const struct op *op)
{
    limbo(run, op, false);
    give(run, op, op->mt < FPR_NR_MIGRATETYPES ? op->mt : -1);
    return 0;
}

static int on_isolated(struct run *run, const struct op *op)
{
    take(run, op);
    limbo(run, op, false);
    return 0;
}

static int on_pass_isolated(struct run *run, const struct op *op)
{
    struct fpr_zone *zone = fpr_run_zone(run, op->pfn);
    if (run->recorded && zone && run->p->nr[FPR_TRACE_ISOLATE])
        fpr_zone_isolate(zone, op->pfn, op->order);
    return 0;
}

/* The recorded batch goes to the host; its blocks come back when the device returns. */
static int on_call(struct run *run, const struct op *op)
{
    if (!run->recorded)
        return 0;
    run->flight = &run->p->sgs[op->aux];
    run->nr_flight = op->gfp;
    run->r->batches++;
    fpr_match_add(run, &run->pass.kernel, run->flight, run->nr_flight);
    uint64_t failed = run->r->device_failed;
    int err = run->device.report(run->device.ctx, run->flight, run->nr_flight);
    run->refused = run->r->device_failed > failed;
    return err == -ENOMEM && !run->refused ? -ENOMEM : 0;
}

static int on_return(struct run *run, const struct op *op)
{
    for (unsigned i = 0; run->recorded && i < run->nr_flight; i++) {
        struct fpr_zone *zone = fpr_run_zone(run, run->flight[i].pfn);
        if (zone && !fpr_zone_putback(zone, run->flight[i].pfn, run->flight[i].order) && !op->aux &&
            !run->refused)
            fpr_zone_set_reported(zone, run->flight[i].pfn, run->flight[i].order, true);
    }
    run->nr_flight = 0;
    return 0;
}

const op_fn fpr_mirror_ops[NR_OP_KINDS] = {
    [OP_ALLOC] = on_alloc,
    [OP_FREE] = on_free,
    [OP_BULK] = on_bulk,
    [OP_TAKEN] = on_taken,
    [OP_DRAINED] = on_drained,
    [OP_ISOLATE] = on_isolated,
    [OP_PASS_BEGIN] = fpr_on_pass_begin,
    [OP_PASS_ISOLATE] = on_pass_isolated,
    [OP_REPORT] = on_call,
    [OP_REPORT_RET] = on_return,
    [OP_PASS_END] = fpr_on_pass_end,
};
