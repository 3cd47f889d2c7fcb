/* Whole small files, good and bad, through the replay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "conform/conform.h"
#include "conform/lines.h"

static const char good[] =
    "# fpr-golden 1\n"
    "kernel v16\n"
    "profile v16\n"
    "zone 0 4096 4096 4096\n"
    "params orders 11 pageblock_order 9 mtypes 5 isolate 4 capacity 32 pcp_lists 3 nofragment 0 "
    "lru 1 shuffle 0\n"
    "boost_factor 0\n"
    "m 801\n"
    "C pcp off 0 1\n"
    "S 0 -\n"
    "z 3072 0 0 10 20 30\n"
    "n 0 0 0 0 0 0 0 0 0 0 3\n"
    "b 11111111\n"
    "l 10 1 0 400 c00*\n"
    ".\n"
    "A 9 1 1 0 - -\n"
    "P 0 9 8\n"
    "F 0 8 - -\n"
    "A 0 1 1 0 - -\n"
    "F 0 0 - -\n"
    "F 100 8 - -\n"
    "C report 9\n"
    "C wmark 11 22 33\n"
    "S 5 -\n"
    "z 3072 0 0 11 22 33\n"
    "n 0 0 0 0 0 0 0 0 0 0 3\n"
    "b 11111111\n"
    "l 10 1 0 400 c00*\n"
    ".\n"
    "A 10 0 1 0 - -\n"
    "F 0 10 n -\n"
    "Q 7 ok\n";

static void replay(const char *text, size_t size, struct conform_result *result)
{
    struct conform_options options = {.hash = true};
    struct lines *in = lines_from_memory(text, size);
    assert_non_null(in);
    conform_fpr_lines(in, &options, result);
    lines_close(in);
}

/* The good file with the first `from` replaced; "" appends. */
static char *changed(const char *from, const char *to)
{
    const char *at = *from ? strstr(good, from) : good + sizeof(good) - 1;
    assert_non_null(at);
    size_t before = (size_t)(at - good);
    char *text = malloc(sizeof(good) + strlen(to));
    assert_non_null(text);
    memcpy(text, good, before);
    strcpy(text + before, to);
    strcat(text, at + strlen(from));
    return text;
}

static void test_a_good_file_passes(void **state)
{
    (void)state;
    struct conform_result result;
    replay(good, sizeof(good) - 1, &result);
    if (!result.ok) {
        fail_msg("line %lu: %s\n%s", result.line, result.reason, result.detail);
    }
    assert_int_equal(result.ops, 7);
}

struct change {
    const char *from, *to;
    unsigned long line;
    const char *reason;
};

static void check_changes(const struct change *changes, size_t count)
{
    struct conform_result result;
    for (size_t i = 0; i < count; i++) {
        char *text = changed(changes[i].from, changes[i].to);
        replay(text, strlen(text), &result);
        if (result.ok || result.line != changes[i].line ||
            !strstr(result.reason, changes[i].reason)) {
            fail_msg("'%s' -> '%s': wanted line %lu: %s; got %s line %lu: %s", changes[i].from,
                     changes[i].to, changes[i].line, changes[i].reason, result.ok ? "ok" : "not ok",
                     result.line, result.reason);
        }
        free(text);
    }
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_bad_headers(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {"# fpr-golden 1", "# fpr-golden 2", 1, "not '# fpr-golden 1'"},
        {"kernel v16\n", "", 8, "the header has no line 'kernel'"},
        {"kernel v16", "kernel v16 v17", 2, "one too many"},
        {"kernel v16\n", "kernel v16\nkernel v16\n", 3, "a second kernel line"},
        {"profile v16", "profile v17", 0, "profile 'v17' is none that is modelled"},
        {"profile v16\n", "", 0, "kernel 'v16' is none that is modelled"},
        {"zone 0 4096", "colour 0\nzone 0 4096", 4, "unknown header line 'colour'"},
        {"zone 0 4096 4096 4096", "zone 0 0 0 0", 4, "impossible zone"},
        {"zone 0 4096 4096 4096", "zone 0 4096 4096 5000", 4, "managed <= present <= spanned"},
        {"zone 0 4096", "zone fffffffffffff 4096", 4, "impossible zone"},
        {"zone 0 4096 4096 4096", "zone 0 4096 4096", 4, "field 5 (managed) is missing"},
        {"zone 0 4096", "zone 0 8192", 12, "8 pageblock types, but the zone has 16 pageblocks"},
        {"orders 11", "orders 15", 5, "15 is above 14"},
        {"orders 11", "orders 9", 5, "pageblock_order is above the largest order"},
        {"orders 11", "colours 11", 5, "unknown key 'colours'"},
        {"lru 1", "lru 1 lru 1", 5, "repeated key 'lru'"},
        {"mtypes 5 ", "", 5, "mtypes is missing"},
        {"mtypes 5", "mtypes 6", 5, "6 is above 5"},
        {"capacity 32", "capacity 0", 5, "capacity is below 1"},
        {"pcp_lists 3", "pcp_lists 14", 5, "pcp_lists is 14, which profile v16 does not know"},
        {"boost_factor 0", "quirk backwards", 6, "unknown quirk 'backwards'"},
        {"boost_factor 0", "quirk patch-level P5", 6, "'P5' is not P4, P7 or P8"},
        {"m 801", "m 1", 9, "impossible m page 1: it is free, or named twice"},
        {"m 801", "m 801\nm 801", 10, "impossible m page 801"},
        {"m 801", "m 1000", 9, "impossible m page 1000: it is out of the zone"},
        {"C pcp off 0 1", "C pcp on 9 1", 8, "may stand before the first state"},
        {"C pcp off 0 1\n", "", 8, "the header has no line 'C pcp off 0 1'"},
    };
    check_changes(changes, COUNT(changes));
}

