/* Reporting passes among the operations: from `process` lines, from bare `report` lines, or from
 * reports.txt where the trace has neither. */
#include "replay/prepare.h"

#include <errno.h>
#include <stdlib.h>

/* Report calls nearer to each other than this belong to one pass. */
#define PASS_GAP (FPR_NS_PER_S / 10)

int fpr_prep_pass_begin(struct prep *prep, const struct fpr_trace_record *rec)
{
    struct fpr_prepared *p = prep->p;
    if (!fpr_prep_op(prep, rec, OP_PASS_BEGIN) ||
        !fpr_prep_room((void **)&p->passes, &p->passes_room, p->nr_passes, sizeof(*p->passes)))
        return -ENOMEM;
    p->passes[p->nr_passes++] = (struct pass_span){rec->time, rec->time};
    prep->in_pass = true;
    prep->made_pass = false;
    prep->pass_pid = rec->pid;
    return 0;
}

int fpr_prep_pass_end(struct prep *prep, const struct fpr_trace_record *rec)
{
    if (!prep->in_pass)
        return 0; /* began before the span */
    prep->in_pass = prep->made_pass = false;
    prep->p->passes[prep->p->nr_passes - 1].end = rec->time;
    return fpr_prep_op(prep, rec, OP_PASS_END) ? 0 : -ENOMEM;
}

int fpr_prep_end_made_pass(struct prep *prep, fpr_ns now)
{
    if (!prep->made_pass || now < prep->last_return + PASS_GAP)
        return 0;
    struct fpr_trace_record end = {.time = prep->last_return, .pfn = FPR_PFN_NONE};
    return fpr_prep_pass_end(prep, &end);
}

static int on_call(struct prep *prep, const struct fpr_trace_record *rec)
{
    struct fpr_prepared *p = prep->p;
    int err = fpr_prep_end_made_pass(prep, rec->time);
    if (err)
        return err;
    if (!prep->in_pass) {
        err = fpr_prep_pass_begin(prep, rec);
        if (err)
            return err;
        prep->made_pass = true;
        if (!fpr_prep_op(prep, rec, OP_PASS_ISOLATE))
            return -ENOMEM;
    }
    struct op *op = fpr_prep_op(prep, rec, OP_REPORT);
    if (!op)
        return -ENOMEM;
    op->aux = (uint32_t)p->nr_sgs;
    op->gfp = rec->nr;
    for (uint32_t i = 0; i < rec->nr; i++) {
        if (!fpr_prep_room((void **)&p->sgs, &p->sgs_room, p->nr_sgs, sizeof(*p->sgs)))
            return -ENOMEM;
        p->sgs[p->nr_sgs++] = rec->sg[i];
        p->report_bytes += 4096ull << rec->sg[i].order;
        if (rec->sg[i].order < p->min_report_order)
            p->min_report_order = rec->sg[i].order;
        if (rec->sg[i].pfn + (1ull << rec->sg[i].order) > p->top)
            p->top = rec->sg[i].pfn + (1ull << rec->sg[i].order);
    }
    prep->last_return = rec->time;
    return 0;
}

int fpr_prep_report(struct prep *prep, const struct fpr_trace_record *rec)
{
    if (rec->type == FPR_TRACE_REPORT)
        return on_call(prep, rec);
    struct op *op = fpr_prep_op(prep, rec, OP_REPORT_RET);
    if (!op)
        return -ENOMEM;
    op->aux = (uint32_t)rec->value;
    prep->last_return = rec->time;
    return 0;
}

/* Appends what lies in the old operations before an instant. */
static int copy_until(struct prep *prep, const struct op *old, size_t nr, size_t *at, fpr_ns until)
{
    struct fpr_prepared *p = prep->p;
    for (; *at < nr && old[*at].time <= until; ++*at) {
        if (!fpr_prep_room((void **)&p->ops, &p->ops_room, p->nr_ops, sizeof(struct op)))
            return -ENOMEM;
        p->ops[p->nr_ops++] = old[*at];
    }
    return 0;
}

static int merge(struct prep *prep, const struct op *old, size_t nr)
{
    const struct fpr_recording *rec = prep->p->recording;
    size_t at = 0;
    int err = 0;
    for (size_t i = 0; i < rec->nr_reports && !err; i++) {
        const struct fpr_report_call *call = &rec->reports[i];
        if (call->time < prep->p->start || call->time > prep->p->end)
            continue;
        err = fpr_prep_end_made_pass(prep, call->time);
        if (!err)
            err = copy_until(prep, old, nr, &at, call->time);
        struct fpr_trace_record one = {.type = FPR_TRACE_REPORT,
                                       .time = call->time,
                                       .pfn = FPR_PFN_NONE,
                                       .nr = call->nents,
                                       .sg = call->sg};
        if (!err)
            err = on_call(prep, &one);
        one.type = FPR_TRACE_REPORT_RET;
        if (!err)
            err = fpr_prep_report(prep, &one);
        prep->p->nr[FPR_TRACE_REPORT]++;
    }
    if (!err)
        err = fpr_prep_end_made_pass(prep, UINT64_MAX);
    return err ? err : copy_until(prep, old, nr, &at, UINT64_MAX);
}

int fpr_prep_merge_reports(struct prep *prep)
{
    struct fpr_prepared *p = prep->p;
    int err = fpr_prep_end_made_pass(prep, UINT64_MAX);
    if (err || p->nr[FPR_TRACE_REPORT] || p->nr[FPR_TRACE_PASS_BEGIN] || !p->recording->nr_reports)
        return err;
    struct op *old = p->ops;
    size_t nr = p->nr_ops;
    p->ops = NULL;
    p->nr_ops = p->ops_room = 0;
    err = merge(prep, old, nr);
    free(old);
    return err;
}
