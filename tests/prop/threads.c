/* Threads that allocate, free, hand over, split, drain and report on one locked zone at once. Every
 * page has an owner's stamp, so a page in two hands is seen at once; between rounds, when all stand
 * still, the zone is validated and every page accounted for. FPR_SOAK_SECONDS makes it longer. */
#include "base/atomic.h"
#include "support/suite.h"
#include "support/worker.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Everybody frees every contested block; each must be freed by exactly one. */
static void contest(struct worker *w)
{
    struct arena *a = w->arena;
    for (unsigned k = 0; k < a->contests; k++) {
        const struct block *b = &a->contest[k];
        if (!fpr_zone_free(a->zone, b->pfn, b->order, w->cpu)) {
            __atomic_fetch_add(&a->won, 1, __ATOMIC_RELAXED);
        }
    }
}

/* A round: work, stand still (the main thread looks), contest, stand still again. */
static void *work(void *ctx)
{
    struct worker *w = ctx;
    struct arena *a = w->arena;
    for (;;) {
        pthread_barrier_wait(&a->barrier);
        if (read_relaxed(a->stop)) {
            return NULL;
        }
        for (unsigned k = 0; k < OPS; k++) {
            worker_act(w);
        }
        pthread_barrier_wait(&a->barrier);
        pthread_barrier_wait(&a->barrier);
        contest(w);
        pthread_barrier_wait(&a->barrier);
    }
}

/* The device looks whether what it is given is really nobody's. */
static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct arena *a = ctx;
    for (unsigned k = 0; k < nents; k++) {
        const struct block b = {sg[k].pfn, sg[k].order};
        worker_stamp(a, &b, 0, 254);
    }
    for (unsigned k = 0; k < nents; k++) {
        const struct block b = {sg[k].pfn, sg[k].order};
        worker_stamp(a, &b, 254, 0);
    }
    return 0;
}

static void wake(void *ctx, fpr_ns delay)
{
    struct arena *a = ctx;
    (void)delay;
    __atomic_fetch_add(&a->wakes, 1, __ATOMIC_RELAXED);
}

