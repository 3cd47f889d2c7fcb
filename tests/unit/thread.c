/* The reporter's thread: beginning, ending, and devices that do not come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/devices.h>
#include <fpr/thread.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

enum { PAGES = 65536, BLOCKS = PAGES >> 9 }; /* 256 MiB: a pass needs more than 64 MiB free */

struct guest {
    struct fpr_machine *machine;
    struct fpr_reporter *reporter;
    struct fpr_thread *thread;
};

static struct fpr_machine *new_machine(bool locked)
{
    struct fpr_zone_config zone;
    struct fpr_machine_config config;
    struct fpr_machine *machine = NULL;
    assert_int_equal(fpr_zone_config_init(&zone, FPR_PROFILE_V16), 0);
    zone.spanned = PAGES;
    zone.locked = locked;
    zone.cpus = 2;
    assert_int_equal(fpr_machine_config_init(&config), 0);
    config.zones = &zone;
    config.nr_zones = 1;
    assert_int_equal(fpr_machine_create(&config, &machine), 0);
    return machine;
}

static void start(struct guest *g, fpr_ns delay, unsigned capacity)
{
    struct fpr_report_config config;
    g->machine = new_machine(true);
    assert_int_equal(fpr_report_config_init(&config), 0);
    config.delay = delay;
    config.capacity = capacity;
    config.budget_divisor = 0;
    assert_int_equal(fpr_reporter_create(g->machine, NULL, &config, &g->reporter), 0);
    assert_int_equal(fpr_thread_create(g->reporter, &g->thread), 0);
}

static void finish(struct guest *g)
{
    fpr_thread_destroy(g->thread);
    fpr_reporter_destroy(g->reporter);
    assert_int_equal(fpr_zone_validate(fpr_machine_zone(g->machine, 0), NULL, NULL, 0), 0);
    fpr_machine_destroy(g->machine);
}

static uint64_t reported_blocks(const struct guest *g)
{
    struct fpr_report_stats stats;
    assert_int_equal(fpr_reporter_get_stats(g->reporter, &stats), 0);
    return stats.reported_pages >> 9;
}

/* All memory, taken and given back. */
static uint64_t take_and_give_all(struct guest *g)
{
    static fpr_pfn pfns[BLOCKS];
    uint64_t n = 0;
    while (n < BLOCKS && fpr_alloc_pages(g->machine, 9, FPR_GFP_HIGHUSER_MOVABLE, &pfns[n]) == 0)
        n++;
    for (uint64_t k = 0; k < n; k++)
        assert_int_equal(fpr_free_pages(g->machine, pfns[k], 9), 0);
    return n;
}

static void test_a_pass_follows_registration_and_frees(void **state)
{
    (void)state;
    struct guest g;
    struct fpr_device null;
    struct fpr_thread_stats stats;
    struct fpr_report_stats report;
    start(&g, FPR_NS_PER_MS, 32);
    assert_int_equal(fpr_device_null(&null), 0);
    assert_int_equal(fpr_thread_register(g.thread, &null), 0);
    assert_int_equal(fpr_thread_register(g.thread, &null), -EBUSY);
    assert_int_equal(fpr_thread_settle(g.thread, FPR_FOREVER), 0);
    assert_int_equal(reported_blocks(&g), BLOCKS);
    uint64_t taken = take_and_give_all(&g);
    assert_int_equal(fpr_thread_settle(g.thread, FPR_FOREVER), 0);
    fpr_reporter_get_stats(g.reporter, &report);
    assert_in_range(reported_blocks(&g), BLOCKS + taken, 3 * BLOCKS);
    assert_int_equal(report.pages, report.reported_pages + (report.merged_blocks << 9));
    assert_int_equal(fpr_thread_get_stats(g.thread, &stats), 0);
    assert_true(stats.passes >= 2);
    assert_true(stats.wakes >= stats.passes);
    assert_int_equal(stats.passes_cut, 0);
    assert_int_equal(fpr_thread_unregister(g.thread, &null, FPR_FOREVER), 0);
    assert_int_equal(fpr_thread_unregister(g.thread, &null, FPR_FOREVER), -EINVAL);
    uint64_t before = reported_blocks(&g);
    take_and_give_all(&g);
    assert_int_equal(fpr_thread_settle(g.thread, FPR_FOREVER), 0); /* nobody to tell */
    assert_int_equal(reported_blocks(&g), before);
    finish(&g);
}

