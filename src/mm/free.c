/* Giving blocks back: checks, then the per-cpu lists or the free lists. */
#include "base/check.h"
#include "mm/alloc.h"
#include "mm/buddy.h"
#include "mm/emit.h"
#include "mm/pcp.h"

#include <errno.h>

/* Index of the frame that a block of that order begins with, if there can be one. */
static inline bool find_frame(const struct fpr_zone *z, fpr_pfn pfn, unsigned order, uint32_t *i)
{
    return zone_usable(z) && order <= z->max_order && zone_index(z, pfn, i);
}

/* Index and tag of an allocated block of exactly this order, which nobody else has from now on: of
 * two threads that give a block back, or split it, one is refused. False for anything else. */
static bool claim(struct fpr_zone *z, fpr_pfn pfn, unsigned order, uint32_t *i, uint16_t *tag)
{
    if (!find_frame(z, pfn, order, i)) {
        return false;
    }
    if (z->locked) {
        __builtin_prefetch(&z->links[*i], 1); /* on its way while the tag is */
    }
    if (!tag_is(tag_load(&z->tags[*i]), PAGE_ALLOCATED, order)) {
        return false;
    }
    fpr_race_point();
    if (z->locked && !lend_claim(z, *i, order)) { /* somebody else's by now */
        return false;
    }
    fpr_race_point();
    *tag = tag_load(&z->tags[*i]);
    return true;
}

static void free_to_buddy(struct fpr_zone *z, uint32_t i, unsigned order)
{
    zone_lock(z);
    tag_store(&z->tags[i], 0);
    z->stats.frees++;
    if (fpr_likely(!z->policy.free_by_pageblock || order <= z->pageblock_order)) {
        fpr_buddy_free(z, i, order, pageblock_get(z, i), FPR_PLACE_RULE, true);
    } else {
        for (uint32_t k = 0; k < 1u << (order - z->pageblock_order); k++) {
            uint32_t piece = i + (k << z->pageblock_order);
            fpr_buddy_free(z, piece, z->pageblock_order, pageblock_get(z, piece), FPR_PLACE_RULE,
                           true);
        }
    }
    zone_unlock(z);
}

static fpr_cold void free_block(struct fpr_zone *z, uint32_t i, unsigned order, int mt,
                                unsigned cpu, bool pcp_locked)
{
    bool to_pcp = (z->pcp_orders >> order & 1) && !pcp_locked;
    if (to_pcp && read_relaxed(z->pcp_through) && !emit_wanted(z) && order <= z->pageblock_order) {
        to_pcp = mt >= 0 && mt != pageblock_get(z, i); /* what was remembered matters */
    }
    if (to_pcp && mt < 0) {
        mt = pageblock_get(z, i);
    }
    struct pcp *p = &z->pcp[cpu];
    if (!to_pcp || mt == FPR_ISOLATE || !fpr_pcp_trylock(z, p)) {
        free_to_buddy(z, i, order);
        return;
    }
    p->stats.frees++;
    fpr_pcp_free(z, p, i, order, mt);
    fpr_pcp_unlock(z, p);
}

static void emit_free(struct fpr_zone *z, uint32_t i, unsigned order)
{
    if (emit_wanted(z)) {
        zone_lock(z);
        emit_block(z, FPR_EVENT_PAGE_FREE, i, order, 0);
        zone_unlock(z);
    }
}

int fpr_zone_free_slowly(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, unsigned cpu)
{
    uint32_t i;
    uint16_t tag;
    if (cpu >= zone->cpus || !claim(zone, pfn, order, &i, &tag)) {
        return -EINVAL;
    }
    emit_free(zone, i, order);
    free_block(zone, i, order, -1, cpu, false);
    return 0;
}

int fpr_zone_free_prepare(struct fpr_zone *zone, fpr_pfn pfn, unsigned order)
{
    uint32_t i;
    bool allocated =
        find_frame(zone, pfn, order, &i) && tag_is(tag_seen(zone, i), PAGE_ALLOCATED, order);
    return allocated ? pageblock_get(zone, i) : -EINVAL;
}

int fpr_zone_free_as(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, int mt, unsigned cpu,
                     unsigned flags)
{
    uint32_t i;
    uint16_t tag;
    if (!zone_usable(zone) || cpu >= zone->cpus || mt < -1 || mt >= FPR_NR_MIGRATETYPES ||
        flags > FPR_ALLOC_PCP_LOCKED || !claim(zone, pfn, order, &i, &tag)) {
        return -EINVAL;
    }
    emit_free(zone, i, order);
    free_block(zone, i, order, mt, cpu, flags & FPR_ALLOC_PCP_LOCKED);
    return 0;
}

/* How many frees ahead the frame's memory is asked for. */
#define LOOKAHEAD 12

int fpr_zone_free_bulk(struct fpr_zone *zone, const fpr_pfn *pfns, size_t count, unsigned cpu,
                       size_t *freed)
{
    if (!zone_usable(zone) || (!pfns && count) || cpu >= zone->cpus) {
        return -EINVAL;
    }
    int err = 0;
    size_t k = 0;
    for (; k < count && !err; k += !err) {
        uint32_t ahead;
        if (k + LOOKAHEAD < count && zone_index(zone, pfns[k + LOOKAHEAD], &ahead)) {
            __builtin_prefetch(&zone->tags[ahead], 1);
            __builtin_prefetch(&zone->links[ahead], 1);
        }
        err = fpr_zone_free(zone, pfns[k], 0, cpu);
    }
    if (freed) {
        *freed = k;
    }
    return err;
}

int fpr_zone_split(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, unsigned to)
{
    uint32_t i;
    uint16_t tag;
    if (to > order || !claim(zone, pfn, order, &i, &tag)) {
        return -EINVAL;
    }
    uint16_t piece = (uint16_t)((tag & ~TAG_ORDER_MASK) | to << TAG_ORDER_SHIFT);
    tag_store(&zone->tags[i], 0);
    for (uint64_t k = 1ull << order; k > 0; k -= 1ull << to) {
        fpr_race_point();
        uint32_t at = (uint32_t)(i + k - (1ull << to));
        tag_store(&zone->tags[at], piece);
        lend(zone, at, to);
    }
    return 0;
}

int fpr_zone_set_movable(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, bool movable)
{
    uint32_t i;
    uint16_t tag;
    if (!claim(zone, pfn, order, &i, &tag)) {
        return -EINVAL;
    }
    uint16_t rest = (uint16_t)(tag & ~(unsigned)TAG_MOVABLE);
    tag_store(&zone->tags[i], (uint16_t)(rest | (movable ? TAG_MOVABLE : 0)));
    lend(zone, i, order);
    return 0;
}

int fpr_zone_drain(struct fpr_zone *zone, unsigned cpu)
{
    if (!zone_usable(zone) || cpu >= zone->cpus) {
        return -EINVAL;
    }
    fpr_pcp_lock(zone, &zone->pcp[cpu]);
    fpr_pcp_drain(zone, &zone->pcp[cpu]);
    fpr_pcp_unlock(zone, &zone->pcp[cpu]);
    return 0;
}
