#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/host.h>

#include <errno.h>

enum { UNIT = 512 }; /* guest pages of a 2 MiB unit */

static struct fpr_host_config config(uint64_t pages)
{
    struct fpr_host_config made;
    assert_int_equal(fpr_host_config_init(&made), 0);
    made.pages = pages;
    return made;
}

static struct fpr_host *create(const struct fpr_host_config *wanted)
{
    struct fpr_host *host = NULL;
    assert_int_equal(fpr_host_create(wanted, &host), 0);
    return host;
}

static struct fpr_host_stats stats(const struct fpr_host *host)
{
    struct fpr_host_stats got;
    assert_int_equal(fpr_host_get_stats(host, &got), 0);
    return got;
}

static void test_a_touch_brings_the_whole_unit(void **state)
{
    (void)state;
    struct fpr_host_config c = config(4 * UNIT);
    struct fpr_host *host = create(&c);
    assert_int_equal(fpr_host_touch(host, UNIT + 7, 1), UNIT);
    assert_int_equal(fpr_host_touch(host, UNIT, UNIT), 0);
    assert_int_equal(fpr_host_resident_pages(host), UNIT);
    assert_int_equal(fpr_host_huge_pages(host), UNIT);
    assert_int_equal(fpr_host_resident_in(host, 0, UNIT + 1), 1);
    assert_int_equal(fpr_host_touch(host, 2 * UNIT - 1, UNIT + 2), 2 * UNIT);
    struct fpr_host_stats s = stats(host);
    assert_int_equal(s.faults, 3);
    assert_int_equal(s.zeroed_bytes, 3 << 21);
    assert_int_equal(s.refaults, 0);
    assert_int_equal(s.touches, 1 + UNIT + UNIT + 2);
    fpr_host_destroy(host);
}

static void test_whole_reports_come_back_huge(void **state)
{
    (void)state;
    struct fpr_host_config c = config(4 * UNIT);
    struct fpr_host *host = create(&c);
    fpr_host_touch(host, 0, 2 * UNIT);
    assert_int_equal(fpr_host_drop(host, 0, 4 * UNIT), 2 * UNIT);
    assert_int_equal(fpr_host_resident_pages(host), 0);
    assert_int_equal(fpr_host_touch(host, 3, 2), UNIT);
    struct fpr_host_stats s = stats(host);
    assert_int_equal(s.refaults, 2);
    assert_int_equal(s.refault_bytes, 8192);
    assert_int_equal(s.refault_faults, 1);
    assert_int_equal(s.rezeroed_bytes, 1 << 21);
    assert_int_equal(s.dropped_bytes, 2 << 21);
    assert_int_equal(s.reported_bytes, 4 << 21);
    assert_int_equal(s.huge_splits, 0);
    fpr_host_destroy(host);
}

static void test_part_reports_split(void **state)
{
    (void)state;
    struct fpr_host_config c = config(UNIT);
    struct fpr_host *host = create(&c);
    fpr_host_touch(host, 0, 1);
    assert_int_equal(fpr_host_drop(host, 8, 8), 8);
    assert_int_equal(fpr_host_drop(host, 8, 16), 8);
    assert_int_equal(fpr_host_resident_pages(host), UNIT - 16);
    assert_int_equal(fpr_host_huge_pages(host), 0);
    assert_int_equal(fpr_host_touch(host, 10, 3), 3); /* page by page */
    struct fpr_host_stats s = stats(host);
    assert_int_equal(s.huge_splits, 1);
    assert_int_equal(s.faults, 1 + 3);
    assert_int_equal(s.refault_faults, 3);
    assert_int_equal(fpr_host_touch(host, 0, UNIT), 13);
    assert_int_equal(fpr_host_huge_pages(host), 0); /* full again, but still mapped by pages */
    fpr_host_destroy(host);
}

/* Emptied bit by bit, then covered by one report: huge again only with refault_huge. */
static void test_a_split_unit_may_become_huge_again(void **state)
{
    (void)state;
    for (int again = 0; again <= 1; again++) {
        struct fpr_host_config c = config(UNIT);
        c.refault_huge = again;
        struct fpr_host *host = create(&c);
        fpr_host_touch(host, 0, 1);
        assert_int_equal(fpr_host_drop(host, 0, UNIT / 2), UNIT / 2);
        assert_int_equal(fpr_host_drop(host, UNIT / 2, UNIT / 2), UNIT / 2);
        assert_int_equal(fpr_host_touch(host, 5, 1), 1); /* the page table is still there */
        assert_int_equal(fpr_host_drop(host, 0, UNIT), 1);
        assert_int_equal(fpr_host_touch(host, 5, 1), again ? UNIT : 1);
        fpr_host_destroy(host);
    }
}

