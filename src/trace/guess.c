#include "trace/guess.h"

#include "trace/guess_lists.h"

#include <stdlib.h>

#define TASK_SLOTS   256u /* remembered tasks, by the low bits of their pid */
#define PENDING_ROOM 4096u

struct task_slot {
    fpr_pfn got;   /* left the lists, its request not yet seen; FPR_PFN_NONE */
    fpr_pfn alloc; /* last page allocated */
    fpr_pfn freed; /* last block freed */
    uint64_t freed_pages;
};

struct fpr_guess {
    struct guess_lists l;
    struct task_slot tasks[TASK_SLOTS];
    unsigned last_drained;               /* zone of the last drain */
    struct fpr_sg pending[PENDING_ROOM]; /* freed, not yet known to be on a list */
    uint32_t pending_begin;
    uint32_t pending_count;
    struct fpr_sg out;                  /* last block that left the buddy lists */
    fpr_pfn isolated[FPR_TRACE_MAX_SG]; /* ring of isolated blocks */
    uint8_t isolated_order[FPR_TRACE_MAX_SG];
    uint32_t nr_isolated;
    uint64_t isolate_step;
    fpr_pfn last[FPR_NR_TRACE_TYPES]; /* last page of each kind of record */
};

struct fpr_guess *fpr_guess_create(void)
{
    struct fpr_guess *g = calloc(1, sizeof(*g));
    for (unsigned i = 0; g && i < TASK_SLOTS; i++)
        g->tasks[i].got = FPR_PFN_NONE;
    return g;
}

void fpr_guess_destroy(struct fpr_guess *g)
{
    free(g);
}

static fpr_pfn next_of(const struct fpr_guess *g, fpr_pfn pfn)
{
    const struct page_slot *s = &g->l.pages[pfn % PAGE_SLOTS];
    return s->key == (uint32_t)(pfn + 1) ? s->next : 0;
}

static fpr_pfn prev_of(const struct fpr_guess *g, fpr_pfn pfn)
{
    const struct page_slot *s = &g->l.pages[pfn % PAGE_SLOTS];
    return s->key == (uint32_t)(pfn + 1) ? s->prev : 0;
}

unsigned fpr_guess_count(enum fpr_trace_type type)
{
    switch (type) {
    case FPR_TRACE_ALLOC:
        return 3 + NR_ALL_LISTS;
    case FPR_TRACE_GOT:
    case FPR_TRACE_BULK_PAGE:
        return 2 + NR_ALL_LISTS;
    case FPR_TRACE_FREE:
        return 8;
    case FPR_TRACE_FREE_BATCHED:
        return 2;
    case FPR_TRACE_ZONE_LOCKED:
        return 1;
    case FPR_TRACE_PCPU_DRAIN:
        return 3;
    default:
        return 1;
    }
}

/* Guesses for a page that leaves the per-cpu lists. */
static fpr_pfn taken_page(const struct fpr_guess *g, unsigned i)
{
    if (i == 0)
        return list_head(&g->l.lists[g->l.last_taken]);
    return i == 1 ? g->out.pfn : list_head(&g->l.lists[(i - 2) % NR_ALL_LISTS]);
}

static fpr_pfn freed_page(const struct fpr_guess *g, const struct fpr_trace_record *r, unsigned i)
{
    const struct task_slot *t = &g->tasks[r->pid % TASK_SLOTS];
    switch (i) {
    case 0:
        return next_of(g, t->freed);
    case 1:
        return t->freed + t->freed_pages;
    case 2:
        return t->alloc;
    case 3:
        return t->freed - (1ull << r->order);
    case 4:
        return g->last[FPR_TRACE_ALLOC];
    case 5:
        return prev_of(g, t->freed);
    case 6:
        return prev_of(g, prev_of(g, t->freed));
    default:
        return next_of(g, next_of(g, t->freed));
    }
}

fpr_pfn fpr_guess_page(const struct fpr_guess *g, const struct fpr_trace_record *r, unsigned i)
{
    switch (r->type) {
    case FPR_TRACE_ALLOC:
        return i == 0 ? g->tasks[r->pid % TASK_SLOTS].got : taken_page(g, i - 1);
    case FPR_TRACE_GOT:
    case FPR_TRACE_BULK_PAGE:
        return taken_page(g, i);
    case FPR_TRACE_FREE:
        return freed_page(g, r, i);
    case FPR_TRACE_FREE_BATCHED:
        return i < g->pending_count ? g->pending[(g->pending_begin + i) % PENDING_ROOM].pfn : 0;
    case FPR_TRACE_ZONE_LOCKED:
        return g->out.pfn + (1ull << g->out.order);
    case FPR_TRACE_PCPU_DRAIN: {
        unsigned list = list_index(r->order, r->migratetype);
        unsigned zone = i ^ g->last_drained;
        if (i == 2 || list == NR_LISTS)
            return g->last[FPR_TRACE_PCPU_DRAIN] + 1;
        return list_tail(&g->l.lists[zone * NR_LISTS + list]);
    }
    case FPR_TRACE_ISOLATE:
        return g->last[FPR_TRACE_ISOLATE] + g->isolate_step;
    default:
        return g->last[r->type];
    }
}

unsigned fpr_guess_find(const struct fpr_guess *g, const struct fpr_trace_record *r)
{
    unsigned n = fpr_guess_count(r->type);
    for (unsigned i = 0; i < n; i++)
        if (fpr_guess_page(g, r, i) == r->pfn)
            return i;
    return FPR_GUESS_NONE;
}

