#include "mm/alloc.h"

#include "base/check.h"
#include "mm/buddy.h"
#include "mm/emit.h"
#include "mm/fallback.h"
#include "mm/highatomic.h"
#include "mm/pcp.h"
#include "mm/watermark.h"

#include <errno.h>

/* Straight from the free lists. */
static uint64_t take_from_buddy(struct fpr_zone *z, const struct request *r, unsigned flags)
{
    uint64_t i = BLOCK_NONE;
    zone_lock(z);
    if (fpr_unlikely(flags & ATTEMPT_HIGHATOMIC)) {
        i = fpr_buddy_take_smallest(z, r->order, FPR_HIGHATOMIC, false);
    }
    if (i == BLOCK_NONE) {
        i = fpr_rmqueue(z, r->order, r->mt, flags, NULL);
    }
    if (i == BLOCK_NONE && (flags & ATTEMPT_NON_BLOCK)) {
        i = fpr_buddy_take_smallest(z, r->order, FPR_HIGHATOMIC, false);
    }
    if (i != BLOCK_NONE) {
        zone_account(z, -(int64_t)(1ull << r->order));
        if (fpr_unlikely(flags & ATTEMPT_HIGHATOMIC)) {
            fpr_highatomic_reserve(z, (uint32_t)i, r->order);
        }
        z->stats.allocs++;
        fpr_mark_allocated(z, (uint32_t)i, r->order, r->mt);
    }
    zone_unlock(z);
    return i;
}

/* From the per-cpu lists. *busy: somebody else holds them. */
static uint64_t take_from_pcp(struct fpr_zone *z, const struct request *r, unsigned flags,
                              bool *busy)
{
    struct pcp *p = &z->pcp[r->cpu];
    *busy = !fpr_pcp_trylock(z, p);
    if (*busy) {
        return BLOCK_NONE;
    }
    uint64_t i = fpr_pcp_alloc(z, p, r->order, r->mt, flags);
    if (i != BLOCK_NONE) {
        p->stats.allocs++;
        fpr_mark_allocated(z, (uint32_t)i, r->order, r->mt);
        if (fpr_unlikely(flags & ATTEMPT_HIGHATOMIC)) {
            zone_lock(z);
            fpr_highatomic_reserve(z, (uint32_t)i, r->order);
            zone_unlock(z);
        }
    }
    fpr_pcp_unlock(z, p);
    return i;
}

/* Lists that pass everything through are skipped where that makes no difference: the high-atomic
 * lists are looked at only past them. */
static inline bool uses_pcp(const struct fpr_zone *z, const struct request *r, unsigned flags)
{
    return (z->pcp_orders >> r->order & 1) && !(r->flags & FPR_ALLOC_PCP_LOCKED) &&
           (!read_relaxed(z->pcp_through) || (flags & ATTEMPT_HIGHATOMIC) || emit_wanted(z));
}

/* It would be woken by the first request that is served. */
static fpr_cold void wake_kswapd(struct fpr_zone *z)
{
    zone_lock(z);
    write_relaxed(z->boosted, false);
    fpr_zone_quick_changed(z);
    zone_unlock(z);
}

static uint64_t take(struct fpr_zone *z, const struct request *r, unsigned flags)
{
    uint64_t i = BLOCK_NONE;
    bool busy = false, through_pcp = uses_pcp(z, r, flags);
    if (through_pcp) {
        i = take_from_pcp(z, r, flags, &busy);
    }
    /* Until 6.0 a request that the per-cpu lists are there for gets nothing past them. */
    bool only_pcp = z->policy.watermark != FPR_WATERMARK_6_1;
    if (i == BLOCK_NONE && (!through_pcp || busy || !only_pcp)) {
        i = take_from_buddy(z, r, flags);
    }
    if (i != BLOCK_NONE && read_relaxed(z->boosted)) {
        wake_kswapd(z);
    }
    return i;
}

static bool tries_zone(const struct fpr_zone *z, const struct request *r)
{
    return r->any_zone || z->index <= r->highest;
}

/* One attempt down the zonelist. Models get_page_from_freelist(). */
static int one_pass(struct fpr_zone *const *zones, size_t nr_zones, const struct request *r,
                    enum fpr_watermark mark, unsigned flags, fpr_pfn *pfn)
{
    const struct fpr_zone *preferred = NULL;
    for (size_t k = 0; k < nr_zones; k++) {
        struct fpr_zone *z = zones[k];
        if (!tries_zone(z, r)) {
            continue;
        }
        if (!preferred) {
            preferred = z;
        }
        if (z->node != preferred->node && (flags & ATTEMPT_NOFRAGMENT)) {
            return one_pass(zones, nr_zones, r, mark, flags & ~(unsigned)ATTEMPT_NOFRAGMENT, pfn);
        }
        bool by_zone = z->policy.watermark == FPR_WATERMARK_V16 || r->highest < z->index;
        const struct attempt a = {.order = r->order,
                                  .flags = flags,
                                  .mark = mark,
                                  .reserve = by_zone ? preferred->index : r->highest};
        if (fpr_unlikely(!fpr_watermark_allows(z, &a))) {
            zone_count(z, &z->stats.watermark_refused);
            continue;
        }
        uint64_t i = take(z, r, flags);
        if (fpr_likely(i != BLOCK_NONE)) {
            *pfn = zone_pfn(z, (uint32_t)i);
            return 0;
        }
    }
    if (flags & ATTEMPT_NOFRAGMENT) {
        return one_pass(zones, nr_zones, r, mark, flags & ~(unsigned)ATTEMPT_NOFRAGMENT, pfn);
    }
    return -ENOMEM;
}

