/* Threads that allocate and free beside a reporter in real time, on real memory, with devices that
 * go wrong and come and go. Every allocated page is written with its owner's stamp and checked;
 * every reported page is checked to be nobody's all the while; at the end nothing may be lost, and
 * what is flagged as reported must have been given back.
 *
 * Runs a few seconds; FPR_SOAK_SECONDS=600 makes it a soak. */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/live.h"
#include "support/suite.h"
#include "support/support.h"

enum { SLOTS = 96 };

struct slot {
    fpr_pfn pfn;
    unsigned order;
    uint64_t stamp;
};

struct worker {
    struct live *w;
    unsigned char id;
    uint64_t seed;
    struct slot slot[SLOTS];
    unsigned used;
    uint64_t allocated;
};

static uint64_t *words(struct live *w, fpr_pfn pfn)
{
    return fpr_arena_address(w->arena, pfn);
}

static void take_over(struct worker *me, struct slot *s)
{
    struct live *w = me->w;
    for (fpr_pfn p = s->pfn; p < s->pfn + (1u << s->order); p++) {
        if (__atomic_exchange_n(&w->owner[p], me->id, __ATOMIC_SEQ_CST) != 0)
            live_wrong(w, "in two hands", p);
        if (__atomic_load_n(&w->in_report[p], __ATOMIC_SEQ_CST))
            live_wrong(w, "allocated while reported", p);
        __atomic_store_n(&w->told[p], 0, __ATOMIC_SEQ_CST);
        words(w, p)[0] = s->stamp + p;
        words(w, p)[511] = ~(s->stamp + p);
    }
}

static void check_stamps(struct worker *me, const struct slot *s)
{
    for (fpr_pfn p = s->pfn; p < s->pfn + (1u << s->order); p++)
        if (words(me->w, p)[0] != s->stamp + p || words(me->w, p)[511] != ~(s->stamp + p))
            live_wrong(me->w, "content lost", p);
}

static unsigned cpu_of(struct worker *me)
{
    bool own = live_below(&me->seed, 16) > 0;
    return own ? me->id - 1u : (unsigned)live_below(&me->seed, LIVE_WORKERS);
}

static void allocate(struct worker *me)
{
    static const fpr_gfp gfps[] = {FPR_GFP_HIGHUSER_MOVABLE, FPR_GFP_KERNEL,
                                   FPR_GFP_KERNEL | FPR_GFP_RECLAIMABLE, FPR_GFP_ATOMIC_REQUEST};
    struct slot *s = &me->slot[me->used];
    s->order = (unsigned)__builtin_ctzll(live_below(&me->seed, 1024) | 1024);
    s->stamp = (uint64_t)me->id << 56 | me->allocated++ << 24;
    fpr_gfp gfp = gfps[live_below(&me->seed, 4)];
    if (fpr_alloc_pages_flags(me->w->machine, s->order, gfp, cpu_of(me), 0, &s->pfn))
        return;
    me->used++;
    take_over(me, s);
}

static void release(struct worker *me, unsigned k)
{
    struct slot s = me->slot[k];
    me->slot[k] = me->slot[--me->used];
    check_stamps(me, &s);
    for (fpr_pfn p = s.pfn; p < s.pfn + (1u << s.order); p++)
        if (__atomic_exchange_n(&me->w->owner[p], 0, __ATOMIC_SEQ_CST) != me->id)
            live_wrong(me->w, "stolen", p);
    if (fpr_free_pages_cpu(me->w->machine, s.pfn, s.order, cpu_of(me)))
        live_wrong(me->w, "cannot be freed", s.pfn);
}

