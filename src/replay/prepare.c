/* Tying trace lines together: what a request's answer was, and when it was served. */
#include "replay/prepare.h"

#include <errno.h>
#include <stdlib.h>

bool fpr_prep_room(void **array, size_t *room, size_t used, size_t size)
{
    if (used < *room)
        return true;
    size_t n = *room ? *room + *room / 2 : 256;
    void *p = realloc(*array, n * size);
    if (!p)
        return false;
    *array = p;
    *room = n;
    return true;
}

struct op *fpr_prep_op(struct prep *prep, const struct fpr_trace_record *rec, enum op_kind kind)
{
    struct fpr_prepared *p = prep->p;
    /* analyzer: malloc-leak; it is in p */
    if (p->nr_ops >= NONE32 - 1 ||
        !fpr_prep_room((void **)&p->ops, &p->ops_room, p->nr_ops, sizeof(struct op)))
        return NULL;
    struct op *op = &p->ops[p->nr_ops++];
    *op = (struct op){.time = rec->time,
                      .pfn = rec->pfn == FPR_PFN_NONE ? NONE32 : (uint32_t)rec->pfn,
                      .id = NONE32,
                      .cpu = rec->cpu,
                      .kind = (uint8_t)kind,
                      .order = rec->order,
                      .mt = rec->migratetype,
                      .flags = rec->context == 'h' || rec->context == 's' ? OP_F_IRQ : 0};
    return op;
}

uint32_t fpr_prep_new_id(struct prep *prep, uint32_t pfn, unsigned order)
{
    struct fpr_prepared *p = prep->p;
    if (p->nr_ids >= FREED32 ||
        !fpr_prep_room((void **)&prep->id_pfn, &prep->ids_room, p->nr_ids, sizeof(uint32_t)))
        return NONE32;
    prep->id_pfn[p->nr_ids] = pfn;
    for (uint32_t i = 0; i < 1u << order; i++) {
        struct note *note = fpr_note_get(&prep->notes, pfn + i);
        if (!note)
            return NONE32;
        note->id = p->nr_ids;
    }
    return p->nr_ids++;
}

/* Every cpu has an idle task, and all of them have pid 0. */
static struct task *task_of(struct prep *prep, const struct fpr_trace_record *rec)
{
    return fpr_task_get(&prep->tasks, rec->pid ? rec->pid : 1u << 31 | rec->cpu);
}

static int on_got(struct prep *prep, const struct fpr_trace_record *rec)
{
    struct task *task = task_of(prep, rec);
    struct op *op = fpr_prep_op(prep, rec, OP_NOTHING);
    if (!task || !op)
        return -ENOMEM;
    prep->p->has_got = true;
    if (task->locked) {
        task->locked--;
        op->flags |= OP_F_LOCKED;
    }
    op->aux = task->got;
    task->got = (uint32_t)(op - prep->p->ops);
    return 0;
}

/* The op of the newest unanswered `got` of this page by this task; later ones are dropped. */
static struct op *pop_got(struct prep *prep, struct task *task, uint32_t pfn)
{
    struct op *ops = prep->p->ops;
    for (uint32_t i = task->got; i != NONE32; i = ops[i].aux)
        if (ops[i].pfn == pfn) {
            task->got = ops[i].aux;
            return &ops[i];
        }
    return NULL;
}

/* The compaction that this request followed learns what it could have captured. */
static bool after_compaction(struct prep *prep, struct task *task,
                             const struct fpr_trace_record *rec)
{
    if (task->compacted == NONE32 || rec->context == 'h' || rec->context == 's')
        return false;
    struct op *begin = &prep->p->ops[task->compacted];
    task->compacted = NONE32;
    if (!rec->order)
        return false;
    begin->order = rec->order;
    begin->mt = rec->migratetype;
    begin->flags |= OP_F_BATCHED;
    return true;
}

static void fill_alloc(struct op *op, const struct fpr_trace_record *rec, uint32_t id,
                       unsigned flags)
{
    op->kind = OP_ALLOC;
    op->id = id;
    op->gfp = rec->gfp;
    op->order = rec->order;
    op->mt = rec->migratetype;
    op->aux = 0;
    op->flags = (uint8_t)((op->flags & OP_F_LOCKED) | flags);
    if (rec->context == 'h' || rec->context == 's')
        op->flags |= OP_F_IRQ;
}