static int keep_mask(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    (void)sg;
    (void)nents;
    return -pthread_sigmask(SIG_BLOCK, NULL, ctx);
}

/* Signals that are sent go to other threads; faults of a device find their handlers. */
static void test_signals_of_the_thread(void **state)
{
    (void)state;
    struct guest g;
    sigset_t blocked;
    struct fpr_device device;
    sigemptyset(&blocked);
    start(&g, FPR_NS_PER_MS, 32);
    assert_int_equal(fpr_device_null(&device), 0);
    device.report = keep_mask;
    device.ctx = &blocked;
    assert_int_equal(fpr_thread_register(g.thread, &device), 0);
    assert_int_equal(fpr_thread_settle(g.thread, FPR_FOREVER), 0);
    assert_int_equal(sigismember(&blocked, SIGTERM), 1);
    assert_int_equal(sigismember(&blocked, SIGSEGV), 0);
    assert_int_equal(sigismember(&blocked, SIGBUS), 0);
    finish(&g);
}

static void test_hurry(void **state)
{
    (void)state;
    struct guest g;
    struct fpr_device null;
    start(&g, 1000 * FPR_NS_PER_S, 32);
    assert_int_equal(fpr_thread_hurry(g.thread), 0);
    assert_int_equal(fpr_device_null(&null), 0);
    assert_int_equal(fpr_thread_register(g.thread, &null), 0);
    assert_int_equal(fpr_thread_settle(g.thread, FPR_NS_PER_MS), -ETIMEDOUT);
    assert_int_equal(reported_blocks(&g), 0);
    assert_int_equal(fpr_thread_hurry(g.thread), 1);
    assert_int_equal(fpr_thread_settle(g.thread, FPR_FOREVER), 0);
    assert_int_equal(reported_blocks(&g), BLOCKS);
    take_and_give_all(&g); /* a pass is due in 1000 s: stopping must not wait for it */
    assert_int_equal(fpr_thread_stop(g.thread, FPR_FOREVER), 0);
    assert_int_equal(fpr_thread_stop(g.thread, FPR_FOREVER), 0);
    assert_int_equal(fpr_thread_register(g.thread, &null), -EINVAL);
    finish(&g);
}

static struct fpr_fault *stuck_device(uint64_t from, struct fpr_device *device)
{
    struct fpr_fault_config config;
    struct fpr_fault *fault = NULL;
    assert_int_equal(fpr_fault_config_init(&config), 0);
    config.stuck_from = from;
    assert_int_equal(fpr_fault_create(&config, &fault), 0);
    assert_int_equal(fpr_fault_device(fault, device), 0);
    return fault;
}

static void wait_until_stuck(struct fpr_fault *fault)
{
    struct fpr_fault_stats stats;
    do {
        sched_yield();
        assert_int_equal(fpr_fault_get(fault, &stats), 0);
    } while (!stats.hanging);
}

static void test_a_stuck_device(void **state)
{
    (void)state;
    struct guest g;
    struct fpr_device device, null;
    struct fpr_fault *fault = stuck_device(3, &device);
    start(&g, 0, 1); /* a call a block */
    fpr_device_null(&null);
    uint64_t all = take_and_give_all(&g);
    assert_int_equal(fpr_thread_register(g.thread, &device), 0);
    wait_until_stuck(fault);
    assert_int_equal(take_and_give_all(&g), all - 2); /* one of order 10 is with the device */
    assert_int_equal(fpr_thread_unregister(g.thread, &device, FPR_NS_PER_MS), -ETIMEDOUT);
    assert_int_equal(fpr_thread_swap(g.thread, &device, &null, FPR_NS_PER_MS), -ETIMEDOUT);
    assert_int_equal(fpr_thread_stop(g.thread, FPR_NS_PER_MS), -ETIMEDOUT);
    fpr_fault_release(fault);
    assert_int_equal(fpr_thread_stop(g.thread, FPR_FOREVER), 0);
    assert_int_equal(take_and_give_all(&g), all);
    finish(&g);
    fpr_fault_destroy(fault);
}

