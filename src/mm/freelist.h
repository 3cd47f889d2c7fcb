/* The only code that puts blocks on free lists and takes them off: one function a change, so that
 * list, count, flag and the mask of non-empty lists cannot disagree. */
#ifndef MM_FREELIST_H
#define MM_FREELIST_H

#include "mm/list.h"
#include "mm/zone.h"

/* A block joins list [order][mt]; `i` is its first frame. */
static inline void freelist_add(struct fpr_zone *z, uint32_t i, unsigned order, int mt, bool tail)
{
    struct area *a = &z->area[order];
    struct list *l = &a->list[mt];
    uint32_t k = i >> a->shift;
    list_add(a->links, l, k, tail);
    zone_mask_add(z, mt, 1u << order);
    tag_store(&a->tags[k], l->tag);
}

/* A block leaves its list; its Reported flag goes with it. */
static inline void freelist_del(struct fpr_zone *z, uint32_t i, unsigned order)
{
    struct area *a = &z->area[order];
    uint32_t k = i >> a->shift;
    int mt = tag_mt(tag_load(&a->tags[k]));
    if (!list_remove(a->links, &a->list[mt], k)) {
        zone_mask_drop(z, mt, 1u << order);
    }
    tag_store(&a->tags[k], 0);
}

/* A block moves to another migratetype's list of the same order and keeps its Reported flag. */
static inline void freelist_move(struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    struct area *a = &z->area[order];
    uint32_t k = i >> a->shift;
    uint16_t reported = (uint16_t)(tag_load(&a->tags[k]) & TAG_REPORTED);
    freelist_del(z, i, order);
    freelist_add(z, i, order, mt, z->policy.move != FPR_PLACE_HEAD);
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

/* The list is turned so that `i` is its first block and what stood before it is at its end. */
static inline void freelist_rotate(struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    struct area *a = &z->area[order];
    list_rotate(a->links, &a->list[mt], i >> a->shift);
}

/* A block that somebody holds: neither free nor allocated. Like a free one it is marked where its
 * order's tags are, so that holding a largest block does not touch its frames' metadata. */
static inline void held_add(struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    struct area *a = &z->area[order];
    tag_store(&a->tags[i >> a->shift], tag_make(PAGE_HELD, order, mt));
    z->held += 1ull << order;
}

/* It is held for a device or a capturer, who alone puts it back. */
static inline void held_take(struct fpr_zone *z, uint32_t i, unsigned order)
{
    struct area *a = &z->area[order];
    uint16_t *tag = &a->tags[i >> a->shift];
    tag_store(tag, (uint16_t)(tag_load(tag) | TAG_TAKEN));
}

static inline void held_del(struct fpr_zone *z, uint32_t i, unsigned order)
{
    struct area *a = &z->area[order];
    tag_store(&a->tags[i >> a->shift], 0);
    z->held -= 1ull << order;
}

#endif
