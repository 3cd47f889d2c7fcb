#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/traces.h"

#include <stdio.h>
#include <string.h>

#define DATA(name) FPR_TEST_DATA "/trace/" name

/* Reads a trace of one line and gives its record. */
static struct fpr_trace_record one(const char *line, enum fpr_trace_format format)
{
    struct test_trace t;
    char text[4096];
    int len = snprintf(text, sizeof(text), "%s\n", line);
    test_trace_read(test_file_write("one.txt", text, (size_t)len), NULL, &t);
    assert_string_equal(t.error.reason, "");
    assert_int_equal(t.end, 0);
    assert_int_equal(t.count, 1);
    assert_int_equal(t.summary.format, format);
    struct fpr_trace_record r = t.record[0];
    r.sg = NULL;
    test_trace_free(&t);
    return r;
}

static void check_head(struct fpr_trace_record r, fpr_ns time, uint32_t pid, unsigned cpu,
                       char context)
{
    assert_int_equal(r.time, time);
    assert_int_equal(r.pid, pid);
    assert_int_equal(r.cpu, cpu);
    assert_int_equal(r.context, context);
}

#define FREE  "mm_page_free: page=00000000ab pfn=0x1234 order=2"
#define PFREE "kmem:mm_page_free: page=0x1234 pfn=0x1234 order=2"

static void test_heads_of_ftrace(void **state)
{
    (void)state;
    check_head(one("  bash-12  [003] d.s2.  7.000001: " FREE, FPR_TRACE_FTRACE), 7000001000, 12, 3,
               's');
    check_head(one("  a b-c-12  [003] d.h2  7.000001: " FREE, FPR_TRACE_FTRACE), 7000001000, 12, 3,
               'h');
    check_head(one("<idle>-0  [003] d.H2.  7.000001: " FREE, FPR_TRACE_FTRACE), 7000001000, 0, 3,
               'h');
    check_head(one("x [1] y-12  [003] ..Zff  7.000001: " FREE, FPR_TRACE_FTRACE), 7000001000, 12, 3,
               '?');
    check_head(one("bash-12  (   12) [003] .....  7.000001: " FREE, FPR_TRACE_FTRACE), 7000001000,
               12, 3, '.');
    check_head(one("bash-12  (-----) [003] .....  7.000001: " FREE, FPR_TRACE_FTRACE), 7000001000,
               12, 3, '.');
}

static void test_heads_of_perf(void **state)
{
    (void)state;
    check_head(one("  perf 19640 [001]   933.191932:  " PFREE, FPR_TRACE_PERF), 933191932000, 19640,
               1, '?');
    check_head(one("  perf 19640 [001]   933.191932007:  " PFREE, FPR_TRACE_PERF), 933191932007,
               19640, 1, '?');
    check_head(one("  my prog 100/101 [001] 933.191932: " PFREE, FPR_TRACE_PERF), 933191932000, 101,
               1, '?');
    check_head(one("  perf 19640   933.191932:  " PFREE, FPR_TRACE_PERF), 933191932000, 19640, 0,
               '?');
    check_head(one("  perf 19640 [001] 933.191932:   1 " PFREE, FPR_TRACE_PERF), 933191932000,
               19640, 1, '?');
}

static void test_heads_of_trace_cmd(void **state)
{
    (void)state;
    check_head(one("  run.sh-1     [000]     6.923982: " FREE, FPR_TRACE_TRACECMD), 6923982000, 1,
               0, '?');
    check_head(one("  run.sh-1     [000]     6.923981948: " FREE, FPR_TRACE_TRACECMD), 6923981948,
               1, 0, '?');
    check_head(one("  run.sh-1      12d.s2.     6.923981948: " FREE, FPR_TRACE_TRACECMD),
               6923981948, 1, 12, 's');
}

