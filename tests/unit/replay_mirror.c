/* Mirror mode, and starting states poorer than state.before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replay/run.h"
#include "support/folder.h"
#include "support/tiny.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAKEN(t, pfn, order)                                                                       \
    TASK(t, "mm_page_alloc_zone_locked: page=0 pfn=0x" pfn " order=" order                         \
            " migratetype=1 percpu_refill=1")
#define DRAINED(t, pfn) TASK(t, "mm_page_pcpu_drain: page=0 pfn=0x" pfn " order=0 migratetype=1")

/* Of the end of the first block, 7f0 to 7f3, 7f8, 7f9 and 7fd to 7ff are not on free lists. */
#define AFTER                                                                                      \
    TINY_HEAD "Z DMA32 0 4096 4096 4096 0 1\nz 3063 0 0 8 16 24\nw 0 3063 0 0 0 0 0 0 0 0\n"       \
              "n 1 1 1 0 1 1 1 1 1 1 2\nb 11111111\nl 0 1 7fc\nl 1 1 7fa\nl 2 1 7f4\n"             \
              "l 4 1 7e0\nl 5 1 7c0\nl 6 1 780\nl 7 1 700\nl 8 1 600\nl 9 1 400\n"                 \
              "l 10 1 800 c00\np 0 64 8 0 0 0\nm\ne\n.\nQ 1 ok\n"

static void play(const struct test_folder *folder, struct fpr_replay_options *options,
                 struct fpr_replay_result *result)
{
    struct fpr_prepared *prepared;
    struct fpr_trace_error error;
    int err = fpr_prepare(folder->path, NULL, &prepared, &error);
    if (err) {
        fail_msg("%s:%d: %s", error.file, (int)error.line, error.reason);
    }
    err = fpr_replay(prepared, options, result, &error);
    if (err) {
        fail_msg("%d %s: %s", err, error.file, error.reason);
    }
    fpr_prepared_free(prepared);
}

static void test_buddy_events_are_applied(void **state)
{
    (void)state;
    struct test_folder folder;
    struct fpr_replay_options options;
    struct fpr_replay_result result;
    test_folder_make(&folder);
    test_folder_write(&folder, "state.before", TINY_STATE);
    test_folder_write(&folder, "state.after", AFTER);
    test_folder_write(
        &folder, "trace.txt",
        BEGIN_SPAN TAKEN("000100", "7f8", "2") TAKEN("000101", "7fc", "2")
            TAKEN("000102", "7f0", "2") TASK("000103", ALLOC("7fd")) TASK("000104", FREE("7fc"))
                DRAINED("000105", "7fc") DRAINED("000106", "7fa") DRAINED("000107", "7fb")
                    TASK("000108", ALLOC("800"))
                        TASK("000109", "mm_page_free: page=0 pfn=0x20 order=5") END_SPAN);
    fpr_replay_options_init(&options);
    options.mode = FPR_REPLAY_MIRROR;
    play(&folder, &options, &result);
    assert_int_equal(result.mode, FPR_REPLAY_MIRROR);
    assert_int_equal(result.allocs, 2);
    assert_int_equal(result.allocs_exact, 1); /* 800 never left the free lists */
    assert_int_equal(result.free_set_missing, 0);
    assert_int_equal(result.free_set_extra, 32); /* the direct free, that is not in state.after */
    fpr_replay_result_free(&result);
    test_folder_remove(&folder);
}

static void test_reports_and_isolation_are_applied(void **state)
{
    (void)state;
    struct test_folder folder;
    struct fpr_replay_options options;
    struct fpr_replay_result result;
    test_folder_make(&folder);
    test_folder_write(&folder, "state.before", TINY_STATE);
    test_folder_write(
        &folder, "trace.txt",
        BEGIN_SPAN KWORKER("100100", "process: (page_reporting_process+0x0/0x570)")
            KWORKER("100101", "isol: (x+0x0/0x1) page=0xffffea0000020000 order=10")
                TASK("100101", "isol: (x+0x0/0x1) page=0xffffea0000010000 order=10")
                    KWORKER("100102", "report: (x+0x0/0x120) nents=1 l0=0xffffea0000020000 "
                                      "n0=4194304") KWORKER("100103", "report_ret: (a <- b) ret=0")
                        KWORKER("100104", "process_ret: (a <- page_reporting_process)") END_SPAN);
    fpr_replay_options_init(&options);
    options.mode = FPR_REPLAY_MIRROR;
    options.sample_every = FPR_NS_PER_S / 10;
    play(&folder, &options, &result);
    assert_int_equal(result.passes, 1);
    assert_int_equal(result.batches, 1);
    assert_int_equal(result.reported_bytes, 4 << 20);
    assert_int_equal(result.matched_report_bytes, 4 << 20);
    assert_int_equal(result.free_pages_end, 2048); /* compaction kept the other block */
    assert_int_equal(result.nr_samples, 10);
    fpr_replay_result_free(&result);
    test_folder_remove(&folder);
}