static void test_impossible_states(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {"l 10 1 0 400 c00*", "l 10 1 0 400 400", 13, "block 400 of order 10 overlaps"},
        {"n 0 0 0 0 0 0 0 0 0 0 3\nb 11111111\nl 10 1 0 400 c00*",
         "n 0 0 0 0 0 0 0 0 0 2 2\nb 11111111\nl 9 1 0 a00\nl 10 1 0 400", 14,
         "block 0 of order 10 overlaps"},
        {"l 10 1 0 400 c00*", "l 10 1 0 401 c00*", 13, "block 401 is not aligned to order 10"},
        {"l 10 1 0 400 c00*", "l 10 1 0 400 1000*", 13,
         "block 1000 of order 10 is out of the zone"},
        {"l 10 1 0 400 c00*", "l 10 1 0 400", 11, "nr_free of order 10 is 3"},
        {"z 3072", "z 3071", 10, "3071 pages free, but the lists hold 3072"},
        {"n 0 0 0 0 0 0 0 0 0 0 3", "n 0 0 0 0 0 0 0 0 0 1 2", 11, "nr_free of order 9 is 1"},
        {"n 0 0 0 0 0 0 0 0 0 0 3", "n 0 0 0 0 0 0 0 0 0 3", 11, "field 11 (nr_free) is missing"},
        {"l 10 1 0 400 c00*", "l 11 1 0 400 c00*", 13, "11 is above 10"},
        {"l 10 1 0 400 c00*", "l 10 5 0 400 c00*", 13, "5 is above 4"},
        {"l 10 1 0 400 c00*", "l 10 1", 13, "field 3 (pfn) is missing"},
        {"l 10 1 0 400 c00*", "l 10 1 0 400 c00+", 13, "field 5 (pfn): 'c00+'"},
        {"l 10 1 0 400 c00*", "l 10 1 0 400\nl 10 1 c00*", 14, "lists must come by order"},
        {"l 10 1 0 400 c00*", "l 10 1 0 400\nl 10 0 c00*", 14, "lists must come by order"},
        {"b 11111111", "b 1111111", 12, "7 pageblock types"},
        {"b 11111111", "b 11111115", 12, "pageblock 7: '5' is not a type"},
        {"b 11111111\n", "", 12, "a line 'l' is out of place here"},
        {"z 3072", "y 3072", 10, "is no line of a state"},
        {"z 3072 0 0 10 20 30\n", "", 10, "a line 'n' is out of place here"},
        {".\n", "p 0 0 1 0\n.\n", 14, "the first state has per-cpu lists, but they are off"},
        {".\n", "q 0 800\n.\n", 14, "a line 'q' is out of place here"},
        {".\n", "p 1 0 1 0\n.\n", 14, "1 pages on per-cpu lists, but the lists hold 0"},
        {"S 0 -", "S 1 -", 9, "not that of operation 0"},
        {"S 0 -", "S 0 0123456789abcdef", 9, "the first state's hash: expected 0123456789abcdef"},
    };
    check_changes(changes, COUNT(changes));
}