/* Lets a stuck device go a while after it is waited for. */
static void *release_later(void *ctx)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    nanosleep(&pause, NULL);
    fpr_fault_release(ctx);
    return NULL;
}

static void test_unregistering_cuts_a_pass(void **state)
{
    (void)state;
    struct guest g;
    struct fpr_device device, null;
    struct fpr_fault *fault = stuck_device(3, &device);
    struct fpr_fault_stats calls;
    struct fpr_thread_stats stats;
    pthread_t helper;
    start(&g, 0, 1);
    fpr_device_null(&null);
    assert_int_equal(fpr_thread_register(g.thread, &device), 0);
    wait_until_stuck(fault);
    assert_int_equal(pthread_create(&helper, NULL, release_later, fault), 0);
    assert_int_equal(fpr_thread_swap(g.thread, &device, &null, FPR_FOREVER), 0);
    pthread_join(helper, NULL);
    fpr_fault_get(fault, &calls);
    assert_int_equal(calls.calls, 3); /* not one more after that in flight */
    assert_int_equal(fpr_thread_settle(g.thread, FPR_FOREVER), 0);
    fpr_thread_get_stats(g.thread, &stats);
    assert_int_equal(stats.passes_cut, 1);
    assert_int_equal(reported_blocks(&g), BLOCKS); /* the new device was told of the rest only */
    finish(&g);
    fpr_fault_destroy(fault);
}

/* What the device answers is its own word; what the user does is not. */
struct saying {
    struct fpr_reporter *reporter; /* suspended from inside; NULL: answered with -ECANCELED */
    int calls;
};

static int say(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct saying *saying = ctx;
    (void)sg;
    (void)nents;
    if (++saying->calls > 1)
        return 0;
    return saying->reporter ? fpr_reporter_suspend(saying->reporter, true) : -ECANCELED;
}

static void test_which_passes_count_as_cut(void **state)
{
    (void)state;
    for (int suspend = 0; suspend < 2; suspend++) {
        struct guest g;
        struct saying saying = {0};
        struct fpr_thread_stats stats;
        const struct fpr_device device = {.name = "says", .report = say, .ctx = &saying};
        start(&g, 0, 1);
        saying.reporter = suspend ? g.reporter : NULL;
        assert_int_equal(fpr_thread_register(g.thread, &device), 0);
        do {
            sched_yield();
            assert_int_equal(fpr_thread_get_stats(g.thread, &stats), 0);
        } while (stats.passes == 0);
        assert_int_equal(stats.passes_cut, suspend);
        assert_int_equal(fpr_reporter_suspend(g.reporter, false), 0);
        finish(&g);
    }
}

static int call_back(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct guest *g = ctx;
    struct fpr_device null;
    fpr_pfn pfn;
    (void)sg;
    (void)nents;
    fpr_device_null(&null);
    bool right = fpr_thread_stop(g->thread, FPR_FOREVER) == -EDEADLK &&
                 fpr_thread_unregister(g->thread, &null, 0) == -EDEADLK &&
                 fpr_thread_swap(g->thread, &null, &null, 0) == -EDEADLK &&
                 fpr_thread_register(g->thread, &null) == -EDEADLK &&
                 fpr_thread_settle(g->thread, 0) == -EDEADLK &&
                 fpr_alloc_pages(g->machine, 0, FPR_GFP_KERNEL, &pfn) == 0 &&
                 fpr_free_pages(g->machine, pfn, 0) == 0;
    return right ? 0 : -1;
}

