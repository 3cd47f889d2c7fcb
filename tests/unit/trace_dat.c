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

static int folder_create(void **state)
{
    (void)state;
    return test_scratch_create() ? 0 : -1;
}

static int folder_remove(void **state)
{
    (void)state;
    test_scratch_remove();
    return 0;
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binary_and_text_agree),
        cmocka_unit_test(test_a_compressed_file_is_the_same),
        cmocka_unit_test(test_a_cut_file_is_refused),
    };
    return cmocka_run_group_tests(tests, folder_create, folder_remove);
}