static int on_alloc(struct prep *prep, const struct fpr_trace_record *rec)
{
    struct task *task = task_of(prep, rec);
    if (!task)
        return -ENOMEM;
    bool failed = rec->pfn == FPR_PFN_NONE;
    uint32_t id = NONE32;
    if (!failed) {
        id = fpr_prep_new_id(prep, (uint32_t)rec->pfn, rec->order);
        if (id == NONE32)
            return -ENOMEM;
    }
    unsigned flags = 0, locked = 0;
    if (after_compaction(prep, task, rec)) {
        flags |= OP_F_COMPACTED;
        if (task->got == NONE32 && !failed && prep->p->has_got)
            flags |= OP_F_CAPTURED;
    }
    if (task->locked_late) {
        task->locked_late--;
        locked = OP_F_LOCKED;
    }
    struct op *early = failed ? NULL : pop_got(prep, task, (uint32_t)rec->pfn);
    if (early) {
        fill_alloc(early, rec, id, flags | OP_F_EARLY);
        flags |= OP_F_LATE;
    }
    struct op *late = fpr_prep_op(prep, rec, OP_ALLOC);
    if (!late)
        return -ENOMEM;
    fill_alloc(late, rec, id, flags | locked);
    return 0;
}

static int on_free(struct prep *prep, const struct fpr_trace_record *rec)
{
    uint32_t pfn = (uint32_t)rec->pfn;
    struct op *op = fpr_prep_op(prep, rec, OP_FREE);
    if (!op)
        return -ENOMEM;
    struct note *note = fpr_note_get(&prep->notes, pfn);
    if (!note)
        return -ENOMEM;
    note->free_op = (uint32_t)(op - prep->p->ops);
    if (note->id < FREED32) {
        op->id = note->id;
        op->aux = pfn - prep->id_pfn[note->id];
    } else {
        op->id = note->id;
        prep->p->unpaired_free++;
    }
    for (uint32_t i = 0; i < 1u << rec->order; i++) {
        note = fpr_note_get(&prep->notes, pfn + i);
        if (!note)
            return -ENOMEM;
        note->id = FREED32;
    }
    return 0;
}

static int on_batched(struct prep *prep, const struct fpr_trace_record *rec)
{
    struct note *note = fpr_note_get(&prep->notes, (uint32_t)rec->pfn);
    struct op *op = fpr_prep_op(prep, rec, OP_BATCHED);
    if (!note || !op)
        return -ENOMEM;
    if (note->free_op == NONE32) {
        prep->p->nr_ops--;
        return 0;
    }
    struct op *first = &prep->p->ops[note->free_op];
    note->free_op = NONE32;
    first->flags |= OP_F_BATCHED;
    first->gfp = prep->p->nr_slots++;
    fpr_ns now = op->time;
    *op = *first;
    op->time = now;
    op->kind = OP_BATCHED;
    op->flags &= (uint8_t)~OP_F_BATCHED;
    return 0;
}

static int on_free_direct(struct prep *prep, const struct fpr_trace_record *rec)
{
    struct note *note = fpr_note_get(&prep->notes, (uint32_t)rec->pfn);
    if (!note)
        return -ENOMEM;
    if (note->free_op != NONE32)
        prep->p->ops[note->free_op].flags |= OP_F_LOCKED;
    note->free_op = NONE32;
    return 0;
}

static int on_bulk_page(struct prep *prep, const struct fpr_trace_record *rec)
{
    uint32_t pfn = (uint32_t)rec->pfn;
    struct note *note = fpr_note_get(&prep->notes, pfn);
    if (!note)
        return -ENOMEM;
    if (prep->bulk_left)
        prep->bulk_left--;
    /* a single page came by the ordinary path if it has an event of its own */
    if (prep->bulk_total == 1 && note->id < FREED32)
        return 0;
    struct op *op = fpr_prep_op(prep, rec, OP_BULK);
    if (!op)
        return -ENOMEM;
    op->id = fpr_prep_new_id(prep, pfn, 0);
    op->gfp = prep->bulk_gfp;
    op->aux = prep->bulk_total;
    if (!prep->bulk_left)
        op->flags |= OP_F_LAST;
    return op->id == NONE32 ? -ENOMEM : 0;
}

static int fpr_on_isolate(struct prep *prep, const struct fpr_trace_record *rec)
{
    bool ours = prep->in_pass && !prep->made_pass && rec->pid == prep->pass_pid;
    struct op *op = fpr_prep_op(prep, rec, ours ? OP_PASS_ISOLATE : OP_ISOLATE);
    if (!op)
        return -ENOMEM;
    if (!ours)
        op->id = fpr_prep_new_id(prep, (uint32_t)rec->pfn, rec->order);
    return !ours && op->id == NONE32 ? -ENOMEM : 0;
}

