#include "mm/fallback.h"

#include "mm/buddy.h"
#include "mm/emit.h"
#include "mm/freelist.h"
#include "mm/pageblock.h"
#include "mm/watermark.h"

/* Where a type looks when its own lists are empty, best first. */
static const uint8_t fallbacks[FPR_NR_PCPTYPES][2] = {
    [FPR_UNMOVABLE] = {FPR_RECLAIMABLE, FPR_MOVABLE},
    [FPR_MOVABLE] = {FPR_RECLAIMABLE, FPR_UNMOVABLE},
    [FPR_RECLAIMABLE] = {FPR_UNMOVABLE, FPR_MOVABLE},
};

/* First fallback type with a block of this order, or -1. */
static int find_type(const struct fpr_zone *z, unsigned order, int mt)
{
    for (int k = 0; k < 2; k++) {
        int other = fallbacks[mt][k];
        if (z->nonempty[other] >> order & 1) {
            return other;
        }
    }
    return -1;
}

/* May the whole pageblock be taken along with a victim of this order? */
static bool takes_pageblock(const struct fpr_zone *z, unsigned order, int mt)
{
    return order >= z->pageblock_order / 2 || mt == FPR_UNMOVABLE || mt == FPR_RECLAIMABLE;
}

struct victim {
    uint32_t i;
    unsigned order;
    int mt;
    bool whole;
};

static bool victim_at(const struct fpr_zone *z, unsigned order, int mt, struct victim *v)
{
    int other = find_type(z, order, mt);
    if (other < 0) {
        return false;
    }
    v->order = order;
    v->mt = other;
    v->whole = takes_pageblock(z, order, mt);
    v->i = (uint32_t)freelist_first(z, order, other);
    return true;
}

static bool smallest_victim(const struct fpr_zone *z, unsigned order, int mt, struct victim *v)
{
    for (unsigned o = order; o <= z->max_order; o++) {
        if (victim_at(z, o, mt, v)) {
            return true;
        }
    }
    return false;
}

static unsigned lowest_order(const struct fpr_zone *z, unsigned order, unsigned flags)
{
    bool limited = order < z->pageblock_order || z->policy.nofragment_any_order;
    return (flags & ATTEMPT_NOFRAGMENT) && limited ? z->pageblock_order : order;
}

/* The largest block, so that steals are few; but a movable request that may not take the
 * pageblock along takes the smallest, to break up little. */
static bool find_victim(const struct fpr_zone *z, unsigned order, int mt, unsigned flags,
                        struct victim *v)
{
    unsigned lowest = lowest_order(z, order, flags);
    for (unsigned o = z->max_order + 1; o-- > lowest;) {
        if (!victim_at(z, o, mt, v)) {
            continue;
        }
        if (!v->whole && mt == FPR_MOVABLE && o > order) {
            return smallest_victim(z, order, mt, v);
        }
        return true;
    }
    return false;
}

static void boost(struct fpr_zone *z, unsigned flags)
{
    bool raised = fpr_watermark_boost(z);
    bool always = z->policy.base == FPR_PROFILE_V16;
    if ((raised || always) && (flags & ATTEMPT_KSWAPD)) {
        write_relaxed(z->boosted, true);
        fpr_zone_quick_changed(z);
    }
}

/* Allocated pages of the pageblock that suit the new type. */
static uint64_t alike_pages(const struct fpr_zone *z, struct pageblock_census c, int old, int mt)
{
    if (mt == FPR_MOVABLE) {
        return c.movable;
    }
    return old == FPR_MOVABLE ? zone_pageblock_pages(z) - (c.free + c.movable) : 0;
}

/* v16–6.9: moves the victim, perhaps its pageblock, to mt's lists. True if the pageblock's type
 * is mt afterwards. */
static bool steal(struct fpr_zone *z, const struct victim *v, int mt, unsigned flags)
{
    int old = pageblock_get(z, v->i);
    if (old != FPR_HIGHATOMIC && v->order >= z->pageblock_order) {
        fpr_pageblock_set_all(z, v->i, v->order, mt);
    } else if (old != FPR_HIGHATOMIC) {
        boost(z, flags);
        if (v->whole) {
            struct pageblock_census c = fpr_pageblock_move(z, v->i, mt);
            if (c.free) {
                bool converts = c.free + alike_pages(z, c, old, mt) >= zone_pageblock_pages(z) / 2;
                if (converts) {
                    pageblock_set(z, v->i, mt);
                }
                return converts;
            }
        }
    }
    freelist_move(z, v->i, v->order, mt);
    return pageblock_get(z, v->i) == mt;
}