static void *report_on_and_on(void *ctx)
{
    struct arena *a = ctx;
    struct fpr_report_stats stats;
    struct fpr_report_config config;
    for (unsigned n = 0; !read_relaxed(a->stop); n++) {
        if (fpr_reporter_state(a->reporter) == FPR_REPORT_REQUESTED) {
            fpr_reporter_pass(a->reporter, NULL);
        }
        fpr_reporter_get_stats(a->reporter, &stats);
        fpr_reporter_get_config(a->reporter, &config);
        config.order = n % 3 ? 9 : 3;
        config.capacity = 1 + n % 40;
        fpr_reporter_set_config(a->reporter, &config);
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    return NULL;
}

static uint64_t owned_pages(const struct worker *workers)
{
    uint64_t pages = 0;
    for (unsigned w = 0; w < WORKERS; w++) {
        for (unsigned k = 0; k < workers[w].count; k++) {
            pages += 1ull << workers[w].own[k].order;
        }
    }
    for (unsigned k = 0; k < SLOTS; k++) {
        unsigned order = workers[0].arena->slots[k].order;
        pages += order <= 10 ? 1ull << order : 0;
    }
    return pages;
}

/* Nobody but the reporter is at work: its blocks are counted with the rest. */
static void check_still(struct arena *a, const struct worker *workers)
{
    struct fpr_zone_counters c;
    uint64_t pcp = 0;
    for (unsigned k = 0; k < WORKERS; k++) {
        struct fpr_pcp_counters p;
        fpr_zone_get_pcp(a->zone, k, &p);
        pcp += p.count;
    }
    fpr_zone_get_counters(a->zone, &c);
    ck_assert_uint_eq(read_relaxed(a->broken), 0);
    ck_assert_uint_eq(c.free + c.held + pcp + owned_pages(workers), FRAMES);
}

static void prepare_contest(struct arena *a, struct worker *w)
{
    for (a->contests = 0; a->contests < CONTEST && w->count; a->contests++) {
        a->contest[a->contests] = worker_pick(w);
        worker_stamp(a, &a->contest[a->contests], (uint8_t)(w->cpu + 1), 0);
    }
    a->won = 0;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run_rounds(struct arena *a, struct worker *workers)
{
    const char *soak = getenv("FPR_SOAK_SECONDS");
    double end = seconds() + (soak ? strtod(soak, NULL) : 1.0);
    do {
        pthread_barrier_wait(&a->barrier); /* they work */
        pthread_barrier_wait(&a->barrier);
        check_still(a, workers);
        prepare_contest(a, &workers[0]);
        pthread_barrier_wait(&a->barrier); /* they contest */
        pthread_barrier_wait(&a->barrier);
        ck_assert_uint_eq(a->won, a->contests);
        check_still(a, workers);
    } while (seconds() < end);
    write_relaxed(a->stop, true);
    pthread_barrier_wait(&a->barrier);
}

static void make_arena(struct arena *a, enum fpr_profile profile)
{
    struct fpr_zone_config zc;
    struct fpr_machine_config mc;
    memset(a, 0, sizeof(*a));
    ck_assert_int_eq(fpr_zone_config_init(&zc, profile), 0);
    ck_assert_int_eq(fpr_machine_config_init(&mc), 0);
    zc.spanned = FRAMES;
    zc.locked = true;
    zc.cpus = WORKERS;
    mc.zones = &zc;
    mc.nr_zones = 1;
    ck_assert_int_eq(fpr_machine_create(&mc, &a->machine), 0);
    a->zone = fpr_machine_zone(a->machine, 0);
    ck_assert_int_eq(fpr_reporter_create(a->machine, NULL, NULL, &a->reporter), 0);
    a->owner = calloc(FRAMES, 1);
    ck_assert_ptr_nonnull(a->owner);
    fpr_expect_atomics(a->owner, FRAMES);
    fpr_expect_atomics(&a->won, sizeof(a->won));
    fpr_expect_atomics(&a->wakes, sizeof(a->wakes));
    fpr_expect_atomics(&a->broken, sizeof(a->broken));
    fpr_expect_atomics(&a->stop, sizeof(a->stop));
    pthread_mutex_init(&a->post, NULL);
    pthread_barrier_init(&a->barrier, NULL, WORKERS + 1);
    for (unsigned k = 0; k < SLOTS; k++) {
        a->slots[k].order = ~0u;
    }
}

static void free_all(struct arena *a, struct worker *workers)
{
    for (unsigned w = 0; w < WORKERS; w++) {
        while (workers[w].count) {
            worker_give(&workers[w]);
        }
    }
    for (unsigned k = 0; k < SLOTS; k++) {
        struct block *b = &a->slots[k];
        if (b->order <= 10) {
            worker_stamp(a, b, 255, 0);
            ck_assert_int_eq(fpr_zone_free(a->zone, b->pfn, b->order, 0), 0);
            b->order = ~0u;
        }
    }
    ck_assert_int_eq(fpr_machine_drain(a->machine), 0);
}

START_TEST(stress)
{
    static struct arena a;
    static struct worker workers[WORKERS];
    pthread_t threads[WORKERS], reporting;
    make_arena(&a, (enum fpr_profile)_i);
    const struct fpr_report_waker waker = {.wake = wake, .ctx = &a};
    const struct fpr_device device = {.name = "stamps", .report = report, .ctx = &a};
    ck_assert_int_eq(fpr_reporter_set_waker(a.reporter, &waker), 0);
    ck_assert_int_eq(fpr_reporter_register(a.reporter, &device), 0);
    memset(workers, 0, sizeof(workers));
    for (unsigned k = 0; k < WORKERS; k++) {
        workers[k].arena = &a;
        workers[k].cpu = k;
        workers[k].random = 1000u * (unsigned)_i + k;
        ck_assert_int_eq(pthread_create(&threads[k], NULL, work, &workers[k]), 0);
    }
    ck_assert_int_eq(pthread_create(&reporting, NULL, report_on_and_on, &a), 0);
    run_rounds(&a, workers);
    for (unsigned k = 0; k < WORKERS; k++) {
        pthread_join(threads[k], NULL);
    }
    pthread_join(reporting, NULL);
    ck_assert_uint_gt(a.wakes, 0);
    ck_assert_int_eq(fpr_reporter_unregister(a.reporter, &device), 0);
    free_all(&a, workers);
    check_still(&a, workers);
    int rule;
    char reason[200];
    int err = fpr_zone_validate(a.zone, &rule, reason, sizeof(reason));
    ck_assert_msg(err == 0, "rule %d: %s", rule, reason);
    fpr_reporter_destroy(a.reporter);
    fpr_machine_destroy(a.machine);
    pthread_barrier_destroy(&a.barrier);
    pthread_mutex_destroy(&a.post);
    free(a.owner);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("threads on one zone");
    TCase *tcase = tcase_create("stress");
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, stress, 0, FPR_NR_PROFILES);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
