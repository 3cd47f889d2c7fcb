/* Doing a script's operations to one side: slots, results, callbacks. */
#include "support/script_side.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void side_say(struct side *s, const char *format, ...)
{
    struct outcome *o;
    va_list args;

    if (s->n == s->room) {
        s->room = s->room ? 2 * s->room : 256;
        s->log = realloc(s->log, s->room * sizeof *s->log);
        if (!s->log)
            abort();
    }
    o = &s->log[s->n++];
    o->op = s->op;
    va_start(args, format);
    vsnprintf(o->text, sizeof o->text, format, args);
    va_end(args);
    o->hash = s->ops->hash(s);
    if (!s->broken[0] && !s->ops->valid(s, s->broken, sizeof s->broken))
        s->broken_at = s->op;
}

static struct slot *slot(struct slot *slots, unsigned n, int64_t i)
{
    return &slots[(uint64_t)i % n];
}

struct slot *side_slot(struct side *s, int64_t i)
{
    return slot(s->slot, SCRIPT_SLOTS, i);
}

#define SLOT(i) side_slot(s, (i))
#define HOLD(i) slot(s->hold, SCRIPT_HOLDS, (i))

size_t side_zone(const struct side *s, int64_t i)
{
    return (uint64_t)i % s->script->nr_zones;
}

static bool in_slots(const struct slot *slots, unsigned n, fpr_pfn pfn, unsigned order)
{
    for (unsigned i = 0; i < n; i++)
        if (slots[i].used && slots[i].pfn == pfn && slots[i].order == order)
            return true;
    return false;
}

static int do_alloc(struct side *s, const struct script_op *op, bool node)
{
    struct slot *t = SLOT(op->a[0]);
    unsigned order = (unsigned)op->a[2];
    fpr_pfn pfn = FPR_PFN_NONE;
    int err;

    if (t->used)
        return SKIPPED;
    if (node)
        err = s->ops->alloc_node(s, (int)op->a[1], order, (fpr_gfp)op->a[3], (unsigned)op->a[4],
                                 &pfn);
    else
        err = s->ops->alloc(s, side_zone(s, op->a[1]), order, (fpr_gfp)op->a[3], (unsigned)op->a[4],
                            &pfn);
    if (err == 0)
        *t = (struct slot){.used = true, .pfn = pfn, .order = order};
    side_say(s, "%d, pfn %" PRId64, err, (int64_t)pfn);
    return 0;
}

static int do_free(struct side *s, const struct script_op *op)
{
    struct slot *t = SLOT(op->a[0]);
    int err;

    if (!t->used)
        return SKIPPED;
    err = s->ops->free(s, t->pfn, t->order, (unsigned)op->a[1]);
    if (err == 0)
        t->used = false;
    side_say(s, "%d", err);
    return 0;
}

static int do_bulk(struct side *s, const struct script_op *op)
{
    fpr_pfn pfns[SCRIPT_SLOTS];
    size_t n = 0, freed = 0;
    int err;

    for (int64_t i = op->a[0]; i < op->a[0] + op->a[1] && n < SCRIPT_SLOTS; i++) {
        struct slot *t = SLOT(i);

        if (t->used && t->order == 0) {
            pfns[n++] = t->pfn;
            t->used = false;
        }
    }
    err = s->ops->free_bulk(s, pfns, n, (unsigned)op->a[2], &freed);
    side_say(s, "%d, freed %zu of %zu", err, freed, n);
    return 0;
}