static void test_unsplittable_units_wait_for_their_last_page(void **state)
{
    (void)state;
    struct fpr_host_config c = config(2 * UNIT);
    c.split_huge = false;
    struct fpr_host *host = create(&c);
    fpr_host_touch(host, 0, 1);
    assert_int_equal(fpr_host_drop(host, 0, 256), 0);
    assert_int_equal(fpr_host_touch(host, 0, 1), 0); /* wanted again */
    assert_int_equal(fpr_host_drop(host, 256, 256), 0);
    assert_int_equal(fpr_host_resident_pages(host), UNIT);
    assert_int_equal(fpr_host_pressure(host), 0);
    assert_int_equal(fpr_host_drop(host, 0, 1), UNIT);
    assert_int_equal(fpr_host_resident_pages(host), 0);
    assert_int_equal(stats(host).huge_splits, 0);
    assert_int_equal(fpr_host_drop(host, 0, 256), 0);
    assert_int_equal(fpr_host_touch(host, 0, 1), UNIT);
    fpr_host_destroy(host);
}

static void test_small_pages(void **state)
{
    (void)state;
    struct fpr_host_config c = config(100);
    c.backing_shift = 12;
    struct fpr_host *host = create(&c);
    assert_int_equal(fpr_host_touch(host, 10, 20), 20);
    assert_int_equal(fpr_host_drop(host, 15, 10), 10);
    assert_int_equal(fpr_host_touch(host, 0, 100), 90);
    assert_int_equal(fpr_host_huge_pages(host), 0);
    assert_int_equal(stats(host).refaults, 10);
    assert_int_equal(stats(host).huge_splits, 0);
    fpr_host_destroy(host);
}

/* 64 KiB guest pages: 32 of them in a 2 MiB unit; smaller units than pages do not exist. */
static void test_other_page_sizes(void **state)
{
    (void)state;
    struct fpr_host_config c = config(70);
    c.page_shift = 16;
    struct fpr_host *host = create(&c);
    assert_int_equal(fpr_host_touch(host, 1, 1), 32);
    assert_int_equal(fpr_host_touch(host, 69, 1), 6); /* the last unit is short */
    assert_int_equal(stats(host).zeroed_bytes, 38 << 16);
    fpr_host_destroy(host);
    c.backing_shift = 12;
    host = create(&c);
    assert_int_equal(fpr_host_touch(host, 1, 1), 1);
    assert_int_equal(stats(host).zeroed_bytes, 1 << 16);
    assert_int_equal(fpr_host_drop(host, 1, 1), 1);
    assert_int_equal(fpr_host_touch(host, 1, 1), 1);
    assert_int_equal(stats(host).refault_bytes, 1 << 16);
    fpr_host_destroy(host);
}

static void test_punching_skips_what_is_not_whole_pages(void **state)
{
    (void)state;
    struct fpr_host_config c = config(3 * UNIT + 100);
    c.mode = FPR_HOST_PUNCH;
    struct fpr_host *host = create(&c);
    fpr_host_touch(host, 0, 3 * UNIT + 100);
    assert_int_equal(fpr_host_drop(host, 0, 256), 0);
    assert_int_equal(fpr_host_drop(host, 256, UNIT), 0);
    assert_int_equal(fpr_host_drop(host, 0, UNIT), UNIT);
    assert_int_equal(fpr_host_drop(host, 2 * UNIT, UNIT + 100), UNIT + 100);
    assert_int_equal(stats(host).misaligned_entries, 2);
    assert_int_equal(stats(host).reported_bytes, (256 + UNIT + UNIT + UNIT + 100) << 12);
    fpr_host_destroy(host);
    c.backing_shift = 30;
    host = create(&c);
    fpr_host_touch(host, 0, 1);
    assert_int_equal(fpr_host_drop(host, 0, 1024), 0);
    assert_int_equal(fpr_host_resident_pages(host), 3 * UNIT + 100);
    fpr_host_destroy(host);
}

