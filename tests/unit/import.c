/* Machines from the files of real ones, and from small ones made up here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fpr/fpr.h>
#include <fpr/import.h>
#include <fpr/view.h>

#include "support/folder.h"
#include "support/text.h"

static struct test_text read_file(const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), FPR_TEST_DATA "/view/%s", name);
    return test_text_file(path);
}

static void put(const struct test_folder *folder, const char *guest, const char *name)
{
    char full[64];
    snprintf(full, sizeof(full), "%s.%s", guest, name);
    struct test_text t = read_file(full);
    test_folder_write(folder, name, t.data);
    free(t.data);
}

static struct fpr_machine *import(const struct test_folder *folder, struct fpr_import_result *r)
{
    struct fpr_machine *m = NULL;
    struct fpr_trace_error error = {.line = 0};
    char reason[200] = "";
    int rc = fpr_machine_import(folder->path, NULL, &m, r, &error);
    if (rc)
        fail_msg("%s:%llu: %s", error.file, (unsigned long long)error.line, error.reason);
    for (size_t k = 0; k < fpr_machine_nr_zones(m); k++) {
        rc = fpr_zone_validate(fpr_machine_zone(m, k), NULL, reason, sizeof(reason));
        if (rc)
            fail_msg("zone %zu: %s", k, reason);
    }
    return m;
}

/* What comes out in the kernel's format is what went in, byte for byte. */
static void round_trip(const char *guest)
{
    struct test_folder folder;
    struct fpr_import_result r;
    struct test_text out = {.data = NULL};
    char name[64];
    test_folder_make(&folder);
    put(&folder, guest, "zoneinfo");
    put(&folder, guest, "pagetypeinfo");
    struct fpr_machine *m = import(&folder, &r);
    assert_false(r.frames_known);
    assert_true(r.types_known);
    assert_int_equal(r.free_told, r.free_pages);
    snprintf(name, sizeof(name), "%s.pagetypeinfo", guest);
    struct test_text want = read_file(name);
    assert_int_equal(fpr_view_pagetypeinfo(m, test_text_append, &out), 0);
    assert_string_equal(out.data, want.data);
    fpr_machine_destroy(m);
    free(want.data);
    free(out.data);
    test_folder_remove(&folder);
}

static void test_pagetypeinfo_round_trip(void **state)
{
    (void)state;
    round_trip("gcc");
    round_trip("pressure");
}

static void test_buddyinfo_alone(void **state)
{
    (void)state;
    struct test_folder folder;
    struct fpr_import_result r;
    struct test_text out = {.data = NULL};
    test_folder_make(&folder);
    put(&folder, "gcc", "zoneinfo");
    put(&folder, "gcc", "buddyinfo");
    struct fpr_machine *m = import(&folder, &r);
    assert_false(r.types_known);
    assert_int_equal(r.displaced, 0);
    struct test_text want = read_file("gcc.buddyinfo");
    assert_int_equal(fpr_view_buddyinfo(m, test_text_append, &out), 0);
    assert_string_equal(out.data, want.data);
    fpr_machine_destroy(m);
    free(want.data);
    free(out.data);
    test_folder_remove(&folder);
}

/* Free blocks by frame; a pageblock full of slab is guessed to be unmovable. */
static void test_kpageflags(void **state)
{
    (void)state;
    struct test_folder folder;
    struct fpr_import_result r;
    static uint64_t words[1024];
    const uint64_t lru = 1u << 5, slab = 1u << 7, buddy = 1u << 10;
    for (size_t k = 0; k < 1024; k++)
        words[k] = k < 512 ? lru : slab;
    for (size_t k = 64; k < 164; k++)
        words[k] = buddy; /* 64 + 32 + 4 */
    test_folder_make(&folder);
    test_folder_write(&folder, "zoneinfo", TEST_ZONEINFO);
    test_folder_write_bytes(&folder, "kpageflags", words, sizeof(words));
    struct fpr_machine *m = import(&folder, &r);
    assert_true(r.frames_known);
    assert_int_equal(r.free_pages, 100);
    assert_int_equal(r.free_told, 100);
    struct fpr_zone *z = fpr_machine_zone(m, 0);
    struct fpr_block b;
    enum fpr_page_kind kind;
    assert_int_equal(fpr_zone_page(z, 163, &kind, &b), 0);
    assert_int_equal(kind, FPR_PAGE_FREE);
    assert_int_equal(b.pfn, 160);
    assert_int_equal(b.order, 2);
    assert_int_equal(fpr_zone_pageblock_type(z, 0), FPR_MOVABLE);
    assert_int_equal(fpr_zone_pageblock_type(z, 600), FPR_UNMOVABLE);
    fpr_machine_destroy(m);
    test_folder_remove(&folder);
}

