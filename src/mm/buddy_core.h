/* What the buddy system's short and long ways share. */
#ifndef MM_BUDDY_CORE_H
#define MM_BUDDY_CORE_H

#include "mm/buddy.h"
#include "mm/freelist.h"

/* Pages of a block; also the order's bit in the masks of non-empty lists. */
static inline uint32_t size_of(unsigned order)
{
    return 1u << order;
}

/* The same migratetype's list of the order below or above. */
static inline struct list *list_below(struct list *l)
{
    return (struct list *)(void *)((char *)l - sizeof(struct area));
}

static inline struct list *list_above(struct list *l)
{
    return (struct list *)(void *)((char *)l + sizeof(struct area));
}

/* A block of `from` pages at `i`, off its list `l` already, becomes one of `size` pages; the upper
 * halves start the lists below `l`, which are empty: the caller looked there first. The caller
 * keeps the mask. Returns the list of the order reached. */
static inline struct list *buddy_cut(struct fpr_zone *z, struct list *l, uint32_t i, uint32_t from,
                                     uint32_t size)
{
    uint16_t *tags = z->tags;
    while (from != size) {
        from >>= 1;
        l = list_below(l);
        list_start(l, i + from);
        tag_store(&tags[i + from], l->tag);
        z->stats.splits++;
    }
    return l;
}

/* The free block `i`, of size `size` < the largest, leaves its list in row `row` to become part of
 * a bigger one. */
static inline void buddy_leave(struct fpr_zone *z, struct list *row, uint32_t i, uint32_t size,
                               int mt)
{
    if (!list_remove(z->links, &row[mt], i)) {
        zone_mask_drop(z, mt, size);
    }
}

/* A block that will probably merge soon goes to the tail, to be left alone: one whose parent's
 * buddy is free already. There is nothing to be found above the second largest order: free blocks
 * of the largest have no tag among the frames'. */
static inline bool buddy_merge_likely(const struct fpr_zone *z, uint32_t i, unsigned order)
{
    uint32_t size = size_of(order), parent = i & ~size;
    return (uint8_t)tag_load(&z->tags[parent ^ 2 * size]) == tag_byte(PAGE_FREE, order + 1);
}

#endif