static void test_fields_of_requests(void **state)
{
    (void)state;
    struct fpr_trace_record r =
        one("a-1 [000] ..... 1.0: mm_page_alloc: page=000000009053624f pfn=0x547c order=1 "
            "migratetype=2 gfp_flags=GFP_KERNEL|__GFP_RECLAIMABLE",
            FPR_TRACE_FTRACE);
    assert_int_equal(r.type, FPR_TRACE_ALLOC);
    assert_int_equal(r.pfn, 0x547c);
    assert_int_equal(r.order, 1);
    assert_int_equal(r.migratetype, FPR_RECLAIMABLE);
    assert_int_equal(r.gfp, FPR_GFP_KERNEL | FPR_GFP_RECLAIMABLE);
    r = one("a-1 [000] 1.0: mm_page_alloc: pfn=0x547c order=1 gfp_flags=0xcc0 migratetype=0",
            FPR_TRACE_TRACECMD);
    assert_int_equal(r.gfp, FPR_GFP_KERNEL);
    r = one("a-1 [000] ..... 1.0: mm_page_alloc: page=(null) pfn=0 order=9 migratetype=1 "
            "gfp_flags=GFP_TRANSHUGE",
            FPR_TRACE_FTRACE);
    assert_true(r.pfn == FPR_PFN_NONE);
    r = one("a-1 [000] ..... 1.0: mm_page_free: page=00000000ab pfn=4660 order=0",
            FPR_TRACE_FTRACE);
    assert_int_equal(r.pfn, 4660);
    r = one("a-1 [000] ..... 1.0: mm_page_free_batched: page=00000000ab pfn=0x5 order=0",
            FPR_TRACE_FTRACE);
    assert_int_equal(r.type, FPR_TRACE_FREE_BATCHED);
    assert_int_equal(r.pfn, 5);
}

static void test_fields_of_buddy_events(void **state)
{
    (void)state;
    struct fpr_trace_record r = one("a-1 [000] ..... 1.0: mm_page_alloc_zone_locked: page=0 "
                                    "pfn=0x10 order=3 migratetype=1 percpu_refill=1",
                                    FPR_TRACE_FTRACE);
    assert_int_equal(r.type, FPR_TRACE_ZONE_LOCKED);
    assert_int_equal(r.order, 3);
    assert_int_equal(r.nr, 1);
    r = one("a-1 [000] ..... 1.0: mm_page_alloc_extfrag: page=0 pfn=0x12000 alloc_order=1 "
            "fallback_order=10 pageblock_order=9 alloc_migratetype=2 fallback_migratetype=1 "
            "fragmenting=0 change_ownership=1",
            FPR_TRACE_FTRACE);
    assert_int_equal(r.type, FPR_TRACE_EXTFRAG);
    assert_int_equal(r.pfn, 0x12000);
    assert_int_equal(r.order, 1);
    assert_int_equal(r.nr, 10);
    assert_int_equal(r.migratetype, 2);
    assert_int_equal(r.value, 1);
    r = one("a-1 [000] ..... 1.0: freeone: (f+0x0/0xf0) page=0xffd40000008cd280 pfn=0x2334a "
            "order=0 mt=2",
            FPR_TRACE_FTRACE);
    assert_int_equal(r.type, FPR_TRACE_FREE_DIRECT);
    assert_int_equal(r.pfn, 0x2334a);
    assert_int_equal(r.migratetype, 2);
}

static void test_page_addresses(void **state)
{
    (void)state;
    struct fpr_trace_record r =
        one("a-1 [000] ..Zff 1.0: got: (f+0x4ea/0x11a0) page=0xffd4000000151d02", FPR_TRACE_FTRACE);
    assert_int_equal(r.type, FPR_TRACE_GOT);
    assert_int_equal(r.pfn, 0x151d00 / 64);
    static const char line[] = "a-1 [000] ..... 1.0: isol: page=0xffffea0000000140 order=9\n";
    struct fpr_trace_options options = {.vmemmap = 0xffffea0000000000u - 0x40};
    struct test_trace t;
    test_trace_read(test_file_write("page.txt", line, strlen(line)), &options, &t);
    assert_int_equal(t.count, 1);
    assert_int_equal(t.record[0].pfn, 6);
    test_trace_free(&t);
}