/* Events that cannot be applied change as little as they must. */
static void test_events_that_do_not_fit(void **state)
{
    (void)state;
    struct test_folder folder;
    struct fpr_replay_options options;
    struct fpr_replay_result result;
    test_folder_make(&folder);
    test_folder_write(&folder, "state.before", TINY_STATE);
    test_folder_write(
        &folder, "trace.txt",
        BEGIN_SPAN TAKEN("000100", "400", "2") TAKEN("000101", "400", "4") /* four are gone */
        TAKEN("000102", "2000", "0") TASK("000103", FREE("2000")) DRAINED("000104", "2000")
            DRAINED("000105", "900") /* is free */
        TASK("000106", "mm_page_alloc: page=0 pfn=0 order=10 migratetype=1 gfp_flags=GFP_KERNEL")
            END_SPAN);
    fpr_replay_options_init(&options);
    options.mode = FPR_REPLAY_MIRROR;
    play(&folder, &options, &result);
    assert_int_equal(result.allocs, 0); /* a failed request says nothing of the lists */
    assert_int_equal(result.free_pages_end, 3072 - 16);
    fpr_replay_result_free(&result);
    test_folder_remove(&folder);
}

/* Pages of a bulk allocation, and a block that compaction gave without its being on a list. */
static void test_bulk_and_captured(void **state)
{
    (void)state;
    struct test_folder folder;
    struct fpr_replay_options options;
    struct fpr_replay_result result;
    test_folder_make(&folder);
    test_folder_write(&folder, "state.before", TINY_STATE);
    test_folder_write(
        &folder, "trace.txt",
        BEGIN_SPAN TAKEN("000100", "400", "1")
            TASK("000101", "bulk_ret: FS_BULK gfp=8 nr=2 pre=0 got=2 list=0")
                TASK("000102", "bulk_ret: FS_BP 400") TASK("000103", "bulk_ret: FS_BP 401") TAKEN(
                    "000104", "800", "0") TASK("000105", GOT("20000")) TASK("000106", ALLOC("800"))
                    TASK("000107", "mm_compaction_begin: zone_start=0x0 migrate_pfn=0x0 "
                                   "free_pfn=0x1000 zone_end=0x1000, mode=async")
                        TASK("000108", "mm_compaction_end: zone_start=0x0 migrate_pfn=0x0 "
                                       "free_pfn=0x1000 zone_end=0x1000, mode=async "
                                       "status=partial")
                            TASK("000109", "mm_page_alloc: page=0 pfn=0xc00 order=9 "
                                           "migratetype=1 gfp_flags=GFP_TRANSHUGE") END_SPAN);
    fpr_replay_options_init(&options);
    options.mode = FPR_REPLAY_MIRROR;
    play(&folder, &options, &result);
    assert_int_equal(result.allocs, 4);
    assert_int_equal(result.allocs_exact, 4);
    assert_int_equal(result.free_pages_end, 3072 - 3 - 512);
    fpr_replay_result_free(&result);
    test_folder_remove(&folder);
}

static void test_no_state_at_all(void **state)
{
    (void)state;
    struct test_folder folder;
    struct fpr_replay_options options;
    struct fpr_replay_result result;
    test_folder_make(&folder);
    test_folder_write(&folder, "trace.txt",
                      TAKEN("000100", "7f8", "2") TASK("000101", ALLOC("7f9")));
    fpr_replay_options_init(&options);
    play(&folder, &options, &result);
    assert_int_equal(result.mode, FPR_REPLAY_MIRROR);
    assert_int_equal(result.free_pages_end, 2048 - 4);
    assert_non_null(strstr(result.start, "empty machine of 2048 pages"));
    assert_false(result.free_set_known || result.rss_known || result.state_after.known);
    fpr_replay_result_free(&result);
    test_folder_remove(&folder);
}

