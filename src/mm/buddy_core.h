/* The hot half of the buddy system, to be inlined where requests and frees come in. */
#ifndef MM_BUDDY_CORE_H
#define MM_BUDDY_CORE_H

#include "base/check.h"
#include "mm/buddy.h"
#include "mm/freelist.h"

/* The bit of an order in the masks of non-empty lists; also the pages of such a block. */
static inline uint32_t size_bit(unsigned order)
{
    return 1u << order;
}

/* A block that will probably merge soon goes to the tail, to be left alone: one whose parent's
 * buddy is free already. */
static inline bool buddy_merge_likely(const struct fpr_zone *z, uint32_t i, unsigned order)
{
    if (order + 1 >= z->max_order) {
        return false;
    }
    uint32_t parent = i & ~(1u << order);
    if (fpr_unlikely(parent < z->first) && z->policy.parent_in_zone) {
        return false;
    }
    return tag_is(tag_load(&z->tags[parent ^ 2u << order]), PAGE_FREE, order + 1);
}

static inline bool buddy_goes_to_tail(struct fpr_zone *z, uint32_t i, unsigned order,
                                      enum fpr_place place)
{
    if (place != FPR_PLACE_RULE) {
        return place == FPR_PLACE_TAIL;
    }
    if (fpr_unlikely(z->shuffle) && order >= z->max_order) {
        return fpr_buddy_shuffle_tail(z);
    }
    return buddy_merge_likely(z, i, order);
}

/* Joins (i, order) with its buddy, and the outcome with its own, while they are free and the order
 * is below `limit`. Returns the order reached. */
static inline unsigned buddy_merge(struct fpr_zone *z, uint32_t *at, unsigned order, unsigned limit)
{
    uint16_t *tags = z->tags;
    struct link *links = z->links;
    uint32_t i = *at, size = 1u << order;
    unsigned wanted = PAGE_FREE | order << TAG_ORDER_SHIFT;
    while (order < limit) {
        uint32_t buddy = i ^ size;
        uint16_t tag = tag_load(&tags[buddy]);
        if ((tag & TAG_BLOCK_MASK) != wanted) {
            break;
        }
        int mt = tag_mt(tag);
        struct list *l = &z->area[order].list[mt];
        ring_remove(links, l, buddy);
        if (l->count == 0) {
            z->nonempty[mt] &= ~size_bit(order);
        }
        tag_store(&tags[buddy], 0);
        i &= buddy;
        order++;
        size <<= 1;
        wanted += 1u << TAG_ORDER_SHIFT;
    }
    *at = i;
    return order;
}

/* fpr_buddy_free() while no capture is under way. */
static inline void buddy_free(struct fpr_zone *z, uint32_t i, unsigned order, int mt,
                              enum fpr_place place, bool notify)
{
    if (mt != FPR_ISOLATE) {
        zone_account(z, (int64_t)(1ull << order));
    }
    unsigned before = order, pageblock_order = z->pageblock_order;
    if (order < pageblock_order) {
        order = buddy_merge(z, &i, order, pageblock_order);
    }
    if (order >= pageblock_order) {
        bool freely = z->policy.merge == FPR_MERGE_UNLESS_ISOLATED && z->nr_isolated == 0;
        order = freely ? buddy_merge(z, &i, order, z->max_order)
                       : fpr_buddy_merge_pageblocks(z, &i, order, mt);
    }
    z->stats.merges += order - before;
    freelist_add(z, i, order, mt, buddy_goes_to_tail(z, i, order, place));
    if (fpr_unlikely(order >= z->notify_order) && notify) {
        fpr_buddy_notify(z, i, order, mt);
    }
}

/* Takes the head of mt's list of order `from`; the upper halves of what is too big go to mt's
 * lists of lower orders, which are empty: the caller looked there first. */
static inline uint32_t buddy_take(struct fpr_zone *z, unsigned from, unsigned order, int mt)
{
    struct area *a = &z->area[from];
    struct list *l = &a->list[mt];
    uint32_t k = l->head, i = k << a->shift, nonempty = z->nonempty[mt];
    uint16_t *tag = &a->tags[k];
    z->stats.reported_allocs += tag_load(tag) / TAG_REPORTED & 1;
    tag_store(tag, 0);
    ring_remove(a->links, l, k);
    uint32_t bit = size_bit(from);
    nonempty ^= l->count ? 0 : bit;
    if (from != order) {
        if (fpr_unlikely(from == z->max_order)) {
            zone_touch(z, i);
        }
        z->stats.splits += from - order;
        nonempty |= bit - size_bit(order);
        uint16_t half = tag_make(PAGE_FREE, from, mt);
        uint16_t *tags = z->tags;
        struct link *links = z->links;
        do {
            bit >>= 1;
            a--;
            half = (uint16_t)(half - (1u << TAG_ORDER_SHIFT));
            ring_start(links, &a->list[mt], i + bit);
            tag_store(&tags[i + bit], half);
        } while (a->order != order);
    } else if (fpr_unlikely(from == z->max_order)) {
        zone_touch(z, i);
    }
    z->nonempty[mt] = nonempty;
    return i;
}

#endif