static void test_recorders_lines(void **state)
{
    (void)state;
    struct fpr_trace_record r =
        one("insmod-116 [000] ...1. 3.790055: bulk_ret: FS_BULK gfp=2cc2 nr=12 pre=2 got=12 list=0",
            FPR_TRACE_FTRACE);
    assert_int_equal(r.type, FPR_TRACE_BULK);
    assert_int_equal(r.nr, 10);
    assert_int_equal(r.gfp, FPR_GFP_KERNEL | FPR_GFP_HIGHMEM | FPR_GFP_NOWARN);
    r = one("insmod-116 [000] ...1. 3.790077: bulk_ret: FS_BP a7e0", FPR_TRACE_FTRACE);
    assert_int_equal(r.type, FPR_TRACE_BULK_PAGE);
    assert_int_equal(r.pfn, 0xa7e0);
    r = one("run.sh-1 [000] d.... 5.461716: ctl_write: FS_DUMP_BEGIN before", FPR_TRACE_FTRACE);
    assert_int_equal(r.type, FPR_TRACE_DUMP_BEGIN);
    assert_int_equal(r.nr, 0);
    r = one("run.sh-1 [000] 5.461716: print: ctl_write: FS_DUMP_END after", FPR_TRACE_TRACECMD);
    assert_int_equal(r.type, FPR_TRACE_DUMP_END);
    assert_int_equal(r.nr, 1);
    r = one("m-1 [000] 5.4: print:    ip=tracing_mark_write buf=@@ PHASE on", FPR_TRACE_TRACECMD);
    assert_int_equal(r.type, FPR_TRACE_MARK);
    assert_string_equal(r.text, "@@ PHASE on");
    r = one("m-1 [000] ..... 5.4: tracing_mark_write: @@ PHASE on", FPR_TRACE_FTRACE);
    assert_string_equal(r.text, "@@ PHASE on");
    r = one("k-1 [000] ..... 5.4: splitmap: (split_map_pages+0x0/0x170)", FPR_TRACE_FTRACE);
    assert_int_equal(r.type, FPR_TRACE_OTHER);
    assert_string_equal(r.text, "splitmap");
}

static void test_reports(void **state)
{
    (void)state;
    static const char line[] =
        "kworker/0:2-45 [000] ..... 5.8: report: (f+0x0/0x120 [virtio_balloon]) nents=2 "
        "l0=0xffd4000000480000 n0=4194304 l1=0xffd40000002a8002 n1=2097152 l2=0x0 n2=0\n"
        "kworker/0:2-45 [000] ..... 5.9: report_ret: (f <- g) ret=-5\n";
    struct test_trace t;
    test_trace_read(test_file_write("report.txt", line, strlen(line)), NULL, &t);
    assert_int_equal(t.end, 0);
    assert_int_equal(t.count, 2);
    assert_int_equal(t.record[0].nr, 2);
    assert_int_equal(t.record[0].sg[0].pfn, 0x480000 / 64);
    assert_int_equal(t.record[0].sg[0].order, 10);
    assert_int_equal(t.record[0].sg[1].pfn, 0x2a8000 / 64);
    assert_int_equal(t.record[0].sg[1].order, 9);
    assert_int_equal(t.record[1].value, -5);
    test_trace_free(&t);
}

static void test_compaction_and_kswapd(void **state)
{
    (void)state;
    struct fpr_trace_record r =
        one("k-1 [000] ..... 2.0: mm_compaction_begin: zone_start=0x1000 migrate_pfn=0x1000 "
            "free_pfn=0x27e00 zone_end=0x27fda, mode=async",
            FPR_TRACE_FTRACE);
    assert_int_equal(r.type, FPR_TRACE_COMPACT_BEGIN);
    assert_int_equal(r.pfn, 0x1000);
    assert_int_equal(r.value, 1);
    r = one("k-1 [000] ..... 2.0: mm_compaction_end: zone_start=0x1000 migrate_pfn=0xc600 "
            "free_pfn=0x1c853 zone_end=0x27fda, mode=sync status=success",
            FPR_TRACE_FTRACE);
    assert_int_equal(r.type, FPR_TRACE_COMPACT_END);
    assert_int_equal(r.value, 0);
    r = one("k-1 [000] ..... 2.0: balance: (f+0x0/0x1) order=3 highest=2", FPR_TRACE_FTRACE);
    assert_int_equal(r.type, FPR_TRACE_BALANCE);
    assert_int_equal(r.order, 3);
    assert_int_equal(r.nr, 2);
}