static void test_lazily_freed_memory_stays_until_pressure(void **state)
{
    (void)state;
    struct fpr_host_config c = config(3 * UNIT);
    c.mode = FPR_HOST_FREE;
    struct fpr_host *host = create(&c);
    fpr_host_touch(host, 0, 3 * UNIT);
    assert_int_equal(fpr_host_drop(host, 0, 2 * UNIT), 0);
    assert_int_equal(fpr_host_drop(host, 2 * UNIT, 4), 0);
    assert_int_equal(fpr_host_resident_pages(host), 3 * UNIT);
    assert_int_equal(fpr_host_touch(host, 1, 1), 0); /* saves its huge page */
    assert_int_equal(fpr_host_touch(host, 2 * UNIT + 1, 1), 0);
    struct fpr_host_stats s = stats(host);
    assert_int_equal(s.lazy_hits, 2);
    assert_int_equal(s.refaults, 0);
    assert_int_equal(s.huge_splits, 1);
    assert_int_equal(fpr_host_pressure(host), UNIT + 3);
    assert_int_equal(fpr_host_pressure(host), 0);
    assert_int_equal(fpr_host_resident_in(host, 0, UNIT), UNIT);
    assert_int_equal(fpr_host_resident_in(host, UNIT, UNIT), 0);
    assert_int_equal(stats(host).dropped_bytes, (UNIT + 3) << 12);
    assert_int_equal(fpr_host_touch(host, UNIT, 1), UNIT);
    assert_int_equal(stats(host).refaults, 1);
    fpr_host_destroy(host);
}

static void test_inhibited_keeps_everything(void **state)
{
    (void)state;
    struct fpr_host_config c = config(UNIT);
    c.mode = FPR_HOST_INHIBITED;
    struct fpr_host *host = create(&c);
    fpr_host_touch(host, 0, 1);
    assert_int_equal(fpr_host_drop(host, 0, UNIT), 0);
    assert_int_equal(fpr_host_resident_pages(host), UNIT);
    assert_int_equal(stats(host).reported_bytes, 1 << 21);
    assert_int_equal(stats(host).dropped_bytes, 0);
    fpr_host_destroy(host);
}

static uint64_t pinned_low(void *ctx, fpr_pfn pfn, uint64_t pages)
{
    const uint64_t *limit = ctx; /* pages below it are pinned */
    if (pfn >= *limit)
        return 0;
    return *limit - pfn < pages ? *limit - pfn : pages;
}

static void test_hazards_are_pinned_pages_that_go(void **state)
{
    (void)state;
    uint64_t limit = 5;
    struct fpr_host_config c = config(UNIT);
    c.pinned = pinned_low;
    c.pinned_ctx = &limit;
    struct fpr_host *host = create(&c);
    fpr_host_drop(host, 0, 4); /* nothing there */
    fpr_host_touch(host, 0, 1);
    fpr_host_drop(host, 4, 4);
    assert_int_equal(stats(host).hazards, 1);
    fpr_host_destroy(host);
}

static void test_device_counts_and_skips_the_unknown(void **state)
{
    (void)state;
    struct fpr_host_config c = config(2 * UNIT);
    struct fpr_host *host = create(&c);
    struct fpr_device device;
    assert_int_equal(fpr_host_device(host, &device), 0);
    fpr_host_touch(host, 0, 2 * UNIT);
    const struct fpr_sg sg[] = {{UNIT, 9}, {0, 3}, {2 * UNIT, 0}, {0, 70}};
    assert_int_equal(device.report(device.ctx, sg, 4), 0);
    struct fpr_host_stats s = stats(host);
    assert_int_equal(s.report_calls, 1);
    assert_int_equal(s.report_entries, 4);
    assert_int_equal(s.misaligned_entries, 2);
    assert_int_equal(s.dropped_bytes, (UNIT + 8) << 12);
    uint64_t want = c.costs.report_call_ns + 4 * c.costs.report_entry_ns +
                    (UNIT + 8) * c.costs.drop_page_ns + c.costs.split_huge_ns;
    assert_int_equal(fpr_host_cost_ns(host, 0, 0), want);
    fpr_host_touch(host, UNIT, 1); /* a huge fault and its zeroing */
    want += c.costs.fault_ns + UNIT * c.costs.zero_page_ns;
    assert_int_equal(fpr_host_cost_ns(host, 3, 7),
                     want + 3 * c.costs.isolate_ns + 7 * c.costs.walk_ns);
    assert_true(fpr_host_cost_ns(host, UINT64_MAX, 7) == UINT64_MAX); /* not what is left of it */
    fpr_host_destroy(host);
}

static void test_loading_counts_nothing(void **state)
{
    (void)state;
    struct fpr_host_config c = config(3 * UNIT);
    struct fpr_host *host = create(&c);
    assert_int_equal(fpr_host_load_resident(host, 100, 2 * UNIT - 100), 0);
    assert_int_equal(fpr_host_resident_pages(host), 2 * UNIT - 100);
    assert_int_equal(fpr_host_huge_pages(host), UNIT);
    assert_int_equal(fpr_host_touch(host, 0, 2), 2); /* the first unit came by pages */
    assert_int_equal(stats(host).faults, 2);
    assert_int_equal(stats(host).touches, 2);
    fpr_host_destroy(host);
}

