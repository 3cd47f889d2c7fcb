/* Guests whose demand peaks in turn. The host's limit is enforced where a guest touches memory: a
 * block of 2 MiB that the host does not hold is granted only while there is room, else the guest
 * waits for a report of some other guest. What the host really holds is measured beside it. */
#include "overcommit.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "stop.h"

#define SAMPLE_NS (20 * FPR_NS_PER_MS)

const struct overcommit_setting overcommit_settings[OVERCOMMIT_NR_SETTINGS] = {
    {"off", false, -1, 16},
    {"order 10", true, 10, 16},
    {"order 9", true, 9, 16},
    {"order 9, no budget", true, 9, 0},
    {"order 9, divisor 1", true, 9, 1},
    {"order 5", true, 5, 16},
};

/* The host's side. */
struct host {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    uint64_t limit, used; /* blocks of 2 MiB */
    unsigned done;        /* guests that had all their turns; atomic */
};

struct guest {
    struct live_guest live;
    const struct overcommit_options *options;
    struct host *host;
    struct fpr_device device; /* in front of the arena's */
    unsigned number;
    unsigned char *held;    /* by the host, a block; under its lock */
    unsigned char *dropped; /* was, once */
    const volatile int *stop;
    fpr_ns start;
    double waited_s;
    uint64_t denied, refaults, touched;
    pthread_t id;
};

/* May the guest touch this block? Waits for room as long as a slot takes. */
static bool grant(struct guest *g, uint64_t block)
{
    struct host *h = g->host;
    fpr_ns asked = fpr_real_now();
    fpr_ns until = asked + (fpr_ns)(g->options->slot_s * (double)FPR_NS_PER_S);
    const struct timespec deadline = {.tv_sec = (time_t)(until / FPR_NS_PER_S),
                                      .tv_nsec = (long)(until % FPR_NS_PER_S)};
    int err = 0;
    pthread_mutex_lock(&h->lock);
    while (!g->held[block] && h->used >= h->limit && !err && !bench_stopped(g->stop)) {
        err = pthread_cond_timedwait(&h->freed, &h->lock, &deadline);
    }
    bool granted = g->held[block] || h->used < h->limit;
    if (granted && !g->held[block]) {
        h->used++;
        g->held[block] = 1;
        g->refaults += g->dropped[block];
        g->dropped[block] = 0;
    }
    pthread_mutex_unlock(&h->lock);
    g->waited_s += (double)(fpr_real_now() - asked) / (double)FPR_NS_PER_S;
    return granted;
}

/* Blocks of 2 MiB and larger leave the host's books; smaller ones only the host. */
static int give_back(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct guest *g = ctx;
    int err = g->live.device.report(g->live.device.ctx, sg, nents);
    if (err) {
        return err;
    }
    pthread_mutex_lock(&g->host->lock);
    for (unsigned k = 0; k < nents; k++) {
        uint64_t first = sg[k].pfn >> 9, count = sg[k].order >= 9 ? 1ull << (sg[k].order - 9) : 0;
        for (uint64_t b = first; b < first + count; b++) {
            g->host->used -= g->held[b];
            g->dropped[b] |= g->held[b];
            g->held[b] = 0;
        }
    }
    pthread_cond_broadcast(&g->host->freed);
    pthread_mutex_unlock(&g->host->lock);
    return 0;
}

static bool sleep_until(const struct guest *g, fpr_ns when)
{
    for (fpr_ns now = fpr_real_now(); now < when && !bench_stopped(g->stop); now = fpr_real_now()) {
        live_sleep(when - now < SAMPLE_NS ? when - now : SAMPLE_NS);
    }
    return !bench_stopped(g->stop);
}

/* Takes memory, uses it for the slot, ends. */
static void demand(struct guest *g, struct live_blocks *blocks, fpr_ns end)
{
    size_t want = (size_t)((double)g->options->guest.mib / 2 * g->options->demand);
    while (blocks->count < want && !bench_stopped(g->stop)) {
        fpr_pfn *pfn = &blocks->pfn[blocks->count];
        if (fpr_alloc_pages(g->live.machine, 9, FPR_GFP_TRANSHUGE_LIGHT, pfn)) {
            break;
        }
        blocks->count++;
        if (!grant(g, *pfn >> 9)) { /* the rest of the turn's demand is not met */
            g->denied += want - blocks->count + 1;
            break;
        }
        memset(fpr_arena_address(g->live.arena, *pfn), 0x5a, 2 * MIB);
        g->touched++;
    }
    sleep_until(g, end);
    live_release(&g->live, blocks);
}

