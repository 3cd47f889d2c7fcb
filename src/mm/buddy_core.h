/* The hot half of the buddy system, to be inlined where requests and frees come in. */
#ifndef MM_BUDDY_CORE_H
#define MM_BUDDY_CORE_H

#include "base/check.h"
#include "mm/buddy.h"
#include "mm/freelist.h"

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

/* Joins (i, order) with its buddy if that is free; both become one block of the next order. */
static inline bool buddy_merge(struct fpr_zone *z, uint32_t *i, unsigned order)
{
    uint32_t buddy = *i ^ 1u << order;
    uint16_t tag = tag_load(&z->tags[buddy]);
    if (!tag_is(tag, PAGE_FREE, order)) {
        return false;
    }
    freelist_del_from(z, &z->area[order], buddy, order, tag_mt(tag));
    *i &= buddy;
    return true;
}

/* fpr_buddy_free() while no capture is under way. */
static inline void buddy_free(struct fpr_zone *z, uint32_t i, unsigned order, int mt,
                              enum fpr_place place, bool notify)
{
    if (mt != FPR_ISOLATE) {
        zone_account(z, (int64_t)(1ull << order));
    }
    unsigned before = order;
    while (order < z->pageblock_order && buddy_merge(z, &i, order)) {
        order++;
    }
    if (order >= z->pageblock_order) {
        while (order < z->max_order &&
               fpr_buddy_may_merge_pageblocks(z, i ^ 1u << order, order, mt) &&
               buddy_merge(z, &i, order)) {
            order++;
        }
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
    uint32_t k = a->list[mt].head, i = k << a->shift;
    z->stats.reported_allocs += (tag_load(&a->tags[k]) & TAG_REPORTED) != 0;
    freelist_del_from(z, a, k, from, mt);
    if (from == z->max_order) {
        zone_touch(z, i);
    }
    z->stats.splits += from - order;
    z->nonempty[mt] |= (1u << from) - (1u << order);
    while (from > order) {
        from--;
        freelist_start(z, i + (1u << from), from, mt);
    }
    return i;
}

#endif
