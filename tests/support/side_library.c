/* The library's side of a comparison. */
#include "support/side_library.h"
#include "support/support.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static uint64_t next_bits(void *ctx)
{
    return test_random(ctx);
}

static int l_alloc(struct side *s, size_t zone, unsigned order, fpr_gfp gfp, unsigned cpu,
                   fpr_pfn *pfn)
{
    return fpr_zone_alloc(lib(s)->zone[zone], order, gfp, cpu, pfn);
}

static int l_alloc_node(struct side *s, int node, unsigned order, fpr_gfp gfp, unsigned cpu,
                        fpr_pfn *pfn)
{
    return fpr_alloc_pages_node(lib(s)->machine, node, order, gfp, cpu, pfn);
}

static int l_free(struct side *s, fpr_pfn pfn, unsigned order, unsigned cpu)
{
    return fpr_free_pages_cpu(lib(s)->machine, pfn, order, cpu);
}

static struct fpr_zone *of(struct side *s, fpr_pfn pfn)
{
    struct fpr_zone *zone = fpr_machine_zone_of(lib(s)->machine, pfn);

    return zone ? zone : lib(s)->zone[0];
}

/* Runs of one zone go to that zone's bulk call. */
static int l_free_bulk(struct side *s, const fpr_pfn *pfns, size_t count, unsigned cpu,
                       size_t *freed)
{
    size_t i = 0;

    *freed = 0;
    while (i < count) {
        struct fpr_zone *zone = of(s, pfns[i]);
        size_t run = 1, done = 0;
        int err;

        while (i + run < count && of(s, pfns[i + run]) == zone)
            run++;
        err = fpr_zone_free_bulk(zone, pfns + i, run, cpu, &done);
        *freed += done;
        if (err)
            return err;
        i += run;
    }
    return 0;
}

static int l_split(struct side *s, fpr_pfn pfn, unsigned order, unsigned to)
{
    return fpr_zone_split(of(s, pfn), pfn, order, to);
}

static int l_movable(struct side *s, fpr_pfn pfn, unsigned order, bool on)
{
    return fpr_zone_set_movable(of(s, pfn), pfn, order, on);
}

static int l_drain(struct side *s, size_t zone, unsigned cpu)
{
    return fpr_zone_drain(lib(s)->zone[zone], cpu);
}

static int l_isolate(struct side *s, fpr_pfn pfn, unsigned order)
{
    return fpr_zone_isolate(of(s, pfn), pfn, order);
}

static int l_putback(struct side *s, fpr_pfn pfn, unsigned order)
{
    return fpr_zone_putback(of(s, pfn), pfn, order);
}

static int l_adopt(struct side *s, fpr_pfn pfn, unsigned order)
{
    return fpr_zone_adopt(of(s, pfn), pfn, order);
}

static int l_isolate_range(struct side *s, size_t zone, fpr_pfn start, fpr_pfn end, int mt)
{
    return fpr_zone_isolate_range(lib(s)->zone[zone], start, end, mt);
}

static int l_unisolate_range(struct side *s, size_t zone, fpr_pfn start, fpr_pfn end, int mt)
{
    return fpr_zone_unisolate_range(lib(s)->zone[zone], start, end, mt);
}

static int l_wmark(struct side *s, size_t zone, uint64_t min, uint64_t low, uint64_t high)
{
    return fpr_zone_set_watermarks(lib(s)->zone[zone], min, low, high);
}

static int l_boost(struct side *s, size_t zone, unsigned factor, uint64_t boost)
{
    return fpr_zone_set_boost(lib(s)->zone[zone], factor, boost);
}

static int l_pcp(struct side *s, size_t zone, unsigned high, unsigned batch)
{
    return fpr_zone_set_pcp(lib(s)->zone[zone], high, batch);
}

static int l_reserve(struct side *s, size_t zone, unsigned index, uint64_t pages)
{
    return fpr_zone_set_lowmem_reserve(lib(s)->zone[zone], (enum fpr_zone_index)index, pages);
}

static int l_reclaiming(struct side *s, size_t zone, bool on)
{
    return fpr_zone_set_reclaiming(lib(s)->zone[zone], on);
}

static int l_shuffle(struct side *s, size_t zone, uint64_t seed)
{
    return fpr_zone_shuffle(lib(s)->zone[zone], next_bits, &seed);
}

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    return side_report(ctx, sg, nents);
}

static int l_unreg(struct side *s)
{
    if (!lib(s)->reporter)
        return -EINVAL;
    return fpr_reporter_unregister(lib(s)->reporter, &lib(s)->device);
}

static int l_reg(struct side *s, const struct fpr_report_config *config, int wish)
{
    struct library *l = lib(s);
    int err;

    if (l->reporter && s->registered)
        return fpr_reporter_register(l->reporter, &l->device); /* a second time: refused */
    fpr_reporter_destroy(l->reporter);
    l->reporter = NULL;
    err = fpr_reporter_create(l->machine, l->clock, config, &l->reporter);
    if (err)
        return err;
    l->device = (struct fpr_device){.name = "script", .report = report, .ctx = s, .order = wish};
    return fpr_reporter_register(l->reporter, &l->device);
}

static int l_pass(struct side *s, struct fpr_pass_result *result)
{
    if (!lib(s)->reporter)
        return -EINVAL;
    return fpr_reporter_pass(lib(s)->reporter, result);
}

static int l_advance(struct side *s, fpr_ns by)
{
    struct library *l = lib(s);

    return fpr_clock_advance(l->clock, fpr_clock_now(l->clock) + by) < 0 ? -EINVAL : 0;
}

