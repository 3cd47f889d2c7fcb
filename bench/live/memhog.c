/* The memhog switch: a task fills the guest and ends; pass by pass the memory goes back to the
 * host. The same requests drive a model on a virtual clock with a simulated host. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "live.h"

#define SHARE 0.95

struct watch {
    struct live_guest *guest;
    struct fpr_host *host; /* the model's; NULL: measure */
    struct live_curve *passes;
    fpr_ns freed_at; /* 0: not yet; written by the main thread while no pass runs or is wanted */
};

static void add_point(struct live_curve *curve, double time_s, double mib)
{
    if (curve->count < LIVE_MAX_POINTS) {
        curve->point[curve->count++] = (struct live_point){time_s, mib};
    }
}

static double seconds(fpr_ns from, fpr_ns to)
{
    return ((double)to - (double)from) / (double)FPR_NS_PER_S;
}

static double resident_mib(const struct watch *w)
{
    return w->host ? (double)fpr_host_resident_pages(w->host) / 256
                   : (double)live_resident(w->guest) / (double)MIB;
}

static void pass_end(void *ctx, fpr_ns now, const struct fpr_pass_result *result)
{
    struct watch *w = ctx;
    fpr_ns freed_at = __atomic_load_n(&w->freed_at, __ATOMIC_ACQUIRE);
    if (freed_at && result->calls) {
        add_point(w->passes, seconds(freed_at, now), resident_mib(w));
    }
}

static void measure(const struct live_config *config, struct live_memhog *r)
{
    struct live_guest guest;
    struct live_blocks blocks;
    struct watch w = {.guest = &guest, .passes = &r->passes};
    const struct fpr_report_observer observer = {.pass_end = pass_end, .ctx = &w};
    live_guest_make(&guest, config);
    fpr_reporter_set_observer(guest.reporter, &observer);
    live_blocks_make(&blocks, config->mib / 2);
    fpr_ns start = fpr_real_now(), step = config->report.delay / 25 + FPR_NS_PER_MS;
    live_fill(&guest, &blocks);
    fpr_ns full = fpr_real_now();
    live_guest_register(&guest, NULL);
    live_settle(&guest, FPR_FOREVER); /* what little is free */
    r->filled_mib = (double)live_resident(&guest) / (double)MIB;
    r->freed_mib = (double)blocks.count * 2;
    r->fill_s = seconds(start, full);
    fpr_ns now = fpr_real_now();
    live_curve_sample(&r->measured, -(r->fill_s + seconds(full, now)), 0);
    live_curve_sample(&r->measured, -seconds(full, now), r->filled_mib);
    live_curve_sample(&r->measured, 0, r->filled_mib);
    __atomic_store_n(&w.freed_at, now, __ATOMIC_RELEASE);
    live_release(&guest, &blocks);
    r->free_s = seconds(now, fpr_real_now());
    while (!live_settle(&guest, step) && !live_stopped(&guest)) {
        live_curve_sample(&r->measured, seconds(now, fpr_real_now()), resident_mib(&w));
    }
    live_curve_sample(&r->measured, seconds(now, fpr_real_now()), resident_mib(&w));
    r->done = !live_stopped(&guest);
    live_guest_free(&guest);
    live_blocks_free(&blocks);
}

static bool may_go_on(const struct live_config *config)
{
    return !config->stop || !*config->stop;
}

static void run_until_idle(struct fpr_clock *clock, const struct live_config *config)
{
    fpr_ns due;
    while (may_go_on(config) && fpr_clock_next(clock, &due)) {
        fpr_clock_advance(clock, due);
    }
}

static void model_requests(struct fpr_machine *machine, struct fpr_host *host,
                           struct live_blocks *blocks)
{
    fpr_pfn pfn;
    while (blocks->count < blocks->room &&
           !fpr_alloc_pages(machine, 9, FPR_GFP_TRANSHUGE_LIGHT, &pfn)) {
        fpr_host_touch(host, pfn, 512);
        blocks->pfn[blocks->count++] = pfn;
    }
}

static void predict(const struct live_config *config, struct live_memhog *r)
{
    uint64_t bits = 1;
    struct fpr_machine *machine = live_machine_make(config, false, &bits);
    struct fpr_clock *clock;
    struct fpr_host_config host_config;
    struct fpr_reporter *reporter;
    struct fpr_device device;
    struct live_blocks blocks;
    struct watch w = {.passes = &r->model};
    const struct fpr_report_observer observer = {.pass_end = pass_end, .ctx = &w};
    fpr_host_config_init(&host_config);
    host_config.pages = config->mib * MIB >> 12;
    host_config.backing_shift = 12;
    if (fpr_clock_create(1, &clock) || fpr_host_create(&host_config, &w.host) ||
        fpr_reporter_create(machine, clock, &config->report, &reporter)) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    fpr_host_device(w.host, &device);
    fpr_reporter_set_observer(reporter, &observer);
    live_blocks_make(&blocks, config->mib / 2);
    model_requests(machine, w.host, &blocks);
    fpr_reporter_register(reporter, &device);
    run_until_idle(clock, config);
    w.freed_at = fpr_clock_now(clock);
    for (size_t k = 0; k < blocks.count; k++) {
        fpr_free_pages(machine, blocks.pfn[k], 9);
    }
    run_until_idle(clock, config);
    fpr_reporter_destroy(reporter);
    fpr_machine_destroy(machine);
    fpr_host_destroy(w.host);
    fpr_clock_destroy(clock);
    live_blocks_free(&blocks);
}

static unsigned passes_to_share(const struct live_curve *passes, double filled, double freed)
{
    for (size_t k = 0; k < passes->count; k++) {
        if (filled - passes->point[k].mib >= SHARE * freed) {
            return (unsigned)k + 1;
        }
    }
    return 0;
}

void live_memhog_run(const struct live_config *config, struct live_memhog *result)
{
    memset(result, 0, sizeof(*result));
    measure(config, result);
    if (!result->done) {
        return;
    }
    predict(config, result);
    result->done = may_go_on(config);
    result->passes_to_95 = passes_to_share(&result->passes, result->filled_mib, result->freed_mib);
    result->model_to_95 = passes_to_share(&result->model, result->freed_mib, result->freed_mib);
}
