/* Saved states with one line that is wrong: each is refused, with the line and what is wrong. */
#include <fpr/machine.h>
#include <fpr/zone.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A state with something of everything: four pages on a list of cpu 0, movable and reserved runs.
 * The pages of the first q line are 300 to 303, movable. */
#define HEAD                                                                                       \
    "# fpr-state 1\nkernel 6.1.0-test\n"                                                           \
    "params orders 11 pageblock_order 9 mtypes 5 pcp_lists 14 cpus 1\n"
#define BODY                                                                                       \
    "Z DMA32 0 4096 4096 4096 0 1\nz 3072 0 0 8 16 24\nw 0 3072 0 0 0 0 0 0 0 0\n"                 \
    "n 0 0 0 0 0 0 0 0 0 0 3\nb 11111111\nl 10 1 400 800 c00\np 4 64 8 0 0 0\n"                    \
    "q 1 300 301 302 303\nr 1 1111\nm 310+4\ne 0+100 200+10\n.\nQ 1 ok\n"

static const struct {
    const char *line; /* the whole line of the good state */
    const char *with; /* what stands there instead, perhaps several lines */
    unsigned at;      /* line that is blamed */
    const char *reason;
} rows[] = {
    {"# fpr-state 1", "# fpr-state 2", 0, "not a state dump (first line)"},
    {"kernel 6.1.0-test", "kernel 2.4.0", 2, "kernel without a profile: 2.4.0"},
    {"kernel 6.1.0-test", "slot x", 4, "a zone before the kernel and params lines"},
    {"params orders 11 pageblock_order 9 mtypes 5 pcp_lists 14 cpus 1", "params orders 1 mtypes 5",
     3, "params: orders out of range"},
    {"params orders 11 pageblock_order 9 mtypes 5 pcp_lists 14 cpus 1",
     "params orders 99999999 mtypes 5", 3, "params: orders out of range"},
    {"params orders 11 pageblock_order 9 mtypes 5 pcp_lists 14 cpus 1", "params orders 11 mtypes 6",
     3, "params: a kernel with other migratetypes (CMA?) is not modelled"},
    {"params orders 11 pageblock_order 9 mtypes 5 pcp_lists 14 cpus 1",
     "params orders 11 pageblock_order 9 mtypes 5 cpus 0", 3, "params: no cpus"},
    {"params orders 11 pageblock_order 9 mtypes 5 pcp_lists 14 cpus 1",
     "params orders 11 pageblock_order 9 mtypes 5 pcp_lists 12 cpus 1", 4,
     "params: pcp_lists is not what the profile has"},
    {"params orders 11 pageblock_order 9 mtypes 5 pcp_lists 14 cpus 1", "params orders", 3,
     "missing number: parameter"},
    {"Z DMA32 0 4096 4096 4096 0 1", "Z DMA32 0 0 0 0 0 1", 4, "impossible zone"},
    {"Z DMA32 0 4096 4096 4096 0 1", "Z DMA32 x 4096 4096 4096 0 1", 4, "not a number: start"},
    {"Z DMA32 0 4096 4096 4096 0 1", "Z DMA32 0 4096", 4, "missing number: present"},
    {"z 3072 0 0 8 16 24", "z 3072 0 0 8 16", 5, "missing number: watermark"},
    {"z 3072 0 0 8 16 24", "z 3072 0 0 8 16 24 7", 5, "too many fields"},
    {"z 3072 0 0 8 16 24", "y 3072", 5, "unknown record"},
    {"w 0 3072 0 0 0 0 0 0 0 0", "w 0 3072 - 0 0 0 0 0 0 0 0", 6, "not a number: diff"},
    {"z 3072 0 0 8 16 24", "zz 3072", 5, "unknown record"},
    {"z 3072 0 0 8 16 24", "~ 3072", 5, "unknown record"},
    {"z 3072 0 0 8 16 24", "# none", 15, "zone without its z or n line"},
    {"n 0 0 0 0 0 0 0 0 0 0 3", "# none", 15, "zone without its z or n line"},
    {"z 3072 0 0 8 16 24", "z 3071 0 0 8 16 24", 15,
     "free pages do not agree with the lists, or a counter is out of range"},
    {"w 0 3072 0 0 0 0 0 0 0 0", "w 0 3072 9223372036854775808 0 0", 6, "number too large: diff"},
    {"w 0 3072 0 0 0 0 0 0 0 0", "w 0 3072 -x 0 0", 6, "not a number: diff"},
    {"w 0 3072 0 0 0 0 0 0 0 0", "w 0 18446744073709551616 0 0 0", 6, "not a number: global"},
    {"n 0 0 0 0 0 0 0 0 0 0 3", "n 0 0 0 0 0 0 0 0 0 0 2", 15,
     "nr_free does not agree with the lists"},
    {"b 11111111", "b 1111111", 8, "wrong number of pageblock types"},
    {"b 11111111", "b 1111111x", 8, "not a pageblock type"},
    {"b 11111111", "b 11111119", 8, "not a pageblock type"},
    {"l 10 1 400 800 c00", "l 11 1 400", 9, "no such list"},
    {"l 10 1 400 800 c00", "l 10 5 400", 9, "no such list"},
    {"l 10 1 400 800 c00", "l 10 1 400 xyz", 9, "not a page frame number"},
    {"l 10 1 400 800 c00", "l 10 1 400 800!", 9, "not a page frame number"},
    {"l 10 1 400 800 c00", "l 10 1 400 800*8", 9, "not a page frame number"},
    {"l 10 1 400 800 c00", "l 10 1 400 400", 9, "block overlaps another"},
    {"l 10 1 400 800 c00", "l 10 1 401", 9,
     "block unaligned, outside the zone, of no type or not isolated as its pageblock"},
    {"l 10 1 400 800 c00", "l 10 1 1000", 9,
     "block unaligned, outside the zone, of no type or not isolated as its pageblock"},
    {"p 4 64 8 0 0 0", "p 5 64 8 0 0 0", 13,
     "per-cpu counts do not agree with the lists, or are out of range"},
    {"p 4 64 8 0 0 0", "p 4 64 0 0 0 0", 13,
     "per-cpu counts do not agree with the lists, or are out of range"},
    {"p 4 64 8 0 0 0", "p 4 64 8 0 1 0", 10, "no such cpu"},
    {"p 4 64 8 0 0 0", "# none", 11, "a q line without its p line"},
    {"q 1 300 301 302 303", "q 1 300 301 302", 12, "q and r lines do not have the same length"},
    {"q 1 300 301 302 303", "q 1 300 301 302 303 304", 12,
     "q and r lines do not have the same length"},
    {"q 1 300 301 302 303", "q 1 300 301 302 300", 12, "block overlaps another"},
    {"q 1 300 301 302 303", "q 1 300 301 302 1000", 12,
     "block unaligned, outside the zone, of no type or not isolated as its pageblock"},
    {"q 1 300 301 302 303", "q 1 300\nq 1 301", 12, "a q line without its r line"},
    {"q 1 300 301 302 303", "# none", 12, "an r line without its q line"},
    {"r 1 1111", "r 2 1111", 12, "an r line without its q line"},
    {"r 1 1111", "r 1 1119", 12,
     "block unaligned, outside the zone, of no type or not isolated as its pageblock"},
    {"r 1 1111", "# none", 13, "a q line without its r line"},
    {"m 310+4", "m 310", 13, "not a run of pages"},
    {"m 310+4", "m +4", 13, "not a run of pages"},
    {"m 310+4", "m 310-4", 13, "not a run of pages"},
    {"m 310+4", "m 310+", 13, "not a run of pages"},
    {"m 310+4", "m 310+4x", 13, "not a run of pages"},
    {"m 310+4", "m ffe+4", 13, "run outside the zone"},
    {"e 0+100 200+10", "e 200+10 0+100", 14, "reserved runs must rise and lie in the zone"},
    {"e 0+100 200+10", "e ffe+4", 14, "reserved runs must rise and lie in the zone"},
    {"e 0+100 200+10", "e 2000+0", 14, "reserved runs must rise and lie in the zone"},
    {"e 0+100 200+10", "e 0", 14, "not a run of pages"},
    {".", "# none", 16, "unknown record"},
    {"Q 1 ok", "Q 1", 16, "the dump was cut short (its end does not say ok)"},
    {"Q 1 ok", "Q 2 ok", 16, "wrong number of zones"},
    {"Q 1 ok", "Q x ok", 16, "not a number: number of zones"},
    {"Q 1 ok", "# none", 16, "cut short: no Q line"},
};

