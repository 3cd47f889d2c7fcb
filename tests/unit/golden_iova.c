/* Small IOVA golden files, good and bad, through the replay; real ones are replayed by
 * fpr-conform. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "conform/iova_replay.h"
#include "conform/lines.h"

#define HEAD "# fpr-iova 1 profile merged\n"

static struct conform_result *result;

static int setup(void **state)
{
    (void)state;
    result = calloc(1, sizeof(*result));
    return result ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    free(result);
    return 0;
}

static void replay(const char *text, bool exact)
{
    struct lines *in = lines_from_memory(text, strlen(text));
    assert_non_null(in);
    memset(result, 0, sizeof(*result));
    conform_iova_lines(in, exact, result);
    lines_close(in);
}

static void expect_failure(const char *text, unsigned long line, const char *reason)
{
    replay(text, false);
    assert_false(result->ok);
    assert_int_equal(result->line, line);
    if (!strstr(result->reason, reason))
        fail_msg("'%s' is not in '%s'", reason, result->reason);
}

static void test_a_good_file(void **state)
{
    (void)state;
    replay(HEAD "# a comment\nopen v2 => 0\nmap 0x1000 0x1000 a:0x0 rw => 0\n"
                "rd 0x1000 1 => 0 fnv=af64224c8602637e\nclose => 0\n",
           false);
    assert_string_equal(result->reason, "");
    assert_true(result->ok);
    assert_int_equal(result->ops, 4);
}

static void test_a_wrong_answer(void **state)
{
    (void)state;
    expect_failure(HEAD "open v2 => 0\nmap 0x1000 0x1000 a:0x0 rw => -EEXIST\n", 3,
                   "expected -EEXIST, got 0");
}

static void test_other_processes_are_skipped_and_named(void **state)
{
    (void)state;
    replay(HEAD "open v2 => 0\nrdc 0x1000 8 => -EINVAL fnv=0\nwrc 0x1000 8 1 => -EINVAL\n"
                "rdc 0x1000 8 => 0 fnv=0\n",
           false);
    assert_true(result->ok);
    assert_int_equal(result->skipped, 3);
    assert_string_equal(result->skipped_names, "rdc, wrc");
}

static void test_malformed_files(void **state)
{
    (void)state;
    expect_failure("open v2 => 0\n", 1, "first line");
    expect_failure("# fpr-iova 1 profile linux\n", 1, "unknown profile 'linux'");
    expect_failure(HEAD, 1, "no operation");
    expect_failure(HEAD "open v2\n", 2, "no ' => '");
    expect_failure(HEAD "open v3 => 0\n", 2, "neither v1 nor v2");
    expect_failure(HEAD "open v2 usb => 0\n", 2, "unknown device");
    expect_failure(HEAD "open v2 => 0\njump 1 => 0\n", 3, "unknown operation 'jump'");
    expect_failure(HEAD "open v2 => 0\nmap 0x1z 1 a:0 rw => 0\n", 3, "'0x1z' is not a number");
    expect_failure(HEAD "open v2 => 0\nmap 0x1000 1 b:0 rw => 0\n", 3, "neither a:OFFSET");
    expect_failure(HEAD "open v2 => 0\nmap 0x1000 1 a:0 rx => 0\n", 3, "unknown flags 'rx'");
    expect_failure(HEAD "open v2 => 0\nrd 0 8 z => 0\n", 3, "unknown flags 'z'");
    expect_failure(HEAD "open v2 => 0\nsum 0x440000 1 => 0\n", 3, "outside the arena");
    expect_failure(HEAD "open v2 => 0\nrd 0 0x10000000000 => 0\n", 3, "an access of");
    expect_failure(HEAD "sum 0x400000 1 => 0\n", 2, "without access");
    expect_failure(HEAD "rd 0 8 => 0\n", 2, "no container is open");
    expect_failure(HEAD "open v2 => 0\n => 0\n", 3, "no operation before");
}

/* The wandering bit of the recorded kernel, and the true one. */
static void test_exact_dirty_bits(void **state)
{
    (void)state;
    static const char text[] = HEAD "open v2 => 0\ndstart => 0\nmap 0x104000 0x4000 a:0x0 rw => 0\n"
                                    "wr 0x104000 8 1 => 0\n"
                                    "dget 0x100000 0x8000 0x1000 8 0 => 0 bm=10\n"
                                    "dget 0x100000 0x8000 0x1000 8 0 => 0 bm=100\n";
    replay(text, false);
    assert_true(result->ok);
    replay(text, true);
    assert_int_equal(result->line, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_good_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_wrong_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_processes_are_skipped_and_named, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_malformed_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exact_dirty_bits, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
