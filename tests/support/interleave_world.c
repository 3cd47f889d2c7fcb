#include "support/interleave_world.h"

#include <string.h>

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct world *w = ctx;
    inter_check(!w->gone);
    for (unsigned k = 0; k < nents; k++)
        for (fpr_pfn p = sg[k].pfn; p < sg[k].pfn + (1u << sg[k].order); p++) {
            inter_check(!w->owner[p]);
            inter_check(!w->in_report[p]);
            w->in_report[p] = true;
        }
    inter_point();
    if (w->in_call)
        w->in_call(w);
    inter_point();
    int answer = w->answer;
    for (unsigned k = 0; k < nents; k++)
        for (fpr_pfn p = sg[k].pfn; p < sg[k].pfn + (1u << sg[k].order); p++) {
            inter_check(!w->owner[p]);
            w->in_report[p] = false;
            w->told[p] = answer == 0;
        }
    inter_check(!w->gone);
    return answer;
}

void world_open(struct world *w, enum fpr_profile profile, unsigned pcp)
{
    struct fpr_zone_config zone;
    struct fpr_machine_config machine;
    struct fpr_report_config config;
    memset(w, 0, sizeof(*w));
    inter_check(fpr_zone_config_init(&zone, profile) == 0);
    zone.spanned = WORLD_PAGES;
    zone.max_order = zone.pageblock_order = 4;
    zone.locked = true;
    zone.cpus = WORLD_CPUS;
    zone.watermark[FPR_WMARK_MIN] = 1;
    zone.watermark[FPR_WMARK_LOW] = zone.watermark[FPR_WMARK_HIGH] = 2;
    zone.pcp_auto = false;
    zone.pcp_high = pcp;
    zone.pcp_batch = pcp ? 2 : 1;
    inter_check(fpr_machine_config_init(&machine) == 0);
    machine.zones = &zone;
    machine.nr_zones = 1;
    machine.compute_watermarks = false;
    inter_check(fpr_machine_create(&machine, &w->machine) == 0);
    w->zone = fpr_machine_zone(w->machine, 0);
    inter_check(fpr_report_config_init(&config) == 0);
    config.order = WORLD_ORDER;
    config.capacity = 2;
    config.budget_divisor = 0;
    config.delay = 0;
    inter_check(fpr_reporter_create(w->machine, NULL, &config, &w->reporter) == 0);
    w->device = (struct fpr_device){.name = "world", .report = report, .ctx = w};
}

static void check_counters(const struct world *w)
{
    struct fpr_report_stats r;
    inter_check(fpr_reporter_get_stats(w->reporter, &r) == 0);
    inter_check(r.reported_pages <= r.pages);
    inter_check(r.calls >= r.failed_calls);
    struct fpr_zone_stats z;
    inter_check(fpr_zone_get_stats(w->zone, &z) == 0);
    inter_check(z.isolated_blocks == z.putback_blocks);
    inter_check(z.allocs + w->frees_more == z.frees);
}

/* Blocks that merge when they are put back are reported as what they became: a few passes. */
static void report_all(struct world *w)
{
    struct fpr_pass_result result = {.calls = 1};
    w->gone = false;
    w->in_call = NULL;
    w->answer = 0;
    inter_check(fpr_reporter_register(w->reporter, &w->device) == 0);
    for (unsigned n = 0; result.calls > 0; n++) {
        inter_check(n < 4);
        inter_check(fpr_reporter_pass(w->reporter, &result) == 0);
        inter_check(result.error == 0);
    }
    world_check(w, 0);
    inter_check(!w->unreported);
    inter_check(fpr_reporter_unregister(w->reporter, &w->device) == 0);
}

void world_close(struct world *w)
{
    inter_check(fpr_machine_drain(w->machine) == 0);
    for (unsigned p = 0; p < WORLD_PAGES; p++)
        inter_check(!w->owner[p]);
    world_check(w, 0);
    report_all(w);
    check_counters(w);
    fpr_reporter_destroy(w->reporter);
    fpr_machine_destroy(w->machine);
}

struct world_block world_take(struct world *w, unsigned order, unsigned cpu, uint8_t mark)
{
    struct world_block b = {.order = order};
    inter_check(fpr_zone_alloc(w->zone, order, FPR_GFP_HIGHUSER_MOVABLE, cpu, &b.pfn) == 0);
    for (fpr_pfn p = b.pfn; p < b.pfn + (1u << order); p++) {
        inter_check(!w->owner[p]);
        inter_check(!w->in_report[p]);
        w->owner[p] = mark;
        w->told[p] = false;
    }
    return b;
}

void world_give(struct world *w, struct world_block b, unsigned cpu, uint8_t mark)
{
    for (fpr_pfn p = b.pfn; p < b.pfn + (1u << b.order); p++) {
        inter_check(w->owner[p] == mark);
        w->owner[p] = 0;
    }
    inter_check(fpr_zone_free(w->zone, b.pfn, b.order, cpu) == 0);
}

static int check_free(void *ctx, const struct fpr_block *block)
{
    struct world *w = ctx;
    w->unreported |= !block->reported && block->order >= WORLD_ORDER;
    for (fpr_pfn p = block->pfn; p < block->pfn + (1u << block->order); p++) {
        inter_check(!w->owner[p]);
        inter_check(!block->reported || w->told[p]);
    }
    return 0;
}

void world_check(struct world *w, uint64_t owned)
{
    struct fpr_zone_counters c;
    uint64_t pcp = 0;
    inter_check(fpr_zone_validate(w->zone, NULL, NULL, 0) == 0);
    inter_check(fpr_zone_get_counters(w->zone, &c) == 0);
    for (unsigned cpu = 0; cpu < WORLD_CPUS; cpu++) {
        struct fpr_pcp_counters p;
        inter_check(fpr_zone_get_pcp(w->zone, cpu, &p) == 0);
        pcp += p.count;
    }
    inter_check(c.held == 0);
    w->unreported = false;
    inter_check(c.free + pcp + owned == WORLD_PAGES);
    for (unsigned order = 0; order <= 4; order++)
        for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++)
            inter_check(fpr_zone_walk_free(w->zone, order, mt, check_free, w) == 0);
}
