/* Filling an empty zone from a dump. */
#include "mm/alloc.h"
#include "mm/freelist.h"
#include "mm/pcp.h"
#include "mm/watermark.h"

#include <errno.h>
#include <string.h>

/* Nothing may be in the range yet. */
static bool vacant(const struct fpr_zone *z, uint32_t i, unsigned order)
{
    enum fpr_page_kind kind;
    fpr_zone_page(z, zone_pfn(z, i), &kind, NULL);
    if (kind != FPR_PAGE_RESERVED || pageblock_get(z, i) == PAGEBLOCK_HOLE) {
        return false;
    }
    if (!z->touched[i >> z->max_order]) {
        return true; /* nothing smaller was ever put here */
    }
    for (uint64_t k = i; k < i + (1ull << order); k++) {
        if (tag_load(&z->tags[k])) {
            return false;
        }
    }
    return true;
}

static int check_place(const struct fpr_zone *z, fpr_pfn pfn, unsigned order, uint32_t *i)
{
    if (!zone_block_ok(z, pfn, order, i)) {
        return -EINVAL;
    }
    return vacant(z, *i, order) ? 0 : -EEXIST;
}

/* Free memory of isolated pageblocks, and no other, is on the lists of isolated blocks. */
static bool isolation_agrees(const struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    for (uint64_t k = i; k < i + (1ull << order); k += zone_pageblock_pages(z)) {
        if ((pageblock_get(z, (uint32_t)k) == FPR_ISOLATE) != (mt == FPR_ISOLATE)) {
            return false;
        }
    }
    return true;
}

int fpr_zone_load_free(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, int mt, bool reported)
{
    uint32_t i;
    if (mt < 0 || mt >= FPR_NR_MIGRATETYPES) {
        return -EINVAL;
    }
    int err = check_place(zone, pfn, order, &i);
    if (err) {
        return err;
    }
    if (!isolation_agrees(zone, i, order, mt)) {
        return -EINVAL;
    }
    if (order < zone->max_order) {
        zone_touch(zone, (uint32_t)i);
    }
    freelist_add(zone, i, order, mt, true);
    if (mt != FPR_ISOLATE) {
        zone_set_free(zone, zone_free_seen(zone) + (1ll << order));
    }
    if (reported) {
        freelist_set_reported(zone, i, order);
    }
    return 0;
}

int fpr_zone_load_pcp(struct fpr_zone *zone, unsigned cpu, unsigned list, fpr_pfn pfn, int mt)
{
    uint32_t i;
    if (!zone_usable(zone) || cpu >= zone->cpus || list >= zone->policy.pcp_lists || mt < 0 ||
        mt >= FPR_ISOLATE) {
        return -EINVAL;
    }
    unsigned order = fpr_pcp_list_order(zone, list);
    if (!(zone->pcp_orders >> order & 1)) {
        return -EINVAL;
    }
    int err = check_place(zone, pfn, order, &i);
    if (err) {
        return err;
    }
    zone_touch(zone, (uint32_t)i);
    fpr_pcp_link(zone, &zone->pcp[cpu], list, i, mt, true);
    fpr_pcp_settings_changed(zone);
    return 0;
}

int fpr_zone_load_allocated(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, bool movable)
{
    uint32_t i;
    int err = check_place(zone, pfn, order, &i);
    if (err) {
        return err;
    }
    zone_touch(zone, (uint32_t)i);
    uint16_t tag = tag_make(PAGE_ALLOCATED, order, FPR_UNMOVABLE);
    tag_store(&zone->tags[i], (uint16_t)(tag | (movable ? TAG_MOVABLE : 0)));
    lend(zone, i, order);
    return 0;
}

int fpr_zone_load_allocated_rest(struct fpr_zone *zone, fpr_pfn start, uint64_t pages, bool movable)
{
    uint32_t first;
    if (!zone_usable(zone) || pages == 0 || !zone_index(zone, start, &first) ||
        pages > zone->end - first) {
        return -EINVAL;
    }
    uint16_t tag =
        (uint16_t)(tag_make(PAGE_ALLOCATED, 0, FPR_UNMOVABLE) | (movable ? TAG_MOVABLE : 0));
    for (uint64_t i = first; i < first + pages;) {
        struct fpr_block b;
        enum fpr_page_kind kind;
        fpr_zone_page(zone, zone_pfn(zone, (uint32_t)i), &kind, &b);
        if (pageblock_get(zone, (uint32_t)i) == PAGEBLOCK_HOLE) {
            i = (i | (zone_pageblock_pages(zone) - 1)) + 1;
        } else if (kind == FPR_PAGE_RESERVED) {
            zone_touch(zone, (uint32_t)i);
            tag_store(&zone->tags[i], tag);
            lend(zone, (uint32_t)i, 0);
            i++;
        } else {
            i = b.pfn - zone->base + (1ull << b.order);
        }
    }
    return 0;
}

