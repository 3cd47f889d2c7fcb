/* Lists of blocks, linked through arrays. A list knows its ends and its length; what the first
 * block's `prev` and the last one's `next` hold means nothing, so that blocks are put at and taken
 * off an end without touching the other, and a lone block needs no links at all. */
#ifndef MM_LIST_H
#define MM_LIST_H

#include "base/check.h"

#include <stdbool.h>
#include <stdint.h>

struct link {
    uint32_t next;
    uint32_t prev;
} __attribute__((aligned(8)));

struct list {
    uint32_t head;
    uint32_t tail;
    uint32_t count;
    uint16_t tag;         /* of a block on the list (see page.h) */
    uint16_t granted_tag; /* of one that a request took from it */
};

/* Links of a block on a list are looked at by threads that wrongly give it back (see lend.h), by a
 * compare-and-swap which fails, but which checkers of threads take for a store. */
static inline uint32_t link_load(const uint32_t *side)
{
    return __atomic_load_n(side, __ATOMIC_RELAXED);
}

static inline void link_store(uint32_t *side, uint32_t k)
{
    __atomic_store_n(side, k, __ATOMIC_RELAXED);
}

static inline void list_start(struct list *l, uint32_t k)
{
    l->head = k;
    l->tail = k;
    l->count = 1;
}

static inline void list_add_head(struct link *links, struct list *l, uint32_t k)
{
    if (l->count == 0) {
        list_start(l, k);
        return;
    }
    uint32_t head = l->head;
    link_store(&links[k].next, head);
    link_store(&links[head].prev, k);
    l->head = k;
    l->count++;
}

static inline void list_add_tail(struct link *links, struct list *l, uint32_t k)
{
    if (l->count == 0) {
        list_start(l, k);
        return;
    }
    uint32_t tail = l->tail;
    link_store(&links[k].prev, tail);
    link_store(&links[tail].next, k);
    l->tail = k;
    l->count++;
}

static inline void list_add(struct link *links, struct list *l, uint32_t k, bool tail)
{
    if (tail) {
        list_add_tail(links, l, k);
    } else {
        list_add_head(links, l, k);
    }
}

/* Takes `k` out of the list it is on. Returns how many are left. */
static inline uint32_t list_remove(struct link *links, struct list *l, uint32_t k)
{
    uint32_t left = --l->count;
    if (left) {
        uint32_t next = link_load(&links[k].next), prev = link_load(&links[k].prev);
        if (fpr_unlikely(l->head == k)) {
            l->head = next;
        } else if (fpr_unlikely(l->tail == k)) {
            l->tail = prev;
        } else {
            link_store(&links[prev].next, next);
            link_store(&links[next].prev, prev);
        }
    }
    return left;
}

/* Takes the first one, which there is. Returns how many are left. */
static inline uint32_t list_pop(const struct link *links, struct list *l)
{
    uint32_t left = --l->count;
    if (left) {
        l->head = link_load(&links[l->head].next);
    }
    return left;
}

/* Makes `k`, which is on the list, the first one; those before it come last. */
static inline void list_rotate(struct link *links, struct list *l, uint32_t k)
{
    if (l->head != k) {
        link_store(&links[l->tail].next, l->head);
        link_store(&links[l->head].prev, l->tail);
        l->tail = link_load(&links[k].prev);
        l->head = k;
    }
}

#endif
