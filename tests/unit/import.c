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

struct text {
    char *data;
    size_t len;
};

static int append(void *ctx, const char *text, size_t len)
{
    struct text *t = ctx;
    t->data = realloc(t->data, t->len + len + 1);
    assert_non_null(t->data);
    memcpy(t->data + t->len, text, len);
    t->len += len;
    t->data[t->len] = '\0';
    return 0;
}

static struct text read_file(const char *name)
{
    char path[512], part[4096];
    struct text t = {NULL, 0};
    size_t n;
    snprintf(path, sizeof(path), FPR_TEST_DATA "/view/%s", name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        append(&t, part, n);
    fclose(f);
    return t;
}

static void put(const struct test_folder *folder, const char *guest, const char *name)
{
    char full[64];
    snprintf(full, sizeof(full), "%s.%s", guest, name);
    struct text t = read_file(full);
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
    struct text out = {NULL, 0};
    char name[64];
    test_folder_make(&folder);
    put(&folder, guest, "zoneinfo");
    put(&folder, guest, "pagetypeinfo");
    struct fpr_machine *m = import(&folder, &r);
    assert_false(r.frames_known);
    assert_true(r.types_known);
    assert_int_equal(r.free_told, r.free_pages);
    snprintf(name, sizeof(name), "%s.pagetypeinfo", guest);
    struct text want = read_file(name);
    assert_int_equal(fpr_view_pagetypeinfo(m, append, &out), 0);
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
    struct text out = {NULL, 0};
    test_folder_make(&folder);
    put(&folder, "gcc", "zoneinfo");
    put(&folder, "gcc", "buddyinfo");
    struct fpr_machine *m = import(&folder, &r);
    assert_false(r.types_known);
    assert_int_equal(r.displaced, 0);
    struct text want = read_file("gcc.buddyinfo");
    assert_int_equal(fpr_view_buddyinfo(m, append, &out), 0);
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
    refused(TEST_ZONEINFO, "kpageflags", "123", -EINVAL, "kpageflags", 0, "8-byte words");
    assert_int_equal(fpr_machine_import(NULL, NULL, NULL, NULL, NULL), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pagetypeinfo_round_trip),
        cmocka_unit_test(test_buddyinfo_alone),
        cmocka_unit_test(test_kpageflags),
        cmocka_unit_test(test_what_is_wrong_is_told_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
