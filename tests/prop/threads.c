/* Threads that allocate, free, hand over, split, drain and report on one locked zone at once. Every
 * page has an owner's stamp, so a page in two hands is seen at once; between rounds, when all stand
 * still, the zone is validated and every page accounted for. FPR_SOAK_SECONDS makes it longer. */
#include "base/atomic.h"
#include "support/support.h"

#include <fpr/fpr.h>

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORKERS 4u
#define FRAMES  16384u
#define BLOCKS  2048u /* most that one worker owns */
#define OPS     4000u /* of one worker in one round */
#define CONTEST 256u  /* blocks that everybody frees at once */
#define SLOTS   64u

struct block {
    fpr_pfn pfn;
    unsigned order;
};

struct arena {
    struct fpr_machine *machine;
    struct fpr_zone *zone;
    struct fpr_reporter *reporter;
    pthread_barrier_t barrier;
    uint8_t *owner; /* of each frame: 0 nobody, else worker + 1; atomic */
    pthread_mutex_t post;
    struct block slots[SLOTS]; /* blocks that anybody may take over; order ~0: empty */
    struct block contest[CONTEST];
    unsigned contests;
    unsigned won;    /* frees of contested blocks that succeeded; atomic */
    unsigned wakes;  /* atomic */
    unsigned broken; /* pages in two hands; atomic */
    bool stop;       /* atomic */
};

struct worker {
    struct arena *arena;
    unsigned cpu;
    uint64_t random;
    struct block own[BLOCKS];
    unsigned count;
};

static void stamp(struct arena *a, const struct block *b, uint8_t from, uint8_t to)
{
    for (uint64_t k = 0; k < 1ull << b->order; k++) {
        uint8_t was = from;
        if (!__atomic_compare_exchange_n(&a->owner[b->pfn + k], &was, to, false, __ATOMIC_RELAXED,
                                         __ATOMIC_RELAXED)) {
            __atomic_fetch_add(&a->broken, 1, __ATOMIC_RELAXED);
        }
    }
}

static void take(struct worker *w)
{
    static const fpr_gfp kinds[] = {FPR_GFP_KERNEL, FPR_GFP_HIGHUSER_MOVABLE,
                                    FPR_GFP_KERNEL | FPR_GFP_RECLAIMABLE, FPR_GFP_ATOMIC_REQUEST};
    uint64_t r = test_random(&w->random);
    struct block b = {.order = (unsigned)__builtin_ctzll(r | 1024)};
    if (w->count < BLOCKS &&
        !fpr_zone_alloc(w->arena->zone, b.order, kinds[r >> 20 & 3], w->cpu, &b.pfn)) {
        stamp(w->arena, &b, 0, (uint8_t)(w->cpu + 1));
        w->own[w->count++] = b;
    }
}

static struct block pick(struct worker *w)
{
    unsigned k = (unsigned)(test_random(&w->random) % w->count);
    struct block b = w->own[k];
    w->own[k] = w->own[--w->count];
    return b;
}

static void give(struct worker *w)
{
    struct block b = pick(w);
    stamp(w->arena, &b, (uint8_t)(w->cpu + 1), 0);
    if (fpr_zone_free(w->arena->zone, b.pfn, b.order, w->cpu)) {
        __atomic_fetch_add(&w->arena->broken, 1, __ATOMIC_RELAXED);
    }
}

/* One of mine for the one in a slot. */
static void swap(struct worker *w)
{
    struct arena *a = w->arena;
    struct block mine = pick(w);
    struct block *slot = &a->slots[test_random(&w->random) % SLOTS];
    stamp(a, &mine, (uint8_t)(w->cpu + 1), 255);
    pthread_mutex_lock(&a->post);
    struct block theirs = *slot;
    *slot = mine;
    pthread_mutex_unlock(&a->post);
    if (theirs.order <= 10) {
        stamp(a, &theirs, 255, (uint8_t)(w->cpu + 1));
        w->own[w->count++] = theirs;
    }
}

static void split(struct worker *w)
{
    struct block b = pick(w);
    if (b.order >= 1 && w->count + 2 <= BLOCKS &&
        !fpr_zone_split(w->arena->zone, b.pfn, b.order, b.order - 1)) {
        b.order--;
        w->own[w->count++] = b;
        b.pfn += 1ull << b.order;
    }
    w->own[w->count++] = b;
}

static void seldom(struct worker *w, uint64_t r)
{
    struct fpr_zone *z = w->arena->zone;
    struct fpr_zone_stats stats;
    struct fpr_zone_counters counters;
    switch (r % 8) {
    case 0:
        fpr_zone_drain(z, w->cpu);
        break;
    case 1:
        fpr_zone_drain(z, (w->cpu + 1) % WORKERS);
        break;
    case 2:
        fpr_zone_get_stats(z, &stats);
        break;
    case 3:
        fpr_zone_get_counters(z, &counters);
        break;
    case 4:
        fpr_zone_set_pcp(z, (unsigned)(r >> 8) % 400, 1 + (unsigned)(r >> 20) % 63);
        break;
    case 5:
        fpr_zone_set_reclaiming(z, r >> 8 & 1);
        break;
    default:
        if (w->count) {
            const struct block *b = &w->own[(r >> 8) % w->count];
            fpr_zone_set_movable(z, b->pfn, b->order, r >> 40 & 1);
        }
    }
}

static void one(struct worker *w)
{
    uint64_t r = test_random(&w->random);
    unsigned what = r % 256;
    if (what == 0) {
        seldom(w, r >> 8);
    } else if (w->count == 0 || what < 130) {
        take(w);
    } else if (what < 230) {
        give(w);
    } else if (what < 245) {
        swap(w);
    } else {
        split(w);
    }
}

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
            one(w);
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
        stamp(a, &b, 0, 254);
    }
    for (unsigned k = 0; k < nents; k++) {
        const struct block b = {sg[k].pfn, sg[k].order};
        stamp(a, &b, 254, 0);
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
        a->contest[a->contests] = pick(w);
        stamp(a, &a->contest[a->contests], (uint8_t)(w->cpu + 1), 0);
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
            give(&workers[w]);
        }
    }
    for (unsigned k = 0; k < SLOTS; k++) {
        struct block *b = &a->slots[k];
        if (b->order <= 10) {
            stamp(a, b, 255, 0);
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
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
