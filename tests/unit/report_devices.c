/* A guest reporting to devices that go wrong: nothing may be lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/devices.h>
#include <fpr/report.h>

#include <errno.h>

enum { PAGES = 65536 }; /* 256 MiB: a pass needs more than 64 MiB free */

struct guest {
    struct fpr_machine *machine;
    struct fpr_clock *clock;
    struct fpr_reporter *reporter;
    struct fpr_host *host;
    struct fpr_device host_device;
};

static void start(struct guest *guest)
{
    struct fpr_report_config report;
    struct fpr_host_config config;
    assert_int_equal(fpr_machine_create_simple(FPR_PROFILE_LINUX_6_1, PAGES, &guest->machine), 0);
    assert_int_equal(fpr_clock_create(0, &guest->clock), 0);
    assert_int_equal(fpr_report_config_init(&report), 0);
    report.budget_divisor = 0;
    assert_int_equal(fpr_reporter_create(guest->machine, guest->clock, &report, &guest->reporter),
                     0);
    assert_int_equal(fpr_host_config_init(&config), 0);
    config.pages = PAGES;
    assert_int_equal(fpr_host_create(&config, &guest->host), 0);
    assert_int_equal(fpr_host_device(guest->host, &guest->host_device), 0);
    assert_int_equal(fpr_host_load_resident(guest->host, 0, PAGES), 0);
}

static void finish(struct guest *guest)
{
    fpr_reporter_destroy(guest->reporter);
    fpr_machine_destroy(guest->machine);
    fpr_clock_destroy(guest->clock);
    fpr_host_destroy(guest->host);
}

static uint64_t take_and_give_all(struct guest *guest)
{
    static fpr_pfn pfns[PAGES];
    uint64_t count = 0;
    assert_int_equal(fpr_machine_drain(guest->machine), 0);
    while (count < PAGES &&
           fpr_alloc_pages_flags(guest->machine, 0, FPR_GFP_KERNEL, 0, 0, &pfns[count]) == 0)
        count++;
    for (uint64_t i = 0; i < count; i++)
        assert_int_equal(fpr_free_pages(guest->machine, pfns[i], 0), 0);
    assert_int_equal(fpr_machine_drain(guest->machine), 0);
    return count;
}

static void test_a_failing_host_loses_nothing(void **state)
{
    (void)state;
    struct guest g;
    struct fpr_fault_config config;
    struct fpr_fault *fault;
    struct fpr_device device;
    struct fpr_report_stats stats;
    start(&g);
    uint64_t all = take_and_give_all(&g);
    assert_int_equal(fpr_fault_config_init(&config), 0);
    config.next = &g.host_device;
    config.fail_nth = 2;
    assert_int_equal(fpr_fault_create(&config, &fault), 0);
    assert_int_equal(fpr_fault_device(fault, &device), 0);
    assert_int_equal(fpr_reporter_register(g.reporter, &device), 0);
    fpr_clock_advance(g.clock, 3 * FPR_NS_PER_S);
    assert_int_equal(fpr_reporter_get_stats(g.reporter, &stats), 0);
    assert_int_equal(stats.calls, 2);
    assert_int_equal(stats.failed_calls, 1);
    assert_int_equal(PAGES - fpr_host_resident_pages(g.host), stats.reported_pages);
    assert_int_equal(take_and_give_all(&g), all);
    fpr_clock_advance(g.clock, 9 * FPR_NS_PER_S); /* the frees asked for another pass */
    fpr_reporter_get_stats(g.reporter, &stats);
    assert_true(stats.calls > 2);
    assert_int_equal(stats.failed_calls, 1);
    assert_int_equal(take_and_give_all(&g), all);
    assert_int_equal(fpr_reporter_unregister(g.reporter, &device), 0);
    fpr_fault_destroy(fault);
    finish(&g);
}

static void test_a_balloon_with_a_latency(void **state)
{
    (void)state;
    struct guest g;
    struct fpr_balloon_config config;
    struct fpr_balloon *balloon;
    struct fpr_device device;
    struct fpr_balloon_stats stats;
    start(&g);
    assert_int_equal(fpr_balloon_config_init(&config, FPR_PROFILE_LINUX_6_1), 0);
    config.host = &g.host_device;
    config.clock = g.clock;
    config.latency = FPR_NS_PER_MS;
    config.ring_size = 32;
    assert_int_equal(fpr_balloon_create(&config, &balloon), 0);
    assert_int_equal(fpr_balloon_device(balloon, &device), 0);
    struct fpr_report_config report;
    fpr_reporter_get_config(g.reporter, &report);
    report.capacity = 33;
    assert_int_equal(fpr_reporter_set_config(g.reporter, &report), 0);
    assert_int_equal(fpr_reporter_register(g.reporter, &device), -ENOSPC);
    report.capacity = 32;
    assert_int_equal(fpr_reporter_set_config(g.reporter, &report), 0);
    assert_int_equal(fpr_reporter_register(g.reporter, &device), 0);
    fpr_clock_advance(g.clock, 2 * FPR_NS_PER_S);
    assert_int_equal(fpr_balloon_get_stats(balloon, &stats), 0);
    assert_true(stats.acked > 1);
    assert_int_equal(fpr_clock_now(g.clock), 2 * FPR_NS_PER_S + stats.acked * FPR_NS_PER_MS);
    assert_true(fpr_host_resident_pages(g.host) < PAGES / 2);
    fpr_reporter_unregister(g.reporter, &device);
    fpr_balloon_destroy(balloon);
    finish(&g);
}

/* A moment behind the last is the last, not one long past; and there nothing is tried again. */
static void test_the_end_of_time(void **state)
{
    (void)state;
    struct guest g;
    struct fpr_report_stats stats;
    fpr_ns due = 0;
    start(&g);
    fpr_clock_advance(g.clock, UINT64_MAX - FPR_NS_PER_S); /* the delay is 2 s */
    assert_int_equal(fpr_reporter_register(g.reporter, &g.host_device), 0);
    assert_true(fpr_clock_next(g.clock, &due));
    assert_int_equal(due, UINT64_MAX);
    assert_int_equal(fpr_reporter_suspend(g.reporter, true), 0);
    assert_int_equal(fpr_clock_advance(g.clock, UINT64_MAX), 1);
    assert_int_equal(fpr_reporter_suspend(g.reporter, false), 0);
    assert_int_equal(fpr_reporter_pass(g.reporter, NULL), 0);
    assert_int_equal(fpr_reporter_get_stats(g.reporter, &stats), 0);
    assert_int_equal(stats.reported_pages, PAGES);
    finish(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_failing_host_loses_nothing),
        cmocka_unit_test(test_a_balloon_with_a_latency),
        cmocka_unit_test(test_the_end_of_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
