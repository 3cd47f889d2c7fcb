/* Whose a reporter is: what its thread has is refused to others, and to callbacks what would wait
 * for them. */
#include <fpr/thread.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PAGES = 4096, ORDER = 4 };
#define GFP FPR_GFP_HIGHUSER_MOVABLE

static struct fpr_machine *m;
static struct fpr_reporter *r;
static struct fpr_thread *t;
static struct fpr_device device;
static unsigned calls, wrong; /* atomic */

#define COUNT(x)             __atomic_fetch_add(&(x), 1, __ATOMIC_RELAXED)
#define EXPECT(call, answer) ((call) == (answer) ? 0u : COUNT(wrong))

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    (void)ctx;
    (void)sg;
    (void)nents;
    return 0;
}

static int setup(void **state)
{
    (void)state;
    struct fpr_zone_config zone;
    struct fpr_machine_config machine;
    struct fpr_report_config config;
    assert_int_equal(fpr_zone_config_init(&zone, FPR_PROFILE_V16), 0);
    zone.spanned = PAGES;
    zone.max_order = zone.pageblock_order = ORDER;
    zone.locked = true;
    assert_int_equal(fpr_machine_config_init(&machine), 0);
    machine.zones = &zone;
    machine.nr_zones = 1;
    assert_int_equal(fpr_machine_create(&machine, &m), 0);
    assert_int_equal(fpr_report_config_init(&config), 0);
    config.delay = 0;
    config.budget_divisor = 0;
    assert_int_equal(fpr_reporter_create(m, NULL, &config, &r), 0);
    device = (struct fpr_device){.name = "test", .report = report};
    t = NULL;
    calls = wrong = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fpr_thread_destroy(t);
    fpr_reporter_destroy(r);
    fpr_machine_destroy(m);
    return 0;
}

static void test_only_the_thread(void **state)
{
    (void)state;
    struct fpr_report_stats stats;
    struct fpr_device other = device;
    assert_int_equal(fpr_thread_create(r, &t), 0);
    assert_int_equal(fpr_reporter_register(r, &device), -EBUSY);
    assert_int_equal(fpr_reporter_pass(r, NULL), -EBUSY);
    assert_int_equal(fpr_thread_register(t, &device), 0);
    assert_int_equal(fpr_thread_settle(t, FPR_FOREVER), 0);
    assert_int_equal(fpr_reporter_register(r, &other), -EBUSY);
    assert_int_equal(fpr_reporter_pass(r, NULL), -EBUSY);
    assert_int_equal(fpr_reporter_load_state(r, FPR_REPORT_REQUESTED, 0), -EBUSY);
    assert_int_equal(fpr_reporter_unregister(r, &device), -EBUSY);
    fpr_reporter_destroy(r);
    assert_int_equal(fpr_reporter_get_stats(r, &stats), 0);
    assert_int_equal(stats.passes, 1);
    assert_int_equal(fpr_thread_unregister(t, &device, FPR_FOREVER), 0);
    assert_int_equal(fpr_thread_stop(t, FPR_FOREVER), 0);
    assert_int_equal(fpr_reporter_register(r, &other), 0); /* it is free again */
    assert_int_equal(fpr_reporter_pass(r, NULL), 0);
    assert_int_equal(fpr_reporter_unregister(r, &other), 0);
}

/* The user's suspension is the user's to lift. */
static void test_suspended(void **state)
{
    (void)state;
    struct fpr_report_stats stats;
    struct fpr_thread_stats thread;
    struct fpr_device other = device;
    assert_int_equal(fpr_thread_create(r, &t), 0);
    assert_int_equal(fpr_reporter_suspend(r, true), 0);
    assert_int_equal(fpr_thread_register(t, &device), 0);
    assert_int_equal(fpr_thread_settle(t, FPR_NS_PER_MS), -ETIMEDOUT);
    assert_int_equal(fpr_thread_swap(t, &device, &other, FPR_FOREVER), 0);
    assert_int_equal(fpr_thread_hurry(t), 1);
    assert_int_equal(fpr_thread_settle(t, 20 * FPR_NS_PER_MS), -ETIMEDOUT);
    assert_int_equal(fpr_reporter_get_stats(r, &stats), 0);
    assert_int_equal(stats.passes, 0);
    assert_int_equal(fpr_thread_get_stats(t, &thread), 0);
    assert_int_equal(thread.passes, 0);
    assert_int_equal(fpr_reporter_suspend(r, false), 0);
    assert_int_equal(fpr_thread_settle(t, FPR_FOREVER), 0);
    assert_int_equal(fpr_reporter_get_stats(r, &stats), 0);
    assert_int_equal(stats.passes, 1);
    assert_int_equal(fpr_reporter_suspend(r, true), 0);
    assert_int_equal(fpr_thread_stop(t, FPR_FOREVER), 0);
    assert_int_equal(fpr_reporter_register(r, &other), 0);
    assert_int_equal(fpr_reporter_pass(r, NULL), -ECANCELED);
}