static void test_losses_are_counted(void **state)
{
    (void)state;
    static const char text[] = "# entries-in-buffer/entries-written: 90/100   #P:1\n"
                               "CPU:0 [LOST 12 EVENTS]\n"
                               "CPU:1 [LOST EVENTS]\n"
                               "CPU:2 [7 EVENTS DROPPED]\n"
                               " perf 19 [001] 933.191932: PERF_RECORD_LOST lost 5\n"
                               " perf 19 [001] 933.191932: sched:sched_switch: prev_comm=x\n"
                               " perf 19 [001] 933.191932: " PFREE "\n";
    struct test_trace t;
    test_trace_read(test_file_write("lost.txt", text, strlen(text)), NULL, &t);
    assert_int_equal(t.end, 0);
    assert_int_equal(t.count, 1);
    assert_int_equal(t.summary.lost_events, 10 + 12 + 1 + 7 + 5);
    assert_int_equal(t.summary.lines, 7);
    assert_int_equal(t.summary.skipped_lines, 6);
    test_trace_free(&t);
}

/* The same piece of a trace as the kernel and as trace-cmd print it. */
static void test_tools_agree(void **state)
{
    (void)state;
    struct test_trace a;
    struct test_trace b;
    test_trace_read(DATA("gcc-cut.txt"), NULL, &a);
    assert_int_equal(a.count, 220);
    assert_int_equal(a.summary.format, FPR_TRACE_FTRACE);
    static const char *const others[] = {DATA("gcc-cut.report.txt"), DATA("gcc-cut.raw.txt"),
                                         DATA("gcc-cut.latency.txt")};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        test_trace_read(others[i], NULL, &b);
        assert_int_equal(b.end, 0);
        assert_int_equal(b.summary.format, FPR_TRACE_TRACECMD);
        /* Raw output cuts the nanoseconds where others round. */
        if (i == 1)
            for (size_t k = 0; k < b.count && k < a.count; k++)
                b.record[k].time = a.record[k].time;
        assert_int_equal(test_trace_differs(&a, &b, TEST_MICROSECONDS | TEST_NO_CONTEXT), -1);
        test_trace_free(&b);
    }
    test_trace_free(&a);
}

static void test_samples_of_all_tools(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        size_t count;
        enum fpr_trace_format format;
    } samples[] = {
        {DATA("ftrace-6.1.txt"), 4, FPR_TRACE_FTRACE},
        {DATA("ftrace-6.18.txt"), 5, FPR_TRACE_FTRACE},
        {DATA("perf-script-6.18.txt"), 5, FPR_TRACE_PERF},
        {DATA("perf-script-other.txt"), 3, FPR_TRACE_PERF},
        {DATA("trace-cmd-report-6.1.txt"), 5, FPR_TRACE_TRACECMD},
        {DATA("trace-cmd-report-R-6.1.txt"), 5, FPR_TRACE_TRACECMD},
        {DATA("compact-cut.txt"), 134, FPR_TRACE_FTRACE},
        {DATA("pressure-cut.txt"), 143, FPR_TRACE_FTRACE},
        {DATA("steal-cut.txt"), 126, FPR_TRACE_FTRACE},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct test_trace t;
        test_trace_read(samples[i].path, NULL, &t);
        assert_int_equal(t.end, 0);
        assert_int_equal(t.count, samples[i].count);
        assert_int_equal(t.summary.format, samples[i].format);
        test_trace_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads_of_ftrace),
        cmocka_unit_test(test_heads_of_perf),
        cmocka_unit_test(test_heads_of_trace_cmd),
        cmocka_unit_test(test_fields_of_requests),
        cmocka_unit_test(test_fields_of_buddy_events),
        cmocka_unit_test(test_page_addresses),
        cmocka_unit_test(test_recorders_lines),
        cmocka_unit_test(test_reports),
        cmocka_unit_test(test_compaction_and_kswapd),
        cmocka_unit_test(test_losses_are_counted),
        cmocka_unit_test(test_tools_agree),
        cmocka_unit_test(test_samples_of_all_tools),
    };
    return cmocka_run_group_tests(tests, test_scratch_setup, test_scratch_teardown);
}
