/* Looking at a zone without changing it. */
#include "mm/freelist.h"
#include "mm/lend.h"
#include "mm/pcp.h"

#include <errno.h>
#include <string.h>

int fpr_zone_get_info(const struct fpr_zone *zone, struct fpr_zone_info *info)
{
    if (!zone || !info) {
        return -EINVAL;
    }
    *info = (struct fpr_zone_info){.policy = zone->policy,
                                   .name = zone->name,
                                   .index = zone->index,
                                   .node = zone->node,
                                   .start = zone->start,
                                   .spanned = zone->spanned,
                                   .present = zone->present,
                                   .managed = zone->managed,
                                   .page_shift = zone->page_shift,
                                   .max_order = zone->max_order,
                                   .pageblock_order = zone->pageblock_order,
                                   .cpus = zone->cpus,
                                   .pcp_lists = zone->policy.pcp_lists};
    return 0;
}

/* Locks change where nothing else does. */
static struct fpr_zone *lockable(const struct fpr_zone *z)
{
    return (struct fpr_zone *)(uintptr_t)z;
}

int fpr_zone_get_counters(const struct fpr_zone *zone, struct fpr_zone_counters *c)
{
    if (!zone_lookable(zone) || !c) {
        return -EINVAL;
    }
    zone_lock(lockable(zone));
    *c = (struct fpr_zone_counters){.free = (uint64_t)zone_free_seen(zone),
                                    .free_lag = zone->free_lag,
                                    .stat_threshold = (unsigned)zone->stat_threshold,
                                    .highatomic = zone->highatomic,
                                    .boost = zone->boost,
                                    .boost_factor = zone->boost_factor,
                                    .boosted = zone->boosted,
                                    .reclaiming = zone->reclaiming,
                                    .nr_isolated_pageblocks = zone->nr_isolated,
                                    .held = zone->held};
    memcpy(c->watermark, zone->watermark, sizeof(c->watermark));
    memcpy(c->lowmem_reserve, zone->lowmem_reserve, sizeof(c->lowmem_reserve));
    for (unsigned o = 0; o <= zone->max_order; o++) {
        c->nr_free[o] = area_nr_free(&zone->area[o]);
    }
    zone_unlock(lockable(zone));
    return 0;
}

static void add_stats(struct fpr_zone_stats *to, const struct fpr_zone_stats *from)
{
#define FPR_X(name, text) to->name += from->name;
    FPR_ZONE_STATS(FPR_X)
#undef FPR_X
}

int fpr_zone_get_stats(const struct fpr_zone *zone, struct fpr_zone_stats *stats)
{
    if (!zone_lookable(zone) || !stats) {
        return -EINVAL;
    }
    struct fpr_zone *z = lockable(zone);
    *stats = (struct fpr_zone_stats){0};
    for (unsigned c = 0; c < z->cpus; c++) {
        fpr_pcp_lock(z, &z->pcp[c]);
        add_stats(stats, &z->pcp[c].stats);
        fpr_pcp_unlock(z, &z->pcp[c]);
    }
    zone_lock(z);
    add_stats(stats, &z->stats);
    zone_unlock(z);
    return 0;
}

int fpr_zone_get_pcp(const struct fpr_zone *zone, unsigned cpu, struct fpr_pcp_counters *p)
{
    if (!zone_lookable(zone) || !p || cpu >= zone->cpus) {
        return -EINVAL;
    }
    struct pcp *from = &lockable(zone)->pcp[cpu];
    fpr_pcp_lock(lockable(zone), from);
    *p = (struct fpr_pcp_counters){.count = fpr_pcp_count(from),
                                   .high = from->high,
                                   .batch = from->batch,
                                   .free_factor = from->free_factor,
                                   .expire = from->expire};
    fpr_pcp_unlock(lockable(zone), from);
    return 0;
}

