/* What is refused, and how it is said: file, line, field, reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/support.h"
#include "support/traces.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA(name) FPR_TEST_DATA "/trace/" name
#define HEAD       "bash-12 [000] ..... 7.000001: "
#define GOOD       HEAD "mm_page_free: page=0 pfn=0x12 order=0\n"

static void check_refused(const void *data, size_t size, uint64_t line, const char *field)
{
    struct test_trace t;
    const char *path = test_file_write("bad.txt", data, size);
    test_trace_read(path, NULL, &t);
    assert_int_equal(t.end, -EINVAL);
    assert_string_equal(t.error.file, path);
    assert_int_equal(t.error.line, line);
    assert_string_equal(t.error.field, field);
    assert_string_not_equal(t.error.reason, "");
    assert_null(strchr(t.error.reason, '\n'));
    test_trace_free(&t);
}

/* A good line, then this one. */
static void check_line(const char *line, const char *field)
{
    char text[4096];
    snprintf(text, sizeof(text), "%s%s\n%s", GOOD, line, GOOD);
    check_refused(text, strlen(text), 2, field);
}

static void test_broken_fields(void **state)
{
    (void)state;
    check_line(HEAD "mm_page_free: page=0 pfn=0x12g4 order=0", "pfn");
    check_line(HEAD "mm_page_free: page=0 pfn= order=0", "pfn");
    check_line(HEAD "mm_page_free: page=0 pfn=a order=0", "pfn");
    check_line(HEAD "mm_page_free: page=0 pfn=0xffffffffffffffff order=0", "pfn");
    check_line(HEAD "mm_page_free: page=0 pfn=0x11112222333344445 order=0", "pfn");
    check_line(HEAD "mm_page_free: page=0 pfn=99999999999999999999 order=0", "pfn");
    check_line(HEAD "mm_page_free: page=0 order=0", "pfn");
    check_line(HEAD "mm_page_free: page=0 pfn=0x12", "order");
    check_line(HEAD "mm_page_free: page=0 pfn=0x12 order=14", "order");
    check_line(HEAD "mm_page_free: page=0 pfn=0x12 order=-1", "order");
    check_line(HEAD "mm_page_free:", "pfn");
    check_line(HEAD "mm_page_alloc: pfn=1 order=0 migratetype=6 gfp_flags=GFP_KERNEL",
               "migratetype");
    check_line(HEAD "mm_page_alloc: pfn=1 order=0 migratetype=0 gfp_flags=GFP_KER", "gfp_flags");
    check_line(HEAD "mm_page_alloc: pfn=1 order=0 migratetype=0", "gfp_flags");
    check_line(HEAD "mm_page_alloc_zone_locked: pfn=1 order=0 migratetype=0 percpu_refill=2",
               "percpu_refill");
}

static void test_broken_probes(void **state)
{
    (void)state;
    check_line(HEAD "got: page=0xffd4000000151d10", "page");
    check_line(HEAD "isol: page=zz order=9", "page");
    check_line(HEAD "report: nents=33 l0=0 n0=4096", "nents");
    check_line(HEAD "report: nents=2 l0=0xffd4000000000000 n0=4096", "nents");
    check_line(HEAD "report: nents=1 l0=0xffd4000000000000 n0=4095", "n");
    check_line(HEAD "report: nents=1 l0=0xffd4000000000000 n0=12288", "n");
    check_line(HEAD "report: nents=1 l0=x n0=4096", "l");
    check_line(HEAD "report_ret: ret=no", "ret");
    check_line(HEAD "balance: order=0 highest=5", "highest");
    check_line(HEAD "bulk_ret: FS_BULK gfp=2cc2 nr=12 pre=3 got=2 list=0", "got");
    check_line(HEAD "bulk_ret: FS_BULK gfp=2cc2 nr=12 pre=3", "got");
    check_line(HEAD "bulk_ret: FS_BULK gfp=xyz nr=12 pre=3 got=4", "gfp");
    check_line(HEAD "bulk_ret: FS_BULK gfp=2cc2 nr=12 pre=3 got=x", "got");
    check_line(HEAD "bulk_ret: FS_BULK gfp=2cc2 nr=12 pre=3 got=4294967296", "got");
    check_line(HEAD "bulk_ret: FS_BP xyz", "FS_BP");
    check_line(HEAD "ctl_write: FS_DUMP_BEGIN soon", "FS_DUMP_BEGIN");
    check_line("mm_page_free: page=0 pfn=0x12 order=0", "prefix");
    check_line("bash-12 [000] ..... : mm_page_free: page=0 pfn=0x12 order=0", "prefix");
    check_line("bash-xx [000] ..... 7.0: mm_page_free: page=0 pfn=0x12 order=0", "prefix");
}