static int fpr_on_compact(struct prep *prep, const struct fpr_trace_record *rec, bool begin)
{
    struct task *task = task_of(prep, rec);
    struct op *op = fpr_prep_op(prep, rec, begin ? OP_COMPACT : OP_COMPACT_END);
    if (!task || !op)
        return -ENOMEM;
    uint32_t at = (uint32_t)(op - prep->p->ops);
    if (begin) {
        task->compacting = at;
        return 0;
    }
    if (task->compacting != NONE32 && prep->p->ops[task->compacting].aux)
        task->compacted = task->compacting;
    task->compacting = NONE32;
    return 0;
}

static int on_locked(struct prep *prep, const struct fpr_trace_record *rec)
{
    struct task *task = task_of(prep, rec);
    if (!task)
        return -ENOMEM;
    task->locked++;
    task->locked_late++;
    return 0;
}

/* Kinds that become one operation as they are. */
static int plain(struct prep *prep, const struct fpr_trace_record *rec)
{
    static const enum op_kind kinds[FPR_NR_TRACE_TYPES] = {
        [FPR_TRACE_ZONE_LOCKED] = OP_TAKEN,
        [FPR_TRACE_PCPU_DRAIN] = OP_DRAINED,
        [FPR_TRACE_FOLD] = OP_FOLD,
        [FPR_TRACE_BALANCE] = OP_BALANCE,
        [FPR_TRACE_BALANCE_END] = OP_BALANCE_END,
        [FPR_TRACE_DRAIN_ZONE] = OP_DRAIN_ZONE,
    };
    if (!kinds[rec->type])
        return 0;
    struct op *op = fpr_prep_op(prep, rec, kinds[rec->type]);
    if (op)
        op->aux = rec->nr;
    return op ? 0 : -ENOMEM;
}

static int dispatch(struct prep *prep, const struct fpr_trace_record *rec)
{
    int err;
    switch (rec->type) {
    case FPR_TRACE_ALLOC:
        return on_alloc(prep, rec);
    case FPR_TRACE_GOT:
        return on_got(prep, rec);
    case FPR_TRACE_FREE:
        return on_free(prep, rec);
    case FPR_TRACE_FREE_BATCHED:
        return on_batched(prep, rec);
    case FPR_TRACE_FREE_DIRECT:
        return on_free_direct(prep, rec);
    case FPR_TRACE_PCP_LOCKED:
        return on_locked(prep, rec);
    case FPR_TRACE_BULK:
        prep->bulk_total = prep->bulk_left = rec->nr;
        prep->bulk_gfp = rec->gfp;
        return 0;
    case FPR_TRACE_BULK_PAGE:
        return on_bulk_page(prep, rec);
    case FPR_TRACE_ISOLATE:
        return fpr_on_isolate(prep, rec);
    case FPR_TRACE_PASS_BEGIN:
        return fpr_prep_pass_begin(prep, rec);
    case FPR_TRACE_PASS_END:
        return fpr_prep_pass_end(prep, rec);
    case FPR_TRACE_REPORT:
    case FPR_TRACE_REPORT_RET:
        return fpr_prep_report(prep, rec);
    case FPR_TRACE_COMPACT_BEGIN:
        err = fpr_on_compact(prep, rec, true);
        if (!err)
            prep->p->ops[prep->p->nr_ops - 1].aux = rec->value == 1;
        return err;
    case FPR_TRACE_COMPACT_END:
        return fpr_on_compact(prep, rec, false);
    case FPR_TRACE_NOTIFY:
        if (prep->p->first_notify == UINT64_MAX)
            prep->p->first_notify = rec->time;
        return 0;
    default:
        return plain(prep, rec);
    }
}

int fpr_prep_record(struct prep *prep, const struct fpr_trace_record *rec)
{
    struct fpr_prepared *p = prep->p;
    int err = fpr_prep_check(prep, rec);
    if (err)
        return err;
    p->events++;
    p->nr[rec->type]++;
    p->end = rec->time > p->end ? rec->time : p->end;
    err = prep->made_pass ? fpr_prep_end_made_pass(prep, rec->time) : 0;
    return err ? err : dispatch(prep, rec);
}
