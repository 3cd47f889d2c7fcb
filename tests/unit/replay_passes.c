/* Reporting passes in a replay: recorded ones, and those of the model's own clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replay/run.h"
#include "support/replay_unit.h"
#include "support/tiny.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A guest whose device is registered and whose next pass is due in 100 ms. */
#define REGISTERED TINY_HEAD "reporting 1 1 100\n" TINY_ZONE

#define PROCESS     "process: (page_reporting_process+0x0/0x570)"
#define PROCESS_RET "process_ret: (process_one_work+0x1/0x2 <- page_reporting_process)"
#define ISOL(pfn)   "isol: (x+0x0/0x1) page=0xffffea0000" pfn "000 order=10"
/* Blocks at 800 and 400: entry 0 is the last isolated. The third one must stay: without it the
 * zone would be below its min watermark. */
#define REPORT_TWO                                                                                 \
    "report: (virtballoon_free_page_report+0x0/0x120) nents=2 l0=0xffffea0000020000 n0=4194304 "   \
    "l1=0xffffea0000010000 n1=4194304"
#define REPORT_ONE                                                                                 \
    "report: (virtballoon_free_page_report+0x0/0x120) nents=1 l0=0xffffea0000020000 n0=4194304"
#define REPORT_RET "report_ret: (page_reporting_process+0x1/0x2 <- x) ret=0"

#define PASS_START(t)                                                                              \
    KWORKER(t "100", PROCESS) KWORKER(t "101", ISOL("010")) KWORKER(t "102", ISOL("020"))

static void test_trace_goes_on_inside_a_call(void **state)
{
    (void)state;
    struct replay_unit f;
    /* While two blocks are with the device a large request fails, and the list starts anew. */
    replay_unit_open(&f, REGISTERED,
                     BEGIN_SPAN PASS_START("100") KWORKER("100104", REPORT_TWO)
                         IRQ("100105", "mm_page_alloc: page=0 pfn=0x0 order=10 migratetype=0 "
                                       "gfp_flags=GFP_KERNEL") KWORKER("100106", REPORT_RET)
                             KWORKER("100107", PROCESS_RET) TASK("100108", ALLOC("c00")) END_SPAN,
                     NULL, NULL);
    replay_unit_play(&f);
    assert_int_equal(f.result.batches, 1);
    assert_int_equal(f.result.batches_wrong, 0);
    assert_int_equal(f.result.allocs_exact, 2);
    assert_int_equal(f.result.passes, 1);
    assert_int_equal(f.result.passes_within_60ms, 1);
    assert_true(f.result.pass_drift_max_ms > 0 && f.result.pass_drift_max_ms < 60);
    assert_int_equal(f.result.reported_bytes, 8 << 20);
    assert_int_equal(f.result.matched_report_bytes, 8 << 20);
    assert_int_equal(f.result.host.dropped_bytes, 0); /* never touched */
    replay_unit_close(&f);
}

static void test_passes_without_reports_are_predicted(void **state)
{
    (void)state;
    struct replay_unit f;
    /* without a state a mirror is made, but a mirror could not report anything here */
    replay_unit_open(&f, NULL,
                     TASK("000100", ALLOC("400")) KWORKER("100100", PROCESS)
                         KWORKER("100107", PROCESS_RET) TASK("200000", FREE("400")),
                     NULL, NULL);
    replay_unit_play(&f);
    assert_int_equal(f.result.mode, FPR_REPLAY_PREDICT);
    assert_int_equal(f.result.passes, 1);
    replay_unit_close(&f);
    replay_unit_open(&f, NULL,
                     TASK("000100", ALLOC("400")) PASS_START("100") KWORKER("100104", REPORT_TWO)
                         KWORKER("100106", REPORT_RET) KWORKER("100107", PROCESS_RET),
                     NULL, NULL);
    replay_unit_play(&f);
    assert_int_equal(f.result.mode, FPR_REPLAY_MIRROR);
    replay_unit_close(&f);
}

static void test_page_structures_begin_where_the_recording_says(void **state)
{
    (void)state;
    struct replay_unit f;
    const char *trace = BEGIN_SPAN PASS_START("100") KWORKER("100104", REPORT_TWO)
        KWORKER("100106", REPORT_RET) KWORKER("100107", PROCESS_RET) END_SPAN;
    replay_unit_open(&f, REGISTERED, trace, NULL, NULL);
    assert_int_equal(f.prepared->sgs[0].pfn, 0x800);
    assert_int_equal(f.prepared->sgs[1].pfn, 0x400);
    replay_unit_close(&f);
    replay_unit_open(&f, REGISTERED, trace, "vmemmap", "0xffffea0000010000\n");
    assert_int_equal(f.prepared->sgs[0].pfn, 0x400);
    assert_int_equal(f.prepared->sgs[1].pfn, 0);
    replay_unit_close(&f);
}

