/* The guest that a workload runs on: machine, reporter and a clock that requests move. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gen/gen.h"
#include "stop.h"

#define START        FPR_NS_PER_S
#define PAGE_NS      1000u /* clearing or copying a page */
#define NOISE_EVERY  (100 * FPR_NS_PER_MS)
#define TASK_PID     100u
#define SHRINK_BATCH 32u /* file pages given up at a time, as kswapd does */
/* A delayed work of 2 s runs 16 ms late on average, at 250 ticks a second (docs/accuracy.md). */
#define PASS_DELAY (2 * FPR_NS_PER_S + 16 * FPR_NS_PER_MS)

static const struct {
    enum fpr_profile profile;
    const char *release;
} releases[] = {{FPR_PROFILE_V16, "5.7.0-libfpr"},
                {FPR_PROFILE_LINUX_5_10, "5.10.0-libfpr"},
                {FPR_PROFILE_LINUX_5_14, "5.14.0-libfpr"},
                {FPR_PROFILE_LINUX_6_1, "6.1.0-libfpr"},
                {FPR_PROFILE_LINUX_6_12, "6.12.0-libfpr"}};

fpr_ns gen_now(const struct gen_guest *g)
{
    return fpr_clock_now(g->clock);
}

bool gen_stopped(const struct gen_guest *g)
{
    return g->error || (g->stop && bench_stopped(g->stop));
}

static void advance(struct gen_guest *g, fpr_ns to)
{
    if (to > gen_now(g)) {
        fpr_clock_advance(g->clock, to);
    }
}

static bool serve(struct gen_guest *g, unsigned order, fpr_gfp gfp, fpr_pfn *pfn)
{
    advance(g, gen_now(g) + (PAGE_NS << order) / 4 + PAGE_NS * 3 / 4);
    return !fpr_alloc_pages_flags(g->machine, order, gfp, g->cpu, 0, pfn);
}

bool gen_alloc(struct gen_guest *g, unsigned order, fpr_gfp gfp, fpr_pfn *pfn)
{
    bool got = serve(g, order, gfp, pfn);
    while (!got && !order && gen_blocks_count(&g->cache) && !gen_stopped(g)) {
        for (unsigned k = 0; k < SHRINK_BATCH && gen_blocks_count(&g->cache); k++) {
            gen_free(g, gen_blocks_take_oldest(&g->cache));
        }
        got = serve(g, order, gfp, pfn);
    }
    g->outcome->failures += !got && g->recording;
    return got;
}

void gen_free(struct gen_guest *g, struct gen_block block)
{
    advance(g, gen_now(g) + PAGE_NS);
    if (fpr_free_pages_cpu(g->machine, block.pfn, block.order, g->cpu)) {
        bench_die(BENCH_FAILED, "the model refuses to free what it gave (pfn %" PRIu64 ")",
                  block.pfn);
    }
}

void gen_free_all(struct gen_guest *g, struct gen_blocks *blocks)
{
    while (gen_blocks_count(blocks)) {
        gen_free(g, gen_blocks_take_oldest(blocks));
    }
}

bool gen_kernel(struct gen_guest *g, unsigned order, fpr_gfp more, struct gen_blocks *blocks)
{
    fpr_pfn pfn;
    if (!gen_alloc(g, order, FPR_GFP_KERNEL | more, &pfn)) {
        return false;
    }
    gen_blocks_add(blocks, pfn, order);
    return true;
}

bool gen_touch(struct gen_guest *g, uint64_t pages, bool huge, struct gen_blocks *blocks)
{
    fpr_pfn pfn;
    for (uint64_t done = 0; done < pages && !gen_stopped(g);) {
        if (huge && pages - done >= GEN_HUGE_PAGES) {
            if (gen_alloc(g, GEN_HUGE_ORDER, FPR_GFP_TRANSHUGE_LIGHT, &pfn)) {
                gen_blocks_add(blocks, pfn, GEN_HUGE_ORDER);
                done += GEN_HUGE_PAGES;
                continue;
            }
            huge = false; /* the rest in small pages */
        }
        if (done % GEN_HUGE_PAGES == 0 &&
            !gen_kernel(g, 0, FPR_GFP_ACCOUNT | FPR_GFP_ZERO, blocks)) {
            return false;
        }
        if (!gen_alloc(g, 0, FPR_GFP_HIGHUSER_MOVABLE | FPR_GFP_ZERO, &pfn)) {
            return false;
        }
        gen_blocks_add(blocks, pfn, 0);
        done++;
    }
    return true;
}

