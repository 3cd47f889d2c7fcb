/* Doing a script's operations to one side: what a kernel does behind its users' backs. */
#include "support/script_side.h"

#include <inttypes.h>

/* A block of which only its place is fixed: not movable, so that both sides agree. */
static void keep(struct side *s, struct slot *t, fpr_pfn pfn, unsigned order)
{
    *t = (struct slot){.used = true, .pfn = pfn, .order = order};
    s->ops->movable(s, pfn, order, false);
}

static int into_slot(struct side *s, const struct script_op *op)
{
    struct slot *t = side_slot(s, op->a[0]);
    size_t z = side_zone(s, op->a[1]);
    unsigned order = 0;
    fpr_pfn pfn = FPR_PFN_NONE;
    struct fpr_sg block;
    int err;

    if (t->used)
        return SKIPPED;
    if (op->kind == OP_BULK_PAGE) {
        err = s->ops->bulk_page(s, z, (int)op->a[2], (unsigned)op->a[3], &pfn);
    } else if (op->kind == OP_LOCKED_ALLOC) {
        order = (unsigned)op->a[1];
        err = s->ops->locked_alloc(s, order, (fpr_gfp)op->a[2], (unsigned)op->a[3], &pfn);
    } else if (op->kind == OP_TAKE) {
        order = (unsigned)op->a[3];
        pfn = (fpr_pfn)op->a[2] >> (order & 15) << (order & 15);
        err = s->ops->take(s, pfn, order);
    } else if (op->kind == OP_PCP_TAKE) {
        if (!s->ops->nth_pcp(s, z, (uint64_t)op->a[2], &block))
            return SKIPPED;
        pfn = block.pfn;
        order = block.order;
        err = s->ops->pcp_take(s, pfn, order);
    } else {
        order = s->capture_order[z];
        err = s->ops->capture_end(s, z, &pfn);
    }
    side_say(s, "%d, pfn %" PRId64, err, (int64_t)pfn);
    if (err == 0 && pfn != FPR_PFN_NONE)
        keep(s, t, pfn, order);
    return 0;
}

static int out_of_slot(struct side *s, const struct script_op *op)
{
    struct slot *t = side_slot(s, op->a[0]);
    int err;

    if (!t->used)
        return SKIPPED;
    if (op->kind == OP_PCP_PUSH)
        err = s->ops->pcp_push(s, t->pfn, t->order, (unsigned)op->a[1]);
    else
        err =
            s->ops->free_as(s, t->pfn, t->order, (int)op->a[1], (unsigned)op->a[2], op->a[3] != 0);
    if (err == 0)
        t->used = false;
    side_say(s, "%d", err);
    return 0;
}

/* The slots after a regrouping: what lay inside is one block, what reached out is halved. */
static void regroup_slots(struct side *s, fpr_pfn pfn, unsigned order)
{
    fpr_pfn end = pfn + (1ull << order);
    struct slot *whole = NULL;
    struct slot outer = {.used = false};

    for (unsigned k = 0; k < SCRIPT_SLOTS; k++) {
        struct slot *t = &s->slot[k];

        if (!t->used || t->pfn >= end || t->pfn + (1ull << t->order) <= pfn)
            continue;
        if (t->order > order)
            outer = *t;
        t->used = false;
        whole = t;
    }
    if (whole)
        keep(s, whole, pfn, order);
    for (unsigned k = 0; outer.used && outer.order > order && k < SCRIPT_SLOTS; k++) {
        fpr_pfn upper;

        if (s->slot[k].used)
            continue;
        outer.order--;
        upper = outer.pfn + (1ull << outer.order);
        s->slot[k] = outer;
        s->slot[k].pfn = pfn >= upper ? outer.pfn : upper;
        if (pfn >= upper)
            outer.pfn = upper;
    }
}

static int do_regroup(struct side *s, const struct script_op *op)
{
    unsigned order = (unsigned)op->a[2];
    fpr_pfn pfn = (fpr_pfn)op->a[1] >> (order & 15) << (order & 15);
    int err = s->ops->regroup(s, pfn, order);

    side_say(s, "%d", err);
    if (err == 0)
        regroup_slots(s, pfn, order);
    return 0;
}

static int do_reported(struct side *s, const struct script_op *op)
{
    fpr_pfn pfn;

    if (!s->ops->nth_free(s, side_zone(s, op->a[0]), (unsigned)op->a[1], (uint64_t)op->a[2], &pfn))
        return SKIPPED;
    side_say(s, "%d", s->ops->reported(s, pfn, (unsigned)op->a[1], op->a[3] != 0));
    return 0;
}

int side_behind(struct side *s, const struct script_op *op)
{
    size_t z = side_zone(s, op->a[0]);
    int err;

    switch (op->kind) {
    case OP_PCP_PUSH:
    case OP_FREE_AS:
        return out_of_slot(s, op);
    case OP_REGROUP:
        return do_regroup(s, op);
    case OP_REPORTED:
        return do_reported(s, op);
    case OP_THRESHOLD:
        err = s->ops->threshold(s, z, (unsigned)op->a[1]);
        break;
    case OP_FOLD:
        err = s->ops->fold(s, z);
        break;
    case OP_CAPTURE:
        err = s->ops->capture(s, z, (unsigned)op->a[1]);
        if (err == 0)
            s->capture_order[z] = (unsigned)op->a[1];
        break;
    case OP_CAPTURE_PAUSE:
        err = s->ops->capture_pause(s, z, op->a[1] != 0);
        break;
    default:
        return into_slot(s, op);
    }
    side_say(s, "%d", err);
    return 0;
}
