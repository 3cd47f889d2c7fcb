#include "support/digest.h"

#include <fpr/fpr.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

uint64_t digest_word(uint64_t h, uint64_t word)
{
    return (h ^ word) * 0x100000001b3u;
}

uint64_t digest_bytes(uint64_t h, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t k = 0; k < size; k++)
        h = digest_word(h, at[k]);
    return h;
}

static int add_block(void *ctx, const struct fpr_block *b)
{
    uint64_t *h = ctx;
    *h = digest_word(digest_word(*h, b->pfn), b->order);
    *h = digest_word(digest_word(*h, (uint64_t)b->migratetype), b->reported);
    return 0;
}

static uint64_t add_cpu(uint64_t h, const struct fpr_zone *z, unsigned cpu, unsigned lists)
{
    struct fpr_pcp_counters p;
    fpr_zone_get_pcp(z, cpu, &p);
    const uint64_t words[] = {p.count, p.high, p.batch, p.free_factor, (uint64_t)p.expire};
    h = digest_bytes(h, words, sizeof(words));
    for (unsigned list = 0; list < lists; list++)
        fpr_zone_walk_pcp(z, cpu, list, add_block, &h);
    return h;
}

static uint64_t add_counters(uint64_t h, const struct fpr_zone *z)
{
    struct fpr_zone_counters c;
    struct fpr_zone_stats stats;
    fpr_zone_get_counters(z, &c);
    fpr_zone_get_stats(z, &stats);
    const uint64_t words[] = {c.free,  (uint64_t)c.free_lag,    c.stat_threshold, c.highatomic,
                              c.boost, c.boost_factor,          c.boosted,        c.reclaiming,
                              c.held,  c.nr_isolated_pageblocks};
    h = digest_bytes(h, words, sizeof(words));
    h = digest_bytes(h, c.nr_free, sizeof(c.nr_free));
    h = digest_bytes(h, c.watermark, sizeof(c.watermark));
    h = digest_bytes(h, c.lowmem_reserve, sizeof(c.lowmem_reserve));
    return digest_bytes(h, &stats, sizeof(stats));
}

/* Frame by frame, so zones had better be small. */
static uint64_t add_frames(uint64_t h, const struct fpr_zone *z, const struct fpr_zone_info *info)
{
    for (fpr_pfn pfn = info->start; pfn < info->start + info->spanned; pfn++) {
        enum fpr_page_kind kind;
        struct fpr_block b;
        fpr_zone_page(z, pfn, &kind, &b);
        h = digest_word(h, kind);
        if (b.pfn == pfn)
            add_block(&h, &b);
    }
    return h;
}

uint64_t digest_zone(const void *zone)
{
    const struct fpr_zone *z = zone;
    struct fpr_zone_info info;
    char reason[200] = "";
    int rule;
    if (fpr_zone_validate(z, &rule, reason, sizeof(reason)))
        fail_msg("the zone is broken, rule %d: %s", rule, reason);
    fpr_zone_get_info(z, &info);
    uint64_t h = digest_word(fpr_zone_hash(z, true), info.managed);
    for (unsigned cpu = 0; cpu < info.cpus; cpu++)
        h = add_cpu(h, z, cpu, info.pcp_lists);
    return add_frames(add_counters(h, z), z, &info);
}

uint64_t digest_machine(const void *machine)
{
    uint64_t h = DIGEST_BASIS;
    for (size_t k = 0; k < fpr_machine_nr_zones(machine); k++)
        h = digest_word(h, digest_zone(fpr_machine_zone(machine, k)));
    return h;
}

uint64_t digest_reporter(const void *reporter)
{
    const struct fpr_reporter *r = reporter;
    struct fpr_report_config c;
    struct fpr_report_stats stats;
    fpr_reporter_get_config(r, &c);
    fpr_reporter_get_stats(r, &stats);
    const uint64_t words[] = {(uint64_t)c.order,
                              c.capacity,
                              c.budget_divisor,
                              c.delay,
                              c.rotate,
                              c.eager,
                              c.putback,
                              c.putback_set,
                              (uintptr_t)c.may_report_ctx,
                              (uint64_t)fpr_reporter_state(r)};
    uint64_t h = digest_bytes(DIGEST_BASIS, words, sizeof(words));
    return digest_bytes(h, &stats, sizeof(stats));
}

uint64_t digest_host(const void *host)
{
    const struct fpr_host *hs = host;
    struct fpr_host_stats stats;
    fpr_host_get_stats(hs, &stats);
    uint64_t h = digest_bytes(DIGEST_BASIS, &stats, sizeof(stats));
    h = digest_word(h, fpr_host_resident_pages(hs));
    h = digest_word(h, fpr_host_huge_pages(hs));
    for (fpr_pfn pfn = 0; fpr_host_resident_in(hs, pfn, 1) >= 0; pfn++)
        h = digest_word(h, (uint64_t)fpr_host_resident_in(hs, pfn, 1));
    return h;
}

static int add_mapping(void *ctx, uint64_t iova, uint64_t size, uint64_t vaddr, unsigned prot)
{
    uint64_t *h = ctx;
    *h = digest_word(digest_word(*h, iova), size);
    *h = digest_word(digest_word(*h, vaddr), prot);
    return 0;
}

uint64_t digest_space(const void *space)
{
    struct fpr_iova_space *s = (struct fpr_iova_space *)(uintptr_t)space; /* its lock changes */
    struct fpr_iova_stats stats;
    struct fpr_iova_info info;
    const char *reason;
    if (fpr_iova_space_validate(s, &reason))
        fail_msg("the space is broken: %s", reason);
    fpr_iova_get_stats(s, &stats);
    fpr_iova_get_info(s, &info);
    stats.map_failures = stats.refused = stats.faults = 0;
    stats.reads = stats.writes = stats.lookups = stats.grace_waits = stats.barriers = 0;
    stats.pins -= stats.unpins; /* what was taken and dropped again never was */
    stats.unpins = 0;
    const uint64_t words[] = {info.avail, info.mappings, info.locked, info.nranges};
    uint64_t h = digest_bytes(DIGEST_BASIS, words, sizeof(words));
    h = digest_bytes(h, &stats, sizeof(stats));
    fpr_iova_walk(s, add_mapping, &h);
    return h;
}