static int do_split(struct side *s, const struct script_op *op)
{
    struct slot *t = SLOT(op->a[0]);
    unsigned to = (unsigned)op->a[1];
    unsigned room = 1;
    struct slot whole = *t;
    int err;

    if (!t->used)
        return SKIPPED;
    for (unsigned i = 0; i < SCRIPT_SLOTS; i++)
        room += !s->slot[i].used;
    if (to < whole.order && 1u << (whole.order - to) > room)
        return SKIPPED;
    err = s->ops->split(s, whole.pfn, whole.order, to);
    side_say(s, "%d", err);
    if (err != 0)
        return 0;
    t->used = false;
    for (fpr_pfn p = whole.pfn; p < whole.pfn + (1ull << whole.order); p += 1ull << to) {
        while (t->used)
            t = t == &s->slot[SCRIPT_SLOTS - 1] ? &s->slot[0] : t + 1;
        *t = (struct slot){.used = true, .pfn = p, .order = to};
    }
    return 0;
}

static int do_isolate(struct side *s, const struct script_op *op, bool at)
{
    struct slot *h = HOLD(op->a[0]);
    unsigned order = (unsigned)op->a[at ? 3 : 2];
    fpr_pfn pfn = (fpr_pfn)op->a[2];
    int err;

    if (h->used)
        return SKIPPED;
    if (!at && !s->ops->nth_free(s, side_zone(s, op->a[1]), order, (uint64_t)op->a[3], &pfn))
        return SKIPPED;
    err = s->ops->isolate(s, pfn, order);
    if (err == 0)
        *h = (struct slot){.used = true, .pfn = pfn, .order = order};
    side_say(s, "%d, pfn %" PRId64, err, (int64_t)pfn);
    return 0;
}

static int do_held(struct side *s, const struct script_op *op)
{
    struct slot *h = HOLD(op->a[0]);
    int err;

    if (!h->used)
        return SKIPPED;
    if (op->kind == OP_ADOPT) {
        struct slot *t = SLOT(op->a[1]);

        if (t->used)
            return SKIPPED;
        err = s->ops->adopt(s, h->pfn, h->order);
        if (err == 0) {
            *t = *h;
            s->ops->movable(s, h->pfn, h->order, false); /* the same on both sides */
        }
    } else {
        err = s->ops->putback(s, h->pfn, h->order);
    }
    if (err == 0)
        h->used = false;
    side_say(s, "%d", err);
    return 0;
}

/* Calls that must be refused; skipped where they would be right by chance. */
static int do_wrong(struct side *s, const struct script_op *op)
{
    fpr_pfn pfn = (fpr_pfn)op->a[0];
    unsigned order = (unsigned)op->a[1];
    bool live = in_slots(s->slot, SCRIPT_SLOTS, pfn, order);
    bool held = in_slots(s->hold, SCRIPT_HOLDS, pfn, order);
    int err = 0;

    if (op->kind == OP_PUTBACK_AT || op->kind == OP_ADOPT_AT) {
        if (held)
            return SKIPPED;
        err =
            op->kind == OP_ADOPT_AT ? s->ops->adopt(s, pfn, order) : s->ops->putback(s, pfn, order);
    } else {
        if (live)
            return SKIPPED;
        if (op->kind == OP_FREE_AT)
            err = s->ops->free(s, pfn, order, (unsigned)op->a[2]);
        else if (op->kind == OP_SPLIT_AT)
            err = s->ops->split(s, pfn, order, (unsigned)op->a[2]);
        else
            err = s->ops->movable(s, pfn, order, op->a[2] != 0);
    }
    side_say(s, "%d", err);
    return 0;
}

fpr_pfn side_block_start(const struct script_zone *z, int64_t block)
{
    return ((z->config.start >> z->config.pageblock_order) + (fpr_pfn)block)
           << z->config.pageblock_order;
}