static void *work(void *ctx)
{
    struct worker *me = ctx;
    const struct timespec rest = {.tv_nsec = 50000};
    for (unsigned n = 1; !__atomic_load_n(&me->w->stop, __ATOMIC_SEQ_CST); n++) {
        if (n % 256 == 0)
            nanosleep(&rest, NULL); /* valgrind lets nobody else run otherwise */
        uint64_t what = live_below(&me->seed, 100);
        if (me->used == 0 || (what < 52 && me->used < SLOTS))
            allocate(me);
        else if (what < 97)
            release(me, (unsigned)live_below(&me->seed, me->used));
        else
            check_stamps(me, &me->slot[live_below(&me->seed, me->used)]);
        if (what == 99 && live_below(&me->seed, 20) == 0)
            while (me->used) /* a burst of frees: large blocks come together */
                release(me, me->used - 1);
    }
    while (me->used)
        release(me, me->used - 1);
    return NULL;
}

/* Devices come, go and are exchanged; a stuck one is released when it is missed. */
static void change_device(struct live *w, uint64_t *seed)
{
    const struct fpr_device *to = &w->device[live_below(seed, LIVE_DEVICES)];
    bool swap = w->registered && live_below(seed, 2);
    if (!w->registered) {
        ck_assert_int_eq(fpr_thread_register(w->thread, to), 0);
        w->registered = to;
        return;
    }
    for (;;) {
        int err = swap ? fpr_thread_swap(w->thread, w->registered, to, FPR_NS_PER_MS)
                       : fpr_thread_unregister(w->thread, w->registered, FPR_NS_PER_MS);
        if (!err)
            break;
        ck_assert_int_eq(err, -ETIMEDOUT);
        fpr_fault_release(w->fault[2]);
    }
    w->registered = swap ? to : NULL;
}

static void look(const struct live *w)
{
    struct fpr_zone_stats zone;
    struct fpr_zone_counters counters;
    struct fpr_lock_stats lock;
    struct fpr_report_stats report;
    struct fpr_thread_stats thread;
    const struct fpr_zone *z = fpr_machine_zone(w->machine, 0);
    ck_assert_int_eq(fpr_zone_get_stats(z, &zone), 0);
    ck_assert_int_eq(fpr_zone_get_counters(z, &counters), 0);
    ck_assert_int_eq(fpr_zone_get_lock_stats(z, &lock), 0);
    ck_assert_int_eq(fpr_reporter_get_stats(w->reporter, &report), 0);
    ck_assert_int_eq(fpr_thread_get_stats(w->thread, &thread), 0);
    ck_assert(lock.waits <= lock.acquired && lock.wait_max_ns <= lock.wait_ns);
    ck_assert(counters.free + counters.held <= LIVE_PAGES);
}

static void disturb(struct live *w, uint64_t *seed)
{
    struct fpr_report_config config = live_config(seed);
    switch (live_below(seed, 6)) {
    case 0:
        ck_assert_int_eq(fpr_reporter_set_config(w->reporter, &config), 0);
        break;
    case 1:
        fpr_thread_hurry(w->thread);
        break;
    case 2:
        look(w);
        break;
    case 3:
        fpr_zone_drain(fpr_machine_zone(w->machine, 0), (unsigned)live_below(seed, LIVE_WORKERS));
        break;
    default:
        change_device(w, seed);
    }
}

static int check_reported(void *ctx, const struct fpr_block *block)
{
    struct live *w = ctx;
    if (!block->reported)
        return 0;
    for (fpr_pfn p = block->pfn; p < block->pfn + (1u << block->order); p++)
        if (!w->told[p])
            live_wrong(w, "flagged, but was not reported", p);
    if (fpr_arena_resident_in(w->arena, block->pfn, 1ull << block->order) != 0)
        live_wrong(w, "flagged, but is resident", block->pfn);
    return 0;
}

static void check_end(struct live *w)
{
    const struct fpr_zone *z = fpr_machine_zone(w->machine, 0);
    struct fpr_zone_counters c;
    char reason[200] = "";
    fpr_machine_drain(w->machine);
    fpr_zone_get_counters(z, &c);
    ck_assert_int_eq(fpr_zone_validate(z, NULL, reason, sizeof(reason)), 0);
    ck_assert_uint_eq(c.free + (uint64_t)c.free_lag, LIVE_PAGES); /* nothing is lost */
    ck_assert_uint_eq(c.held, 0);
    for (unsigned order = 0; order <= 10; order++)
        for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++)
            fpr_zone_walk_free(z, order, mt, check_reported, w);
    ck_assert_msg(w->nr_wrong == 0, "%s (and %d more)", w->wrong, w->nr_wrong - 1);
}

