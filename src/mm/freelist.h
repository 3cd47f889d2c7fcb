/* The only code that links, unlinks and counts free blocks: one function a change, so that list,
 * count, flag and the mask of non-empty lists cannot disagree. */
#ifndef MM_FREELIST_H
#define MM_FREELIST_H

#include "base/mutant.h"
#include "mm/zone.h"

static inline void ring_add(struct link *links, struct list *l, uint32_t i, bool tail)
{
    if (l->count++ == 0) {
        links[i].next = links[i].prev = i;
        l->head = i;
        return;
    }
    uint32_t head = l->head, last = links[head].prev;
    links[i].next = head;
    links[i].prev = last;
    links[last].next = i;
    links[head].prev = i;
    if (!tail) {
        l->head = i;
    }
}

static inline void ring_remove(struct link *links, struct list *l, uint32_t i)
{
    uint32_t next = links[i].next, prev = links[i].prev;
    links[prev].next = next;
    links[next].prev = prev;
    if (l->head == i) {
        l->head = next;
    }
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

/* A block leaves its list; its Reported flag goes with it. */
static inline void freelist_del(struct fpr_zone *z, uint32_t i, unsigned order)
{
    struct area *a = &z->area[order];
    uint32_t k = i >> a->shift;
    int mt = tag_mt(tag_load(&a->tags[k]));
    struct list *l = &a->list[mt];
    ring_remove(a->links, l, k);
    if (l->count == 0) {
        z->nonempty[mt] &= ~(1u << order);
    }
    tag_store(&a->tags[k], 0);
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
