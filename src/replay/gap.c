/* Why memory that is free in the guest is still held by the host. */
#include "replay/run.h"

struct gap_walk {
    const struct run *run;
    struct fpr_gap *gap;
    uint64_t waiting;
    unsigned order; /* lowest one reported */
};

static uint64_t held(const struct run *run, fpr_pfn pfn, uint64_t pages)
{
    int64_t n = fpr_host_resident_in(run->host, pfn, pages);
    return n > 0 ? (uint64_t)n << run->page_shift : 0;
}

static int one_block(void *ctx, const struct fpr_block *block)
{
    struct gap_walk *w = ctx;
    uint64_t bytes = held(w->run, block->pfn, 1ull << block->order);
    if (w->order == FPR_NR_ORDERS)
        w->gap->no_device += bytes;
    else if (block->order < w->order)
        w->gap->below_order += bytes;
    else if (block->reported)
        w->gap->reported_held += bytes;
    else
        w->waiting += bytes;
    return 0;
}

static int one_pcp(void *ctx, const struct fpr_block *block)
{
    struct gap_walk *w = ctx;
    w->gap->pcp += held(w->run, block->pfn, 1ull << block->order);
    return 0;
}

/* The lowest order that is reported now; FPR_NR_ORDERS without a device. */
static unsigned reporting_order(const struct run *run)
{
    if (!run->predict && run->recorded && run->p->nr_passes)
        return fpr_passes_order(run) < 0 ? FPR_NR_ORDERS : (unsigned)fpr_passes_order(run);
    return run->registered ? (unsigned)run->config.order : FPR_NR_ORDERS;
}

static void walk_zone(struct gap_walk *w, const struct fpr_zone *zone)
{
    struct fpr_zone_info info;
    fpr_zone_get_info(zone, &info);
    for (unsigned order = 0; order <= info.max_order; order++)
        for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++)
            fpr_zone_walk_free(zone, order, mt, one_block, w);
    for (unsigned cpu = 0; cpu < info.cpus; cpu++)
        for (unsigned list = 0; list < info.pcp_lists; list++)
            fpr_zone_walk_pcp(zone, cpu, list, one_pcp, w);
}

/* Mirror: frames that the kernel has on its per-cpu lists. */
static void walk_limbo(struct gap_walk *w)
{
    const struct run *run = w->run;
    for (fpr_pfn i = 0; i < run->frames;) {
        if (!run->limbo[i / 64]) {
            i = (i / 64 + 1) * 64;
            continue;
        }
        if (bit_get(run->limbo, i))
            w->gap->pcp += held(run, i, 1);
        i++;
    }
}

/* What waits, and was left behind by the last pass, waits for the reason of that; what was freed
 * since waits for the next pass. Blocks are not marked, so the older ones are taken for those that
 * are still there. */
static void split_waiting(const struct run *run, struct fpr_gap *gap, uint64_t waiting)
{
    uint64_t part = waiting < run->left.watermark ? waiting : run->left.watermark;
    gap->waiting_watermark = part;
    waiting -= part;
    part = waiting < run->left.budget ? waiting : run->left.budget;
    gap->waiting_budget = part;
    gap->waiting_delay = waiting - part;
}

void fpr_gap_measure(const struct run *run, struct fpr_gap *gap)
{
    *gap = (struct fpr_gap){0};
    struct gap_walk w = {.run = run, .gap = gap, .order = reporting_order(run)};
    for (size_t i = 0; i < run->nr_zones; i++)
        walk_zone(&w, fpr_machine_zone(run->machine, i));
    if (!run->predict)
        walk_limbo(&w);
    for (unsigned i = 0; i < run->nr_flight; i++)
        gap->in_flight += held(run, run->flight[i].pfn, 1ull << run->flight[i].order);
    split_waiting(run, gap, w.waiting);
}

/* Isolations refused by the min watermark so far. */
static uint64_t refused_isolations(const struct run *run)
{
    uint64_t n = 0;
    for (size_t i = 0; i < run->nr_zones; i++) {
        struct fpr_zone_stats zone = {0};
        fpr_zone_get_stats(fpr_machine_zone(run->machine, i), &zone);
        n += zone.isolate_refused;
    }
    return n;
}

/* A pass leaves a zone alone that is too near its low watermark, as a small zone always is. */
static bool zone_is_left_alone(const struct run *run, const struct fpr_zone *zone)
{
    struct fpr_zone_counters c = {0};
    struct fpr_report_config config = {0};
    fpr_zone_get_counters(zone, &c);
    fpr_reporter_get_config(run->reporter, &config);
    uint64_t mark = c.watermark[FPR_WMARK_LOW] + c.boost + c.highatomic +
                    ((uint64_t)config.capacity << config.order);
    return c.free <= mark;
}

static uint64_t waiting_in(const struct run *run, const struct fpr_zone *zone)
{
    struct fpr_gap gap = {0};
    struct gap_walk w = {.run = run, .gap = &gap, .order = reporting_order(run)};
    walk_zone(&w, zone);
    return w.waiting;
}

void fpr_gap_pass_begin(struct run *run)
{
    struct fpr_report_stats stats = {0};
    fpr_reporter_get_stats(run->reporter, &stats);
    run->left.budget_stops = stats.budget_stops;
    run->left.refused = refused_isolations(run);
}

/* What the pass left behind, zone by zone, goes to the account of why. */
void fpr_gap_pass_end(struct run *run)
{
    struct fpr_report_stats stats = {0};
    fpr_reporter_get_stats(run->reporter, &stats);
    bool refused = refused_isolations(run) > run->left.refused;
    bool budget = stats.budget_stops > run->left.budget_stops;
    run->left.budget = run->left.watermark = 0;
    for (size_t i = 0; i < run->nr_zones; i++) {
        const struct fpr_zone *zone = fpr_machine_zone(run->machine, i);
        if (zone_is_left_alone(run, zone) || (refused && !budget)) {
            run->left.watermark += waiting_in(run, zone);
        } else if (budget) {
            run->left.budget += waiting_in(run, zone);
        }
    }
}