static void call_thread(void)
{
    struct fpr_device other = device;
    COUNT(calls);
    EXPECT(fpr_thread_register(t, &other), -EDEADLK);
    EXPECT(fpr_thread_unregister(t, &device, FPR_FOREVER), -EDEADLK);
    EXPECT(fpr_thread_swap(t, &device, &other, FPR_FOREVER), -EDEADLK);
    EXPECT(fpr_thread_stop(t, FPR_FOREVER), -EDEADLK);
    EXPECT(fpr_thread_settle(t, FPR_FOREVER), -EDEADLK);
    EXPECT(fpr_thread_hurry(t) < 0, 0);
    fpr_thread_destroy(t);
    fpr_reporter_destroy(r);
    fpr_machine_destroy(m);
}

static void on_event(void *ctx, const struct fpr_event *event)
{
    struct fpr_thread *made = NULL;
    (void)ctx;
    (void)event;
    if (t)
        call_thread();
    else
        EXPECT(fpr_thread_create(r, &made), -EINVAL);
}

/* The sink has its zone's lock, which whoever changes the thread's device may be waiting for. */
static void test_from_a_sink(void **state)
{
    (void)state;
    const struct fpr_event_sink sink = {on_event, NULL};
    fpr_pfn pfn;
    assert_int_equal(fpr_zone_set_event_sink(fpr_machine_zone(m, 0), &sink), 0);
    assert_int_equal(fpr_alloc_pages(m, ORDER, GFP, &pfn), 0);
    assert_int_equal(fpr_thread_create(r, &t), 0);
    assert_int_equal(fpr_thread_register(t, &device), 0);
    assert_int_equal(fpr_free_pages(m, pfn, ORDER), 0);
    assert_int_equal(fpr_thread_settle(t, FPR_FOREVER), 0); /* with events of the passes */
    assert_int_equal(fpr_thread_stop(t, FPR_FOREVER), 0);
    assert_int_equal(fpr_zone_set_event_sink(fpr_machine_zone(m, 0), NULL), 0);
    assert_true(calls > 0);
    assert_int_equal(wrong, 0);
}

static void on_end(void *ctx, fpr_ns now, const struct fpr_pass_result *result)
{
    (void)ctx;
    (void)now;
    (void)result;
    call_thread();
    EXPECT(fpr_reporter_unregister(r, &device), -EBUSY);
    EXPECT(fpr_reporter_suspend(r, true), 0);
    EXPECT(fpr_reporter_suspend(r, false), 0);
}

static void on_begin(void *ctx, fpr_ns now)
{
    on_end(ctx, now, NULL);
}

static bool ask_back(void *ctx, fpr_pfn pfn, unsigned order)
{
    (void)pfn;
    (void)order;
    (void)ctx;
    call_thread();
    EXPECT(fpr_reporter_unregister(r, &device), -EINVAL);
    return true;
}

static void test_from_a_pass(void **state)
{
    (void)state;
    const struct fpr_report_observer observer = {.pass_begin = on_begin, .pass_end = on_end};
    struct fpr_report_config config;
    assert_int_equal(fpr_reporter_get_config(r, &config), 0);
    config.may_report = ask_back;
    assert_int_equal(fpr_reporter_set_config(r, &config), 0);
    assert_int_equal(fpr_reporter_set_observer(r, &observer), 0);
    assert_int_equal(fpr_thread_create(r, &t), 0);
    assert_int_equal(fpr_thread_register(t, &device), 0);
    assert_int_equal(fpr_thread_settle(t, FPR_FOREVER), 0);
    assert_int_equal(fpr_thread_stop(t, FPR_FOREVER), 0);
    assert_true(calls > 2);
    assert_int_equal(wrong, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_only_the_thread),
        TEST(test_suspended),
        TEST(test_from_a_sink),
        TEST(test_from_a_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
