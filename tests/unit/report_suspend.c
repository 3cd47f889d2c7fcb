/* Suspending is open to everybody, also to an event sink in the middle of what a zone does: it
 * waits for nobody who waits for the zone. */
#include <fpr/thread.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PAGES = 2048, ORDER = 4, HELD = 8 };
#define GFP FPR_GFP_HIGHUSER_MOVABLE

static struct fpr_machine *m;
static struct fpr_reporter *r;
static fpr_pfn held[HELD];
static unsigned calls, wrong; /* with the zone's lock held */

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    (void)ctx;
    (void)sg;
    (void)nents;
    return 0;
}

static const struct fpr_device device = {.name = "test", .report = report};

static void suspend_it(void *ctx, const struct fpr_event *event)
{
    (void)ctx;
    (void)event;
    calls++;
    wrong += fpr_reporter_suspend(r, false) != 0;
    wrong += fpr_reporter_suspend(r, true) != 0;
}

static void make(bool locked)
{
    struct fpr_zone_config zone;
    struct fpr_machine_config machine;
    struct fpr_report_config config;
    assert_int_equal(fpr_zone_config_init(&zone, FPR_PROFILE_LINUX_6_1), 0);
    zone.spanned = PAGES;
    zone.max_order = zone.pageblock_order = ORDER;
    zone.locked = locked;
    assert_int_equal(fpr_machine_config_init(&machine), 0);
    machine.zones = &zone;
    machine.nr_zones = 1;
    assert_int_equal(fpr_machine_create(&machine, &m), 0);
    assert_int_equal(fpr_report_config_init(&config), 0);
    config.capacity = 4;
    config.delay = 0;
    assert_int_equal(fpr_reporter_create(m, NULL, &config, &r), 0);
    for (unsigned k = 0; k < HELD; k++)
        assert_int_equal(fpr_alloc_pages(m, ORDER, GFP, &held[k]), 0);
    calls = wrong = 0;
}

static void listen(bool on)
{
    const struct fpr_event_sink sink = {suspend_it, NULL};
    assert_int_equal(fpr_zone_set_event_sink(fpr_machine_zone(m, 0), on ? &sink : NULL), 0);
}

static void free_all(void)
{
    for (unsigned k = 0; k < HELD; k++)
        assert_int_equal(fpr_free_pages(m, held[k], ORDER), 0);
}

static void break_up(void)
{
    listen(false);
    assert_true(calls > 0);
    assert_int_equal(wrong, 0);
    assert_int_equal(fpr_zone_validate(fpr_machine_zone(m, 0), NULL, NULL, 0), 0);
    fpr_reporter_destroy(r);
    fpr_machine_destroy(m);
}

static void test_in_a_sink(void **state)
{
    (void)state;
    for (int locked = 0; locked < 2; locked++) {
        struct fpr_pass_result result;
        make(locked);
        assert_int_equal(fpr_reporter_register(r, &device), 0);
        listen(true);
        free_all();
        assert_int_equal(fpr_reporter_pass(r, NULL), -ECANCELED);
        assert_int_equal(fpr_reporter_suspend(r, false), 0);
        assert_int_equal(fpr_reporter_pass(r, &result), 0); /* its first isolation suspends it */
        assert_int_equal(result.error, -ECANCELED);
        assert_int_equal(fpr_reporter_unregister(r, &device), 0);
        break_up();
    }
}

/* The thread, which is told of the end of a suspension, waits for zones; those for nobody. */
static void test_beside_a_thread(void **state)
{
    (void)state;
    struct fpr_thread *thread;
    make(true);
    assert_int_equal(fpr_thread_create(r, &thread), 0);
    listen(true);
    assert_int_equal(fpr_thread_register(thread, &device), 0);
    free_all();
    assert_int_equal(fpr_thread_stop(thread, FPR_FOREVER), 0);
    fpr_thread_destroy(thread);
    break_up();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_a_sink),
        cmocka_unit_test(test_beside_a_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
