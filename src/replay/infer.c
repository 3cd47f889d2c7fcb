#include "replay/infer.h"

#include "replay/run.h"

#include <errno.h>
#include <stdlib.h>

/* A frame's inferred allocation is settled by the next event that names it. */
static void settle(struct unseen_list *l, struct note *note, bool borne_out)
{
    if (note->id == NONE32)
        return;
    if (!borne_out)
        l->list[note->id].op = NONE32;
    note->id = NONE32;
}

static int hear(struct unseen_list *l, struct note_table *open, const struct op *op)
{
    bool names = op->kind == OP_ALLOC || op->kind == OP_BULK || op->kind == OP_FREE ||
                 op->kind == OP_DRAINED || op->kind == OP_TAKEN;
    if (!names || op->pfn == NONE32)
        return 0;
    for (uint32_t i = 0; i < 1u << op->order; i++) {
        struct note *note = fpr_note_get(open, op->pfn + i);
        if (!note)
            return -ENOMEM;
        settle(l, note, op->kind == OP_FREE);
    }
    return 0;
}

int fpr_infer_filter(const struct fpr_prepared *p, struct unseen_list *l)
{
    struct note_table open = {0};
    size_t next = 0;
    int err = 0;
    for (uint32_t i = 0; i < p->nr_ops && !err; i++) {
        for (; next < l->nr && l->list[next].op == i && !err; next++) {
            struct note *note = fpr_note_get(&open, l->list[next].pfn);
            if (note) {
                settle(l, note, false);
                note->id = (uint32_t)next;
            }
            err = note ? 0 : -ENOMEM;
        }
        if (!err)
            err = hear(l, &open, &p->ops[i]);
    }
    fpr_note_table_free(&open);
    size_t kept = 0;
    for (size_t i = 0; i < l->nr; i++)
        if (l->list[i].op != NONE32)
            l->list[kept++] = l->list[i];
    l->nr = kept;
    return err;
}

void fpr_infer_serve(struct run *run, const struct op *op)
{
    struct unseen_play *u = &run->unseen;
    uint32_t now = (uint32_t)(op - run->p->ops);
    for (; u->at < u->list->nr && u->list->list[u->at].op <= now; u->at++) {
        const struct unseen *one = &u->list->list[u->at];
        struct fpr_zone *zone = fpr_run_zone(run, one->pfn);
        struct note *note = fpr_note_get(&u->frames, one->pfn);
        fpr_pfn pfn;
        if (!zone || !note || fpr_zone_alloc_bulk_page(zone, one->mt, run_cpu(run, op), &pfn))
            continue;
        note->id = (uint32_t)pfn;
        fpr_run_touch(run, pfn, 0);
    }
}

fpr_pfn fpr_infer_free(struct run *run, uint32_t pfn)
{
    if (!run->unseen.list)
        return FPR_PFN_NONE;
    struct note *note = fpr_note_get(&run->unseen.frames, pfn);
    if (!note || note->id == NONE32)
        return FPR_PFN_NONE;
    fpr_pfn mine = note->id;
    note->id = NONE32;
    return mine;
}
