#include "mm/buddy_core.h"

#include "base/check.h"
#include "mm/emit.h"

static bool mergeable_type(int mt)
{
    return mt < FPR_HIGHATOMIC;
}

/* At and above the pageblock order two buddies may belong to pageblocks of different types. */
static bool may_merge_pageblocks(struct fpr_zone *z, uint32_t buddy, unsigned order, int mt)
{
    if (z->policy.merge == FPR_MERGE_UNLESS_ISOLATED) {
        if (z->nr_isolated == 0) {
            return true;
        }
        int other = pageblock_get(z, buddy);
        return other == mt || (other != FPR_ISOLATE && mt != FPR_ISOLATE);
    }
    int other = pageblock_get(z, buddy);
    if (other == mt) {
        return true;
    }
    if (!mergeable_type(other) || !mergeable_type(mt)) {
        return false;
    }
    if (z->policy.merge == FPR_MERGE_AND_CONVERT) {
        for (uint32_t k = 0; k < 1u << (order - z->pageblock_order); k++) {
            pageblock_set(z, buddy + (k << z->pageblock_order), mt);
        }
    }
    return true;
}

/* Joins (i, order) with its buddy if that is free and the rules allow it. */
static bool join(struct fpr_zone *z, uint32_t *i, unsigned order, int mt)
{
    uint32_t buddy = *i ^ size_of(order);
    uint16_t tag = tag_load(&z->tags[buddy]);
    if (!tag_is(tag, PAGE_FREE, order) ||
        (order >= z->pageblock_order && !may_merge_pageblocks(z, buddy, order, mt))) {
        return false;
    }
    buddy_leave(z, z->area[order].list, buddy, size_of(order), tag_mt(tag));
    tag_store(&z->tags[buddy], 0);
    z->stats.merges++;
    *i &= buddy;
    return true;
}

static bool shuffle_tail(struct fpr_zone *z)
{
    if (z->bits_left == 0) {
        zone_call_begin(z);
        z->bits_word = z->bits(z->bits_ctx);
        zone_call_end(z);
        z->bits_left = 64;
    }
    bool bit = z->bits_word & 1;
    z->bits_word >>= 1;
    z->bits_left--;
    return bit == z->policy.shuffle_bit_is_tail;
}

bool fpr_buddy_goes_to_tail(struct fpr_zone *z, uint32_t i, unsigned order, enum fpr_place place)
{
    if (place != FPR_PLACE_RULE) {
        return place == FPR_PLACE_TAIL;
    }
    if (order >= z->max_order) {
        return z->shuffle && shuffle_tail(z);
    }
    if ((i & ~size_of(order)) < z->first && z->policy.parent_in_zone) {
        return false;
    }
    return buddy_merge_likely(z, i, order);
}

/* A direct compactor waits for a block of just this order; it must not break up movable
 * pageblocks, and only its own task's frees count. */
static bool captured(struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    struct capture *c = &z->capture;
    if (!c->active || c->paused || c->pfn != FPR_PFN_NONE || order != c->order ||
        mt == FPR_ISOLATE || (order < z->pageblock_order && mt == FPR_MOVABLE)) {
        return false;
    }
    c->pfn = zone_pfn(z, i);
    zone_account(z, -(int64_t)(1ull << order));
    held_add(z, i, order, mt);
    held_take(z, i, order);
    return true;
}

void fpr_buddy_notify(struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    z->stats.notifications++;
    emit_block(z, FPR_EVENT_NOTIFY, i, order, mt);
    if (z->notify) {
        struct zone_ways open = zone_call_out_begin(z);
        z->notify(z->notify_ctx, z, order);
        zone_call_out_end(z, open);
    }
}

void fpr_buddy_settle(struct fpr_zone *z, uint32_t i, unsigned order, int mt, enum fpr_place place,
                      bool notify)
{
    while (order < z->max_order) {
        if (fpr_unlikely(z->capture.active) && captured(z, i, order, mt)) {
            return;
        }
        if (!join(z, &i, order, mt)) {
            break;
        }
        order++;
    }
    freelist_add(z, i, order, mt, fpr_buddy_goes_to_tail(z, i, order, place));
    if (order >= z->notify_order && notify) {
        fpr_buddy_notify(z, i, order, mt);
    }
}

void fpr_buddy_free(struct fpr_zone *z, uint32_t i, unsigned order, int mt, enum fpr_place place,
                    bool notify)
{
    if (mt != FPR_ISOLATE) {
        zone_account(z, (int64_t)(1ull << order));
    }
    fpr_buddy_settle(z, i, order, mt, place, notify);
}

void fpr_buddy_split(struct fpr_zone *z, uint32_t i, unsigned from, unsigned to, int mt)
{
    zone_touch(z, i);
    z->stats.splits += from - to;
    while (from > to) {
        from--;
        freelist_add(z, i + (1u << from), from, mt, false);
    }
}

uint64_t fpr_buddy_take_smallest(struct fpr_zone *z, unsigned order, int mt, bool refill)
{
    uint32_t size = size_of(order), fitting = z->nonempty[mt] & -size;
    if (!fitting) {
        return BLOCK_NONE;
    }
    unsigned from = (unsigned)__builtin_ctz(fitting);
    struct area *a = &z->area[from];
    struct list *l = &a->list[mt];
    uint32_t k = l->head, i = k << a->shift;
    z->stats.reported_allocs += (tag_load(&a->tags[k]) & TAG_REPORTED) != 0;
    tag_store(&a->tags[k], 0);
    if (!list_pop(a->links, l)) {
        zone_mask_drop(z, mt, size_of(from));
    }
    zone_touch(z, i);
    zone_mask_add(z, mt, size_of(from) - size);
    buddy_cut(z, l, i, size_of(from), size);
    if (emit_wanted(z)) {
        const struct fpr_event e = {.type = FPR_EVENT_ZONE_LOCKED,
                                    .pfn = zone_pfn(z, i),
                                    .order = order,
                                    .migratetype = mt,
                                    .percpu_refill = refill};
        emit(z, &e);
    }
    return i;
}
