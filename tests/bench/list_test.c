/* Lists and numbers of command lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli.h"

static void parses(const char *text, size_t count, const uint64_t *want)
{
    struct bench_list list;
    assert_null(bench_list_parse(text, 0, 1000, &list));
    assert_int_equal(list.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(list.values[i], want[i]);
    }
}

static void test_values_and_ranges(void **state)
{
    (void)state;
    parses("0", 1, (const uint64_t[]){0});
    parses("0,9", 2, (const uint64_t[]){0, 9});
    parses("7-9", 3, (const uint64_t[]){7, 8, 9});
    parses("9,0-2,1,500", 5, (const uint64_t[]){9, 0, 1, 2, 500});
    parses("4-4", 1, (const uint64_t[]){4});
}

static void test_nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",    ",",   "1,",    ",1",  "1,,2",  "a",      "1a",
        "-1",  "1-",  "-",     "2-1", "1 ,2",  " 1",     "+1",
        "1.5", "0x1", "1-2-3", "1;2", "99999", "0-1001", "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bench_list list = {.count = 7};
        assert_non_null(bench_list_parse(bad[i], 0, 1000, &list));
        assert_int_equal(list.count, 7); /* untouched */
    }
}

static void test_too_many_values_are_refused(void **state)
{
    (void)state;
    struct bench_list list;
    assert_null(bench_list_parse("0-255", 0, 1000, &list));
    assert_non_null(bench_list_parse("0-256", 0, 1000, &list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_and_ranges),
        cmocka_unit_test(test_nonsense_is_refused),
        cmocka_unit_test(test_too_many_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