static void test_calls_from_the_callback(void **state)
{
    (void)state;
    struct guest g;
    struct fpr_report_stats stats;
    const struct fpr_device device = {.name = "caller", .report = call_back, .ctx = &g};
    start(&g, 0, 32);
    assert_int_equal(fpr_thread_register(g.thread, &device), 0);
    assert_int_equal(fpr_thread_settle(g.thread, FPR_FOREVER), 0);
    fpr_reporter_get_stats(g.reporter, &stats);
    assert_true(stats.calls > 0);
    assert_int_equal(stats.failed_calls, 0);
    finish(&g);
}

static void test_several_machines(void **state)
{
    (void)state;
    struct guest g[3];
    struct fpr_counting *counting[3];
    struct fpr_device device[3];
    struct fpr_counts counts;
    for (int k = 0; k < 3; k++) {
        start(&g[k], FPR_NS_PER_MS, 32);
        assert_int_equal(fpr_counting_create(NULL, &counting[k]), 0);
        assert_int_equal(fpr_counting_device(counting[k], &device[k]), 0);
        assert_int_equal(fpr_thread_register(g[k].thread, &device[k]), 0);
    }
    for (int k = 2; k >= 0; k--) {
        assert_int_equal(fpr_thread_settle(g[k].thread, FPR_FOREVER), 0);
        fpr_counting_get(counting[k], &counts);
        assert_int_equal(counts.pages, PAGES);
        finish(&g[k]);
        fpr_counting_destroy(counting[k]);
    }
}

static void test_wrong_arguments(void **state)
{
    (void)state;
    struct guest g;
    struct fpr_machine *machine = new_machine(false);
    struct fpr_reporter *reporter;
    struct fpr_thread *thread = NULL;
    struct fpr_clock *clock;
    struct fpr_device null, small;
    fpr_device_null(&null);
    assert_int_equal(fpr_clock_create(0, &clock), 0);
    assert_int_equal(fpr_reporter_create(machine, NULL, NULL, &reporter), 0);
    assert_int_equal(fpr_thread_create(reporter, &thread), -EINVAL); /* zones have no lock */
    fpr_reporter_destroy(reporter);
    fpr_machine_destroy(machine);
    machine = new_machine(true);
    assert_int_equal(fpr_reporter_create(machine, clock, NULL, &reporter), 0);
    assert_int_equal(fpr_thread_create(reporter, &thread), -EINVAL); /* virtual time */
    assert_int_equal(fpr_thread_create(NULL, &thread), -EINVAL);
    assert_null(thread);
    fpr_reporter_destroy(reporter);
    fpr_machine_destroy(machine);
    fpr_clock_destroy(clock);
    start(&g, 0, 32);
    small = null;
    small.max_nents = 31;
    assert_int_equal(fpr_thread_register(g.thread, &small), -ENOSPC);
    assert_int_equal(fpr_thread_register(g.thread, &null), 0);
    assert_int_equal(fpr_thread_swap(g.thread, &null, &small, FPR_FOREVER), -ENOSPC);
    assert_int_equal(fpr_thread_unregister(g.thread, &null, FPR_FOREVER), 0); /* it stayed */
    assert_int_equal(fpr_thread_settle(NULL, 0), -EINVAL);
    assert_int_equal(fpr_thread_stop(NULL, 0), -EINVAL);
    assert_int_equal(fpr_thread_hurry(NULL), -EINVAL);
    fpr_thread_destroy(NULL);
    finish(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pass_follows_registration_and_frees),
        cmocka_unit_test(test_signals_of_the_thread),
        cmocka_unit_test(test_hurry),
        cmocka_unit_test(test_a_stuck_device),
        cmocka_unit_test(test_unregistering_cuts_a_pass),
        cmocka_unit_test(test_which_passes_count_as_cut),
        cmocka_unit_test(test_calls_from_the_callback),
        cmocka_unit_test(test_several_machines),
        cmocka_unit_test(test_wrong_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
