#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/devices.h>

#include <errno.h>

#include "support/devices.h"

static const struct fpr_sg two[] = {{1024, 10}, {512, 9}};

static void test_batches_are_kept_with_time_and_result(void **state)
{
    (void)state;
    struct test_device next;
    struct fpr_clock *clock;
    struct fpr_recorder *recorder;
    struct fpr_device device;
    test_device_init(&next);
    assert_int_equal(fpr_clock_create(5 * FPR_NS_PER_S, &clock), 0);
    assert_int_equal(fpr_recorder_create(clock, &next.device, &recorder), 0);
    assert_int_equal(fpr_recorder_device(recorder, &device), 0);
    assert_int_equal(device.order, 3);
    assert_int_equal(device.max_nents, 40);
    for (uint64_t i = 0; i < 200; i++) { /* more than fit at first */
        next.result = i == 7 ? -5 : 0;
        assert_int_equal(device.report(device.ctx, two, 2), next.result);
        fpr_clock_advance(clock, fpr_clock_now(clock) + 1);
    }
    assert_int_equal(fpr_recorder_count(recorder), 200);
    struct fpr_recorded_batch batch;
    assert_int_equal(fpr_recorder_get(recorder, 7, &batch), 0);
    assert_int_equal(batch.time, 5 * FPR_NS_PER_S + 7);
    assert_int_equal(batch.result, -5);
    assert_int_equal(batch.nents, 2);
    assert_int_equal(batch.sg[1].pfn, 512);
    assert_int_equal(fpr_recorder_get(recorder, 200, &batch), -EINVAL);
    fpr_recorder_clear(recorder);
    assert_int_equal(fpr_recorder_count(recorder), 0);
    assert_int_equal(device.report(device.ctx, two, 1), 0);
    assert_int_equal(fpr_recorder_count(recorder), 1);
    fpr_recorder_destroy(recorder);
    fpr_clock_destroy(clock);
}

static int clear_it(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct fpr_recorder **recorder = ctx;
    (void)sg;
    (void)nents;
    fpr_recorder_clear(*recorder);
    return -5;
}

static void test_the_next_device_may_clear_it(void **state)
{
    (void)state;
    struct fpr_recorder *recorder;
    struct fpr_device device;
    const struct fpr_device next = {.name = "clears", .report = clear_it, .ctx = &recorder};
    assert_int_equal(fpr_recorder_create(NULL, &next, &recorder), 0);
    assert_int_equal(fpr_recorder_device(recorder, &device), 0);
    assert_int_equal(device.report(device.ctx, two, 2), -5);
    assert_int_equal(device.report(device.ctx, two, 1), -5);
    assert_int_equal(fpr_recorder_count(recorder), 0); /* the batch at hand is forgotten, too */
    fpr_recorder_destroy(recorder);
}

static void test_saved_as_text(void **state)
{
    (void)state;
    struct test_device next;
    struct fpr_recorder *recorder;
    struct fpr_device device;
    test_device_init(&next);
    assert_int_equal(fpr_recorder_create(NULL, &next.device, &recorder), 0);
    assert_int_equal(fpr_recorder_device(recorder, &device), 0);
    device.report(device.ctx, two, 2);
    next.result = -5;
    device.report(device.ctx, two, 1);
    struct test_text out = {.len = 0};
    assert_int_equal(fpr_recorder_save(recorder, test_text_write, &out), 0);
    assert_string_equal(out.text, "# seconds then pfn:pages of every entry of one report call\n"
                                  "0.000000 1024:1024 512:512\n"
                                  "0.000000 1024:1024\n"
                                  "# that call failed: -5\n");
    for (int left = 0; left < 7; left++) {
        out = (struct test_text){.error = -28, .left = left};
        assert_int_equal(fpr_recorder_save(recorder, test_text_write, &out), -28);
    }
    fpr_recorder_destroy(recorder);
}

static void test_a_writer_streams(void **state)
{
    (void)state;
    struct fpr_clock *clock;
    struct fpr_writer *writer;
    struct fpr_device device;
    struct test_device next;
    struct test_text out = {.len = 0};
    test_device_init(&next);
    assert_int_equal(fpr_clock_create(1234567891, &clock), 0);
    assert_int_equal(fpr_writer_create(clock, &next.device, test_text_write, &out, &writer), 0);
    assert_int_equal(fpr_writer_device(writer, &device), 0);
    assert_int_equal(device.report(device.ctx, two, 2), 0);
    assert_string_equal(out.text, "1.234567 1024:1024 512:512\n");
    out.error = -28;
    assert_int_equal(device.report(device.ctx, two, 1), 0); /* the report does not suffer */
    assert_int_equal(fpr_writer_error(writer), -28);
    out.error = 0;
    assert_int_equal(device.report(device.ctx, two, 1), 0);
    assert_int_equal(next.calls, 3);
    assert_string_equal(out.text, "1.234567 1024:1024 512:512\n"); /* nothing after the gap */
    fpr_writer_destroy(writer);
    fpr_clock_destroy(clock);
}

static void test_mistakes_are_returned(void **state)
{
    (void)state;
    struct fpr_recorder *recorder = NULL;
    struct fpr_writer *writer = NULL;
    const struct fpr_device empty = {.name = "no function"};
    struct fpr_device device;
    assert_int_equal(fpr_recorder_create(NULL, NULL, NULL), -EINVAL);
    assert_int_equal(fpr_recorder_create(NULL, &empty, &recorder), -EINVAL);
    assert_int_equal(fpr_recorder_device(NULL, &device), -EINVAL);
    assert_int_equal(fpr_recorder_count(NULL), 0);
    assert_int_equal(fpr_recorder_get(NULL, 0, NULL), -EINVAL);
    assert_int_equal(fpr_recorder_save(NULL, test_text_write, NULL), -EINVAL);
    assert_int_equal(fpr_writer_create(NULL, NULL, NULL, NULL, &writer), -EINVAL);
    assert_int_equal(fpr_writer_create(NULL, &empty, test_text_write, NULL, &writer), -EINVAL);
    assert_int_equal(fpr_writer_device(NULL, &device), -EINVAL);
    assert_int_equal(fpr_writer_error(NULL), -EINVAL);
    assert_int_equal(fpr_batch_write(0, NULL, 1, 0, test_text_write, NULL), -EINVAL);
    assert_int_equal(fpr_batch_write(0, two, 1, 0, NULL, NULL), -EINVAL);
    assert_int_equal(fpr_device_null(NULL), -EINVAL);
    assert_int_equal(fpr_device_null(&device), 0);
    assert_int_equal(device.report(device.ctx, two, 2), 0);
    fpr_recorder_clear(NULL);
    fpr_recorder_destroy(NULL);
    fpr_writer_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches_are_kept_with_time_and_result),
        cmocka_unit_test(test_the_next_device_may_clear_it),
        cmocka_unit_test(test_saved_as_text),
        cmocka_unit_test(test_a_writer_streams),
        cmocka_unit_test(test_mistakes_are_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