static void do_setting(struct side *s, const struct script_op *op)
{
    const struct side_ops *o = s->ops;
    const int64_t *a = op->a;
    size_t z = side_zone(s, a[0]);
    const struct script_zone *sz = &s->script->zone[z];
    int err = 0;

    if (op->kind == OP_DRAIN)
        err = o->drain(s, z, (unsigned)a[1]);
    else if (op->kind == OP_WMARK)
        err = o->wmark(s, z, (uint64_t)a[1], (uint64_t)a[2], (uint64_t)a[3]);
    else if (op->kind == OP_BOOST)
        err = o->boost(s, z, (unsigned)a[1], (uint64_t)a[2]);
    else if (op->kind == OP_PCP)
        err = o->pcp(s, z, (unsigned)a[1], (unsigned)a[2]);
    else if (op->kind == OP_RESERVE)
        err = o->reserve(s, z, (unsigned)a[1], (uint64_t)a[2]);
    else if (op->kind == OP_RECLAIMING)
        err = o->reclaiming(s, z, a[1] != 0);
    else if (op->kind == OP_SHUFFLE)
        err = o->shuffle(s, z, (uint64_t)a[1]);
    else if (op->kind == OP_ISORANGE)
        err = o->isolate_range(s, z, side_block_start(sz, a[1]), side_block_start(sz, a[1] + a[2]),
                               (int)a[3]);
    else
        err = o->unisolate_range(s, z, side_block_start(sz, a[1]),
                                 side_block_start(sz, a[1] + a[2]), (int)a[3]);
    side_say(s, "%d", err);
}

static int do_rest(struct side *s, const struct script_op *op)
{
    char text[160];
    int err;

    switch (op->kind) {
    case OP_MOVABLE:
        if (!SLOT(op->a[0])->used)
            return SKIPPED;
        err = s->ops->movable(s, SLOT(op->a[0])->pfn, SLOT(op->a[0])->order, op->a[1] != 0);
        side_say(s, "%d", err);
        return 0;
    case OP_REGISTER:
        if (s->in_pass)
            return SKIPPED;
        side_register(s, op);
        return 0;
    case OP_UNREGISTER:
        err = s->ops->unreg(s);
        if (err == 0)
            s->registered = false;
        side_say(s, "%d", err);
        return 0;
    case OP_PASS:
    case OP_ADVANCE:
        side_pass(s, op);
        return 0;
    case OP_PAGE:
        err = s->ops->page(s, side_zone(s, op->a[0]), (fpr_pfn)op->a[1], text, sizeof text);
        side_say(s, "%d, %s", err, err ? "" : text);
        return 0;
    case OP_COPY:
        side_say(s, "%d", s->ops->copy(s));
        return 0;
    default:
        do_setting(s, op);
        return 0;
    }
}

int side_do(struct side *s, const struct script_op *op)
{
    switch (op->kind) {
    case OP_ALLOC:
    case OP_NALLOC:
        return do_alloc(s, op, op->kind == OP_NALLOC);
    case OP_FREE:
        return do_free(s, op);
    case OP_BULK:
        return do_bulk(s, op);
    case OP_SPLIT:
        return do_split(s, op);
    case OP_ISOLATE:
    case OP_ISOLATE_AT:
        return do_isolate(s, op, op->kind == OP_ISOLATE_AT);
    case OP_PUTBACK:
    case OP_ADOPT:
        return do_held(s, op);
    case OP_FREE_AT:
    case OP_SPLIT_AT:
    case OP_MOVABLE_AT:
    case OP_PUTBACK_AT:
    case OP_ADOPT_AT:
        return do_wrong(s, op);
    case OP_FAIL:
        return SKIPPED;
    default:
        return op->kind > OP_COPY ? side_behind(s, op) : do_rest(s, op);
    }
}

bool side_step(struct side *s)
{
    char text[160];

    if (s->next >= s->script->n)
        return false;
    s->op = s->next++;
    if (s->script->op[s->op].batch >= 0)
        return true; /* its pass is gone */
    side_do(s, &s->script->op[s->op]);
    s->ops->counters(s, text, sizeof text);
    side_say(s, "%s", text);
    return true;
}

void side_destroy(struct side *s)
{
    if (s->impl)
        s->ops->destroy(s);
    free(s->log);
    memset(s, 0, sizeof *s);
}