static void test_bad_operations(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {"P 0 9 8", "X 0 9 8", 16, "unknown record 'X 0 9 8'"},
        {"P 0 9 8", "P 0 8 7", 16, "expected 'P 0 8 7' to be taken, got error -22"},
        {"F 0 8 - -", "F 0 9 - -", 17, "expected 'F 0 9 - -' to be taken, got error -22"},
        {"F 0 8 - -", "F 400 8 - -", 17, "to be taken, got error -22"},
        {"F 0 8 - -", "F fffffff 8 - -", 17, "to be taken, got error -22"},
        {"A 0 1 1 0 - -", "A 11 1 1 0 - -", 18, "order 11 is above the largest, 10"},
        {"C report 9", "R 9", 21, "a pass before any 'C report'"},
        {"A 10 0 1 0 - -", "R 8", 29, "a pass at order 8, but the device has order 9"},
        {"A 10 0 1 0 - -", "E 0 0", 29, "record 'E' is out of place here"},
        {"A 10 0 1 0 - -", "Z 0 0 -", 29, "record 'Z' is out of place here"},
        {"A 10 0 1 0 - -", "C shuffle 0123456789abcdef", 29, "but shuffling is off"},
        {"S 5 -", "S 6 -", 23, "said to follow operation 6, but it follows 5"},
        {"c00*\n.\nA 10", "c00*\np 0 0 1 0\n.\nA 10", 23, "has per-cpu lists, but they are off"},
        {"Q 7 ok", "Q 8 ok", 31, "tells of 8 operations, but has 7"},
        {"", "A 0 1 1 0 - -\n", 32, "something stands after the Q record"},
    };
    check_changes(changes, COUNT(changes));
}

static void test_differences_show_both_sides(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {"A 0 1 1 0 - -", "A 0 1 1 1 - -", 18, "expected pfn 1, got 0"},
        {"A 0 1 1 0 - -", "A 0 1 1 - - -", 18, "expected pfn -, got 0"},
        {"F 0 10 n -", "F 0 10 - -", 30, "expected note -, got n"},
        {"F 100 8 - -", "F 100 8 n -", 20, "expected note n, got -"},
        {"z 3072 0 0 11", "z 3072 0 0 10", 24, "expected wmark_min 10, got 11"},
        {"0 400 c00*\n.\nA 10", "400 0 c00*\n.\nA 10", 27,
         "expected 400 at entry 0 of free list of order 10, type 1, got 0"},
        {"c00*\n.\nA 10", "c00\n.\nA 10", 27, "expected c00 at entry 2"},
        {"b 11111111\nl 10 1 0 400 c00*\n.\nA 10", "b 11111112\nl 10 1 0 400 c00*\n.\nA 10", 26,
         "expected type 2 of pageblock 7, got 1"},
        {"F 0 0 - -", "F 0 0 - 0123456789abcdef", 19, "expected state hash 0123456789abcdef, got "},
    };
    check_changes(changes, COUNT(changes));
    struct conform_result result;
    char *text = changed("0 400 c00*\n.\nA 10", "400 0 c00*\n.\nA 10");
    replay(text, strlen(text), &result);
    assert_non_null(strstr(result.detail, ">     0  400                0\n"));
    assert_non_null(strstr(result.detail, ">     1  0                  400\n"));
    assert_non_null(strstr(result.detail, "      2  c00*               c00*\n"));
    free(text);
}

/* Wherever a file is cut, it fails, names a line, and nothing crashes. */
static void test_every_cut_fails(void **state)
{
    (void)state;
    struct conform_result result;
    for (size_t size = 0; size < sizeof(good) - 2; size++) {
        char *cut = malloc(size + 1);
        assert_non_null(cut);
        memcpy(cut, good, size);
        replay(cut, size, &result);
        if (result.ok || !result.reason[0]) {
            fail_msg("cut to %zu bytes it passes", size);
        }
        free(cut);
    }
}

/* Every single byte made another one: never a crash, and a failure has a reason. */
static void test_damage_is_survived(void **state)
{
    (void)state;
    static const char bytes[] = {'0', '9', 'f', ' ', '\n', '-', '*', '\0', 'A', (char)0xff};
    struct conform_result result;
    for (size_t at = 0; at < sizeof(good) - 1; at++) {
        for (size_t b = 0; b < sizeof(bytes); b++) {
            char text[sizeof(good)];
            memcpy(text, good, sizeof(good));
            text[at] = bytes[b];
            replay(text, sizeof(good) - 1, &result);
            assert_true(result.ok || result.reason[0]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_file_passes),          cmocka_unit_test(test_bad_headers),
        cmocka_unit_test(test_impossible_states),           cmocka_unit_test(test_bad_operations),
        cmocka_unit_test(test_differences_show_both_sides), cmocka_unit_test(test_every_cut_fails),
        cmocka_unit_test(test_damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