static const struct fpr_zone *preferred_zone(struct fpr_zone *const *zones, size_t nr_zones,
                                             const struct request *r)
{
    for (size_t k = 0; k < nr_zones; k++) {
        if (tries_zone(zones[k], r)) {
            return zones[k];
        }
    }
    return NULL;
}

/* What the flags of the request allow once the low watermark has refused it. */
static unsigned slow_flags(const struct fpr_zone *z, const struct request *r)
{
    bool waits = r->gfp & FPR_GFP_DIRECT_RECLAIM, no_reserve = r->gfp & FPR_GFP_NOMEMALLOC;
    unsigned flags = r->gfp & FPR_GFP_KSWAPD_RECLAIM ? ATTEMPT_KSWAPD : 0;
    flags |= r->gfp & FPR_GFP_HIGH ? ATTEMPT_HIGH : 0;
    flags |= r->gfp & FPR_GFP_ATOMIC ? ATTEMPT_ATOMIC : 0;
    if (z->policy.watermark == FPR_WATERMARK_6_1) {
        if (!waits && !no_reserve) {
            flags |= ATTEMPT_NON_BLOCK;
            flags |= r->order && (flags & ATTEMPT_HIGH) ? ATTEMPT_HIGHATOMIC : 0;
        }
    } else if ((r->gfp & FPR_GFP_ATOMIC) && !no_reserve) {
        flags |= ATTEMPT_HARDER | (r->order ? ATTEMPT_HIGHATOMIC : 0);
    }
    return flags;
}

/* The last attempt: whoever may ignore the watermarks does so then, with no other right. */
static unsigned last_flags(const struct request *r, unsigned slow)
{
    if ((r->gfp & FPR_GFP_MEMALLOC) && !(r->gfp & FPR_GFP_NOMEMALLOC)) {
        return (slow & ATTEMPT_KSWAPD) | ATTEMPT_NO_WATERMARKS;
    }
    return slow;
}

static void emit_result(struct fpr_zone *z, const struct request *r, fpr_pfn pfn)
{
    if (emit_wanted(z)) {
        const struct fpr_event e = {.type = FPR_EVENT_PAGE_ALLOC,
                                    .pfn = pfn,
                                    .order = r->order,
                                    .migratetype = r->mt,
                                    .gfp = r->gfp};
        zone_lock(z);
        emit(z, &e);
        zone_unlock(z);
    }
}

int fpr_request_init(struct request *r, unsigned order, fpr_gfp gfp, unsigned cpu, unsigned flags)
{
    int mt = fpr_gfp_migratetype(gfp);
    if (mt < 0 || order > FPR_MAX_ORDER || flags > FPR_ALLOC_PCP_LOCKED) {
        return -EINVAL;
    }
    r->order = order;
    r->gfp = gfp;
    r->mt = mt;
    r->cpu = cpu;
    r->flags = flags;
    r->highest = fpr_gfp_zone(gfp);
    r->any_zone = false;
    return 0;
}

int fpr_request_serve(struct fpr_zone *const *zones, size_t nr_zones, const struct request *r,
                      fpr_pfn *pfn)
{
    const struct fpr_zone *preferred = preferred_zone(zones, nr_zones, r);
    if (!preferred) {
        return -ENOMEM;
    }
    unsigned first = (r->gfp & FPR_GFP_KSWAPD_RECLAIM ? ATTEMPT_KSWAPD : 0) |
                     (preferred->nofragment ? ATTEMPT_NOFRAGMENT : 0);
    int err = one_pass(zones, nr_zones, r, FPR_WMARK_LOW, first, pfn);
    if (fpr_unlikely(err)) {
        unsigned flags = slow_flags(preferred, r);
        err = one_pass(zones, nr_zones, r, FPR_WMARK_MIN, flags, pfn);
        if (err) { /* with the same flags it matters where a failure changes something, as
                    * free_factor does */
            err = one_pass(zones, nr_zones, r, FPR_WMARK_MIN, last_flags(r, flags), pfn);
        }
    }
    return err;
}

int fpr_zone_alloc_slowly(struct fpr_zone *zone, unsigned order, fpr_gfp gfp, unsigned cpu,
                          fpr_pfn *pfn)
{
    struct request r;
    if (zone_reentered(zone) || order > zone->max_order || cpu >= zone->cpus ||
        fpr_request_init(&r, order, gfp, cpu, 0)) {
        return -EINVAL;
    }
    r.any_zone = true;
    fpr_pfn got = FPR_PFN_NONE;
    int err = fpr_request_serve(&zone, 1, &r, &got);
    emit_result(zone, &r, got);
    if (err) {
        zone_count(zone, &zone->stats.alloc_failures);
        return err;
    }
    *pfn = got;
    return 0;
}