/* Fields with names that are ours but for their last letter are none of ours. */
static void test_unknown_fields(void **state)
{
    (void)state;
    static const char text[] =
        HEAD "mm_page_free: mx=1 pfx=1 pagx=1 ordex=1 highesx=1 gfp_flagx=1 zone_starx=1 "
             "migratetypx=1 percpu_refilx=1 fallback_ordex=1 alloc_migratetypx=1 "
             "fallback_migratetypx=1 page=0 pfn=0x12 order=3\n" HEAD
             "mm_page_alloc: page=0 pfn=0 order=0 migratetype=0 gfp_flags=GFP_KERNEL|__GFP_ZERO|"
             "__GFP_ZERO|__GFP_ZERO|__GFP_ZERO|__GFP_ZERO|__GFP_ZERO|__GFP_ZERO|__GFP_ZERO|"
             "__GFP_ZERO|__GFP_ZERO|__GFP_ZERO|__GFP_ZERO|__GFP_ZERO|__GFP_ZERO|__GFP_ZERO|"
             "__GFP_ZERO|__GFP_ZERO|__GFP_ZERO|__GFP_ZERO|__GFP_ZERO|__GFP_ZERO|__GFP_ZERO\n";
    struct test_trace t;
    test_trace_read(test_file_write("fields.txt", text, strlen(text)), NULL, &t);
    assert_string_equal(t.error.reason, "");
    assert_int_equal(t.end, 0);
    assert_int_equal(t.count, 2);
    assert_int_equal(t.record[0].pfn, 0x12);
    assert_int_equal(t.record[0].order, 3);
    assert_int_equal(t.record[1].pfn, FPR_PFN_NONE);
    assert_int_equal(t.record[1].gfp, FPR_GFP_KERNEL | FPR_GFP_ZERO);
    test_trace_free(&t);
}

/* With the page array's address known, what lies below it is no page. */
static void test_page_below_the_array(void **state)
{
    (void)state;
    static const char text[] =
        HEAD "got: page=0xffffea0000000040\n" HEAD "got: page=0xffff000000000040\n";
    struct fpr_trace_options options = {.vmemmap = 0xffffea0000000000};
    struct test_trace t;
    test_trace_read(test_file_write("below.txt", text, strlen(text)), &options, &t);
    assert_int_equal(t.end, -EINVAL);
    assert_int_equal(t.count, 1);
    assert_int_equal(t.record[0].pfn, 1);
    assert_int_equal(t.error.line, 2);
    assert_string_equal(t.error.field, "page");
    assert_non_null(strstr(t.error.reason, "below the page array"));
    test_trace_free(&t);
}

static void test_files_that_are_no_traces(void **state)
{
    (void)state;
    static const char prose[] = "It was a dark and stormy night;\nthe rain fell in torrents.\n";
    static const char other[] = HEAD "sched_switch: prev_comm=x\n" HEAD "sched_wakeup: comm=y\n";
    check_refused("", 0, 0, "");
    check_refused(prose, strlen(prose), 0, "");
    check_refused(other, strlen(other), 0, "");
    check_refused("#\n", 2, 0, "");
}

static void test_binary_data(void **state)
{
    (void)state;
    unsigned char noise[20000];
    uint64_t seed = 3;
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (unsigned char)test_random(&seed);
    check_refused(noise, sizeof(noise), 1, "");
    char mixed[] = GOOD "\0\1\2\3\n" GOOD;
    check_refused(mixed, sizeof(mixed) - 1, 2, "");
    size_t size = (size_t)2 << 20;
    char *line = malloc(size);
    assert_non_null(line);
    memset(line, 'x', size);
    check_refused(line, size, 1, "");
    free(line);
}

/* Wherever a text is cut inside a line of ours, it is noticed. */
static void test_cut_text(void **state)
{
    (void)state;
    static const char text[] =
        GOOD HEAD "mm_page_alloc: pfn=1 order=0 migratetype=0 gfp_flags=GFP_KERNEL|__GFP_ZERO\n";
    for (size_t i = strlen(GOOD) + 1; i < strlen(text); i++) {
        struct test_trace t;
        test_trace_read(test_file_write("cut.txt", text, i), NULL, &t);
        assert_int_equal(t.end, -EINVAL);
        assert_int_equal(t.error.line, 2);
        assert_int_equal(t.count, 1);
        test_trace_free(&t);
    }
}