static size_t spoil(char *text, size_t size, const char *line, const char *with)
{
    static const char good[] = HEAD BODY;
    char whole[128];
    snprintf(whole, sizeof(whole), "%s\n", line);
    const char *at = good;
    while (at && strncmp(at, whole, strlen(whole)) != 0) {
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
    }
    assert_non_null(at);
    return (size_t)snprintf(text, size, "%.*s%s\n%s", (int)(at - good), good, with,
                            at + strlen(whole));
}

static void test_each_line(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        char text[1024];
        struct fpr_text_error error = {0, ""};
        struct fpr_machine *machine = NULL;
        size_t len = spoil(text, sizeof(text), rows[k].line, rows[k].with);
        int err = fpr_machine_load(text, len, NULL, NULL, &machine, NULL, &error);
        if (err != -EINVAL || machine || error.line != rows[k].at ||
            strcmp(error.reason, rows[k].reason) != 0) {
            print_error("\"%s\" for \"%s\": %d, line %u: %s; should be line %u: %s\n", rows[k].with,
                        rows[k].line, err, error.line, error.reason, rows[k].at, rows[k].reason);
            wrong++;
        }
        fpr_machine_destroy(machine);
    }
    assert_int_equal(wrong, 0);
}

/* Unspoilt it loads, and what its lines say is there. */
static void test_good(void **state)
{
    (void)state;
    static const char good[] = HEAD BODY;
    struct fpr_machine *machine = NULL;
    struct fpr_text_error error;
    enum fpr_page_kind kind;
    struct fpr_pcp_counters pcp;
    assert_int_equal(fpr_machine_load(good, sizeof(good) - 1, NULL, NULL, &machine, NULL, &error),
                     0);
    const struct fpr_zone *z = fpr_machine_zone(machine, 0);
    assert_int_equal(fpr_zone_validate(z, NULL, NULL, 0), 0);
    assert_int_equal(fpr_zone_get_pcp(z, 0, &pcp), 0);
    assert_int_equal(pcp.count, 4);
    assert_int_equal(fpr_zone_page(z, 0x301, &kind, NULL), 0);
    assert_int_equal(kind, FPR_PAGE_PCP);
    assert_int_equal(fpr_zone_page(z, 0x20f, &kind, NULL), 0);
    assert_int_equal(kind, FPR_PAGE_RESERVED);
    assert_int_equal(fpr_zone_page(z, 0x210, &kind, NULL), 0);
    assert_int_equal(kind, FPR_PAGE_ALLOCATED);
    assert_int_equal(fpr_zone_page(z, 0xfff, &kind, NULL), 0);
    assert_int_equal(kind, FPR_PAGE_FREE);
    fpr_machine_destroy(machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_each_line),
    };
    return cmocka_run_group_tests_name("state_lines", tests, NULL, NULL);
}
