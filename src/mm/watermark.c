#include "mm/watermark.h"

#include "base/check.h"
#include "mm/freelist.h"

#define WATERMARK_SCALE_FACTOR 10u

/* Pages that requests without access to reserves must leave alone. */
static int64_t withheld(const struct fpr_zone *z)
{
    if (fpr_likely(z->highatomic == 0)) {
        return 0;
    }
    if (z->policy.highatomic == FPR_HIGHATOMIC_V16) {
        return (int64_t)z->highatomic;
    }
    uint64_t pages = 0;
    for (unsigned o = 0; o <= z->max_order; o++) {
        pages += (uint64_t)z->area[o].list[FPR_HIGHATOMIC].count << o;
    }
    return (int64_t)pages;
}

static bool may_use_reserves(const struct attempt *a)
{
    return a->flags & (ATTEMPT_HARDER | ATTEMPT_NON_BLOCK);
}

/* The min watermark as the attempt's flags bend it. */
static int64_t bent_mark(const struct fpr_zone *z, const struct attempt *a, int64_t mark)
{
    if (z->policy.watermark == FPR_WATERMARK_6_1) {
        if (a->flags & ATTEMPT_HIGH) {
            mark -= mark / 2;
            if (a->flags & ATTEMPT_NON_BLOCK) {
                mark -= mark / 4;
            }
        }
        return mark;
    }
    if (a->flags & ATTEMPT_HIGH) {
        mark -= mark / 2;
    }
    if (a->flags & ATTEMPT_HARDER) {
        mark -= mark / 4;
    }
    return mark;
}

static uint32_t ordinary_lists(const struct fpr_zone *z)
{
    return read_relaxed(z->nonempty[FPR_UNMOVABLE]) | read_relaxed(z->nonempty[FPR_MOVABLE]) |
           read_relaxed(z->nonempty[FPR_RECLAIMABLE]);
}

/* Is there a block of at least the order on a list that the attempt may use? */
static bool block_in_reach(const struct fpr_zone *z, const struct attempt *a)
{
    uint32_t lists = ordinary_lists(z);
    if (a->flags & (ATTEMPT_HARDER | ATTEMPT_HIGHATOMIC)) {
        lists |= z->nonempty[FPR_HIGHATOMIC];
    }
    return lists >> a->order;
}

static bool full_check(const struct fpr_zone *z, const struct attempt *a, int64_t mark)
{
    int64_t free = zone_free_seen(z) - ((1ll << a->order) - 1);
    bool reserves = z->policy.watermark == FPR_WATERMARK_6_1
                        ? (a->flags & (ATTEMPT_HIGH | ATTEMPT_NON_BLOCK)) != 0
                        : may_use_reserves(a);
    if (!reserves) {
        free -= withheld(z);
    }
    if (free <= bent_mark(z, a, mark) + (int64_t)z->lowmem_reserve[a->reserve]) {
        return false;
    }
    return a->order == 0 || block_in_reach(z, a);
}

/* 5.9–5.17: the shortcut for order 0 compares unsigned, so that a reserve larger than what is
 * free wraps round and the answer is yes (MODEL.md 3.9). v16: it ignores the reserve. */
static bool order0_shortcut(const struct fpr_zone *z, const struct attempt *a, int64_t mark)
{
    int64_t limit = mark + (int64_t)z->lowmem_reserve[a->reserve];
    if (z->policy.watermark == FPR_WATERMARK_V16) {
        return zone_free_seen(z) > limit;
    }
    int64_t usable = zone_free_seen(z) - (may_use_reserves(a) ? 0 : withheld(z));
    return (uint64_t)usable > (uint64_t)limit;
}

/* 5.9+: the boost is there to wake kswapd, not to refuse requests that cannot wait for it. */
static bool ignores_boost(const struct fpr_zone *z, const struct attempt *a)
{
    if (a->order != 0 || z->boost == 0 || a->mark != FPR_WMARK_MIN ||
        z->policy.watermark == FPR_WATERMARK_V16) {
        return false;
    }
    unsigned atomic = z->policy.watermark == FPR_WATERMARK_6_1 ? ATTEMPT_HIGH : ATTEMPT_ATOMIC;
    return a->flags & atomic;
}

/* Far above every mark, as nearly all zones are at nearly all times. */
static bool easy(const struct fpr_zone *z, unsigned order)
{
    int64_t needed = order ? (int64_t)1 << order : 0;
    return read_relaxed(z->spare) >= needed && (order == 0 || ordinary_lists(z) >> order);
}

static bool allows(const struct fpr_zone *z, const struct attempt *a)
{
    if (a->flags & ATTEMPT_NO_WATERMARKS) {
        return true;
    }
    int64_t mark = (int64_t)(z->watermark[a->mark] + z->boost);
    if (a->order == 0 && z->policy.watermark != FPR_WATERMARK_6_1 && order0_shortcut(z, a, mark)) {
        return true;
    }
    if (full_check(z, a, mark)) {
        return true;
    }
    return ignores_boost(z, a) && full_check(z, a, (int64_t)z->watermark[FPR_WMARK_MIN]);
}

bool fpr_watermark_allows(struct fpr_zone *z, const struct attempt *a)
{
    if (easy(z, a->order)) {
        return true;
    }
    zone_lock(z);
    bool allowed = allows(z, a);
    zone_unlock(z);
    return allowed;
}

int64_t fpr_watermark_easy(const struct fpr_zone *z)
{
    uint64_t reserve = 0;
    for (int k = 0; k < FPR_NR_ZONE_INDICES; k++) {
        reserve = z->lowmem_reserve[k] > reserve ? z->lowmem_reserve[k] : reserve;
    }
    uint64_t min = z->watermark[FPR_WMARK_MIN], low = z->watermark[FPR_WMARK_LOW];
    return (int64_t)(reserve + (min > low ? min : low) + z->boost + z->highatomic + 1);
}

bool fpr_watermark_plain(const struct fpr_zone *z, uint64_t mark)
{
    return zone_free_seen(z) - withheld(z) > (int64_t)(mark + z->lowmem_reserve[FPR_ZONE_DMA]);
}

static uint64_t mult_frac(uint64_t x, uint64_t n, uint64_t d)
{
    return x / d * n + x % d * n / d;
}

bool fpr_watermark_boost(struct fpr_zone *z)
{
    uint64_t pageblock = zone_pageblock_pages(z);
    if (z->boost_factor == 0 || pageblock * 4 > z->managed) {
        return false;
    }
    uint64_t most = mult_frac(z->watermark[FPR_WMARK_HIGH], z->boost_factor, 10000);
    if (most == 0) {
        return false;
    }
    if (most < pageblock) {
        most = pageblock;
    }
    z->boost = z->boost + pageblock < most ? z->boost + pageblock : most;
    fpr_zone_quick_changed(z);
    return true;
}

void fpr_watermark_compute(struct fpr_zone *z, uint64_t min_free_pages, uint64_t lowmem_pages)
{
    /* at most 2^18 KiB of min_free times 2^32 pages: no overflow */
    uint64_t min = lowmem_pages ? min_free_pages * z->managed / lowmem_pages : 0;
    uint64_t scaled = mult_frac(z->managed, WATERMARK_SCALE_FACTOR, 10000);
    uint64_t step = min / 4 > scaled ? min / 4 : scaled;
    z->watermark[FPR_WMARK_MIN] = min;
    z->watermark[FPR_WMARK_LOW] = min + step;
    z->watermark[FPR_WMARK_HIGH] = min + 2 * step;
    fpr_zone_quick_changed(z);
}
