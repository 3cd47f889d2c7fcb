/* The per-cpu lists of guess.h's model, and what is remembered of pages. Only guess.c includes it;
 * its functions are small and used for every record. */
#ifndef TRACE_GUESS_LISTS_H
#define TRACE_GUESS_LISTS_H

#include <fpr/trace.h>

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION /* quick to set up */
#define PAGE_SLOTS (1u << 8)
#define LIST_ROOM  16u
#else
#define PAGE_SLOTS (1u << 19) /* remembered pages, by the low bits of their number */
#define LIST_ROOM  16384u     /* entries of a per-cpu list, a power of two */
#endif
#define NR_ZONES     2u  /* below and above 4 GiB */
#define NR_LISTS     14u /* of a zone: orders 0..3 by three types, huge pages by two */
#define NR_ALL_LISTS (NR_ZONES * NR_LISTS)
#define SEARCH_DEPTH 64u /* a page this close to the head was taken there */
#define UNKNOWN_LIST NR_LISTS

/* Pages are kept in 32 bits here: beyond 16 TiB guesses get worse, never wrong results. */
struct page_slot {
    uint32_t key;  /* pfn + 1; 0: empty */
    uint32_t next; /* page allocated after it by the same task */
    uint32_t prev; /* page allocated before it by the same task */
    uint32_t at;   /* position on list `on` */
    uint8_t list;  /* list of its zone that it will be freed to */
    uint8_t on;    /* list on which it is, plus 1 */
};

/* A list: positions begin (the head) to end, modulo 2^32 and the room. 0 is a hole: a page that
 * turned out to be elsewhere; neither end is one. */
struct list {
    uint32_t page[LIST_ROOM];
    uint32_t begin;
    uint32_t end;
};

struct guess_lists {
    struct page_slot pages[PAGE_SLOTS];
    struct list lists[NR_ALL_LISTS];
    unsigned last_taken; /* list of the last allocation */
    uint32_t deep;       /* position of the last page taken from deep inside */
};

static inline fpr_pfn list_head(const struct list *l)
{
    return l->begin != l->end ? l->page[l->begin % LIST_ROOM] : 0;
}

static inline fpr_pfn list_tail(const struct list *l)
{
    return l->begin != l->end ? l->page[(l->end - 1) % LIST_ROOM] : 0;
}

static inline void trim(struct list *l)
{
    while (l->begin != l->end && !l->page[l->begin % LIST_ROOM])
        l->begin++;
    while (l->begin != l->end && !l->page[(l->end - 1) % LIST_ROOM])
        l->end--;
}

/* The slot of a page, made its own if it was another's. */
static inline struct page_slot *slot_of(struct guess_lists *g, fpr_pfn pfn)
{
    struct page_slot *s = &g->pages[pfn % PAGE_SLOTS];
    if (s->key != (uint32_t)(pfn + 1))
        *s = (struct page_slot){(uint32_t)(pfn + 1), 0, 0, 0, UNKNOWN_LIST, 0};
    return s;
}

/* The list on which the page of a slot is; NULL for none. */
static inline struct list *list_with(struct guess_lists *g, const struct page_slot *s)
{
    if (!s->on)
        return NULL;
    struct list *l = &g->lists[s->on - 1];
    bool there = s->at - l->begin < l->end - l->begin && l->page[s->at % LIST_ROOM] == s->key - 1;
    return there ? l : NULL;
}

/* A page that shows up elsewhere is on no list any more. */
static inline void leave_list(struct guess_lists *g, struct page_slot *s)
{
    struct list *l = list_with(g, s);
    if (l) {
        l->page[s->at % LIST_ROOM] = 0;
        trim(l);
    }
    s->on = 0;
}

static inline void push(struct guess_lists *g, unsigned list, fpr_pfn pfn, bool head)
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
static inline void take_head(struct guess_lists *g, fpr_pfn pfn)
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
static inline void take_tail(struct guess_lists *g, fpr_pfn pfn)
{
    struct page_slot *s = slot_of(g, pfn);
    struct list *l = list_with(g, s);
    if (l)
        l->end = s->at;
    leave_list(g, s);
    if (l)
        trim(l);
}

static inline unsigned zone_of(fpr_pfn pfn)
{
    return pfn >= 1u << 20;
}

/* The list of its zone that a block belongs to; NR_LISTS if none holds its order. */
static inline unsigned list_index(unsigned order, unsigned migratetype)
{
    if (migratetype > FPR_RECLAIMABLE)
        migratetype = FPR_MOVABLE;
    if (order <= 3)
        return order * 3 + migratetype;
    return order == 9 ? 12u + (migratetype == FPR_MOVABLE) : NR_LISTS;
}

#endif
