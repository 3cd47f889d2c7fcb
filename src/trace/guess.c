#include "trace/guess.h"

#include <stdlib.h>

#define PAGE_SLOTS   (1u << 19) /* remembered pages, by the low bits of their number */
#define TASK_SLOTS   256u       /* remembered tasks, by the low bits of their pid */
#define LIST_ROOM    16384u     /* entries of a per-cpu list, a power of two */
#define NR_ZONES     2u         /* below and above 4 GiB */
#define NR_LISTS     14u        /* of a zone: orders 0..3 by three types, huge pages by two */
#define NR_ALL_LISTS (NR_ZONES * NR_LISTS)
#define SEARCH_DEPTH 64u /* a page this close to the head was taken there */
#define UNKNOWN_LIST NR_LISTS
#define PENDING_ROOM 4096u

/* Pages are kept in 32 bits here: beyond 16 TiB guesses get worse, never wrong results. */
struct page_slot {
    uint32_t key;  /* pfn + 1; 0: empty */
    uint32_t next; /* page allocated after it by the same task */
    uint32_t prev; /* page allocated before it by the same task */
    uint32_t at;   /* position on list `on` */
    uint8_t list;  /* list of its zone that it will be freed to */
    uint8_t on;    /* list on which it is, plus 1 */
};

struct task_slot {
    fpr_pfn got;   /* left the lists, its request not yet seen; FPR_PFN_NONE */
    fpr_pfn alloc; /* last page allocated */
    fpr_pfn freed; /* last block freed */
    uint64_t freed_pages;
};

/* A list: positions begin (the head) to end, modulo 2^32 and the room. 0 is a hole: a page that
 * turned out to be elsewhere; neither end is one. */
struct list {
    uint32_t page[LIST_ROOM];
    uint32_t begin;
    uint32_t end;
};

