#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/devices.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "support/devices.h"

static const struct fpr_sg one[] = {{42, 0}};

struct setup {
    struct test_device next;
    struct fpr_fault_config config;
    struct fpr_fault *fault;
    struct fpr_device device;
};

static void prepare(struct setup *setup)
{
    test_device_init(&setup->next);
    assert_int_equal(fpr_fault_config_init(&setup->config), 0);
    setup->config.next = &setup->next.device;
}

static void create(struct setup *setup)
{
    assert_int_equal(fpr_fault_create(&setup->config, &setup->fault), 0);
    assert_int_equal(fpr_fault_device(setup->fault, &setup->device), 0);
}

static int call(struct setup *setup)
{
    return setup->device.report(setup->device.ctx, one, 1);
}

static void test_nothing_goes_wrong_by_default(void **state)
{
    (void)state;
    struct setup s;
    prepare(&s);
    create(&s);
    for (int i = 0; i < 100; i++)
        assert_int_equal(call(&s), 0);
    s.next.result = -7;
    assert_int_equal(call(&s), -7);
    assert_int_equal(s.next.calls, 101);
    assert_int_equal(s.device.max_nents, 40);
    fpr_fault_destroy(s.fault);
    s.config.next = NULL;
    create(&s);
    assert_int_equal(call(&s), 0);
    fpr_fault_destroy(s.fault);
}

static void test_the_nth_and_every_kth_call_fail(void **state)
{
    (void)state;
    struct setup s;
    prepare(&s);
    s.config.fail_nth = 2;
    s.config.fail_every = 5;
    s.config.error = 3;
    create(&s);
    for (unsigned n = 1; n <= 20; n++)
        assert_int_equal(call(&s), n == 2 || n % 5 == 0 ? 3 : 0);
    assert_int_equal(s.next.calls, 15); /* failed calls never reached it */
    struct fpr_fault_stats stats;
    assert_int_equal(fpr_fault_get(s.fault, &stats), 0);
    assert_int_equal(stats.calls, 20);
    assert_int_equal(stats.failed, 5);
    fpr_fault_destroy(s.fault);
}

static void test_a_late_failure_is_passed_on_first(void **state)
{
    (void)state;
    struct setup s;
    prepare(&s);
    s.config.fail_nth = 1;
    s.config.fail_late = true;
    create(&s);
    assert_int_equal(call(&s), -EIO);
    assert_int_equal(s.next.calls, 1);
    fpr_fault_destroy(s.fault);
}

static uint64_t drawn_pattern(double probability, uint64_t seed)
{
    struct setup s;
    uint64_t pattern = 0;
    prepare(&s);
    s.config.fail_probability = probability;
    s.config.seed = seed;
    create(&s);
    for (int i = 0; i < 64; i++)
        pattern = pattern << 1 | (call(&s) != 0);
    fpr_fault_destroy(s.fault);
    return pattern;
}

static void test_draws_repeat_with_the_seed(void **state)
{
    (void)state;
    assert_true(drawn_pattern(0.5, 1) == drawn_pattern(0.5, 1));
    assert_true(drawn_pattern(0.5, 1) != drawn_pattern(0.5, 2));
    assert_true(drawn_pattern(0, 1) == 0);
    assert_true(drawn_pattern(1, 1) == UINT64_MAX);
    int failed = __builtin_popcountll(drawn_pattern(0.25, 3));
    assert_in_range(failed, 6, 28); /* 16 expected, 3.5 sigma */
}

/* A call that fails anyway draws like any other, so the later ones fail as without it. */
static void test_every_call_draws_once(void **state)
{
    (void)state;
    struct setup with, without;
    unsigned both = 0;
    prepare(&with);
    prepare(&without);
    with.config.fail_probability = without.config.fail_probability = 0.5;
    with.config.fail_nth = 5;
    create(&with);
    create(&without);
    for (unsigned n = 1; n <= 64; n++) {
        int one_failed = call(&with), other_failed = call(&without);
        assert_true(n == 5 ? one_failed != 0 : one_failed == other_failed);
        both += one_failed && other_failed;
    }
    assert_in_range(both, 1, 63);
    fpr_fault_destroy(with.fault);
    fpr_fault_destroy(without.fault);
}