/* Has the pageblock of frame i, which has page structures, any page of kinds `kinds` (bits)? */
static bool pageblock_has(const struct fpr_zone *z, uint32_t i, unsigned kinds)
{
    uint64_t start = i & ~(zone_pageblock_pages(z) - 1), end = start + zone_pageblock_pages(z);
    bool touched = z->touched[i >> z->max_order];
    start = start < z->first ? z->first : start;
    end = !touched ? start + 1 : end < z->end ? end : z->end; /* one stands for all */
    for (uint64_t k = start; k < end; k++) {
        enum fpr_page_kind kind;
        fpr_zone_page(z, zone_pfn(z, (uint32_t)k), &kind, NULL);
        if (kinds >> kind & 1) {
            return true;
        }
    }
    return false;
}

/* Is something in the pageblock that minds this type? */
static bool pageblock_settled(const struct fpr_zone *z, uint32_t i, int mt)
{
    const unsigned free = 1u << FPR_PAGE_FREE, any = ~(1u << FPR_PAGE_RESERVED);
    bool isolation = (pageblock_get(z, i) == FPR_ISOLATE) != (mt == FPR_ISOLATE);
    unsigned minds = mt == FPR_PAGEBLOCK_HOLE ? any : isolation ? free : 0;
    return minds && pageblock_has(z, i, minds);
}

int fpr_zone_load_pageblock(struct fpr_zone *zone, fpr_pfn pfn, int mt)
{
    uint32_t i;
    if (!zone_usable(zone) || mt < FPR_PAGEBLOCK_HOLE || mt >= FPR_NR_MIGRATETYPES ||
        !zone_index(zone, pfn, &i)) {
        return -EINVAL;
    }
    if (pageblock_settled(zone, i, mt)) {
        return -EEXIST;
    }
    zone->nr_isolated -= pageblock_get(zone, i) == FPR_ISOLATE;
    pageblock_set(zone, i, mt == FPR_PAGEBLOCK_HOLE ? PAGEBLOCK_HOLE : mt);
    zone->nr_isolated += mt == FPR_ISOLATE;
    if (zone->nr_isolated) {
        fpr_zone_quick_changed(zone);
    }
    return 0;
}

int fpr_zone_load_counters(struct fpr_zone *zone, const struct fpr_zone_counters *c)
{
    if (!zone_usable(zone) || !c || !fpr_zone_marks_ok(c->watermark, c->lowmem_reserve) ||
        c->boost > MAX_MARK || c->stat_threshold > INT32_MAX || c->highatomic > zone->frames) {
        return -EINVAL;
    }
    if ((int64_t)c->free + c->free_lag != zone_free_seen(zone) + zone->free_lag ||
        c->free_lag > (int64_t)c->stat_threshold || c->free_lag < -(int64_t)c->stat_threshold) {
        return -EINVAL;
    }
    zone_set_free(zone, (int64_t)c->free);
    zone->free_lag = c->free_lag;
    zone->stat_threshold = c->stat_threshold;
    zone->highatomic = c->highatomic;
    zone->boost = c->boost;
    zone->boost_factor = c->boost_factor;
    zone->boosted = c->boosted;
    zone->reclaiming = c->reclaiming;
    memcpy(zone->watermark, c->watermark, sizeof(zone->watermark));
    memcpy(zone->lowmem_reserve, c->lowmem_reserve, sizeof(zone->lowmem_reserve));
    fpr_zone_quick_changed(zone);
    return 0;
}

int fpr_zone_load_pcp_counters(struct fpr_zone *zone, unsigned cpu,
                               const struct fpr_pcp_counters *p)
{
    if (!zone_usable(zone) || !p || cpu >= zone->cpus || !fpr_pcp_limits_ok(p->high, p->batch) ||
        p->free_factor > 16 || p->count != fpr_pcp_count(&zone->pcp[cpu])) {
        return -EINVAL;
    }
    struct pcp *to = &zone->pcp[cpu];
    fpr_pcp_set_high(to, p->high);
    to->batch = p->batch;
    to->free_factor = p->free_factor;
    to->expire = p->expire;
    fpr_pcp_settings_changed(zone);
    return 0;
}