/* With both, the frames are kpageflags' and the types pagetypeinfo's, holes neither's. */
#define HOLED_ZONEINFO                                                                             \
    "Node 0, zone   Normal\n"                                                                      \
    "  pages free     196\n"                                                                       \
    "        spanned  3072\n"                                                                      \
    "        present  2048\n"                                                                      \
    "        managed  2048\n"                                                                      \
    "  start_pfn:           0\n"
#define HOLED_TYPES                                                                                \
    "Page block order: 9\n"                                                                        \
    "Node 0, zone Normal, type Unmovable 0 0 1 0 0 0 0 0 0 0 0\n"                                  \
    "Node 0, zone Normal, type Movable 0 0 0 0 0 1 2 0 0 0 0\n"                                    \
    "Node 0, zone Normal, type Reclaimable 0 0 0 0 0 1 0 0 0 0 0\n"                                \
    "Number of blocks type Unmovable Movable Reclaimable HighAtomic Isolate\n"                     \
    "Node 0, zone Normal 1 2 1 0 0\n"

static uint64_t holed_words[3072];

/* Pageblocks: user memory, no page structures, slab, the kernel's own, nothing, user memory. */
static void fill_holed(struct test_folder *folder)
{
    static const uint64_t kinds[] = {1u << 5, 1u << 20, 1u << 7, 1u << 3, 0, 1u << 5};
    const uint64_t buddy = 1u << 10;
    for (size_t k = 0; k < 3072; k++)
        holed_words[k] = kinds[k / 512];
    for (size_t k = 64; k < 164; k++)
        holed_words[k] = buddy; /* 64 + 32 + 4, of which the 4 are on another list */
    for (size_t k = 0; k < 32; k++)
        holed_words[1024 + k] = buddy;
    for (size_t k = 0; k < 64; k++)
        holed_words[2560 + k] = buddy;
    test_folder_make(folder);
    test_folder_write(folder, "zoneinfo", HOLED_ZONEINFO);
    test_folder_write(folder, "pagetypeinfo", HOLED_TYPES);
}

static uint64_t blocks_on(struct fpr_machine *m, unsigned order, int mt)
{
    struct test_text t = {.data = NULL};
    char want[64];
    uint64_t n[FPR_NR_ORDERS] = {0};
    assert_int_equal(fpr_view_pagetypeinfo(m, test_text_append, &t), 0);
    snprintf(want, sizeof(want), "type %12s", fpr_migratetype_name(mt));
    char *at = strstr(t.data, want);
    assert_non_null(at);
    at += strlen(want);
    for (unsigned o = 0; o <= order; o++)
        n[o] = strtoull(at, &at, 10);
    free(t.data);
    return n[order];
}

static void test_kpageflags_with_types(void **state)
{
    (void)state;
    struct test_folder folder;
    struct fpr_import_result r;
    struct fpr_zone_info info;
    static const int types[] = {FPR_MOVABLE,   -ENOENT, FPR_RECLAIMABLE,
                                FPR_UNMOVABLE, -ENOENT, FPR_MOVABLE};
    fill_holed(&folder);
    test_folder_write_bytes(&folder, "kpageflags", holed_words, sizeof(holed_words));
    struct fpr_machine *m = import(&folder, &r);
    struct fpr_zone *z = fpr_machine_zone(m, 0);
    assert_true(r.frames_known);
    assert_true(r.types_known);
    assert_int_equal(r.free_pages, 196);
    assert_int_equal(r.free_told, 196);
    assert_int_equal(r.displaced, 1);
    for (size_t k = 0; k < 6; k++)
        assert_int_equal(fpr_zone_pageblock_type(z, k * 512 + 7), types[k]);
    assert_int_equal(blocks_on(m, 2, FPR_UNMOVABLE), 1);
    assert_int_equal(blocks_on(m, 2, FPR_MOVABLE), 0);
    assert_int_equal(blocks_on(m, 5, FPR_MOVABLE), 1);
    assert_int_equal(blocks_on(m, 6, FPR_MOVABLE), 2);
    assert_int_equal(blocks_on(m, 5, FPR_RECLAIMABLE), 1);
    assert_int_equal(fpr_zone_get_info(z, &info), 0);
    assert_int_equal(info.present, 2048);
    fpr_machine_destroy(m);
    test_folder_remove(&folder);
}

