/* Who has a block that per-cpu lists hand out and take back in a zone of several threads.
 *
 * 32 frames share a cache line of tags, so that threads which wrote tags for every request would
 * take that line from each other all the time. There a block therefore keeps the tag of an
 * allocated one when it comes back to the list that it came from, and its links, which have a line
 * for 8 frames, say where it is: those of an allocated block point at itself, as none on a list
 * does. In a zone of one thread tags say all. */
#ifndef MM_LEND_H
#define MM_LEND_H

#include "mm/zone.h"

/* The order is part of it, so that a wrong free of another order takes nothing from its owner, not
 * even for an instant; it is inverted, so that links never written to tell of no block. */
static inline struct link link_of_allocated(uint32_t i, unsigned order)
{
    return (struct link){i, ~order};
}

static inline struct link link_of_taken(uint32_t i)
{
    return (struct link){~i, ~i};
}

/* From now on whoever has the block may give it back; what was written before can be read then. */
static inline void lend(struct fpr_zone *z, uint32_t i, unsigned order)
{
    if (z->locked) {
        struct link l = link_of_allocated(i, order);
        __atomic_store(&z->links[i], &l, __ATOMIC_RELEASE);
    }
}

/* Nobody has it any more. */
static inline void lend_end(struct fpr_zone *z, uint32_t i)
{
    if (z->locked) {
        struct link l = link_of_taken(i);
        __atomic_store(&z->links[i], &l, __ATOMIC_RELAXED);
    }
}

/* The same in a zone of several threads, of which just one can do it, and only for a block of that
 * order. */
static inline bool lend_claim(struct fpr_zone *z, uint32_t i, unsigned order)
{
    struct link from = link_of_allocated(i, order), to = link_of_taken(i);
    return __atomic_compare_exchange(&z->links[i], &from, &to, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED);
}

static inline bool is_lent(const struct fpr_zone *z, uint32_t i, unsigned order)
{
    struct link l, lent = link_of_allocated(i, order);
    __atomic_load(&z->links[i], &l, __ATOMIC_ACQUIRE);
    return l.next == lent.next && l.prev == lent.prev;
}

/* The tag of frame i, for whoever is not its owner: of a block that came back to a per-cpu list it
 * tells so. */
static inline uint16_t tag_seen(const struct fpr_zone *z, uint32_t i)
{
    uint16_t tag = tag_load(&z->tags[i]);
    if (z->locked && tag_kind(tag) == PAGE_ALLOCATED && !is_lent(z, i, tag_order(tag))) {
        return tag_make(PAGE_PCP, tag_order(tag), tag_mt(tag));
    }
    return tag;
}

#endif
