/* threads: mixed in one locked zone with per-cpu lists (linux-6.1), by one thread and by two, each
 * on a cpu of its own and with its own share of the busy frames. Wall time for all operations of
 * all threads: half of one thread's is perfect. */
#include <errno.h>
#include <stdlib.h>
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

struct team {
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
static double once(void *ctx)
{
    struct team *t = ctx;
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
    int err = 0;
    for (unsigned i = 0; i < t->threads && !err; i++) {
        struct worker *w = &t->worker[i];
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
    struct fpr_zone *zone2 = NULL;
    if (getenv("SEP") && threads > 1) {
        shared_zone(o, &mem, &zone2);
        sequence_free(&t.worker[1].sequence);
        sequence_init(&t.worker[1].sequence, zone2, SEQUENCE_MIXED, o->frames / t.threads, o->seed + 1);
        sequence_warm_up(&t.worker[1].sequence);
    }
    if (getenv("ONE")) t.threads = 1;
    err = err ? err : micro_measure(run, once, &t, &r);
    if (threads > 1 && getenv("OWN")) {
        static unsigned char own[262144 * 2];
        for (int k = 0; k < 2; k++) {
            struct sequence *q = &t.worker[k].sequence;
            for (size_t i = 0; i < q->count; i++)
                for (unsigned j = 0; j < 1u << q->order[i]; j++)
                    own[q->pfns[i] + j] |= (unsigned char)(1 << k);
            unsigned h[11] = {0};
            for (size_t i = 0; i < q->count; i++) h[q->order[i]]++;
            for (int q2 = 0; q2 < 11; q2++) fprintf(stderr, "%u ", h[q2]);
            fprintf(stderr, "\n");
        }
        for (unsigned w = 8; w <= 128; w *= 2) {
            unsigned both = 0, any = 0;
            for (unsigned i = 0; i < 262144; i += w) {
                unsigned m = 0;
                for (unsigned j = 0; j < w; j++) m |= own[i + j];
                both += m == 3; any += m != 0;
            }
            fprintf(stderr, "lines of %u: %u both of %u\n", w, both, any);
        }
    }
    for (unsigned i = 0; i < threads; i++) {
        sequence_free(&t.worker[i].sequence);
    }
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