struct fpr_guess {
    struct page_slot pages[PAGE_SLOTS];
    struct task_slot tasks[TASK_SLOTS];
    struct list lists[NR_ALL_LISTS];
    unsigned last_taken;                 /* list of the last allocation */
    uint32_t deep;                       /* position of the last page taken from deep inside */
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

static fpr_pfn list_head(const struct list *l)
{
    return l->begin != l->end ? l->page[l->begin % LIST_ROOM] : 0;
}

static fpr_pfn list_tail(const struct list *l)
{
    return l->begin != l->end ? l->page[(l->end - 1) % LIST_ROOM] : 0;
}

static void trim(struct list *l)
{
    while (l->begin != l->end && !l->page[l->begin % LIST_ROOM])
        l->begin++;
    while (l->begin != l->end && !l->page[(l->end - 1) % LIST_ROOM])
        l->end--;
}

/* The slot of a page, made its own if it was another's. */
static struct page_slot *slot_of(struct fpr_guess *g, fpr_pfn pfn)
{
    struct page_slot *s = &g->pages[pfn % PAGE_SLOTS];
    if (s->key != (uint32_t)(pfn + 1))
        *s = (struct page_slot){(uint32_t)(pfn + 1), 0, 0, 0, UNKNOWN_LIST, 0};
    return s;
}

/* The list on which the page of a slot is; NULL for none. */
static struct list *list_with(struct fpr_guess *g, const struct page_slot *s)
{
    if (!s->on)
        return NULL;
    struct list *l = &g->lists[s->on - 1];
    bool there = s->at - l->begin < l->end - l->begin && l->page[s->at % LIST_ROOM] == s->key - 1;
    return there ? l : NULL;
}

/* A page that shows up elsewhere is on no list any more. */
static void leave_list(struct fpr_guess *g, struct page_slot *s)
{
    struct list *l = list_with(g, s);
    if (l) {
        l->page[s->at % LIST_ROOM] = 0;
        trim(l);
    }
    s->on = 0;
}

static void push(struct fpr_guess *g, unsigned list, fpr_pfn pfn, bool head)
{
    struct page_slot *s = slot_of(g, pfn);
    leave_list(g, s);
    struct list *l = &g->lists[list];
    if (l->end - l->begin == LIST_ROOM) { /* forget the other end */
        if (head)
            l->end--;
        else
            l->begin++;
        trim(l);
    }
    s->at = head ? --l->begin : l->end++;
    s->on = (uint8_t)(list + 1);
    l->page[s->at % LIST_ROOM] = (uint32_t)pfn;
}

/* A page is taken at the head: if it stood close to it, or if its neighbour was the last one taken
 * from deep inside, what was before it had gone already. */
static void take_head(struct fpr_guess *g, fpr_pfn pfn)
{
    struct page_slot *s = slot_of(g, pfn);
    struct list *l = list_with(g, s);
    if (l) {
        g->last_taken = s->on - 1u;
        if (s->at - l->begin < SEARCH_DEPTH || s->at == g->deep + 1)
            l->begin = s->at + 1;
        else
            g->deep = s->at;
    }
    leave_list(g, s);
    if (l)
        trim(l);
}

/* A page is drained at the tail: what was behind it had gone already. */
static void take_tail(struct fpr_guess *g, fpr_pfn pfn)
{
    struct page_slot *s = slot_of(g, pfn);
    struct list *l = list_with(g, s);
    if (l)
        l->end = s->at;
    leave_list(g, s);
    if (l)
        trim(l);
}

static unsigned zone_of(fpr_pfn pfn)
{
    return pfn >= 1u << 20;
}

/* The list of its zone that a block belongs to; NR_LISTS if none holds its order. */
static unsigned list_index(unsigned order, unsigned migratetype)
{
    if (migratetype > FPR_RECLAIMABLE)
        migratetype = FPR_MOVABLE;
    if (order <= 3)
        return order * 3 + migratetype;
    return order == 9 ? 12u + (migratetype == FPR_MOVABLE) : NR_LISTS;
}

static fpr_pfn next_of(const struct fpr_guess *g, fpr_pfn pfn)
{
    const struct page_slot *s = &g->pages[pfn % PAGE_SLOTS];
    return s->key == (uint32_t)(pfn + 1) ? s->next : 0;
}

static fpr_pfn prev_of(const struct fpr_guess *g, fpr_pfn pfn)
{
    const struct page_slot *s = &g->pages[pfn % PAGE_SLOTS];
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
        return list_head(&g->lists[g->last_taken]);
    return i == 1 ? g->out.pfn : list_head(&g->lists[(i - 2) % NR_ALL_LISTS]);
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
        return list_tail(&g->lists[zone * NR_LISTS + list]);
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
    unsigned list = slot_of(g, pfn)->list;
    if (list == UNKNOWN_LIST)
        list = list_index(order, FPR_MOVABLE);
    if (list < NR_LISTS)
        push(g, zone_of(pfn) * NR_LISTS + list, pfn, true);
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
        take_head(g, r->pfn);
    slot_of(g, t->alloc)->next = (uint32_t)r->pfn;
    struct page_slot *s = slot_of(g, r->pfn);
    s->prev = (uint32_t)t->alloc;
    s->next = 0;
    s->list = (uint8_t)list_index(r->order, r->migratetype);
    t->alloc = r->pfn;
}

static void learn_free(struct fpr_guess *g, const struct fpr_trace_record *r)
{
    struct task_slot *t = &g->tasks[r->pid % TASK_SLOTS];
    leave_list(g, slot_of(g, r->pfn));
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
        take_head(g, r->pfn);
        break;
    case FPR_TRACE_BULK_PAGE:
        take_head(g, r->pfn);
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
            push(g, zone_of(r->pfn) * NR_LISTS + list, r->pfn, false);
        break;
    }
    case FPR_TRACE_PCPU_DRAIN:
        g->last_drained = zone_of(r->pfn);
        take_tail(g, r->pfn);
        break;
    case FPR_TRACE_ISOLATE:
        learn_isolate(g, r);
        break;
    default:
        break;
    }
    g->last[r->type] = r->pfn;
}
