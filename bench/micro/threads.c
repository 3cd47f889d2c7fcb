/* threads: mixed in one locked zone with per-cpu lists (linux-6.1), by one thread and by two, each
 * on a cpu of its own and with its own share of the busy frames. One and two run by turns. Wall
 * time for all operations of all threads: half of one thread's is perfect. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "micro/pair.h"
#include "micro/sequence.h"

enum { MOST = 2 };

struct worker {
    struct sequence sequence;
    uint64_t ops;
    uint64_t start, end;
} __attribute__((aligned(128))); /* they share no cache line */

/* A zone and those who work in it. */
struct team {
    struct fpr_zone *zone;
    struct worker worker[MOST];
    unsigned threads;
};

static uint64_t wall_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void work(void *arg)
{
    struct worker *w = arg;
    w->start = wall_now();
    sequence_run(&w->sequence, w->ops);
    w->end = wall_now();
}

/* Nanoseconds from the first start to the last end, per operation of any thread. */
static double run_team(struct team *t)
{
    const struct worker *a = &t->worker[0], *b = &t->worker[t->threads - 1];
    int err = pair_run(&(struct pair_work){.run = work}, &t->worker[0],
                       t->threads > 1 ? &t->worker[1] : NULL);
    if (err) {
        return err;
    }
    uint64_t start = b->start < a->start ? b->start : a->start;
    uint64_t end = b->end > a->end ? b->end : a->end;
    return (double)(end - start) / (double)(a->ops * t->threads);
}

static int shared_zone(const struct micro_options *o, struct fpr_zone **zone)
{
    struct fpr_zone_config config;
    int err = fpr_zone_config_init(&config, FPR_PROFILE_LINUX_6_1);
    if (err) {
        return err;
    }
    config.spanned = o->frames;
    config.cpus = MOST;
    config.locked = true;
    config.pcp_auto = true;
    return fpr_zone_create(&config, zone);
}

static int team_start(struct team *t, unsigned threads, const struct micro_options *o)
{
    t->threads = threads;
    int err = shared_zone(o, &t->zone);
    for (unsigned i = 0; i < threads && !err; i++) {
        struct worker *w = &t->worker[i];
        w->ops = o->ops;
        err =
            sequence_init(&w->sequence, t->zone, SEQUENCE_MIXED, o->frames / threads, o->seed + i);
        w->sequence.cpu = i;
        if (!err) {
            sequence_warm_up(&w->sequence);
        }
    }
    return err;
}

static void team_end(struct team *t)
{
    for (unsigned i = 0; i < t->threads; i++) {
        sequence_free(&t->worker[i].sequence);
    }
    fpr_zone_destroy(t->zone);
}

/* The team of so many; ctx is the array of teams. */
static double once(void *ctx, unsigned threads)
{
    struct team *teams = ctx;
    return run_team(&teams[threads - 1]);
}

static double once_alone(void *ctx)
{
    return once(ctx, 1);
}

static bool wanted(const struct micro_run *run, struct micro_result *r, unsigned threads)
{
    *r = (struct micro_result){.name = "threads", .ops = micro_options(run)->ops * threads};
    snprintf(r->case_, sizeof(r->case_), "%u", threads);
    return micro_wanted(run, r->name, r->case_);
}

static int run_all(struct micro_run *run)
{
    struct micro_result one, two;
    bool want_one = wanted(run, &one, 1), want_two = wanted(run, &two, 2);
    if (!want_one && !want_two) {
        return 0;
    }
    struct team teams[MOST] = {{.zone = NULL}};
    int err = team_start(&teams[0], 1, micro_options(run));
    if (!err && want_two) {
        err = team_start(&teams[1], 2, micro_options(run));
    }
    if (!err) {
        err = want_two ? micro_measure_both(run, once, teams, &one, &two)
                       : micro_measure(run, once_alone, teams, &one);
    }
    team_end(&teams[0]);
    team_end(&teams[1]);
    if (err) {
        bench_complain("threads: %s", strerror(-err));
        return err;
    }
    if (want_one) {
        micro_emit(run, &one);
    }
    if (want_two) {
        micro_emit(run, &two);
    }
    return 0;
}

const struct micro_case micro_threads_case = {"threads", run_all};
