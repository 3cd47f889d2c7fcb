#include "mm/buddy.h"

#include "base/check.h"
#include "base/mutant.h"
#include "mm/emit.h"
#include "mm/freelist.h"

static bool mergeable_type(int mt)
{
    return mt < FPR_HIGHATOMIC;
}

/* At and above the pageblock order two buddies may belong to pageblocks of different types. */
static bool may_merge_pageblocks(struct fpr_zone *z, uint32_t buddy, unsigned order, int mt)
{
    if (z->policy.merge == FPR_MERGE_UNLESS_ISOLATED && !FPR_MUTANT(MERGE_HIA) &&
        !FPR_MUTANT(MERGE_TYPE)) {
        if (z->nr_isolated == 0) {
            return true;
        }
        int other = pageblock_get(z, buddy);
        return other == mt || (other != FPR_ISOLATE && mt != FPR_ISOLATE);
    }
    if (!freelist_is_free(z, buddy, order)) {
        return true; /* the caller finds that out */
    }
    int other = pageblock_get(z, buddy);
    if (other == mt) {
        return true;
    }
    if (!mergeable_type(other) || !mergeable_type(mt) || FPR_MUTANT(MERGE_TYPE)) {
        return false;
    }
    if (z->policy.merge == FPR_MERGE_AND_CONVERT && !FPR_MUTANT(MERGE_CONVERT)) {
        for (uint32_t k = 0; k < 1u << (order - z->pageblock_order); k++) {
            pageblock_set(z, buddy + (k << z->pageblock_order), mt);
        }
    }
    return true;
}

/* A block that will probably merge soon goes to the tail, to be left alone: one whose parent's
 * buddy is free already. */
static inline bool merge_likely(const struct fpr_zone *z, uint32_t i, unsigned order)
{
    if (FPR_MUTANT(MERGE_LIKELY)) {
        return false;
    }
    if (FPR_MUTANT(MERGE_LIKELY_ALL) && order + 1 == z->max_order) {
        uint32_t uncle = (i & ~(1u << order)) ^ 2u << order;
        return uncle >= z->first && uncle < z->end && freelist_is_free(z, uncle, order + 1);
    }
    if (order + 1 >= z->max_order) {
        return false;
    }
    uint32_t parent = i & ~(1u << order);
    if (parent < z->first && z->policy.parent_in_zone) {
        return false;
    }
    return tag_is(tag_load(&z->tags[parent ^ 2u << order]), PAGE_FREE, order + 1);
}

static bool shuffle_tail(struct fpr_zone *z)
{
    if (z->bits_left == 0) {
        z->bits_word = z->bits(z->bits_ctx);
        z->bits_left = 64;
    }
    bool bit = z->bits_word & 1;
    z->bits_word >>= 1;
    z->bits_left--;
    return bit == (z->policy.shuffle_bit_is_tail != FPR_MUTANT(SHUF_POL));
}

static inline bool goes_to_tail(struct fpr_zone *z, uint32_t i, unsigned order,
                                enum fpr_place place)
{
    if (place != FPR_PLACE_RULE) {
        return place == FPR_PLACE_TAIL;
    }
    if (fpr_unlikely(z->shuffle) && order + FPR_MUTANT(SHUF_ALL) >= z->max_order) {
        return shuffle_tail(z);
    }
    return merge_likely(z, i, order);
}

/* A direct compactor waits for a block of just this order; it must not break up movable
 * pageblocks, and only its own task's frees count. */
static bool captured(struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    struct capture *c = &z->capture;
    if (c->paused || c->pfn != FPR_PFN_NONE || order != c->order || mt == FPR_ISOLATE ||
        (order < z->pageblock_order && mt == FPR_MOVABLE)) {
        return false;
    }
    c->pfn = zone_pfn(z, i);
    zone_account(z, -(int64_t)(1ull << order));
    tag_store(&z->tags[i], tag_make(PAGE_HELD, order, mt));
    z->held += 1ull << order;
    return true;
}

static void notify_free(struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    z->stats.notifications++;
    emit_block(z, FPR_EVENT_NOTIFY, i, order, mt);
    if (z->notify) {
        z->notify(z->notify_ctx, z, order);
    }
}

static inline void touch(struct fpr_zone *z, uint32_t i)
{
    z->touched[i >> z->max_order] = 1;
}

void fpr_buddy_free(struct fpr_zone *z, uint32_t i, unsigned order, int mt, enum fpr_place place,
                    bool notify)
{
    if (mt != FPR_ISOLATE) {
        zone_account(z, (int64_t)(1ull << order));
    }
    touch(z, i);
    unsigned before = order;
    while (order < z->max_order && !(FPR_MUTANT(PUTBACK_NOMERGE) && !notify)) {
        if (fpr_unlikely(z->capture.active) && captured(z, i, order, mt)) {
            return;
        }
        uint32_t buddy = i ^ 1u << order;
        if (order >= z->pageblock_order && !may_merge_pageblocks(z, buddy, order, mt)) {
            break;
        }
        if (!tag_is(tag_load(&z->tags[buddy]), PAGE_FREE, order)) {
            break;
        }
        freelist_del(z, buddy, order);
        i &= buddy;
        order++;
    }
    z->stats.merges += order - before;
    freelist_add(z, i, order, mt, goes_to_tail(z, i, order, place));
    if ((FPR_MUTANT(NOTIFY_UNMERGED) ? before : order) >= z->notify_order && notify) {
        notify_free(z, i, order, mt);
    }
}

/* The lists that the halves go to are empty here, as the search passed them by. */
static inline void expand(struct fpr_zone *z, uint32_t i, unsigned from, unsigned to, int mt)
{
    z->stats.splits += from - to;
    while (from > to) {
        from--;
        freelist_add(z, i + (1u << from), from, mt, FPR_MUTANT(EXPAND_TAIL));
    }
}

void fpr_buddy_split(struct fpr_zone *z, uint32_t i, unsigned from, unsigned to, int mt)
{
    touch(z, i);
    expand(z, i, from, to, mt);
}

static void emit_taken(struct fpr_zone *z, uint32_t i, unsigned order, int mt, bool refill)
{
    const struct fpr_event e = {.type = FPR_EVENT_ZONE_LOCKED,
                                .pfn = zone_pfn(z, i),
                                .order = order,
                                .migratetype = mt,
                                .percpu_refill = refill};
    z->sink.event(z->sink.ctx, &e);
}

uint64_t fpr_buddy_take_smallest(struct fpr_zone *z, unsigned order, int mt, bool refill)
{
    uint32_t fitting = z->nonempty[mt] >> order;
    if (!fitting) {
        return BLOCK_NONE;
    }
    unsigned from = order + (unsigned)__builtin_ctz(fitting);
    struct area *a = &z->area[from];
    uint32_t i = a->list[mt].head << a->shift;
    z->stats.reported_allocs += (freelist_tag(z, i, from) & TAG_REPORTED) != 0;
    freelist_del(z, i, from);
    touch(z, i);
    expand(z, i, from, order, mt);
    if (emit_wanted(z)) {
        emit_taken(z, i, order, mt, refill);
    }
    return i;
}
