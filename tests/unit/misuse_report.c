/* Wrong calls of report.h, also from the device's callback, and every request for memory that its
 * functions make failing. */
#include <fpr/report.h>

#include "support/digest.h"
#include "support/lean_mem.h"
#include "support/misuse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { PAGES = 4096, MAX_ORDER = 6 };

static struct lean_mem mem;
static struct fpr_machine *m;
static struct fpr_clock *line;
static struct fpr_reporter *r, *none;
static struct fpr_report_config config;
static struct fpr_device device;
static void (*misuse_it)(const struct fpr_sg *sg);
static unsigned calls;

/* Where answers would go. */
static struct fpr_reporter *made;
static struct fpr_report_stats stats;

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    (void)ctx;
    (void)nents;
    if (misuse_it && calls++ == 0)
        misuse_it(sg);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    struct fpr_zone_config zone;
    struct fpr_machine_config machine;
    lean_mem_init(&mem);
    assert_int_equal(fpr_zone_config_init(&zone, FPR_PROFILE_V16), 0);
    zone.spanned = PAGES;
    zone.max_order = MAX_ORDER;
    zone.pageblock_order = 4;
    assert_int_equal(fpr_machine_config_init(&machine), 0);
    machine.zones = &zone;
    machine.nr_zones = 1;
    machine.mem = &mem.ops;
    assert_int_equal(fpr_machine_create(&machine, &m), 0);
    assert_int_equal(fpr_clock_create(0, &line), 0);
    assert_int_equal(fpr_report_config_init(&config), 0);
    config.capacity = 4;
    assert_int_equal(fpr_reporter_create(m, line, &config, &r), 0);
    device = (struct fpr_device){.name = "test", .report = report};
    misuse_it = NULL;
    calls = 0;
    misuse_watch(digest_machine, m);
    misuse_watch(digest_reporter, r);
    misuse_watch_bytes((void *)&made, sizeof(made));
    misuse_watch_bytes(&stats, sizeof(stats));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fpr_reporter_destroy(r);
    fpr_clock_destroy(line);
    fpr_machine_destroy(m);
    assert_int_equal(mem.blocks, 0);
    return misuse_end();
}

static void test_configuration(void **state)
{
    (void)state;
    struct fpr_report_config bad;
    REFUSED(fpr_report_config_init(NULL), -EINVAL, "no configuration");
    REFUSED(fpr_report_config_patch_level(NULL, FPR_PATCH_LEVEL_P7), -EINVAL, "no configuration");
    REFUSED(fpr_report_config_patch_level(&bad, FPR_PATCH_LEVEL_P4 + 1), -EINVAL, "no level");
    REFUSED(fpr_reporter_create(NULL, line, &config, &made), -EINVAL, "no machine");
    REFUSED(fpr_reporter_create(m, line, &config, NULL), -EINVAL, "no place for the reporter");
    REFUSED(fpr_reporter_create(m, line, &config, &made), -EBUSY, "the machine has one");
    REFUSED(fpr_reporter_set_config(none, &config), -EINVAL, "no reporter");
    REFUSED(fpr_reporter_set_config(r, NULL), -EINVAL, "no configuration");
    REFUSED(fpr_reporter_get_config(none, &bad), -EINVAL, "no reporter");
    REFUSED(fpr_reporter_get_config(r, NULL), -EINVAL, "no place for the answer");
#define BAD(field, value, wrong)                                                                   \
    bad = config;                                                                                  \
    bad.field = (value);                                                                           \
    REFUSED(fpr_reporter_create(m, line, &bad, &made), -EINVAL, wrong);                            \
    REFUSED(fpr_reporter_set_config(r, &bad), -EINVAL, wrong)
    BAD(order, -2, "no order");
    BAD(order, MAX_ORDER + 1, "larger than any block");
    BAD(capacity, 0, "no entries");
    BAD(capacity, 65537, "too many entries");
    BAD(delay, UINT64_MAX, "would overflow");
    BAD(putback, FPR_PLACE_TAIL + 1, "no such place");
#undef BAD
}

static void test_devices(void **state)
{
    (void)state;
    struct fpr_device hollow = device, small = device, other = device;
    hollow.report = NULL;
    small.max_nents = 3;
    REFUSED(fpr_reporter_register(none, &device), -EINVAL, "no reporter");
    REFUSED(fpr_reporter_register(r, NULL), -EINVAL, "no device");
    REFUSED(fpr_reporter_register(r, &hollow), -EINVAL, "a device without a function");
    REFUSED(fpr_reporter_register(r, &small), -ENOSPC, "room for less than a batch");
    REFUSED(fpr_reporter_unregister(r, &device), -EINVAL, "none is registered");
    REFUSED(fpr_reporter_pass(r, NULL), -EINVAL, "none is registered");
    REFUSED(fpr_reporter_load_state(r, FPR_REPORT_IDLE, 0), -EINVAL, "none is registered");
    assert_int_equal(fpr_reporter_register(r, &device), 0);
    REFUSED(fpr_reporter_register(r, &device), -EBUSY, "registered already");
    REFUSED(fpr_reporter_register(r, &other), -EBUSY, "another is registered");
    REFUSED(fpr_reporter_unregister(none, &device), -EINVAL, "no reporter");
    REFUSED(fpr_reporter_unregister(r, NULL), -EINVAL, "no device");
    REFUSED(fpr_reporter_unregister(r, &other), -EINVAL, "not the one registered");
    REFUSED(fpr_reporter_load_state(none, FPR_REPORT_IDLE, 0), -EINVAL, "no reporter");
    REFUSED(fpr_reporter_load_state(r, FPR_REPORT_ACTIVE, 0), -EINVAL, "no pass is running");
    REFUSED(fpr_reporter_load_state(r, (enum fpr_report_state)7, 0), -EINVAL, "no state");
    REFUSED(fpr_reporter_set_waker(r, NULL), -EBUSY, "a device is registered");
    REFUSED(fpr_reporter_suspend(none, true), -EINVAL, "no reporter");
    assert_int_equal(fpr_reporter_suspend(r, true), 0);
    REFUSED(fpr_reporter_pass(r, NULL), -ECANCELED, "suspended");
    assert_int_equal(fpr_reporter_unregister(r, &device), 0);
    REFUSED(fpr_reporter_unregister(r, &device), -EINVAL, "unregistered already");
}