static int l_bulk_page(struct side *s, size_t zone, int mt, unsigned cpu, fpr_pfn *pfn)
{
    return fpr_zone_alloc_bulk_page(lib(s)->zone[zone], mt, cpu, pfn);
}

static int l_locked_alloc(struct side *s, unsigned order, fpr_gfp gfp, unsigned cpu, fpr_pfn *pfn)
{
    return fpr_alloc_pages_flags(lib(s)->machine, order, gfp, cpu, FPR_ALLOC_PCP_LOCKED, pfn);
}

/* Without a type given, the one that the library itself would remember. */
static int l_free_as(struct side *s, fpr_pfn pfn, unsigned order, int mt, unsigned cpu, bool locked)
{
    int now = fpr_zone_free_prepare(of(s, pfn), pfn, order);

    if (now < 0)
        return now;
    return fpr_zone_free_as(of(s, pfn), pfn, order, mt, cpu, locked ? FPR_ALLOC_PCP_LOCKED : 0);
}

static int l_take(struct side *s, fpr_pfn pfn, unsigned order)
{
    return fpr_zone_take(of(s, pfn), pfn, order);
}

static int l_pcp_take(struct side *s, fpr_pfn pfn, unsigned order)
{
    return fpr_zone_pcp_take(of(s, pfn), pfn, order);
}

static int l_pcp_push(struct side *s, fpr_pfn pfn, unsigned order, unsigned cpu)
{
    return fpr_zone_pcp_push(of(s, pfn), pfn, order, cpu);
}

static int l_regroup(struct side *s, fpr_pfn pfn, unsigned order)
{
    return fpr_zone_regroup(of(s, pfn), pfn, order);
}

static int l_reported(struct side *s, fpr_pfn pfn, unsigned order, bool on)
{
    return fpr_zone_set_reported(of(s, pfn), pfn, order, on);
}

static int l_threshold(struct side *s, size_t zone, unsigned pages)
{
    return fpr_zone_set_stat_threshold(lib(s)->zone[zone], pages);
}

static int l_fold(struct side *s, size_t zone)
{
    return fpr_zone_fold_stats(lib(s)->zone[zone]);
}

static int l_capture(struct side *s, size_t zone, unsigned order)
{
    return fpr_zone_capture_begin(lib(s)->zone[zone], order);
}

static int l_capture_pause(struct side *s, size_t zone, bool on)
{
    return fpr_zone_capture_pause(lib(s)->zone[zone], on);
}

static int l_capture_end(struct side *s, size_t zone, fpr_pfn *pfn)
{
    return fpr_zone_capture_end(lib(s)->zone[zone], pfn);
}

static void l_destroy(struct side *s)
{
    struct library *l = lib(s);

    fpr_reporter_destroy(l->reporter);
    fpr_machine_destroy(l->machine);
    fpr_clock_destroy(l->clock);
    free(l);
}

static const struct side_ops ops = {
    .name = "library",
    .alloc = l_alloc,
    .alloc_node = l_alloc_node,
    .free = l_free,
    .free_bulk = l_free_bulk,
    .split = l_split,
    .movable = l_movable,
    .drain = l_drain,
    .isolate = l_isolate,
    .putback = l_putback,
    .adopt = l_adopt,
    .isolate_range = l_isolate_range,
    .unisolate_range = l_unisolate_range,
    .wmark = l_wmark,
    .boost = l_boost,
    .pcp = l_pcp,
    .reserve = l_reserve,
    .reclaiming = l_reclaiming,
    .shuffle = l_shuffle,
    .reg = l_reg,
    .unreg = l_unreg,
    .pass = l_pass,
    .advance = l_advance,
    .copy = side_library_copy,
    .bulk_page = l_bulk_page,
    .locked_alloc = l_locked_alloc,
    .free_as = l_free_as,
    .take = l_take,
    .pcp_take = l_pcp_take,
    .pcp_push = l_pcp_push,
    .regroup = l_regroup,
    .reported = l_reported,
    .threshold = l_threshold,
    .fold = l_fold,
    .capture = l_capture,
    .capture_pause = l_capture_pause,
    .capture_end = l_capture_end,
    .nth_pcp = side_library_nth_pcp,
    .nth_free = side_library_nth_free,
    .page = side_library_page,
    .hash = side_library_hash,
    .counters = side_library_counters,
    .valid = side_library_valid,
    .dump = side_library_dump,
    .destroy = l_destroy,
};

bool side_create_library(struct side *s, const struct script *script, int *err)
{
    struct fpr_zone_config zones[SCRIPT_ZONES];
    struct fpr_machine_config config;
    struct library *l = calloc(1, sizeof *l);

    if (!l)
        abort();
    memset(s, 0, sizeof *s);
    s->ops = &ops;
    s->script = script;
    s->batch = -1;
    for (size_t i = 0; i < script->nr_zones; i++) {
        zones[i] = script->zone[i].config;
        zones[i].holes = script->zone[i].hole;
        l->bits[i] = script->zone[i].bits_seed;
        zones[i].bits = next_bits;
        zones[i].bits_ctx = &l->bits[i];
    }
    fpr_machine_config_init(&config);
    config.zones = zones;
    config.nr_zones = script->nr_zones;
    config.compute_watermarks = script->compute;
    config.thp_min_free = script->thp;
    *err = fpr_machine_create(&config, &l->machine);
    if (*err == 0)
        *err = fpr_clock_create(0, &l->clock);
    if (*err) {
        free(l);
        return false;
    }
    for (size_t i = 0; i < script->nr_zones; i++)
        l->zone[i] = fpr_machine_zone(l->machine, i);
    s->impl = l;
    return true;
}
