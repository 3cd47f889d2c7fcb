/* Wrong calls of thread.h, also from the thread itself, and no memory for it. */
#include <fpr/thread.h>

#include "support/digest.h"
#include "support/lean_mem.h"
#include "support/misuse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct lean_mem mem;
static struct fpr_machine *m;
static struct fpr_reporter *r;
static struct fpr_thread *t, *none;
static struct fpr_device device;
static unsigned calls;

/* Where answers would go. */
static struct fpr_thread *made;

/* The callback's rows are looked at while a pass runs, which changes counters. */
static void misuse_it(void)
{
    struct fpr_device other = device;
    REFUSED(fpr_thread_register(t, &other), -EDEADLK, "from the callback");
    REFUSED(fpr_thread_unregister(t, &device, FPR_FOREVER), -EDEADLK, "from the callback");
    REFUSED(fpr_thread_swap(t, &device, &other, FPR_FOREVER), -EDEADLK, "from the callback");
    REFUSED(fpr_thread_stop(t, FPR_FOREVER), -EDEADLK, "from the callback");
    REFUSED(fpr_thread_settle(t, FPR_FOREVER), -EDEADLK, "from the callback");
    IGNORED(fpr_thread_destroy(t), "from the callback");
    IGNORED(fpr_reporter_destroy(r), "from the callback");
}

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    (void)ctx;
    (void)sg;
    (void)nents;
    if (calls++ == 0)
        misuse_it();
    return 0;
}

static int make_machine(bool locked, struct fpr_machine **machine)
{
    struct fpr_zone_config zone;
    struct fpr_machine_config c;
    assert_int_equal(fpr_zone_config_init(&zone, FPR_PROFILE_V16), 0);
    zone.spanned = 4096;
    zone.max_order = 6;
    zone.pageblock_order = 4;
    zone.locked = locked;
    assert_int_equal(fpr_machine_config_init(&c), 0);
    c.zones = &zone;
    c.nr_zones = 1;
    c.mem = &mem.ops;
    return fpr_machine_create(&c, machine);
}

static int setup(void **state)
{
    (void)state;
    lean_mem_init(&mem);
    calls = 0;
    device = (struct fpr_device){.name = "test", .report = report};
    assert_int_equal(make_machine(true, &m), 0);
    assert_int_equal(fpr_reporter_create(m, NULL, NULL, &r), 0);
    assert_int_equal(fpr_thread_create(r, &t), 0);
    misuse_watch_bytes((void *)&made, sizeof(made));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fpr_thread_destroy(t);
    fpr_reporter_destroy(r);
    fpr_machine_destroy(m);
    assert_int_equal(mem.blocks, 0);
    return misuse_end();
}

static void test_creating(void **state)
{
    (void)state;
    struct fpr_machine *bare;
    struct fpr_clock *line;
    struct fpr_reporter *other;
    struct fpr_report_waker waker = {0};
    misuse_watch(digest_machine, m);
    misuse_watch(digest_reporter, r);
    REFUSED(fpr_thread_create(NULL, &made), -EINVAL, "no reporter");
    REFUSED(fpr_thread_create(r, NULL), -EINVAL, "no place for the thread");
    REFUSED(fpr_thread_create(r, &made), -EBUSY, "the reporter has one");
    REFUSED(fpr_reporter_set_waker(r, &waker), -EBUSY, "the thread is the waker");
    REFUSED(fpr_reporter_set_waker(r, NULL), -EBUSY, "the thread is the waker");
    REFUSED(fpr_reporter_register(r, &device), -EBUSY, "a thread has it");
    REFUSED(fpr_reporter_unregister(r, &device), -EBUSY, "a thread has it");
    REFUSED(fpr_reporter_pass(r, NULL), -EBUSY, "a thread has it");
    REFUSED(fpr_reporter_load_state(r, FPR_REPORT_REQUESTED, 0), -EBUSY, "a thread has it");
    IGNORED(fpr_reporter_destroy(r), "a thread has it");
    assert_int_equal(make_machine(false, &bare), 0);
    assert_int_equal(fpr_reporter_create(bare, NULL, NULL, &other), 0);
    REFUSED(fpr_thread_create(other, &made), -EINVAL, "zones without a lock");
    fpr_reporter_destroy(other);
    fpr_machine_destroy(bare);
    assert_int_equal(fpr_clock_create(0, &line), 0);
    assert_int_equal(make_machine(true, &bare), 0);
    assert_int_equal(fpr_reporter_create(bare, line, NULL, &other), 0);
    REFUSED(fpr_thread_create(other, &made), -EINVAL, "virtual time");
    fpr_reporter_destroy(other);
    assert_int_equal(fpr_reporter_create(bare, NULL, NULL, &other), 0);
    assert_int_equal(fpr_reporter_register(other, &device), 0);
    REFUSED(fpr_thread_create(other, &made), -EBUSY, "a device is registered");
    fpr_reporter_destroy(other);
    fpr_machine_destroy(bare);
    fpr_clock_destroy(line);
    IGNORED(fpr_thread_destroy(NULL), "no thread");
}

