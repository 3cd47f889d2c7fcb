/* The kernel's own formats: from a recorded state to the very bytes that the kernel printed. */
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
#include <fpr/view.h>

#include "support/text.h"

static struct test_text read_file(const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), FPR_TEST_DATA "/view/%s", name);
    return test_text_file(path);
}

typedef int (*view_fn)(const struct fpr_machine *machine, fpr_write_fn write, void *ctx);

static void check(const struct fpr_machine *m, view_fn view, const char *guest, const char *format)
{
    char name[64];
    struct test_text got = {.data = NULL};
    snprintf(name, sizeof(name), "%s.%s", guest, format);
    struct test_text want = read_file(name);
    assert_int_equal(view(m, test_text_append, &got), 0);
    assert_string_equal(got.data, want.data);
    assert_int_equal(got.len, want.len);
    free(got.data);
    free(want.data);
}

static void recorded(const char *guest)
{
    char name[64];
    struct fpr_machine *m = NULL;
    struct fpr_text_error error = {0};
    snprintf(name, sizeof(name), "%s.state", guest);
    struct test_text state = read_file(name);
    int err = fpr_machine_load(state.data, state.len, NULL, NULL, &m, NULL, &error);
    if (err) {
        fail_msg("%s:%u: %s", name, error.line, error.reason);
    }
    check(m, fpr_view_buddyinfo, guest, "buddyinfo");
    check(m, fpr_view_pagetypeinfo, guest, "pagetypeinfo");
    fpr_machine_destroy(m);
    free(state.data);
}

static void test_as_the_kernel_printed_it(void **state)
{
    (void)state;
    recorded("gcc");
    recorded("pressure");
}

/* 16 pages, free ones at 0, 2 and 4-5: 4 of 16 free, two of them usable for order 1. */
static struct fpr_machine *fragmented(void)
{
    struct fpr_machine_config config;
    struct fpr_zone_config zone;
    struct fpr_machine *m = NULL;
    fpr_zone_config_init(&zone, FPR_PROFILE_V16);
    zone.spanned = 16;
    zone.managed = 16;
    zone.max_order = 4;
    zone.pageblock_order = 3;
    zone.empty = true;
    fpr_machine_config_init(&config);
    config.zones = &zone;
    config.nr_zones = 1;
    assert_int_equal(fpr_machine_create(&config, &m), 0);
    struct fpr_zone *z = fpr_machine_zone(m, 0);
    assert_int_equal(fpr_zone_load_free(z, 0, 0, FPR_MOVABLE, false), 0);
    assert_int_equal(fpr_zone_load_free(z, 2, 0, FPR_MOVABLE, false), 0);
    assert_int_equal(fpr_zone_load_free(z, 4, 1, FPR_MOVABLE, true), 0);
    assert_int_equal(fpr_zone_load_allocated_rest(z, 0, 16, true), 0);
    return m;
}

/* unusable = free pages outside blocks of the order / free pages.
 * extfrag, where no block fits: 1 - (1 + free / 2^order) / blocks, order 2: 1 - (1 + 1) / 3. */
static void test_indices_by_hand(void **state)
{
    (void)state;
    struct fpr_machine *m = fragmented();
    struct test_text t = {.data = NULL};
    assert_int_equal(fpr_view_unusable_index(m, test_text_append, &t), 0);
    assert_string_equal(t.data, "Node 0, zone   Normal 0.000 0.500 1.000 1.000 1.000 \n");
    t.len = 0;
    assert_int_equal(fpr_view_extfrag_index(m, test_text_append, &t), 0);
    assert_string_equal(t.data, "Node 0, zone   Normal -1.000 -1.000 0.334 0.500 0.584 \n");
    int index = 7;
    const struct fpr_zone *z = fpr_machine_zone(m, 0);
    assert_int_equal(fpr_zone_unusable_index(z, 1), 500);
    assert_int_equal(fpr_zone_extfrag_index(z, 2, &index), 0);
    assert_int_equal(index, 334);
    assert_int_equal(fpr_zone_extfrag_index(z, 5, &index), -EINVAL);
    assert_int_equal(fpr_zone_unusable_index(z, 5), -EINVAL);
    assert_int_equal(fpr_zone_unusable_index(NULL, 0), -EINVAL);
    assert_int_equal(index, 334);
    free(t.data);
    fpr_machine_destroy(m);
}

/* The kernel stops counting a list behind 100000 entries. */
static void test_long_lists_are_capped(void **state)
{
    (void)state;
    struct fpr_machine_config config;
    struct fpr_zone_config zone;
    struct fpr_machine *m = NULL;
    struct test_text t = {.data = NULL};
    fpr_zone_config_init(&zone, FPR_PROFILE_V16);
    zone.spanned = 1u << 18;
    zone.empty = true;
    fpr_machine_config_init(&config);
    config.zones = &zone;
    config.nr_zones = 1;
    assert_int_equal(fpr_machine_create(&config, &m), 0);
    struct fpr_zone *z = fpr_machine_zone(m, 0);
    for (fpr_pfn pfn = 0; pfn < 200000; pfn += 2) {
        assert_int_equal(fpr_zone_load_free(z, pfn, 0, FPR_MOVABLE, false), 0);
    }
    assert_int_equal(fpr_view_pagetypeinfo(m, test_text_append, &t), 0);
    assert_non_null(strstr(t.data, "type      Movable 100000      0"));
    assert_int_equal(fpr_zone_load_free(z, 200000, 0, FPR_MOVABLE, false), 0);
    t.len = 0;
    assert_int_equal(fpr_view_pagetypeinfo(m, test_text_append, &t), 0);
    assert_non_null(strstr(t.data, "type      Movable >100000      0"));
    free(t.data);
    fpr_machine_destroy(m);
}

static void test_errors_come_back(void **state)
{
    (void)state;
    const view_fn views[] = {fpr_view_buddyinfo, fpr_view_pagetypeinfo, fpr_view_unusable_index,
                             fpr_view_extfrag_index, fpr_view_json};
    struct fpr_machine *m = fragmented();
    struct test_text full = {.fail = -ENOSPC};
    for (size_t k = 0; k < sizeof(views) / sizeof(views[0]); k++) {
        assert_int_equal(views[k](NULL, test_text_append, &full), -EINVAL);
        assert_int_equal(views[k](m, NULL, &full), -EINVAL);
        assert_int_equal(views[k](m, test_text_append, &full), -ENOSPC);
    }
    fpr_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_the_kernel_printed_it),
        cmocka_unit_test(test_indices_by_hand),
        cmocka_unit_test(test_long_lists_are_capped),
        cmocka_unit_test(test_errors_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