fpr_pfn fpr_guess_base(const struct fpr_guess *g, const struct fpr_trace_record *r)
{
    if (r->type == FPR_TRACE_FREE)
        return g->tasks[r->pid % TASK_SLOTS].freed;
    return r->type == FPR_TRACE_ZONE_LOCKED ? g->out.pfn : g->last[r->type];
}

static void to_list(struct fpr_guess *g, fpr_pfn pfn, unsigned order)
{
    unsigned list = slot_of(&g->l, pfn)->list;
    if (list == UNKNOWN_LIST)
        list = list_index(order, FPR_MOVABLE);
    if (list < NR_LISTS)
        push(&g->l, zone_of(pfn) * NR_LISTS + list, pfn, true);
}

/* Frees that no batch took up have gone to the lists at once. */
static void flush_pending(struct fpr_guess *g)
{
    for (; g->pending_count; g->pending_count--) {
        struct fpr_sg *f = &g->pending[g->pending_begin++ % PENDING_ROOM];
        to_list(g, f->pfn, f->order);
    }
}

static void learn_alloc(struct fpr_guess *g, const struct fpr_trace_record *r)
{
    struct task_slot *t = &g->tasks[r->pid % TASK_SLOTS];
    if (r->pfn == FPR_PFN_NONE)
        return;
    if (t->got == r->pfn)
        t->got = FPR_PFN_NONE;
    else
        take_head(&g->l, r->pfn);
    slot_of(&g->l, t->alloc)->next = (uint32_t)r->pfn;
    struct page_slot *s = slot_of(&g->l, r->pfn);
    s->prev = (uint32_t)t->alloc;
    s->next = 0;
    s->list = (uint8_t)list_index(r->order, r->migratetype);
    t->alloc = r->pfn;
}

static void learn_free(struct fpr_guess *g, const struct fpr_trace_record *r)
{
    struct task_slot *t = &g->tasks[r->pid % TASK_SLOTS];
    leave_list(&g->l, slot_of(&g->l, r->pfn));
    t->freed = r->pfn;
    t->freed_pages = 1ull << r->order;
    if (g->pending_count == PENDING_ROOM) {
        struct fpr_sg *f = &g->pending[g->pending_begin++ % PENDING_ROOM];
        g->pending_count--;
        to_list(g, f->pfn, f->order);
    }
    g->pending[(g->pending_begin + g->pending_count++) % PENDING_ROOM] =
        (struct fpr_sg){r->pfn, r->order};
}

static void learn_batched(struct fpr_guess *g, const struct fpr_trace_record *r)
{
    for (uint32_t i = 0; i < g->pending_count; i++) {
        struct fpr_sg *f = &g->pending[(g->pending_begin + i) % PENDING_ROOM];
        if (f->pfn != r->pfn)
            continue;
        /* Those in front were no part of the batch. */
        for (; i; i--, g->pending_count--) {
            struct fpr_sg *e = &g->pending[g->pending_begin++ % PENDING_ROOM];
            to_list(g, e->pfn, e->order);
        }
        g->pending_begin++;
        g->pending_count--;
        break;
    }
    to_list(g, r->pfn, 0);
}

static void learn_isolate(struct fpr_guess *g, const struct fpr_trace_record *r)
{
    uint32_t i = g->nr_isolated++ % FPR_TRACE_MAX_SG;
    g->isolate_step = r->pfn - g->last[FPR_TRACE_ISOLATE];
    g->isolated[i] = r->pfn;
    g->isolated_order[i] = r->order;
}

struct fpr_sg fpr_guess_entry(const struct fpr_guess *g, unsigned i)
{
    uint32_t at = (g->nr_isolated - 1 - i) % FPR_TRACE_MAX_SG;
    return (struct fpr_sg){g->isolated[at], g->isolated_order[at]};
}

void fpr_guess_learn(struct fpr_guess *g, const struct fpr_trace_record *r)
{
    bool interrupt = r->context == 'h' || r->context == 's';
    if (g->pending_count && r->type != FPR_TRACE_FREE && r->type != FPR_TRACE_FREE_BATCHED &&
        r->type != FPR_TRACE_PCPU_DRAIN && r->type != FPR_TRACE_NOTIFY && !interrupt)
        flush_pending(g);
    switch (r->type) {
    case FPR_TRACE_GOT:
        g->tasks[r->pid % TASK_SLOTS].got = r->pfn;
        take_head(&g->l, r->pfn);
        break;
    case FPR_TRACE_BULK_PAGE:
        take_head(&g->l, r->pfn);
        break;
    case FPR_TRACE_ALLOC:
        learn_alloc(g, r);
        break;
    case FPR_TRACE_FREE:
        learn_free(g, r);
        break;
    case FPR_TRACE_FREE_BATCHED:
        learn_batched(g, r);
        break;
    case FPR_TRACE_ZONE_LOCKED: {
        unsigned list = list_index(r->order, r->migratetype);
        g->out = (struct fpr_sg){r->pfn, r->order};
        if (list < NR_LISTS)
            push(&g->l, zone_of(r->pfn) * NR_LISTS + list, r->pfn, false);
        break;
    }
    case FPR_TRACE_PCPU_DRAIN:
        g->last_drained = zone_of(r->pfn);
        take_tail(&g->l, r->pfn);
        break;
    case FPR_TRACE_ISOLATE:
        learn_isolate(g, r);
        break;
    default:
        break;
    }
    g->last[r->type] = r->pfn;
}
