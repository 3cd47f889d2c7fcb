#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/traces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DATA(name) FPR_TEST_DATA "/trace/" name

/* The binary file and what the kernel printed of the same events. */
static void test_binary_and_text_agree(void **state)
{
    (void)state;
    struct test_trace dat;
    struct test_trace text;
    test_trace_read(DATA("gcc-cut.dat"), NULL, &dat);
    if (dat.end == -ENOTSUP)
        skip();
    assert_string_equal(dat.error.reason, "");
    assert_int_equal(dat.end, 0);
    assert_int_equal(dat.count, 220);
    assert_int_equal(dat.summary.format, FPR_TRACE_DAT);
    test_trace_read(DATA("gcc-cut.txt"), NULL, &text);
    assert_int_equal(test_trace_differs(&dat, &text, TEST_MICROSECONDS), -1);
    /* The binary file has the nanoseconds that the text has not. */
    assert_true(dat.record[0].time % 1000 || dat.record[1].time % 1000);
    test_trace_free(&text);
    test_trace_read(DATA("gcc-cut.latency.txt"), NULL, &text);
    assert_int_equal(test_trace_differs(&dat, &text, 0), -1);
    test_trace_free(&text);
    test_trace_free(&dat);
}

static void test_a_compressed_file_is_the_same(void **state)
{
    (void)state;
    struct test_trace a;
    struct test_trace b;
    test_trace_read(DATA("gcc-cut.dat"), NULL, &a);
    test_trace_read(DATA("gcc-cut.dat.gz"), NULL, &b);
    if (a.end != -ENOTSUP && b.end != -ENOTSUP) {
        assert_int_equal(b.end, 0);
        assert_int_equal(test_trace_differs(&a, &b, 0), -1);
    }
    test_trace_free(&a);
    test_trace_free(&b);
}

static void test_a_cut_file_is_refused(void **state)
{
    (void)state;
    size_t whole;
    unsigned char *data = test_file_read(DATA("gcc-cut.dat"), &whole);
    for (size_t size = 10; size < whole; size += 97) {
        struct test_trace t;
        const char *path = test_file_write("cut.dat", data, size);
        test_trace_read(path, NULL, &t);
        assert_true(t.end == -EINVAL || t.end == -ENOTSUP);
        assert_string_equal(t.error.file, path);
        assert_int_equal(t.count, 0);
        test_trace_free(&t);
    }
    free(data);
}

/* The file with something changed in place; `at` is what comes before the change. */
static void check_changed(const char *at, const char *from, const char *to, const char *field,
                          const char *reason)
{
    size_t size;
    struct test_trace t;
    unsigned char *data = test_file_read(DATA("gcc-cut.dat"), &size);
    unsigned char *p = memmem(data, size, at, strlen(at));
    assert_non_null(p);
    p = memmem(p, size - (size_t)(p - data), from, strlen(from));
    assert_non_null(p);
    memcpy(p, to, strlen(from));
    const char *path = test_file_write("changed.dat", data, size);
    free(data);
    test_trace_read(path, NULL, &t);
    if (t.end != -ENOTSUP) {
        assert_int_equal(t.end, -EINVAL);
        assert_string_equal(t.error.file, path);
        assert_string_equal(t.error.field, field);
        assert_non_null(strstr(t.error.reason, reason));
    }
    test_trace_free(&t);
}

static void test_what_is_changed_is_named(void **state)
{
    (void)state;
    check_changed("name: mm_page_free\n", "long pfn;", "long pfx;", "pfn", "no such field");
    check_changed("name: mm_page_alloc\n", "int order;", "int orden;", "order", "no such field");
    check_changed("flyrecord", "flyrecord", "flyrecorf", "", "damaged");
}

/* Records of events that are all unknown make no trace of pages. */
static void test_other_events(void **state)
{
    (void)state;
    size_t size;
    struct test_trace t;
    unsigned char *data = test_file_read(DATA("gcc-cut.dat"), &size);
    unsigned char *end = data + size;
    for (unsigned char *p = data; (p = memmem(p, (size_t)(end - p), "name: ", 6)) != NULL; p += 6)
        p[6] = 'q';
    const char *path = test_file_write("other.dat", data, size);
    free(data);
    test_trace_read(path, NULL, &t);
    if (t.end != -ENOTSUP) {
        assert_int_equal(t.end, -EINVAL);
        assert_int_equal(t.count, 0);
        assert_string_equal(t.error.file, path);
        assert_non_null(strstr(t.error.reason, "no page allocator event in "));
        assert_true(t.summary.lines >= 220);
        assert_int_equal(t.summary.skipped_lines, t.summary.lines);
    }
    test_trace_free(&t);
}

/* Where the records lie stands behind options, if there are any. */
static void test_options(void **state)
{
    (void)state;
    static const unsigned char options[] = {'o', 'p', 't', 'i', 'o', 'n', 's', 0, 0, 0, /* tag */
                                            99,  0,   2,   0,   0,   0,   7,   7,       /* one */
                                            0,   0};                                    /* end */
    size_t size;
    struct test_trace t;
    struct test_trace plain;
    unsigned char *data = test_file_read(DATA("gcc-cut.dat"), &size);
    unsigned char *at = memmem(data, size, "flyrecord", 9);
    assert_non_null(at);
    size_t table = 10 + 8 * 16; /* of at most eight cpus; zeros follow it to the page's end */
    assert_true((size_t)(at - data) + table + sizeof(options) < 0x4000);
    memmove(at + sizeof(options), at, table);
    memcpy(at, options, sizeof(options));
    test_trace_read(DATA("gcc-cut.dat"), NULL, &plain);
    test_trace_read(test_file_write("options.dat", data, size), NULL, &t);
    if (t.end != -ENOTSUP) {
        assert_string_equal(t.error.reason, "");
        assert_int_equal(t.end, 0);
        assert_int_equal(test_trace_differs(&plain, &t, 0), -1);
    }
    test_trace_free(&t);
    /* a table that points behind the end */
    memset(at + sizeof(options) + 10, 0x7f, 8);
    test_trace_read(test_file_write("table.dat", data, size), NULL, &t);
    assert_true(t.end == -EINVAL || t.end == -ENOTSUP);
    assert_int_equal(t.count, 0);
    test_trace_free(&t);
    test_trace_free(&plain);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binary_and_text_agree),
        cmocka_unit_test(test_a_compressed_file_is_the_same),
        cmocka_unit_test(test_a_cut_file_is_refused),
        cmocka_unit_test(test_what_is_changed_is_named),
        cmocka_unit_test(test_other_events),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, test_scratch_setup, test_scratch_teardown);
}