void gen_read_file(struct gen_guest *g, uint64_t pages)
{
    fpr_pfn pfn;
    for (uint64_t i = 0; i < pages && !gen_stopped(g); i++) {
        while (g->cache.pages >= g->cache_limit && gen_blocks_count(&g->cache)) {
            gen_free(g, gen_blocks_take_oldest(&g->cache));
        }
        if (!g->cache_limit ||
            !gen_alloc(g, 0, FPR_GFP_HIGHUSER_MOVABLE | FPR_GFP_NOWARN | FPR_GFP_NORETRY, &pfn)) {
            return;
        }
        gen_blocks_add(&g->cache, pfn, 0);
    }
}

/* What every kernel does now and then: a few objects that live until the next time. */
static void make_noise(struct gen_guest *g)
{
    uint32_t pid = g->pid;
    g->pid = 3;
    gen_free_all(g, &g->noise);
    for (uint64_t n = 2 + gen_below(g, 6); n; n--) {
        gen_kernel(g, gen_chance(g, 20), 0, &g->noise);
    }
    g->pid = pid;
}

void gen_wait_until(struct gen_guest *g, fpr_ns time)
{
    while (g->next_noise <= time && !gen_stopped(g)) {
        advance(g, g->next_noise);
        make_noise(g);
        g->next_noise = gen_now(g) + NOISE_EVERY;
    }
    advance(g, time);
}

void gen_phase(struct gen_guest *g, const char *name)
{
    char *text;
    uint64_t us = gen_now(g) / 1000;
    struct gen_text *phases = &g->outcome->phases;
    int n = asprintf(&text, "%s%" PRIu64 ".%06" PRIu64 " %s\n", phases->data ? phases->data : "",
                     us / 1000000, us % 1000000, name);
    if (n < 0) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    free(phases->data);
    *phases = (struct gen_text){text, (size_t)n};
}

void gen_tasks_run(struct gen_guest *g, struct gen_task *tasks, size_t count, fpr_ns end,
                   void (*step)(struct gen_guest *, struct gen_task *, void *), void *ctx)
{
    for (;;) {
        struct gen_task *first = tasks;
        for (size_t i = 1; i < count; i++) {
            first = tasks[i].next < first->next ? &tasks[i] : first;
        }
        if (first->next >= end || gen_stopped(g)) {
            break;
        }
        gen_wait_until(g, first->next);
        g->pid = TASK_PID + first->id;
        g->cpu = first->id % g->cpus;
        step(g, first, ctx);
        if (first->next < gen_now(g)) {
            first->next = gen_now(g);
        }
    }
    if (end != GEN_NEVER && !gen_stopped(g)) {
        gen_wait_until(g, end);
    }
}

struct gen_task *gen_tasks_make(const struct gen_guest *g, size_t count)
{
    struct gen_task *tasks = calloc(count, sizeof(*tasks));
    if (!tasks) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        tasks[i].id = (unsigned)i;
        tasks[i].next = gen_now(g) + i * FPR_NS_PER_MS;
    }
    return tasks;
}

void gen_tasks_end(struct gen_guest *g, struct gen_task *tasks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g->pid = TASK_PID + tasks[i].id;
        g->cpu = tasks[i].id % g->cpus;
        gen_free_all(g, &tasks[i].held);
        gen_free_all(g, &tasks[i].tables);
        gen_blocks_release(&tasks[i].held);
        gen_blocks_release(&tasks[i].tables);
    }
    free(tasks);
}

/* A booted guest: 3 % are the kernel's own, 4 % file pages and programs; some of it was freed again
 * in no order. */
static void boot(struct gen_guest *g, uint64_t mib)
{
    uint64_t pages = mib * GEN_PAGES_PER_MIB;
    fpr_pfn pfn;
    while (g->boot.pages < pages * 7 / 100) {
        bool own = gen_chance(g, 43);
        unsigned order = own && gen_chance(g, 15) ? 1 + (unsigned)gen_below(g, 3) : 0;
        fpr_gfp gfp = own ? FPR_GFP_KERNEL | (gen_chance(g, 30) ? FPR_GFP_RECLAIMABLE : 0)
                          : FPR_GFP_HIGHUSER_MOVABLE;
        if (!gen_alloc(g, order, gfp, &pfn)) {
            break;
        }
        gen_blocks_add(&g->boot, pfn, order);
    }
    for (size_t n = gen_blocks_count(&g->boot) / 8; n; n--) {
        gen_free(g, gen_blocks_take(&g->boot, gen_below(g, gen_blocks_count(&g->boot))));
    }
}