int fpr_zone_pageblock_type(const struct fpr_zone *zone, fpr_pfn pfn)
{
    uint32_t i;
    if (!zone || !zone_index(zone, pfn, &i)) {
        return -EINVAL;
    }
    int mt = pageblock_get(zone, i);
    return mt == PAGEBLOCK_HOLE ? -ENOENT : mt;
}

static struct fpr_block block_of(const struct fpr_zone *z, uint32_t i, uint16_t tag)
{
    return (struct fpr_block){.pfn = zone_pfn(z, i),
                              .order = tag_order(tag),
                              .migratetype = tag_mt(tag),
                              .reported = (tag & TAG_REPORTED) != 0};
}

/* Walks a list; `shift` turns its numbers into indices. */
static int walk(const struct fpr_zone *z, const struct link *links, const uint16_t *tags,
                const struct list *l, unsigned shift,
                int (*visit)(void *ctx, const struct fpr_block *block), void *ctx)
{
    uint32_t k = l->head;
    for (uint64_t n = 0; n < l->count; n++) {
        const struct fpr_block b = block_of(z, k << shift, tag_load(&tags[k]));
        int stop = visit(ctx, &b);
        if (stop) {
            return stop;
        }
        k = link_load(&links[k].next);
    }
    return 0;
}

int fpr_zone_walk_free(const struct fpr_zone *zone, unsigned order, int mt,
                       int (*visit)(void *ctx, const struct fpr_block *block), void *ctx)
{
    if (!zone || !visit || order > zone->max_order || mt < 0 || mt >= FPR_NR_MIGRATETYPES) {
        return -EINVAL;
    }
    const struct area *a = &zone->area[order];
    return walk(zone, a->links, a->tags, &a->list[mt], a->shift, visit, ctx);
}

int fpr_zone_walk_pcp(const struct fpr_zone *zone, unsigned cpu, unsigned list,
                      int (*visit)(void *ctx, const struct fpr_block *block), void *ctx)
{
    if (!zone || !visit || cpu >= zone->cpus || list >= zone->policy.pcp_lists) {
        return -EINVAL;
    }
    return walk(zone, zone->links, zone->tags, fpr_pcp_list(&zone->pcp[cpu], list), 0, visit, ctx);
}

static enum fpr_page_kind public_kind(enum page_kind kind)
{
    static const enum fpr_page_kind kinds[] = {[PAGE_NONE] = FPR_PAGE_RESERVED,
                                               [PAGE_FREE] = FPR_PAGE_FREE,
                                               [PAGE_ALLOCATED] = FPR_PAGE_ALLOCATED,
                                               [PAGE_PCP] = FPR_PAGE_PCP,
                                               [PAGE_HELD] = FPR_PAGE_HELD};
    return kinds[kind];
}

/* Tag of the block that holds frame i, and its first frame; 0 if it is in none. */
static uint16_t find_block(const struct fpr_zone *z, uint32_t i, uint32_t *head)
{
    uint16_t tag = tag_load(&z->top_tags[i >> z->max_order]);
    *head = i & ~((1u << z->max_order) - 1);
    if (tag) {
        return tag;
    }
    for (unsigned o = 0; o <= z->max_order; o++) {
        uint32_t h = i & ~((1u << o) - 1);
        tag = tag_seen(z, h);
        if (tag) {
            *head = h;
            return h + (1ull << tag_order(tag)) > i ? tag : 0;
        }
    }
    return 0;
}

int fpr_zone_page(const struct fpr_zone *zone, fpr_pfn pfn, enum fpr_page_kind *kind,
                  struct fpr_block *block)
{
    uint32_t i, head;
    if (!zone || !kind || !zone_index(zone, pfn, &i)) {
        return -EINVAL;
    }
    uint16_t tag = find_block(zone, i, &head);
    *kind = public_kind(tag_kind(tag));
    if (block) {
        *block = block_of(zone, tag ? head : i, tag);
    }
    return 0;
}