static void test_the_rest(void **state)
{
    (void)state;
    const struct fpr_report_waker waker = {0};
    REFUSED(fpr_reporter_pass(none, NULL), -EINVAL, "no reporter");
    REFUSED(fpr_reporter_state(none), -EINVAL, "no reporter");
    REFUSED(fpr_reporter_get_stats(none, &stats), -EINVAL, "no reporter");
    REFUSED(fpr_reporter_get_stats(r, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_reporter_set_observer(none, NULL), -EINVAL, "no reporter");
    REFUSED(fpr_reporter_set_waker(none, &waker), -EINVAL, "no reporter");
    REFUSED(fpr_reporter_set_waker(r, &waker), -EINVAL, "it has a clock");
    IGNORED(fpr_reporter_destroy(NULL), "no reporter");
    IGNORED(fpr_clock_destroy(line), "a reporter goes by it");
    assert_int_equal(fpr_reporter_register(r, &device), 0); /* queues a pass */
    IGNORED(fpr_clock_destroy(line), "a reporter goes by it");
    assert_int_equal(fpr_clock_advance(line, 3 * FPR_NS_PER_S), 1);
}

/* The blocks of a report are nobody's until it has ended. */
static void misuse_from_callback(const struct fpr_sg *sg)
{
    struct fpr_zone *z = fpr_machine_zone(m, 0);
    struct fpr_device other = device;
    REFUSED(fpr_reporter_pass(r, NULL), -EBUSY, "in a pass");
    REFUSED(fpr_reporter_unregister(r, &device), -EDEADLK, "in its own call");
    REFUSED(fpr_reporter_register(r, &other), -EBUSY, "in a call of another");
    REFUSED(fpr_reporter_load_state(r, FPR_REPORT_IDLE, 0), -EINVAL, "in a pass");
    REFUSED(fpr_clock_advance(line, 0), -EINVAL, "into the past");
    IGNORED(fpr_reporter_destroy(r), "in a pass");
    IGNORED(fpr_machine_destroy(m), "in a pass");
    IGNORED(fpr_clock_destroy(line), "in its work");
    REFUSED(fpr_zone_free(z, sg[0].pfn, sg[0].order, 0), -EINVAL, "a reported block");
    REFUSED(fpr_zone_putback(z, sg[0].pfn, sg[0].order), -EINVAL, "a reported block");
    REFUSED(fpr_zone_adopt(z, sg[0].pfn, sg[0].order), -EINVAL, "a reported block");
    REFUSED(fpr_zone_isolate(z, sg[0].pfn, sg[0].order), -EINVAL, "a reported block");
    REFUSED(fpr_zone_take(z, sg[0].pfn, sg[0].order), -ENOENT, "a reported block");
    REFUSED(fpr_zone_split(z, sg[0].pfn, sg[0].order, 0), -EINVAL, "a reported block");
    REFUSED(fpr_zone_set_reported(z, sg[0].pfn, sg[0].order, 1), -EINVAL, "a reported block");
}

static void test_from_the_callback(void **state)
{
    (void)state;
    misuse_it = misuse_from_callback;
    assert_int_equal(fpr_reporter_register(r, &device), 0);
    assert_int_equal(fpr_clock_advance(line, 3 * FPR_NS_PER_S), 1);
    assert_true(calls > 1);
}

static int do_create(void *ctx)
{
    (void)ctx;
    struct fpr_machine *copy = NULL;
    struct fpr_reporter *reporter = NULL;
    int err = fpr_machine_clone(m, &copy);
    err = err ? err : fpr_reporter_create(copy, NULL, NULL, &reporter);
    fpr_reporter_destroy(reporter);
    fpr_machine_destroy(copy);
    return err;
}

static void grow(const struct fpr_sg *sg)
{
    (void)sg;
    config.capacity = 8;
    assert_int_equal(fpr_reporter_set_config(r, &config), 0);
    mem.fail_at = mem.asked + 1;
}

static void test_no_memory(void **state)
{
    (void)state;
    assert_int_equal(lean_mem_exhaust(&mem, do_create, NULL), 1 + 8 + 2);
    struct fpr_report_config larger = config;
    larger.capacity = 64;
    mem.fail_at = mem.asked + 1;
    REFUSED(fpr_reporter_set_config(r, &larger), -ENOMEM, "no memory for the larger batch");
    mem.fail_at = 0;
    /* knobs changed in a pass get their memory when the next one begins */
    misuse_it = grow;
    assert_int_equal(fpr_reporter_register(r, &device), 0);
    assert_int_equal(fpr_reporter_pass(r, NULL), 0);
    REFUSED(fpr_reporter_pass(r, NULL), -ENOMEM, "no memory for the larger batch");
    mem.fail_at = 0;
    assert_int_equal(fpr_reporter_pass(r, NULL), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_configuration),     TEST(test_devices),   TEST(test_the_rest),
        TEST(test_from_the_callback), TEST(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
