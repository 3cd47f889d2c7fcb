/* threads: mixed in one locked zone with per-cpu lists (linux-6.1), by one thread and by two, each
 * on a cpu of its own and with its own share of the busy frames. Wall time for all operations of
 * all threads: half of one thread's is perfect. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "micro/sequence.h"

enum { MOST = 2 };

struct worker {
    struct sequence sequence;
    pthread_barrier_t *ready;
    uint64_t ops;
    uint64_t start, end;
};

struct team {
    struct worker worker[MOST];
    pthread_barrier_t ready;
    unsigned threads;
};

static uint64_t wall_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    pthread_barrier_wait(w->ready);
    w->start = wall_now();
    sequence_run(&w->sequence, w->ops);
    w->end = wall_now();
    return NULL;
}

/* Nanoseconds from the first start to the last end, per operation of any thread. */
static double once(void *ctx)
{
    struct team *t = ctx;
    pthread_t other;
    if (t->threads > 1) {
        int err = pthread_create(&other, NULL, work, &t->worker[1]);
        if (err) {
            return -err;
        }
    }
    work(&t->worker[0]);
    uint64_t start = t->worker[0].start, end = t->worker[0].end;
    if (t->threads > 1) {
        pthread_join(other, NULL);
        start = t->worker[1].start < start ? t->worker[1].start : start;
        end = t->worker[1].end > end ? t->worker[1].end : end;
    }
    return (double)(end - start) / (double)(t->worker[0].ops * t->threads);
}

static int shared_zone(const struct micro_options *o, struct counted_mem *mem,
                       struct fpr_zone **zone)
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
    config.mem = &mem->ops;
    return fpr_zone_create(&config, zone);
}

static int team_start(struct team *t, struct fpr_zone *zone, const struct micro_options *o)
{
    int err = -pthread_barrier_init(&t->ready, NULL, t->threads);
    for (unsigned i = 0; i < t->threads && !err; i++) {
        struct worker *w = &t->worker[i];
        w->ready = &t->ready;
        w->ops = o->ops;
        err =
            sequence_init(&w->sequence, zone, SEQUENCE_MIXED, o->frames / t->threads, o->seed + i);
        w->sequence.cpu = i;
        if (!err) {
            sequence_warm_up(&w->sequence);
        }
    }
    return err;
}

static int measure(struct micro_run *run, unsigned threads)
{
    const struct micro_options *o = micro_options(run);
    struct team t = {.threads = threads};
    struct counted_mem mem;
    struct fpr_zone *zone = NULL;
    struct micro_result r = {.name = "threads", .ops = o->ops * threads};
    snprintf(r.case_, sizeof(r.case_), "%u", threads);
    if (!micro_wanted(run, r.name, r.case_)) {
        return 0;
    }
    counted_mem_init(&mem);
    int err = shared_zone(o, &mem, &zone);
    err = err ? err : team_start(&t, zone, o);
    err = err ? err : micro_measure(run, once, &t, &r);
    for (unsigned i = 0; i < threads; i++) {
        sequence_free(&t.worker[i].sequence);
    }
    pthread_barrier_destroy(&t.ready);
    fpr_zone_destroy(zone);
    if (err) {
        bench_complain("threads: %s", strerror(-err));
        return err;
    }
    micro_emit(run, &r);
    return 0;
}

static int run_all(struct micro_run *run)
{
    int err = measure(run, 1);
    return err ? err : measure(run, 2);
}

const struct micro_case micro_threads_case = {"threads", run_all};