static void stop_thread(struct live *w)
{
    int err = fpr_thread_stop(w->thread, FPR_NS_PER_MS);
    while (err == -ETIMEDOUT) {
        fpr_fault_release(w->fault[2]);
        err = fpr_thread_stop(w->thread, 100 * FPR_NS_PER_MS);
    }
    ck_assert_int_eq(err, 0);
}

/* What the rounds did. */
struct totals {
    uint64_t rounds, allocations, calls, failed, reported;
};

static void one_round(uint64_t seed, unsigned slow, struct totals *totals)
{
    struct live *w = live_open(&seed);
    struct worker worker[LIVE_WORKERS];
    pthread_t id[LIVE_WORKERS];
    struct fpr_report_stats stats;
    fpr_ns until = fpr_real_now() + slow * FPR_NS_PER_S / 4;
    memset(worker, 0, sizeof(worker));
    for (int k = 0; k < LIVE_WORKERS; k++) {
        worker[k].w = w;
        worker[k].id = (unsigned char)(k + 1);
        worker[k].seed = test_random(&seed);
        ck_assert_int_eq(pthread_create(&id[k], NULL, work, &worker[k]), 0);
    }
    while (fpr_real_now() < until) {
        const struct timespec pause = {.tv_nsec =
                                           (long)live_below(&seed, slow * 2000000ull) % 999999999};
        nanosleep(&pause, NULL);
        disturb(w, &seed);
    }
    if (live_below(&seed, 2))
        stop_thread(w); /* in the midst of it all */
    __atomic_store_n(&w->stop, 1, __ATOMIC_SEQ_CST);
    for (int k = 0; k < LIVE_WORKERS; k++)
        pthread_join(id[k], NULL);
    fpr_thread_settle(w->thread, slow * FPR_NS_PER_MS); /* it may be stuck */
    stop_thread(w);
    fpr_reporter_get_stats(w->reporter, &stats);
    check_end(w);
    live_close(w);
    totals->rounds++;
    totals->calls += stats.calls;
    totals->failed += stats.failed_calls;
    totals->reported += stats.reported_pages;
    for (int k = 0; k < LIVE_WORKERS; k++)
        totals->allocations += worker[k].allocated;
}

START_TEST(nothing_is_lost_or_shared)
{
    const char *soak = getenv("FPR_SOAK_SECONDS");
    fpr_ns length = soak ? strtoull(soak, NULL, 10) * FPR_NS_PER_S : 3 * FPR_NS_PER_S;
    fpr_ns until = fpr_real_now() + length;
    uint64_t seed = 0x5eed;
    struct totals t = {0, 0, 0, 0, 0};
    for (unsigned slow = 1; fpr_real_now() < until || t.calls == 0; slow *= t.calls ? 1 : 2)
        one_round(test_random(&seed), slow, &t); /* valgrind needs more time */
    ck_assert_uint_gt(t.calls, 0);
    if (soak)
        printf("%" PRIu64 " rounds, %" PRIu64 " allocations, %" PRIu64 " reports, %" PRIu64
               " failed, %" PRIu64 " pages reported\n",
               t.rounds, t.allocations, t.calls, t.failed, t.reported);
}
END_TEST

int main(void)
{
    const char *soak = getenv("FPR_SOAK_SECONDS");
    Suite *suite = suite_create("live");
    TCase *tcase = tcase_create("live");
    tcase_set_timeout(tcase, 300 + (soak ? strtod(soak, NULL) : 0));
    tcase_add_test(tcase, nothing_is_lost_or_shared);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
