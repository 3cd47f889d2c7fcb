#include "support/live.h"

#include "support/support.h"

#include <check.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

uint64_t live_below(uint64_t *seed, uint64_t bound)
{
    return test_random(seed) % bound;
}

void live_wrong(struct live *w, const char *what, fpr_pfn pfn)
{
    if (__atomic_fetch_add(&w->nr_wrong, 1, __ATOMIC_SEQ_CST) == 0)
        snprintf(w->wrong, sizeof(w->wrong), "%s: page %llu", what, (unsigned long long)pfn);
}

static void must_be_free(struct live *w, fpr_pfn p)
{
    if (__atomic_load_n(&w->owner[p], __ATOMIC_SEQ_CST))
        live_wrong(w, "reported while allocated", p);
}

static void mark(struct live *w, const struct fpr_sg *sg, unsigned nents, unsigned char on)
{
    for (unsigned k = 0; k < nents; k++)
        for (fpr_pfn p = sg[k].pfn; p < sg[k].pfn + (1u << sg[k].order); p++) {
            if (__atomic_exchange_n(&w->in_report[p], on, __ATOMIC_SEQ_CST) == on)
                live_wrong(w, "in two reports", p);
            must_be_free(w, p);
            if (!on)
                __atomic_store_n(&w->told[p], 1, __ATOMIC_SEQ_CST);
        }
}

static int check_report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct live *w = ctx;
    mark(w, sg, nents, 1);
    int err = w->back.report(w->back.ctx, sg, nents);
    if (err)
        live_wrong(w, "not given back", sg[0].pfn);
    sched_yield();
    mark(w, sg, nents, 0);
    return err;
}

static void make_machine(struct live *w, uint64_t *seed)
{
    struct fpr_zone_config zone;
    struct fpr_machine_config config;
    ck_assert_int_eq(
        fpr_zone_config_init(&zone, (enum fpr_profile)live_below(seed, FPR_NR_PROFILES)), 0);
    zone.spanned = LIVE_PAGES;
    zone.locked = true;
    zone.cpus = LIVE_WORKERS;
    if (live_below(seed, 4) == 0) {
        zone.pcp_auto = false;
        zone.pcp_high = (unsigned)live_below(seed, 2) * 40;
        zone.pcp_batch = 1 + (unsigned)live_below(seed, 8);
    }
    fpr_machine_config_init(&config);
    config.zones = &zone;
    config.nr_zones = 1;
    ck_assert_int_eq(fpr_machine_create(&config, &w->machine), 0);
}

static void make_devices(struct live *w, uint64_t *seed)
{
    struct fpr_fault_config config;
    w->checking = (struct fpr_device){.name = "checking", .report = check_report, .ctx = w};
    for (int k = 0; k < LIVE_DEVICES; k++) {
        fpr_fault_config_init(&config);
        config.next = &w->checking;
        config.fail_probability = k == 0 ? 0.05 : 0;
        config.fail_late = live_below(seed, 2);
        config.fail_every = k == 1 ? 1 + live_below(seed, 9) : 0;
        config.slow = k == 1 ? live_below(seed, 200000) : 0;
        config.stuck_from = k == 2 ? 1 + live_below(seed, 30) : 0;
        config.seed = test_random(seed);
        ck_assert_int_eq(fpr_fault_create(&config, &w->fault[k]), 0);
        ck_assert_int_eq(fpr_fault_device(w->fault[k], &w->device[k]), 0);
    }
}

struct fpr_report_config live_config(uint64_t *seed)
{
    struct fpr_report_config config;
    fpr_report_config_init(&config);
    config.order = (int)live_below(seed, 8); /* a pass needs `capacity` such blocks free */
    config.capacity = 1 + (unsigned)live_below(seed, 32);
    config.budget_divisor = (unsigned)live_below(seed, 3) * 8;
    config.delay = live_below(seed, 3) * 300000;
    config.rotate = live_below(seed, 4) > 0;
    config.eager = live_below(seed, 4) == 0;
    return config;
}

struct live *live_open(uint64_t *seed)
{
    static const enum fpr_arena_mode modes[] = {FPR_ARENA_DONTNEED, FPR_ARENA_PUNCH};
    struct live *w = calloc(1, sizeof(*w));
    struct fpr_arena_config arena;
    struct fpr_report_config report = live_config(seed);
    uint64_t shared = live_below(seed, 2);
    ck_assert_ptr_nonnull(w);
    make_machine(w, seed);
    fpr_arena_config_init(&arena);
    arena.pages = LIVE_PAGES;
    arena.thp = FPR_ARENA_THP_NEVER; /* what is given back must not come back by itself */
    arena.backing = shared ? FPR_ARENA_MEMFD : FPR_ARENA_ANON;
    ck_assert_int_eq(fpr_arena_create(&arena, &w->arena), 0);
    ck_assert_int_eq(fpr_arena_device(w->arena, modes[shared], &w->back), 0);
    make_devices(w, seed);
    ck_assert_int_eq(fpr_reporter_create(w->machine, NULL, &report, &w->reporter), 0);
    ck_assert_int_eq(fpr_thread_create(w->reporter, &w->thread), 0);
    return w;
}

void live_close(struct live *w)
{
    fpr_thread_destroy(w->thread);
    fpr_reporter_destroy(w->reporter);
    fpr_machine_destroy(w->machine);
    for (int k = 0; k < LIVE_DEVICES; k++)
        fpr_fault_destroy(w->fault[k]);
    fpr_arena_destroy(w->arena);
    free(w);
}