#define ZONEINFO                                                                                   \
    "Node 0, zone    DMA32\n  pages free     3072\n        boost    0\n        min      8\n"       \
    "        low      16\n        high     24\n        spanned  4096\n        present  4096\n"     \
    "        managed  4096\n        cma      0\n        protection: (0, 0, 0, 0)\n  pagesets\n"    \
    "    cpu: 0\n              count: 0\n              high:  64\n              batch: 8\n"        \
    "  vm stats threshold: 2\n  node_unreclaimable:  0\n  start_pfn:           0\n"                \
    "Node 0, zone  Movable\n  pages free     0\n        spanned  0\n        present  0\n"

static void test_kpageflags(void **state)
{
    (void)state;
    struct test_folder folder;
    struct fpr_replay_options options;
    struct fpr_replay_result result;
    uint64_t *flags = calloc(4096, sizeof(*flags));
    for (int i = 1024; i < 4096; i++) {
        flags[i] = 1u << 10; /* BUDDY */
    }
    test_folder_make(&folder);
    test_folder_write(&folder, "zoneinfo.before", ZONEINFO);
    test_folder_write_bytes(&folder, "kpageflags.before", flags, 4096 * sizeof(*flags));
    flags[0x400] = 0;
    test_folder_write_bytes(&folder, "kpageflags.after", flags, 4096 * sizeof(*flags));
    test_folder_write(&folder, "trace.txt",
                      BEGIN_SPAN TASK("000100", ALLOC("400")) TASK("000101", FREE("20")) END_SPAN);
    fpr_replay_options_init(&options);
    options.mode = FPR_REPLAY_PREDICT;
    play(&folder, &options, &result);
    assert_non_null(strstr(result.start, "kpageflags and zoneinfo"));
    assert_int_equal(result.allocs_exact, 1);
    assert_true(result.free_set_known);
    assert_int_equal(result.free_set_missing, 7); /* refilled, on the per-cpu list */
    assert_int_equal(result.frees_lost, 0);
    fpr_replay_result_free(&result);
    test_folder_remove(&folder);
    free(flags);
}

/* Flags of fewer frames, and zones that lie on each other. */
static void test_kpageflags_of_another_machine(void **state)
{
    (void)state;
    static const char *const zones[] = {ZONEINFO ZONEINFO, "Node 0, zone  Movable\n"};
    uint64_t flags[64] = {0};
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        struct test_folder folder;
        struct fpr_prepared *prepared;
        struct fpr_replay_options options;
        struct fpr_replay_result result;
        struct fpr_trace_error error;
        test_folder_make(&folder);
        test_folder_write(&folder, "zoneinfo.before", zones[i]);
        test_folder_write_bytes(&folder, "kpageflags.before", flags, sizeof(flags));
        test_folder_write(&folder, "trace.txt", BEGIN_SPAN TASK("000100", ALLOC("400")) END_SPAN);
        assert_int_equal(fpr_prepare(folder.path, NULL, &prepared, &error), 0);
        fpr_replay_options_init(&options);
        assert_int_equal(fpr_replay(prepared, &options, &result, &error), -EINVAL);
        assert_string_equal(error.reason, "kpageflags and zoneinfo do not describe one machine");
        assert_string_equal(error.file, folder.path);
        fpr_prepared_free(prepared);
        test_folder_remove(&folder);
    }
}

static void test_host_curve_against_measurement(void **state)
{
    (void)state;
    struct test_folder folder;
    struct fpr_replay_options options;
    struct fpr_replay_result result;
    test_folder_make(&folder);
    test_folder_write(&folder, "state.before", TINY_STATE);
    test_folder_write(&folder, "trace.txt", BEGIN_SPAN TASK("200100", ALLOC("400")) END_SPAN);
    /* 4 MiB in use at the start; the request brings in 2 MiB; the measurement says 6 and 6 */
    test_folder_write(&folder, "rss.csv",
                      "guest_mono_s,ram_rss_kib,ram_anonhuge_kib,qemu_rssanon_kib\n"
                      "0.900,4096,0,0\n1.400,8192,0,0\n");
    fpr_replay_options_init(&options);
    play(&folder, &options, &result);
    assert_true(result.rss_known);
    assert_float_equal(result.rss_mae_mib, 1.0, 1e-9); /* 0 at the start, 2 half a second later */
    assert_float_equal(result.rss_max_mib, 2.0, 1e-9);
    assert_float_equal(result.host_end_mib, 6.0, 1e-9);
    assert_float_equal(result.host_peak_mib, 6.0, 1e-9);
    assert_float_equal(result.back_50_s, -1.0, 1e-9);
    assert_int_equal(result.gap_end.pcp, 7 << 12);
    fpr_replay_result_free(&result);
    test_folder_remove(&folder);
}