static void *live(void *ctx)
{
    struct guest *g = ctx;
    const struct overcommit_options *o = g->options;
    struct live_blocks blocks;
    fpr_ns slot = (fpr_ns)(o->slot_s * (double)FPR_NS_PER_S);
    live_blocks_make(&blocks, o->guest.mib / 2);
    for (unsigned round = 0; round < o->rounds; round++) {
        fpr_ns begin = g->start + slot * (round * o->guests + g->number);
        if (!sleep_until(g, begin)) {
            break;
        }
        demand(g, &blocks, begin + slot);
    }
    live_blocks_free(&blocks);
    __atomic_fetch_add(&g->host->done, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void make_guest(struct guest *g, const struct overcommit_options *o,
                       const struct overcommit_setting *setting)
{
    struct live_config config = o->guest;
    config.reporting = config.device = setting->reporting;
    config.report.order = setting->order;
    config.report.budget_divisor = setting->budget_divisor;
    live_guest_make(&g->live, &config);
    g->device = (struct fpr_device){.name = "overcommit", .report = give_back, .ctx = g};
    g->held = calloc(config.mib / 2 + 1, 1);
    g->dropped = calloc(config.mib / 2 + 1, 1);
    /* analyzer: malloc-leak; they are in g */
    if (!g->held || !g->dropped) {
        /* analyzer: malloc-leak; the process ends */
        bench_die(BENCH_FAILED, "out of memory");
    }
}

/* Host memory over time, until every guest has had all its turns. */
static void watch(struct guest *guests, const struct overcommit_options *o, fpr_ns start,
                  struct overcommit_score *score)
{
    struct host *host = guests[0].host;
    double sum = 0, last = 0;
    unsigned n = 0;
    for (double t = 0; __atomic_load_n(&host->done, __ATOMIC_ACQUIRE) < o->guests; n++) {
        live_sleep(SAMPLE_NS);
        t = (double)(fpr_real_now() - start) / (double)FPR_NS_PER_S;
        double mib = 0;
        for (unsigned k = 0; k < o->guests; k++) {
            mib += (double)live_resident(&guests[k].live) / (double)MIB;
        }
        live_curve_sample(&score->host, t, mib);
        if (bench_stopped(guests[0].stop)) { /* a signal cannot wake those that wait for memory */
            pthread_mutex_lock(&host->lock);
            pthread_cond_broadcast(&host->freed);
            pthread_mutex_unlock(&host->lock);
        }
        sum += mib;
        score->peak_mib = mib > score->peak_mib ? mib : score->peak_mib;
        score->over_s += mib > (double)o->host_mib ? t - last : 0;
        last = t;
    }
    score->mean_mib = n ? sum / n : 0;
}

static void end_guest(struct guest *g, struct overcommit_score *score)
{
    struct fpr_report_stats stats = {0};
    pthread_join(g->id, NULL);
    if (g->live.thread) {
        fpr_thread_stop(g->live.thread, FPR_FOREVER);
        fpr_reporter_get_stats(g->live.reporter, &stats);
    }
    score->calls += stats.calls;
    score->waited_s += g->waited_s;
    score->denied += g->denied;
    score->refaults += g->refaults;
    score->work_mib += (double)g->touched * 2;
    live_guest_free(&g->live);
    free(g->held);
    free(g->dropped);
}

void overcommit_run(const struct overcommit_options *o, const struct overcommit_setting *setting,
                    struct overcommit_score *score, const volatile int *stop)
{
    struct guest *guests = calloc(o->guests, sizeof(*guests));
    struct host host = {.limit = o->host_mib / 2};
    pthread_condattr_t attr;
    if (!guests) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    memset(score, 0, sizeof(*score));
    pthread_mutex_init(&host.lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&host.freed, &attr);
    pthread_condattr_destroy(&attr);
    for (unsigned k = 0; k < o->guests; k++) {
        guests[k].options = o;
        guests[k].host = &host;
        guests[k].number = k;
        guests[k].stop = stop;
        make_guest(&guests[k], o, setting);
        live_guest_register(&guests[k].live, &guests[k].device);
    }
    fpr_ns start = fpr_real_now();
    for (unsigned k = 0; k < o->guests; k++) {
        guests[k].start = start;
        if (pthread_create(&guests[k].id, NULL, live, &guests[k])) {
            bench_die(BENCH_FAILED, "no thread to be had");
        }
    }
    watch(guests, o, start, score);
    for (unsigned k = 0; k < o->guests; k++) {
        end_guest(&guests[k], score);
    }
    pthread_cond_destroy(&host.freed);
    pthread_mutex_destroy(&host.lock);
    free(guests);
}