static void emit_extfrag(struct fpr_zone *z, const struct victim *v, unsigned order, int mt,
                         bool owns)
{
    z->stats.steals++;
    z->stats.steals_converted += owns;
    if (emit_wanted(z)) {
        const struct fpr_event e = {.type = FPR_EVENT_EXTFRAG,
                                    .pfn = zone_pfn(z, v->i),
                                    .order = order,
                                    .migratetype = mt,
                                    .fallback_order = v->order,
                                    .fallback_migratetype = v->mt,
                                    .change_ownership = owns};
        emit(z, &e);
    }
}

static uint64_t steal_and_retry(struct fpr_zone *z, unsigned order, int mt, unsigned flags,
                                bool refill)
{
    for (;;) {
        struct victim v;
        if (!find_victim(z, order, mt, flags, &v)) {
            return BLOCK_NONE;
        }
        bool owns = steal(z, &v, mt, flags);
        emit_extfrag(z, &v, order, mt, owns);
        uint64_t i = fpr_buddy_take_smallest(z, order, mt, refill);
        if (i != BLOCK_NONE) {
            return i;
        }
    }
}

/* Takes the victim itself; what is left of it goes to mt's lists. */
static uint64_t take_victim(struct fpr_zone *z, const struct victim *v, unsigned order, int mt,
                            bool refill)
{
    z->stats.reported_allocs += (freelist_tag(z, v->i, v->order) & TAG_REPORTED) != 0;
    freelist_del(z, v->i, v->order);
    fpr_buddy_split(z, v->i, v->order, order, mt);
    if (emit_wanted(z)) {
        const struct fpr_event e = {.type = FPR_EVENT_ZONE_LOCKED,
                                    .pfn = zone_pfn(z, v->i),
                                    .order = order,
                                    .migratetype = mt,
                                    .percpu_refill = refill};
        emit(z, &e);
    }
    return v->i;
}

/* 6.12: makes the victim's pageblock mt's own, or fails. */
static uint64_t claim(struct fpr_zone *z, const struct victim *v, unsigned order, int mt,
                      unsigned flags, bool refill)
{
    int old = pageblock_get(z, v->i);
    if (old == FPR_HIGHATOMIC) {
        return BLOCK_NONE;
    }
    if (v->order >= z->pageblock_order) {
        fpr_pageblock_set_all(z, v->i, v->order, mt);
        return take_victim(z, v, order, mt, refill);
    }
    boost(z, flags);
    uint32_t start;
    if (!fpr_pageblock_whole(z, v->i, &start)) {
        return BLOCK_NONE;
    }
    struct pageblock_census c = fpr_pageblock_count(z, start, start + zone_pageblock_pages(z));
    if (c.free + alike_pages(z, c, old, mt) < zone_pageblock_pages(z) / 2) {
        return BLOCK_NONE;
    }
    fpr_pageblock_move(z, v->i, mt);
    pageblock_set(z, v->i, mt);
    return fpr_buddy_take_smallest(z, order, mt, refill);
}

/* 6.12, largest victims first: whole pageblocks. */
static uint64_t claim_any(struct fpr_zone *z, unsigned order, int mt, unsigned flags, bool refill)
{
    struct victim v;
    for (unsigned o = z->max_order + 1; o-- > lowest_order(z, order, flags);) {
        if (!victim_at(z, o, mt, &v)) {
            continue;
        }
        if (!v.whole) {
            break;
        }
        uint64_t i = claim(z, &v, order, mt, flags, refill);
        if (i != BLOCK_NONE) {
            emit_extfrag(z, &v, order, mt, true);
            return i;
        }
    }
    return BLOCK_NONE;
}

static uint64_t claim_or_steal(struct fpr_zone *z, unsigned order, int mt, unsigned flags,
                               struct refill *refill)
{
    if (!refill || !refill->stealing) {
        uint64_t i = claim_any(z, order, mt, flags, refill != NULL);
        if (i != BLOCK_NONE) {
            return i;
        }
    }
    struct victim v;
    if ((flags & ATTEMPT_NOFRAGMENT) || !smallest_victim(z, order, mt, &v)) {
        return BLOCK_NONE;
    }
    if (refill) {
        refill->stealing = true;
    }
    uint64_t i = take_victim(z, &v, order, v.mt, refill != NULL);
    emit_extfrag(z, &v, order, mt, false);
    return i;
}

uint64_t fpr_rmqueue(struct fpr_zone *z, unsigned order, int mt, unsigned flags,
                     struct refill *refill)
{
    uint64_t i = fpr_buddy_take_smallest(z, order, mt, refill != NULL);
    if (fpr_likely(i != BLOCK_NONE)) {
        return i;
    }
    if (z->policy.fallback == FPR_FALLBACK_CLAIM_STEAL) {
        return claim_or_steal(z, order, mt, flags, refill);
    }
    return steal_and_retry(z, order, mt, flags, refill != NULL);
}