static void test_batches_that_differ(void **state)
{
    (void)state;
    struct replay_unit f;
    /* the kernel reported one block only, then had a call for which the model has nothing left */
    replay_unit_open(&f, REGISTERED,
                     BEGIN_SPAN PASS_START("100") KWORKER("100104", REPORT_ONE)
                         KWORKER("100106", REPORT_RET) KWORKER("100107", REPORT_ONE)
                             KWORKER("100108", REPORT_RET) KWORKER("100109", PROCESS_RET) END_SPAN,
                     NULL, NULL);
    replay_unit_play(&f);
    assert_int_equal(f.result.batches, 2);
    assert_int_equal(f.result.batches_wrong, 2);
    assert_int_equal(f.result.report_calls, 1);
    assert_int_equal(f.result.recorded_report_bytes, 8 << 20);
    replay_unit_close(&f);
    /* a pass that made no call although the model has blocks to report */
    replay_unit_open(&f, REGISTERED,
                     BEGIN_SPAN KWORKER("500100", PROCESS) KWORKER("500109", PROCESS_RET)
                         TASK("500200", ALLOC("400")) END_SPAN,
                     NULL, NULL);
    replay_unit_play(&f);
    assert_int_equal(f.result.batches, 0);
    assert_int_equal(f.result.report_calls, 1);
    assert_int_equal(f.result.passes_within_60ms, 0);
    f.options.without = 1u << FPR_KNOW_BIT_REPORT;
    replay_unit_play(&f);
    assert_int_equal(f.result.report_calls, 0);
    replay_unit_close(&f);
}

static void test_device_error_is_replayed(void **state)
{
    (void)state;
    struct replay_unit f;
    replay_unit_open(&f, REGISTERED,
                     BEGIN_SPAN PASS_START("100") KWORKER("100104", REPORT_TWO)
                         KWORKER("100106", "report_ret: (a <- b) ret=-5")
                             KWORKER("100107", PROCESS_RET) END_SPAN,
                     NULL, NULL);
    replay_unit_play(&f);
    assert_int_equal(f.result.report.failed_calls, 1);
    assert_int_equal(f.result.report.reported_pages, 0);
    replay_unit_close(&f);
}

static void test_passes_known_from_reports_alone(void **state)
{
    (void)state;
    struct replay_unit f;
    replay_unit_open(&f, TINY_STATE,
                     BEGIN_SPAN TASK("000100", ALLOC("400")) TASK("800000", FREE("400")) END_SPAN,
                     "reports.txt", "1.200000 2048:1024 3072:1024\n");
    replay_unit_play(&f);
    assert_int_equal(f.result.batches, 1);
    assert_int_equal(f.result.batches_wrong, 1);
    assert_int_equal(f.result.recorded_report_bytes, 8 << 20);
    assert_int_equal(f.result.matched_report_bytes, 4 << 20); /* one more was refused */
    replay_unit_close(&f);
}

static void test_own_clock(void **state)
{
    (void)state;
    struct replay_unit f;
    replay_unit_open(&f, REGISTERED,
                     BEGIN_SPAN TASK("000100", ALLOC("400")) TASK("700100", FREE("400")) END_SPAN,
                     NULL, NULL);
    f.options.as_recorded = false;
    replay_unit_play(&f);
    assert_int_equal(f.result.report_calls, 1);   /* the one due in 100 ms */
    assert_int_equal(f.result.report.entries, 7); /* orders 4 to 9, and one of order 10 */
    f.options.report.order = 0;
    replay_unit_play(&f);
    assert_int_equal(f.result.report.entries, 8); /* and order 3 */
    f.options.report.capacity = 1;
    f.options.report.budget_divisor = 0;
    f.options.report.delay = 50 * FPR_NS_PER_MS;
    replay_unit_play(&f);
    assert_int_equal(f.result.report_calls, f.result.report.entries);
    f.options.reporting = false;
    replay_unit_play(&f);
    assert_int_equal(f.result.report_calls, 0);
    replay_unit_close(&f);
}

static int count_call(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    (void)sg;
    (void)nents;
    ++*(int *)ctx;
    return -EIO;
}

static void test_another_device_listens(void **state)
{
    (void)state;
    struct replay_unit f;
    int calls = 0;
    struct fpr_device device = {.name = "count", .report = count_call, .ctx = &calls};
    replay_unit_open(&f, REGISTERED, BEGIN_SPAN TASK("700100", ALLOC("400")) END_SPAN, NULL, NULL);
    f.options.as_recorded = false;
    f.options.device = &device;
    replay_unit_play(&f);
    assert_int_equal(calls, 1);
    assert_int_equal(f.result.report.failed_calls, 1);
    replay_unit_close(&f);
}

static void test_registration_is_marked(void **state)
{
    (void)state;
    struct replay_unit f;
    replay_unit_open(&f, TINY_STATE,
                     BEGIN_SPAN TASK("000100", ALLOC("400"))
                         LINE("w-1", ".....", "000200", "notify: (x+0x0/0x1)") END_SPAN,
                     "phases.txt", "1.500000 balloon-loaded 1.5 1\n");
    f.options.explain = true;
    f.options.explain_at = 1100000000;
    replay_unit_play(&f);
    assert_non_null(strstr(f.result.explanation, "requested: a pass is waiting"));
    replay_unit_close(&f);
}

static void test_timer_slack(void **state)
{
    (void)state;
    assert_int_equal(fpr_timer_slack(100 * FPR_NS_PER_MS), 2 * FPR_NS_PER_MS);
    assert_int_equal(fpr_timer_slack(2 * FPR_NS_PER_S), 16 * FPR_NS_PER_MS);
    assert_int_equal(fpr_timer_slack(10 * FPR_NS_PER_S), 128 * FPR_NS_PER_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trace_goes_on_inside_a_call),
        cmocka_unit_test(test_passes_without_reports_are_predicted),
        cmocka_unit_test(test_page_structures_begin_where_the_recording_says),
        cmocka_unit_test(test_batches_that_differ),
        cmocka_unit_test(test_device_error_is_replayed),
        cmocka_unit_test(test_passes_known_from_reports_alone),
        cmocka_unit_test(test_own_clock),
        cmocka_unit_test(test_another_device_listens),
        cmocka_unit_test(test_registration_is_marked),
        cmocka_unit_test(test_timer_slack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