static void test_calls(void **state)
{
    (void)state;
    struct fpr_thread_stats stats;
    struct fpr_device hollow = device, small = device, other = device;
    hollow.report = NULL;
    small.max_nents = 31;
    misuse_watch(digest_machine, m);
    misuse_watch(digest_reporter, r);
    REFUSED(fpr_thread_register(none, &device), -EINVAL, "no thread");
    REFUSED(fpr_thread_register(t, NULL), -EINVAL, "no device");
    REFUSED(fpr_thread_register(t, &hollow), -EINVAL, "a device without a function");
    REFUSED(fpr_thread_register(t, &small), -ENOSPC, "room for less than a batch");
    REFUSED(fpr_thread_unregister(none, &device, 0), -EINVAL, "no thread");
    REFUSED(fpr_thread_unregister(t, NULL, 0), -EINVAL, "no device");
    REFUSED(fpr_thread_unregister(t, &device, 0), -EINVAL, "none is registered");
    REFUSED(fpr_thread_swap(none, &device, &other, 0), -EINVAL, "no thread");
    REFUSED(fpr_thread_swap(t, NULL, &other, 0), -EINVAL, "from no device");
    REFUSED(fpr_thread_swap(t, &device, NULL, 0), -EINVAL, "to no device");
    REFUSED(fpr_thread_swap(t, &device, &other, 0), -EINVAL, "none is registered");
    REFUSED(fpr_thread_stop(none, 0), -EINVAL, "no thread");
    REFUSED(fpr_thread_hurry(none), -EINVAL, "no thread");
    REFUSED(fpr_thread_hurry(t), 0, "no pass is wanted");
    REFUSED(fpr_thread_settle(none, 0), -EINVAL, "no thread");
    REFUSED(fpr_thread_get_stats(none, &stats), -EINVAL, "no thread");
    REFUSED(fpr_thread_get_stats(t, NULL), -EINVAL, "no place for the answer");
}

/* The first pass waits two seconds for its delay: long enough for these rows. */
static void test_while_registered(void **state)
{
    (void)state;
    struct fpr_device small = device, other = device;
    small.max_nents = 31;
    assert_int_equal(fpr_thread_register(t, &device), 0);
    misuse_watch(digest_machine, m);
    REFUSED(fpr_thread_register(t, &device), -EBUSY, "registered already");
    REFUSED(fpr_thread_register(t, &other), -EBUSY, "another is registered");
    REFUSED(fpr_thread_unregister(t, &other, FPR_FOREVER), -EINVAL, "not the one registered");
    REFUSED(fpr_thread_swap(t, &other, &device, FPR_FOREVER), -EINVAL, "not the one registered");
    REFUSED(fpr_thread_swap(t, &device, &small, FPR_FOREVER), -ENOSPC, "room for less");
    assert_int_equal(fpr_thread_unregister(t, &device, FPR_FOREVER), 0); /* it had stayed */
    REFUSED(fpr_thread_unregister(t, &device, 0), -EINVAL, "unregistered already");
}

static void test_from_the_callback(void **state)
{
    (void)state;
    assert_int_equal(fpr_thread_register(t, &device), 0);
    assert_int_equal(fpr_thread_hurry(t), 1);
    assert_int_equal(fpr_thread_settle(t, FPR_FOREVER), 0);
    assert_true(calls > 1); /* it went on */
}

static void test_when_stopped(void **state)
{
    (void)state;
    assert_int_equal(fpr_thread_stop(t, FPR_FOREVER), 0);
    misuse_watch(digest_machine, m);
    misuse_watch(digest_reporter, r);
    REFUSED(fpr_thread_register(t, &device), -EINVAL, "stopped");
    REFUSED(fpr_thread_unregister(t, &device, 0), -EINVAL, "stopped");
    REFUSED(fpr_thread_swap(t, &device, &device, 0), -EINVAL, "stopped");
    REFUSED(fpr_thread_hurry(t), 0, "stopped");
    REFUSED(fpr_thread_settle(t, 0), 0, "stopped");
    REFUSED(fpr_thread_stop(t, 0), 0, "stopped already");
}

static int do_create(void *ctx)
{
    (void)ctx;
    struct fpr_thread *thread = NULL;
    int err = fpr_thread_create(r, &thread);
    fpr_thread_destroy(thread);
    return err;
}

static void test_no_memory(void **state)
{
    (void)state;
    fpr_thread_destroy(t);
    t = NULL;
    misuse_watch(digest_machine, m);
    misuse_watch(digest_reporter, r);
    assert_int_equal(lean_mem_exhaust(&mem, do_create, NULL), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_creating),          TEST(test_calls),        TEST(test_while_registered),
        TEST(test_from_the_callback), TEST(test_when_stopped), TEST(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