static void test_a_unit_filled_in_parts_is_not_huge(void **state)
{
    (void)state;
    struct fpr_host_config c = config(UNIT);
    struct fpr_host *host = create(&c);
    assert_int_equal(fpr_host_load_resident(host, 0, UNIT / 2), 0);
    assert_int_equal(fpr_host_load_resident(host, UNIT / 2, UNIT / 2), 0);
    assert_int_equal(fpr_host_resident_pages(host), UNIT);
    assert_int_equal(fpr_host_huge_pages(host), 0);
    fpr_host_destroy(host);
}

/* What was not there when it was dropped does not come back, and dropping it costs nothing. */
static void test_absent_pages_are_not_dropped(void **state)
{
    (void)state;
    struct fpr_host_config c = config(UNIT);
    struct fpr_host *host = create(&c);
    assert_int_equal(fpr_host_load_resident(host, 0, 1), 0);
    assert_int_equal(fpr_host_drop(host, 0, 4), 1);
    uint64_t cost = fpr_host_cost_ns(host, 0, 0);
    assert_int_equal(cost, c.costs.drop_page_ns);
    assert_int_equal(fpr_host_drop(host, 0, 4), 0);
    assert_int_equal(fpr_host_cost_ns(host, 0, 0), cost);
    assert_int_equal(fpr_host_touch(host, 0, 3), 3);
    assert_int_equal(stats(host).refaults, 1);
    assert_int_equal(stats(host).refault_faults, 1);
    fpr_host_destroy(host);
}

static void test_mistakes_are_returned(void **state)
{
    (void)state;
    struct fpr_host *host = NULL;
    struct fpr_host_config c = config(0);
    assert_int_equal(fpr_host_create(&c, &host), -EINVAL);
    c.pages = (1ull << 40) + 1;
    assert_int_equal(fpr_host_create(&c, &host), -EINVAL);
    c = config(10);
    c.backing_shift = 31;
    assert_int_equal(fpr_host_create(&c, &host), -EINVAL);
    c = config(10);
    c.page_shift = 11;
    assert_int_equal(fpr_host_create(&c, &host), -EINVAL);
    c = config(10);
    c.mode = (enum fpr_host_mode)9;
    assert_int_equal(fpr_host_create(&c, &host), -EINVAL);
    assert_int_equal(fpr_host_create(NULL, &host), -EINVAL);
    assert_null(host);
    c = config(10);
    host = create(&c);
    assert_int_equal(fpr_host_touch(host, 10, 1), -EINVAL);
    assert_int_equal(fpr_host_touch(host, 5, UINT64_MAX), -EINVAL);
    assert_int_equal(fpr_host_drop(host, 0, 11), -EINVAL);
    assert_int_equal(fpr_host_load_resident(host, UINT64_MAX, 1), -EINVAL);
    assert_int_equal(fpr_host_resident_in(host, 11, 0), -EINVAL);
    assert_int_equal(stats(host).touches, 0);
    assert_int_equal(fpr_host_touch(host, 10, 0), 0);
    assert_int_equal(fpr_host_pressure(NULL), -EINVAL);
    assert_int_equal(fpr_host_get_stats(host, NULL), -EINVAL);
    assert_int_equal(fpr_host_device(host, NULL), -EINVAL);
    fpr_host_destroy(host);
    fpr_host_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_touch_brings_the_whole_unit),
        cmocka_unit_test(test_whole_reports_come_back_huge),
        cmocka_unit_test(test_part_reports_split),
        cmocka_unit_test(test_a_split_unit_may_become_huge_again),
        cmocka_unit_test(test_unsplittable_units_wait_for_their_last_page),
        cmocka_unit_test(test_small_pages),
        cmocka_unit_test(test_other_page_sizes),
        cmocka_unit_test(test_punching_skips_what_is_not_whole_pages),
        cmocka_unit_test(test_lazily_freed_memory_stays_until_pressure),
        cmocka_unit_test(test_inhibited_keeps_everything),
        cmocka_unit_test(test_hazards_are_pinned_pages_that_go),
        cmocka_unit_test(test_device_counts_and_skips_the_unknown),
        cmocka_unit_test(test_loading_counts_nothing),
        cmocka_unit_test(test_a_unit_filled_in_parts_is_not_huge),
        cmocka_unit_test(test_absent_pages_are_not_dropped),
        cmocka_unit_test(test_mistakes_are_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