static int build(struct gen_guest *g, const struct gen_job *job)
{
    const uint64_t *v = job->values;
    struct fpr_zone_config zone;
    struct fpr_machine_config machine;
    struct fpr_report_config report;
    enum fpr_profile profile = releases[v[GEN_PROFILE]].profile;
    g->release = releases[v[GEN_PROFILE]].release;
    g->cpus = (unsigned)v[GEN_CPUS];
    g->reporting_order = v[GEN_REPORTING] ? (int)v[GEN_ORDER] : -1;
    int err = fpr_zone_config_init(&zone, profile);
    err = err ? err : fpr_machine_config_init(&machine);
    err = err ? err : fpr_report_config_init(&report);
    if (err) {
        return err;
    }
    zone.spanned = v[GEN_MIB] * GEN_PAGES_PER_MIB;
    zone.cpus = g->cpus;
    machine.zones = &zone;
    machine.nr_zones = 1;
    report.order = (int)v[GEN_ORDER];
    report.delay = PASS_DELAY;
    err = fpr_machine_create(&machine, &g->machine);
    err = err ? err : fpr_clock_create(0, &g->clock);
    if (!err && v[GEN_REPORTING]) {
        err = fpr_reporter_create(g->machine, g->clock, &report, &g->reporter);
    }
    return err;
}

static void tear_down(struct gen_guest *g)
{
    fpr_reporter_destroy(g->reporter);
    fpr_clock_destroy(g->clock);
    fpr_machine_destroy(g->machine);
    gen_blocks_release(&g->noise);
    gen_blocks_release(&g->cache);
    gen_blocks_release(&g->boot);
}

/* From the first state to the last. All guests of a job take the same time. */
static int live(struct gen_guest *g, const struct gen_job *job, unsigned n)
{
    const uint64_t *v = job->values;
    fpr_ns stagger = v[GEN_STAGGER] * FPR_NS_PER_S;
    boot(g, v[GEN_MIB]);
    advance(g, START);
    g->next_noise = gen_now(g) + NOISE_EVERY;
    gen_save_state(g, "before", &g->outcome->before);
    gen_record_begin(g);
    if (g->reporter) {
        advance(g, gen_now(g) + FPR_NS_PER_MS);
        gen_phase(g, "balloon-loaded");
        int err = fpr_reporter_register(g->reporter, &g->device);
        if (err) {
            return err;
        }
    }
    gen_wait_until(g, gen_now(g) + FPR_NS_PER_S + n * stagger);
    gen_phase(g, "workload-start");
    job->workload->run(g, gen_own(job));
    gen_phase(g, "workload-end");
    uint64_t others = v[GEN_GUESTS] - 1 - n;
    gen_wait_until(g, gen_now(g) + v[GEN_IDLE] * FPR_NS_PER_S + others * stagger);
    gen_phase(g, "idle-end");
    gen_record_mark(g, FPR_TRACE_DUMP_BEGIN, true);
    gen_record_mark(g, FPR_TRACE_DUMP_END, true);
    g->recording = false;
    gen_save_state(g, "after", &g->outcome->after);
    g->outcome->span = gen_now(g) - START;
    return g->error ? g->error : gen_stopped(g) ? -EINTR : 0;
}

int gen_guest_run(const struct gen_job *job, unsigned n, const struct gen_outcome *rehearsed,
                  struct fpr_trace_writer *writer, struct gen_outcome *outcome)
{
    struct gen_guest g = {.random = job->values[GEN_SEED] + n,
                          .pid = 1,
                          .writer = writer,
                          .stop = job->stop,
                          .outcome = outcome};
    memset(outcome, 0, sizeof(*outcome));
    int err = writer ? gen_record_attach(job, n, rehearsed, writer) : 0;
    if (!err) {
        err = build(&g, job);
    }
    if (!err) {
        err = live(&g, job, n);
    }
    tear_down(&g);
    return err;
}
