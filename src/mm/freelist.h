/* The only code that links, unlinks and counts free blocks: one function a change, so that list,
 * count, flag and the mask of non-empty lists cannot disagree. */
#ifndef MM_FREELIST_H
#define MM_FREELIST_H

#include "base/mutant.h"
#include "mm/zone.h"

/* The ring's first and only member. */
static inline void ring_start(struct link *links, struct list *l, uint32_t i)
{
    links[i] = (struct link){i, i};
    l->head = i;
    l->count = 1;
}

static inline void ring_add(struct link *links, struct list *l, uint32_t i, bool tail)
{
    if (l->count == 0) {
        ring_start(links, l, i);
        return;
    }
    l->count++;
    uint32_t head = l->head, last = links[head].prev;
    links[i] = (struct link){.next = head, .prev = last};
    links[last].next = i;
    links[head].prev = i;
    l->head = tail ? head : i;
}

static inline void ring_remove(struct link *links, struct list *l, uint32_t i)
{
    struct link at = links[i];
    links[at.prev].next = at.next;
    links[at.next].prev = at.prev;
    l->head = l->head == i ? at.next : l->head;
    l->count--;
}

/* A block joins list [order][mt]; `i` is its first frame. */
static inline void freelist_add(struct fpr_zone *z, uint32_t i, unsigned order, int mt, bool tail)
{
    struct area *a = &z->area[order];
    uint32_t k = i >> a->shift;
    ring_add(a->links, &a->list[mt], k, tail);
    z->nonempty[mt] |= 1u << order;
    tag_store(&a->tags[k], tag_make(PAGE_FREE, order, mt));
}

/* The same for a list that is known to be empty; the caller keeps the mask. */
static inline void freelist_start(struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    struct area *a = &z->area[order]; /* never the largest order: shift 0 */
    ring_start(a->links, &a->list[mt], i);
    tag_store(&a->tags[i], tag_make(PAGE_FREE, order, mt));
}

/* A block that is on list [order][mt] for sure leaves it. */
static inline void freelist_del_from(struct fpr_zone *z, struct area *a, uint32_t k, unsigned order,
                                     int mt)
{
    struct list *l = &a->list[mt];
    ring_remove(a->links, l, k);
    if (l->count == 0) {
        z->nonempty[mt] &= ~(1u << order);
    }
    tag_store(&a->tags[k], 0);
}

/* A block leaves its list; its Reported flag goes with it. */
static inline void freelist_del(struct fpr_zone *z, uint32_t i, unsigned order)
{
    struct area *a = &z->area[order];
    uint32_t k = i >> a->shift;
    freelist_del_from(z, a, k, order, tag_mt(tag_load(&a->tags[k])));
}

/* A block moves to another migratetype's list of the same order and keeps its Reported flag. */
static inline void freelist_move(struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    struct area *a = &z->area[order];
    uint32_t k = i >> a->shift;
    uint16_t reported =
        FPR_MUTANT(MOVE_CLEARS) ? 0 : (uint16_t)(tag_load(&a->tags[k]) & TAG_REPORTED);
    freelist_del(z, i, order);
    freelist_add(z, i, order, mt, (z->policy.move != FPR_PLACE_HEAD) != FPR_MUTANT(MOVE_END));
    tag_store(&a->tags[k], (uint16_t)(tag_load(&a->tags[k]) | reported));
    z->stats.moved_blocks++;
}

/* The list's first block, or BLOCK_NONE. */
static inline uint64_t freelist_first(const struct fpr_zone *z, unsigned order, int mt)
{
    const struct area *a = &z->area[order];
    return a->list[mt].count ? (uint64_t)a->list[mt].head << a->shift : BLOCK_NONE;
}

static inline uint16_t freelist_tag(const struct fpr_zone *z, uint32_t i, unsigned order)
{
    const struct area *a = &z->area[order];
    return tag_load(&a->tags[i >> a->shift]);
}

/* Is `i` the first frame of a free block of exactly this order? */
static inline bool freelist_is_free(const struct fpr_zone *z, uint32_t i, unsigned order)
{
    return tag_is(freelist_tag(z, i, order), PAGE_FREE, order);
}

static inline void freelist_set_reported(struct fpr_zone *z, uint32_t i, unsigned order)
{
    struct area *a = &z->area[order];
    uint16_t *tag = &a->tags[i >> a->shift];
    tag_store(tag, (uint16_t)(tag_load(tag) | TAG_REPORTED));
}

/* The ring is turned so that `i` is its first block. */
static inline void freelist_rotate(struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    struct area *a = &z->area[order];
    a->list[mt].head = i >> a->shift;
}

#endif
