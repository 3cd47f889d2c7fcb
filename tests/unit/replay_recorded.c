/* A cut of a real recording: tests/data/replay/warm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/replay.h>

#include <pthread.h>
#include <string.h>

static struct fpr_prepared *warm(void)
{
    struct fpr_prepared *prepared;
    struct fpr_trace_error error;
    if (fpr_prepare(FPR_TEST_DATA "/replay/warm", NULL, &prepared, &error)) {
        fail_msg("%s:%d: %s", error.file, (int)error.line, error.reason);
    }
    return prepared;
}

static void test_every_frame_and_batch(void **state)
{
    (void)state;
    struct fpr_prepared *prepared = warm();
    struct fpr_replay_options options;
    struct fpr_replay_result r;
    fpr_replay_options_init(&options);
    assert_int_equal(fpr_replay(prepared, &options, &r, NULL), 0);
    assert_int_equal(r.allocs, 1208);
    assert_int_equal(r.allocs_exact, 1208);
    assert_int_equal(r.batches, 2);
    assert_int_equal(r.batches_wrong, 0);
    assert_int_equal(r.matched_report_bytes, r.recorded_report_bytes);
    assert_int_equal(r.passes_within_60ms, 1);
    assert_true(r.rss_known && r.rss_mae_mib < 1);
    fpr_replay_result_free(&r);
    fpr_prepared_free(prepared);
}

/* A guest with a past has its free lists in no order of address: that order must be known. */
static void test_list_order_matters(void **state)
{
    (void)state;
    struct fpr_prepared *prepared = warm();
    struct fpr_replay_options options;
    struct fpr_replay_result r;
    fpr_replay_options_init(&options);
    options.without = 1u << FPR_KNOW_BIT_ORDER;
    assert_int_equal(fpr_replay(prepared, &options, &r, NULL), 0);
    assert_int_equal(r.batches_wrong, 2);
    assert_true(r.matched_report_bytes < r.recorded_report_bytes);
    fpr_replay_result_free(&r);
    fpr_prepared_free(prepared);
}

static void test_same_again(void **state)
{
    (void)state;
    struct fpr_prepared *prepared = warm();
    struct fpr_replay_options options;
    struct fpr_replay_result r[2];
    fpr_replay_options_init(&options);
    options.as_recorded = false;
    options.report.order = 3;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fpr_replay(prepared, &options, &r[i], NULL), 0);
    }
    assert_int_equal(r[0].nr_samples, r[1].nr_samples);
    assert_memory_equal(r[0].samples, r[1].samples, r[0].nr_samples * sizeof(*r[0].samples));
    for (int i = 0; i < 2; i++) {
        fpr_replay_result_free(&r[i]);
        assert_null(r[i].samples);
    }
    fpr_prepared_free(prepared);
}

static void *replay_alone(void *arg)
{
    struct fpr_replay_options options;
    struct fpr_replay_result r;
    fpr_replay_options_init(&options);
    uint64_t exact = fpr_replay(arg, &options, &r, NULL) ? 0 : r.allocs_exact;
    fpr_replay_result_free(&r);
    return exact == 1208 ? arg : NULL;
}

static void test_threads_share_a_prepared_trace(void **state)
{
    (void)state;
    struct fpr_prepared *prepared = warm();
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, replay_alone, prepared), 0);
    }
    for (int i = 0; i < 3; i++) {
        void *same;
        pthread_join(threads[i], &same);
        assert_ptr_equal(same, prepared);
    }
    fpr_prepared_free(prepared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_frame_and_batch),
        cmocka_unit_test(test_list_order_matters),
        cmocka_unit_test(test_same_again),
        cmocka_unit_test(test_threads_share_a_prepared_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