/* The frames that a state lacks at its zone's end are no memory, so the host never holds them. */
static void test_hole_at_the_end(void **state)
{
    (void)state;
    static const char with_hole[] =
        TINY_HEAD "Z DMA32 0 4096 3072 3072 0 1\nz 2048 0 0 8 16 24\nw 0 2048 0 0 0 0 0 0 0 0\n"
                  "n 0 0 0 0 0 0 0 0 0 0 2\nb 11111111\nl 10 1 400 800\np 0 64 8 0 0 0\nm\ne\n"
                  ".\nQ 1 ok\n";
    static const char *const states[] = {TINY_STATE, with_hole};
    static const double mib[] = {16, 12};
    for (int i = 0; i < 2; i++) {
        struct test_folder folder;
        struct fpr_replay_options options;
        struct fpr_replay_result result;
        test_folder_make(&folder);
        test_folder_write(&folder, "state.before", states[i]);
        test_folder_write(&folder, "trace.txt", BEGIN_SPAN TASK("200100", ALLOC("400")) END_SPAN);
        test_folder_write(&folder, "rss.csv",
                          "guest_mono_s,ram_rss_kib,ram_anonhuge_kib,qemu_rssanon_kib\n"
                          "0.900,102400,0,0\n");
        fpr_replay_options_init(&options);
        play(&folder, &options, &result);
        assert_float_equal(result.host_end_mib, mib[i], 1e-9);
        fpr_replay_result_free(&result);
        test_folder_remove(&folder);
    }
}

static void hidden(uint32_t without, const char *expect, const char *absent)
{
    static const char text[] =
        TINY_HEAD "Z DMA32 0 4096 4096 4096 0 1\nw 2 3000 72 0 0 5 6 7 8 9\nb 02012222\n"
                  "l 9 1 c00*\nl 10 0 800 400\np 3 64 8 2 0 0\nq 0 1 2 3\nr 0 000\nm 1+2\n.\n"
                  "Q 1 ok\n";
    size_t len;
    char *out = fpr_hide_state(text, sizeof(text) - 1, without, &len);
    if (!strstr(out, expect) || (absent && strstr(out, absent))) {
        fail_msg("%s", out);
    }
    assert_int_equal(strlen(out), len);
    free(out);
}

static void test_hiding_parts_of_a_state(void **state)
{
    (void)state;
    hidden(0, "r 0 000\nm 1+2\n.\nQ 1 ok\n", NULL);
    hidden(1u << FPR_KNOW_BIT_PCP, "p 0 64 8 0 0 0\nm 1+2\n", "q 0");
    hidden(1u << FPR_KNOW_BIT_FACTOR, "p 3 64 8 0 0 0\nq 0 1 2 3\n", NULL);
    hidden(1u << FPR_KNOW_BIT_ORDER, "l 10 0 400 800\n", NULL);
    hidden(1u << FPR_KNOW_BIT_PBTYPE, "b 11000011\n", "b 02");
    hidden(1u << FPR_KNOW_BIT_DRIFT, "w 0 3072 0 0 0 5 6 7 8 9\n", "w 2");
    hidden(1u << FPR_KNOW_BIT_LRU, "r 0 000\nm\n.\n", "m 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buddy_events_are_applied),
        cmocka_unit_test(test_reports_and_isolation_are_applied),
        cmocka_unit_test(test_events_that_do_not_fit),
        cmocka_unit_test(test_bulk_and_captured),
        cmocka_unit_test(test_hole_at_the_end),
        cmocka_unit_test(test_no_state_at_all),
        cmocka_unit_test(test_kpageflags_of_another_machine),
        cmocka_unit_test(test_kpageflags),
        cmocka_unit_test(test_host_curve_against_measurement),
        cmocka_unit_test(test_hiding_parts_of_a_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
