#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "conform/golden.h"

static void parse_good(const char *line, struct golden_record *record)
{
    char error[256] = "";
    if (!golden_parse(line, record, error, sizeof(error))) {
        fail_msg("'%s' was refused: %s", line, error);
    }
}

static void test_requests_and_frees(void **state)
{
    (void)state;
    struct golden_record r = {0};
    parse_good("A 3 1 0 10de34 - 5ed3cb30915a8b63", &r);
    assert_int_equal(r.kind, GOLDEN_ALLOC);
    assert_int_equal(r.order, 3);
    assert_int_equal(r.type, 1);
    assert_int_equal(r.flags, 0);
    assert_int_equal(r.pfn, 0x10de34);
    assert_int_equal(r.note, '-');
    assert_true(r.hashed);
    assert_true(r.hash == 0x5ed3cb30915a8b63u);
    parse_good("A 10 2 4 - . -", &r);
    assert_true(r.pfn == FPR_PFN_NONE);
    assert_int_equal(r.note, '.');
    assert_false(r.hashed);
    parse_good("F 0 10 n 0123456789abcdef", &r);
    assert_int_equal(r.kind, GOLDEN_FREE);
    assert_int_equal(r.pfn, 0);
    assert_int_equal(r.order, 10);
    assert_int_equal(r.note, 'n');
    parse_good("P ff00 5 0", &r);
    assert_int_equal(r.kind, GOLDEN_SPLIT);
    assert_int_equal(r.order, 5);
    assert_int_equal(r.to, 0);
    parse_good("V n -", &r);
    assert_int_equal(r.kind, GOLDEN_DRAIN);
}

static void test_settings(void **state)
{
    (void)state;
    struct golden_record r = {0};
    parse_good("C pcp on 378 63", &r);
    assert_int_equal(r.kind, GOLDEN_PCP);
    assert_true(r.on);
    assert_int_equal(r.number[0], 378);
    assert_int_equal(r.number[1], 63);
    parse_good("C pcp off 0 1", &r);
    assert_false(r.on);
    parse_good("C report 9", &r);
    assert_int_equal(r.kind, GOLDEN_REPORT);
    assert_int_equal(r.order, 9);
    parse_good("C wmark 1 2 3", &r);
    assert_int_equal(r.kind, GOLDEN_WMARK);
    assert_int_equal(r.number[2], 3);
    parse_good("C boost 15000 512", &r);
    assert_int_equal(r.kind, GOLDEN_BOOST);
    parse_good("C shuffle eba34f11ad4a3294", &r);
    assert_int_equal(r.kind, GOLDEN_SHUFFLE);
    assert_true(r.number[0] == 0xeba34f11ad4a3294u);
}

static void test_passes(void **state)
{
    (void)state;
    struct golden_record r = {0};
    parse_good("R 9", &r);
    assert_int_equal(r.kind, GOLDEN_PASS);
    parse_good("B 2 3 400:9 0:10 ffff800:9 -", &r);
    assert_int_equal(r.kind, GOLDEN_BATCH);
    assert_int_equal(r.k, 2);
    assert_int_equal(r.nr_sg, 3);
    assert_int_equal(r.sg[1].pfn, 0);
    assert_int_equal(r.sg[1].order, 10);
    assert_int_equal(r.sg[2].pfn, 0xffff800);
    parse_good("E 2 -28", &r);
    assert_int_equal(r.kind, GOLDEN_DONE);
    assert_int_equal(r.error, -28);
    parse_good("E 0 1", &r);
    assert_int_equal(r.error, 1);
    parse_good("Z 3 1 -", &r);
    assert_int_equal(r.kind, GOLDEN_PASSED);
    assert_int_equal(r.number[0], 3);
    assert_int_equal(r.number[1], 1);
    parse_good("S 12 -", &r);
    assert_int_equal(r.kind, GOLDEN_STATE);
    parse_good("Q 12 ok", &r);
    assert_int_equal(r.kind, GOLDEN_QUIT);
    parse_good("# anything", &r);
    assert_int_equal(r.kind, GOLDEN_COMMENT);
    golden_record_free(&r);
}