/* Of holes only the number is known without kpageflags, or if a copy of it ends too soon. */
static void test_holes_without_kpageflags(void **state)
{
    (void)state;
    for (size_t words = 0; words <= 2048; words += 2048) {
        struct test_folder folder;
        struct fpr_import_result r;
        struct test_text out = {.data = NULL};
        fill_holed(&folder);
        if (words)
            test_folder_write_bytes(&folder, "kpageflags", holed_words,
                                    words * sizeof(holed_words[0]));
        struct fpr_machine *m = import(&folder, &r);
        assert_false(r.frames_known);
        assert_true(r.types_known);
        assert_int_equal(r.free_pages, 196);
        assert_int_equal(fpr_view_pagetypeinfo(m, test_text_append, &out), 0);
        assert_non_null(
            strstr(out.data,
                   "Node 0, zone   Normal            1            2            1            0 "));
        assert_int_equal(blocks_on(m, 2, FPR_UNMOVABLE), 1);
        free(out.data);
        fpr_machine_destroy(m);
        test_folder_remove(&folder);
    }
}

static void refused(const char *zoneinfo, const char *name, const char *text, int want,
                    const char *file, uint64_t line, const char *reason)
{
    struct test_folder folder;
    struct fpr_machine *m = NULL;
    struct fpr_trace_error error;
    test_folder_make(&folder);
    if (zoneinfo)
        test_folder_write(&folder, "zoneinfo", zoneinfo);
    if (name)
        test_folder_write(&folder, name, text);
    int rc = fpr_machine_import(folder.path, NULL, &m, NULL, &error);
    if (rc != want || error.line != line || !strstr(error.reason, reason) ||
        !strstr(error.file, file))
        fail_msg("%d: %s:%llu: %s", rc, error.file, (unsigned long long)error.line, error.reason);
    assert_null(m);
    test_folder_remove(&folder);
}

static void test_what_is_wrong_is_told_with_its_line(void **state)
{
    (void)state;
    const char *good = "Node 0, zone   Normal 0 0 0 0 0 0 0 0 0 0 1\n";
    refused(NULL, "buddyinfo", good, -ENOENT, "", 0, "no zoneinfo");
    refused("nonsense\n", "buddyinfo", good, -EINVAL, "zoneinfo", 0, "no zone");
    refused(TEST_ZONEINFO, NULL, NULL, -ENOENT, "", 0, "none of kpageflags");
    refused(TEST_ZONEINFO, "buddyinfo", "", -EINVAL, "buddyinfo", 0, "no zone");
    refused(TEST_ZONEINFO, "buddyinfo", "\nNode x\n", -EINVAL, "buddyinfo", 2, "not a line");
    refused(TEST_ZONEINFO, "buddyinfo", "Node 0, zone Normal 1 2 x\n", -EINVAL, "buddyinfo", 1,
            "not a number");
    refused(TEST_ZONEINFO, "buddyinfo", "Node 0, zone Normal 1 -2\n", -EINVAL, "buddyinfo", 1,
            "not a number");
    refused(TEST_ZONEINFO, "buddyinfo", "Node 0, zone Normal\n", -EINVAL, "buddyinfo", 1,
            "every order");
    refused(TEST_ZONEINFO, "buddyinfo", "Node 0, zone Normal 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6\n",
            -EINVAL, "buddyinfo", 1, "more numbers");
    refused(TEST_ZONEINFO, "buddyinfo", "Node 0, zone Normal 0 0 0 0 0 0 0 0 0 0 2\n", -EINVAL,
            "buddyinfo", 1, "more free blocks than");
    refused(TEST_ZONEINFO, "buddyinfo", "Node 0, zone DMA 0 0 0 0 0 0 0 0 0 0 1\n", -EINVAL,
            "buddyinfo", 0, "says nothing of node 0, zone Normal");
    refused(TEST_ZONEINFO, "pagetypeinfo", "Page block order: 40\n", -EINVAL, "pagetypeinfo", 1,
            "no order");
    refused(TEST_ZONEINFO, "pagetypeinfo", "Node 0, zone Normal, type Odd 1 2\n", -EINVAL,
            "pagetypeinfo", 1, "unknown type");
    refused(TEST_ZONEINFO, "pagetypeinfo", "Node 0, zone Normal 1 2\n", -EINVAL, "pagetypeinfo", 1,
            "before their types");
    refused(TEST_ZONEINFO, "pagetypeinfo",
            "Number of blocks type Unmovable Movable\nNode 0, zone Normal 1\n", -EINVAL,
            "pagetypeinfo", 2, "not as many");
    refused(TEST_ZONEINFO, "kpageflags", "12345678", -EINVAL, "", 0,
            "kpageflags ends at frame 0x1");
    refused(TEST_ZONEINFO, "kpageflags", "123", -EINVAL, "kpageflags", 0, "8-byte words");
    assert_int_equal(fpr_machine_import(NULL, NULL, NULL, NULL, NULL), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pagetypeinfo_round_trip),
        cmocka_unit_test(test_buddyinfo_alone),
        cmocka_unit_test(test_kpageflags),
        cmocka_unit_test(test_kpageflags_with_types),
        cmocka_unit_test(test_holes_without_kpageflags),
        cmocka_unit_test(test_what_is_wrong_is_told_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