static void test_errors_stay(void **state)
{
    (void)state;
    static const char text[] = HEAD "mm_page_free: pfn=x order=0\n" GOOD;
    struct fpr_trace *t;
    struct fpr_trace_record r;
    struct fpr_trace_error e;
    const char *path = test_file_write("stay.txt", text, strlen(text));
    assert_int_equal(fpr_trace_open(path, NULL, &t, &e), 0);
    for (int i = 0; i < 3; i++) {
        memset(&e, 0, sizeof(e));
        assert_int_equal(fpr_trace_next(t, &r, &e), -EINVAL);
        assert_int_equal(e.line, 1);
    }
    fpr_trace_close(t);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    struct fpr_trace *t = NULL;
    struct fpr_trace_error e;
    struct fpr_trace_options wrong = {.format = (enum fpr_trace_format)99};
    struct fpr_trace_options native = {.format = FPR_TRACE_NATIVE};
    assert_int_equal(fpr_trace_open(NULL, NULL, &t, &e), -EINVAL);
    assert_int_equal(fpr_trace_open("x", NULL, NULL, NULL), -EINVAL);
    assert_int_equal(fpr_trace_open("x", &wrong, &t, &e), -EINVAL);
    assert_int_equal(fpr_trace_open("/nonexistent/x", NULL, &t, &e), -ENOENT);
    assert_string_equal(e.file, "/nonexistent/x");
    assert_int_equal(fpr_trace_open("/tmp", NULL, &t, &e), -EINVAL);
    assert_int_equal(fpr_trace_open(DATA("gcc-cut.txt"), &native, &t, &e), -EINVAL);
    assert_null(t);
    assert_int_equal(fpr_trace_next(NULL, NULL, &e), -EINVAL);
    assert_int_equal(fpr_trace_get_summary(NULL, NULL), -EINVAL);
    assert_null(fpr_trace_type_name(FPR_NR_TRACE_TYPES));
    assert_string_equal(fpr_trace_type_name(FPR_TRACE_ALLOC), "mm_page_alloc");
    fpr_trace_close(NULL);
}

/* Compressed files give the same records, and a cut or a change in one is noticed. */
static void check_compressed(const char *path)
{
    struct test_trace plain;
    struct test_trace t;
    test_trace_read(path, NULL, &t);
    if (t.end == -ENOTSUP)
        skip();
    test_trace_read(DATA("compact-cut.txt"), NULL, &plain);
    assert_int_equal(t.end, 0);
    assert_int_equal(test_trace_differs(&plain, &t, 0), -1);
    test_trace_free(&plain);
    test_trace_free(&t);
    size_t size;
    unsigned char *data = test_file_read(path, &size);
    for (size_t i = 4; i < size; i += 7) {
        const char *cut = test_file_write("cut", data, i);
        test_trace_read(cut, NULL, &t);
        assert_int_equal(t.end, -EINVAL);
        assert_string_equal(t.error.file, cut);
        test_trace_free(&t);
    }
    /* Twice the file is two members, as log rotation makes them: both are read. */
    unsigned char *twice = malloc(2 * size);
    assert_non_null(twice);
    memcpy(twice, data, size);
    memcpy(twice + size, data, size);
    test_trace_read(test_file_write("twice", twice, 2 * size), NULL, &t);
    assert_int_equal(t.end, 0);
    assert_int_equal(t.count, 2 * 134);
    test_trace_free(&t);
    free(twice);
    free(data);
}

static void test_gzip(void **state)
{
    (void)state;
    check_compressed(DATA("compact-cut.txt.gz"));
}

static void test_zstd(void **state)
{
    (void)state;
    check_compressed(DATA("compact-cut.txt.zst"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken_fields),
        cmocka_unit_test(test_broken_probes),
        cmocka_unit_test(test_unknown_fields),
        cmocka_unit_test(test_page_below_the_array),
        cmocka_unit_test(test_files_that_are_no_traces),
        cmocka_unit_test(test_binary_data),
        cmocka_unit_test(test_cut_text),
        cmocka_unit_test(test_errors_stay),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_zstd),
    };
    return cmocka_run_group_tests(tests, test_scratch_setup, test_scratch_teardown);
}