static void test_bad_records_name_their_field(void **state)
{
    (void)state;
    static const struct {
        const char *line, *reason;
    } bad[] = {
        {"", "empty line"},
        {"X 1", "unknown record 'X 1'"},
        {"Alloc 1", "unknown record"},
        {" A 1", "unknown record"},
        {"a 0 1 0 1 - -", "unknown record"},
        {"A", "field 1 (order) is missing"},
        {"A 0 1 0 1 -", "field 6 (hash) is missing"},
        {"A 0 1 0 1 - - ", "field 6 (hash): '-' is not 16 hexadecimal digits"},
        {"A 0  1 0 1 - -", "field 2 (type) is empty"},
        {"A -1 1 0 1 - -", "field 1 (order): '-1' is not a decimal number"},
        {"A 14 1 0 1 - -", "field 1 (order): 14 is above 13"},
        {"A 99999999999999999999 1 0 1 - -", "is not in range"},
        {"A 0 3 0 1 - -", "field 2 (type): 3 is above 2"},
        {"A 0 1 5 1 - -", "field 3 (flags): 5 is above 4"},
        {"A 0 1 0 0x1 - -", "field 4 (pfn): '0x1' is not a lower-case hexadecimal number"},
        {"A 0 1 0 1F - -", "field 4 (pfn): '1F'"},
        {"A 0 1 0 11112222333344445 - -", "field 4 (pfn)"},
        {"A 0 1 0 1 x -", "field 5 (note): 'x' is not n, - or ."},
        {"A 0 1 0 1 nn -", "field 5 (note): 'nn'"},
        {"A 0 1 0 1 - 123", "field 6 (hash): '123' is not 16 hexadecimal digits"},
        {"A 0 1 0 1 - 0123456789abcdeg", "field 6 (hash)"},
        {"A 0 1 0 1 - 0123456789abcdef 1", "field 7: '1' is one too many"},
        {"F - 0 - -", "field 1 (pfn)"},
        {"P 0 3 4", "field 3 (to): 4 is above the block's order 3"},
        {"C", "field 1 (setting) is missing"},
        {"C speed 3", "unknown setting 'speed'"},
        {"C pcp maybe 1 2", "'maybe' is neither on nor off"},
        {"C pcp off 1 1", "off goes with high 0 and batch 1"},
        {"C wmark 1 2", "field 4 (high) is missing"},
        {"C shuffle 12", "16 hexadecimal digits"},
        {"B 0 0 -", "a batch has at least one block"},
        {"B 0 2 0:9 -", "field 4 (block): '-' is not a lower-case hexadecimal number and ':'"},
        {"B 0 1 0-9 -", "field 3 (block)"},
        {"B 0 1 0:14 -", "14 is above 13"},
        {"B 0 1 0:9 200:9 -", "field 4 (hash)"},
        {"B 0 65537 0:9 -", "is above 65536"},
        {"E 0 1x", "field 2 (err)"},
        {"E 0 --1", "field 2 (err)"},
        {"E 0 99999999999", "is not in range"},
        {"Z 0 2 -", "field 2 (requested): 2 is above 1"},
        {"Q 1", "field 2 (ok) is missing"},
        {"Q 1 no", "'no' is not ok"},
        {"Q 1 ok.", "'ok.' is not ok"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct golden_record r = {0};
        char error[256] = "";
        if (golden_parse(bad[i].line, &r, error, sizeof(error))) {
            fail_msg("'%s' was taken", bad[i].line);
        }
        if (!strstr(error, bad[i].reason)) {
            fail_msg("'%s': got '%s', wanted '%s'", bad[i].line, error, bad[i].reason);
        }
        golden_record_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_and_frees),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_passes),
        cmocka_unit_test(test_bad_records_name_their_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