static void test_slow_calls_take_virtual_time(void **state)
{
    (void)state;
    struct setup s;
    struct fpr_clock *clock;
    prepare(&s);
    assert_int_equal(fpr_clock_create(100, &clock), 0);
    s.config.slow = 30;
    s.config.clock = clock;
    create(&s);
    call(&s);
    call(&s);
    assert_int_equal(fpr_clock_now(clock), 160);
    fpr_fault_release(s.fault);
    call(&s);
    assert_int_equal(fpr_clock_now(clock), 160);
    fpr_fault_destroy(s.fault);
    s.config.slow = UINT64_MAX; /* the clock stops at its end */
    create(&s);
    call(&s);
    assert_true(fpr_clock_now(clock) == UINT64_MAX);
    fpr_fault_destroy(s.fault);
    fpr_clock_destroy(clock);
}

static void release(void *ctx)
{
    struct setup *setup = ctx;
    struct fpr_fault_stats stats;
    fpr_fault_get(setup->fault, &stats);
    assert_true(stats.hanging);
    fpr_fault_release(setup->fault);
}

static void test_a_hook_can_release_a_stuck_call(void **state)
{
    (void)state;
    struct setup s;
    struct fpr_fault_stats stats;
    prepare(&s);
    s.config.stuck_from = 2;
    s.config.on_stuck = release;
    s.config.on_stuck_ctx = &s;
    create(&s);
    for (int i = 0; i < 4; i++)
        assert_int_equal(call(&s), 0);
    assert_int_equal(fpr_fault_get(s.fault, &stats), 0);
    assert_int_equal(stats.stuck, 1);
    assert_false(stats.hanging);
    fpr_fault_destroy(s.fault);
}

static void *call_in_thread(void *ctx)
{
    call(ctx);
    return NULL;
}

/* Both waits would last for ever (or an hour) if the release did not end them. */
static void test_another_thread_releases(void **state)
{
    (void)state;
    for (int slow = 0; slow <= 1; slow++) {
        struct setup s;
        struct fpr_fault_stats stats = {0};
        pthread_t thread;
        prepare(&s);
        s.config.stuck_from = !slow;
        s.config.slow = slow ? 3600 * FPR_NS_PER_S : 0;
        create(&s);
        assert_int_equal(pthread_create(&thread, NULL, call_in_thread, &s), 0);
        while (slow ? stats.calls == 0 : !stats.hanging) {
            sched_yield();
            assert_int_equal(fpr_fault_get(s.fault, &stats), 0);
        }
        fpr_fault_release(s.fault);
        pthread_join(thread, NULL);
        assert_int_equal(s.next.calls, 1);
        fpr_fault_destroy(s.fault);
    }
}

static void test_real_time_passes_by_itself(void **state)
{
    (void)state;
    struct setup s;
    prepare(&s);
    s.config.slow = 999999;
    create(&s);
    assert_int_equal(call(&s), 0);
    fpr_fault_destroy(s.fault);
}

static void test_mistakes_are_returned(void **state)
{
    (void)state;
    struct setup s;
    const struct fpr_device empty = {.name = "no function"};
    const double bad[] = {-0.1, 1.1, __builtin_nan("")};
    s.fault = NULL;
    for (int i = 0; i < 3; i++) {
        prepare(&s);
        s.config.fail_probability = bad[i];
        assert_int_equal(fpr_fault_create(&s.config, &s.fault), -EINVAL);
    }
    prepare(&s);
    s.config.error = 0;
    assert_int_equal(fpr_fault_create(&s.config, &s.fault), -EINVAL);
    prepare(&s);
    s.config.next = &empty;
    assert_int_equal(fpr_fault_create(&s.config, &s.fault), -EINVAL);
    assert_int_equal(fpr_fault_create(NULL, &s.fault), -EINVAL);
    assert_int_equal(fpr_fault_config_init(NULL), -EINVAL);
    assert_int_equal(fpr_fault_device(NULL, &s.device), -EINVAL);
    assert_int_equal(fpr_fault_get(NULL, NULL), -EINVAL);
    assert_null(s.fault);
    fpr_fault_release(NULL);
    fpr_fault_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_goes_wrong_by_default),
        cmocka_unit_test(test_the_nth_and_every_kth_call_fail),
        cmocka_unit_test(test_a_late_failure_is_passed_on_first),
        cmocka_unit_test(test_draws_repeat_with_the_seed),
        cmocka_unit_test(test_every_call_draws_once),
        cmocka_unit_test(test_slow_calls_take_virtual_time),
        cmocka_unit_test(test_a_hook_can_release_a_stuck_call),
        cmocka_unit_test(test_another_thread_releases),
        cmocka_unit_test(test_real_time_passes_by_itself),
        cmocka_unit_test(test_mistakes_are_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
