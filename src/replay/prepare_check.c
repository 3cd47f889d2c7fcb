/* What a record must be like, and beginning anew. */
#include "replay/prepare.h"

#include <errno.h>
#include <stdlib.h>

/* Records that name no frame. */
static bool frameless(enum fpr_trace_type type)
{
    switch (type) {
    case FPR_TRACE_ALLOC:
    case FPR_TRACE_GOT:
    case FPR_TRACE_FREE:
    case FPR_TRACE_FREE_BATCHED:
    case FPR_TRACE_ZONE_LOCKED:
    case FPR_TRACE_PCPU_DRAIN:
    case FPR_TRACE_BULK_PAGE:
    case FPR_TRACE_ISOLATE:
        return false;
    default:
        return true;
    }
}

int fpr_prep_check(struct prep *prep, const struct fpr_trace_record *rec)
{
    struct fpr_prepared *p = prep->p;
    if (rec->order > FPR_MAX_ORDER && !frameless(rec->type)) {
        prep->field = "order";
        prep->reason = "larger than any order";
        return -EINVAL;
    }
    if (!frameless(rec->type) && rec->pfn != FPR_PFN_NONE) {
        fpr_pfn end = rec->pfn + (1u << rec->order);
        if (end >= FREED32) {
            prep->field = "pfn";
            prep->reason = "beyond the 2^32 frames that a replay can hold";
            return -EINVAL;
        }
        if (end > p->top)
            p->top = end;
    } else if (!frameless(rec->type) && rec->type != FPR_TRACE_ALLOC) {
        prep->field = "pfn";
        prep->reason = "no frame where there must be one";
        return -EINVAL;
    }
    return 0;
}

void fpr_prep_restart(struct prep *prep)
{
    struct fpr_prepared *p = prep->p;
    p->nr_ops = p->nr_sgs = p->nr_passes = 0;
    p->nr_ids = p->nr_slots = 0;
    p->events = p->unpaired_free = p->report_bytes = 0;
    for (int i = 0; i < FPR_NR_TRACE_TYPES; i++)
        p->nr[i] = 0;
    p->first_notify = UINT64_MAX;
    p->min_report_order = FPR_NR_ORDERS;
    p->has_got = false;
    p->top = 0;
    p->start = p->end = 0;
    fpr_note_table_free(&prep->notes);
    fpr_task_table_free(&prep->tasks);
    prep->in_pass = prep->made_pass = false;
    prep->bulk_total = prep->bulk_left = 0;
}

void fpr_prep_free(struct prep *prep)
{
    fpr_note_table_free(&prep->notes);
    fpr_task_table_free(&prep->tasks);
    free(prep->id_pfn);
}
