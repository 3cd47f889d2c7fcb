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
    if (!freelist_is_free(z, buddy, order)) {
        return true; /* the caller finds that out */
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

unsigned fpr_buddy_merge_pageblocks(struct fpr_zone *z, uint32_t *i, unsigned order, int mt)
{
    while (order < z->max_order && may_merge_pageblocks(z, *i ^ 1u << order, order, mt) &&
           buddy_merge(z, i, order, order + 1) > order) {
        order++;
    }
    return order;
}

bool fpr_buddy_shuffle_tail(struct fpr_zone *z)
{
    if (z->bits_left == 0) {
        z->bits_word = z->bits(z->bits_ctx);
        z->bits_left = 64;
    }
    bool bit = z->bits_word & 1;
    z->bits_word >>= 1;
    z->bits_left--;
    return bit == z->policy.shuffle_bit_is_tail;
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
    tag_store(&z->tags[i], (uint16_t)(tag_make(PAGE_HELD, order, mt) | TAG_TAKEN));
    z->held += 1ull << order;
    return true;
}

void fpr_buddy_notify(struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    z->stats.notifications++;
    emit_block(z, FPR_EVENT_NOTIFY, i, order, mt);
    if (z->notify) {
        z->notify(z->notify_ctx, z, order);
    }
}

/* As buddy_free(), offering every size on the way up to the capturer. */
static void free_captured(struct fpr_zone *z, uint32_t i, unsigned order, int mt,
                          enum fpr_place place, bool notify)
{
    if (mt != FPR_ISOLATE) {
        zone_account(z, (int64_t)(1ull << order));
    }
    while (order < z->max_order) {
        if (captured(z, i, order, mt)) {
            return;
        }
        bool blocked =
            order >= z->pageblock_order && !may_merge_pageblocks(z, i ^ 1u << order, order, mt);
        if (blocked || buddy_merge(z, &i, order, order + 1) == order) {
            break;
        }
        z->stats.merges++;
        order++;
    }
    freelist_add(z, i, order, mt, buddy_goes_to_tail(z, i, order, place));
    if (order >= z->notify_order && notify) {
        fpr_buddy_notify(z, i, order, mt);
    }
}

void fpr_buddy_free(struct fpr_zone *z, uint32_t i, unsigned order, int mt, enum fpr_place place,
                    bool notify)
{
    if (fpr_unlikely(z->capture.active)) {
        free_captured(z, i, order, mt, place, notify);
    } else {
        buddy_free(z, i, order, mt, place, notify);
    }
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
    uint32_t fitting = z->nonempty[mt] >> order;
    if (!fitting) {
        return BLOCK_NONE;
    }
    uint32_t i = buddy_take(z, order + (unsigned)__builtin_ctz(fitting), order, mt);
    if (emit_wanted(z)) {
        const struct fpr_event e = {.type = FPR_EVENT_ZONE_LOCKED,
                                    .pfn = zone_pfn(z, i),
                                    .order = order,
                                    .migratetype = mt,
                                    .percpu_refill = refill};
        z->sink.event(z->sink.ctx, &e);
    }
    return i;
}
