#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/host.h>

#include <errno.h>

enum { UNIT = 512, MIB2 = 1 << 21 };

static struct fpr_host *create(uint64_t pages, enum fpr_host_mode mode)
{
    struct fpr_host_config config;
    struct fpr_host *host;
    assert_int_equal(fpr_host_config_init(&config), 0);
    config.pages = pages;
    config.mode = mode;
    assert_int_equal(fpr_host_create(&config, &host), 0);
    return host;
}

/* Eight units: page 700 in use (unit 1), the rest free; units 2 and 5 reported. */
static const struct fpr_range free_ranges[] = {{701, 7 * UNIT + UNIT - 701}, {0, 700}};
static const struct fpr_range reported[] = {{5 * UNIT, UNIT}, {2 * UNIT, UNIT}};

static struct fpr_host_start start(uint64_t measured)
{
    return (struct fpr_host_start){.free = free_ranges,
                                   .nr_free = 2,
                                   .reported = reported,
                                   .nr_reported = 2,
                                   .measured_bytes = measured};
}

static void test_units_in_use_are_resident(void **state)
{
    (void)state;
    struct fpr_host *host = create(8 * UNIT, FPR_HOST_DONTNEED);
    struct fpr_host_start s = start(0);
    assert_int_equal(fpr_host_load_start(host, &s), UNIT);
    assert_int_equal(fpr_host_resident_in(host, UNIT, UNIT), UNIT);
    assert_int_equal(fpr_host_huge_pages(host), UNIT);
    struct fpr_host_stats stats;
    fpr_host_get_stats(host, &stats);
    assert_int_equal(stats.faults + stats.touches + stats.dropped_bytes + stats.reported_bytes, 0);
    assert_int_equal(fpr_host_touch(host, 2 * UNIT, 1), UNIT);
    fpr_host_get_stats(host, &stats);
    assert_int_equal(stats.refaults, 1); /* it had been reported before the start */
    fpr_host_destroy(host);
}

static void test_the_rest_of_the_measured_comes_in_order(void **state)
{
    (void)state;
    struct fpr_host *host = create(8 * UNIT, FPR_HOST_DONTNEED);
    struct fpr_host_start s = start(3 * MIB2 + 4096);
    assert_int_equal(fpr_host_load_start(host, &s), 3 * UNIT);
    assert_int_equal(fpr_host_resident_in(host, 0, 2 * UNIT), 2 * UNIT);
    assert_int_equal(fpr_host_resident_in(host, 3 * UNIT, UNIT), UNIT); /* 2 was reported */
    assert_int_equal(fpr_host_load_measured(host, 4 * MIB2, false), 4 * UNIT);
    assert_int_equal(fpr_host_resident_in(host, 4 * UNIT, UNIT), UNIT);
    assert_int_equal(fpr_host_load_measured(host, MIB2, false), 4 * UNIT); /* never less */
    assert_int_equal(fpr_host_load_measured(host, 100ull * MIB2, false), 6 * UNIT);
    fpr_host_destroy(host);
}

static void test_from_the_top(void **state)
{
    (void)state;
    struct fpr_host *host = create(8 * UNIT, FPR_HOST_DONTNEED);
    struct fpr_host_start s = start(2 * MIB2);
    s.from_top = true;
    assert_int_equal(fpr_host_load_start(host, &s), 2 * UNIT);
    assert_int_equal(fpr_host_resident_in(host, 7 * UNIT, UNIT), UNIT);
    fpr_host_destroy(host);
}

/* A hole is neither in use nor a candidate. */
static void test_holes_stay_absent(void **state)
{
    (void)state;
    const struct fpr_range memory[] = {{6 * UNIT, 2 * UNIT}, {0, 3 * UNIT}};
    struct fpr_host *host = create(8 * UNIT, FPR_HOST_DONTNEED);
    struct fpr_host_start s = start(100ull * MIB2);
    s.memory = memory;
    s.nr_memory = 2;
    s.free = &(struct fpr_range){0, 700};
    s.nr_free = 1;
    s.reported = NULL;
    s.nr_reported = 0;
    assert_int_equal(fpr_host_load_start(host, &s), 5 * UNIT);
    assert_int_equal(fpr_host_resident_in(host, 3 * UNIT, 3 * UNIT), 0);
    fpr_host_destroy(host);
}

/* Part of a unit in use, part of it reported: split, and short by the reported part. */
static void test_reported_parts_split_their_unit(void **state)
{
    (void)state;
    const struct fpr_range part = {0, 64};
    struct fpr_host *host = create(UNIT, FPR_HOST_DONTNEED);
    const struct fpr_host_start s = {
        .free = &part, .nr_free = 1, .reported = &part, .nr_reported = 1};
    assert_int_equal(fpr_host_load_start(host, &s), UNIT - 64);
    assert_int_equal(fpr_host_huge_pages(host), 0);
    assert_int_equal(fpr_host_touch(host, 0, 1), 1);
    struct fpr_host_stats stats;
    fpr_host_get_stats(host, &stats);
    assert_int_equal(stats.huge_splits, 0);
    fpr_host_destroy(host);
    host = create(UNIT, FPR_HOST_INHIBITED);
    assert_int_equal(fpr_host_load_start(host, &s), UNIT);
    fpr_host_destroy(host);
    host = create(UNIT, FPR_HOST_PUNCH);
    assert_int_equal(fpr_host_load_start(host, &s), UNIT);
    fpr_host_destroy(host);
}

static void test_mistakes_are_returned(void **state)
{
    (void)state;
    struct fpr_host *host = create(UNIT, FPR_HOST_DONTNEED);
    const struct fpr_range outside = {1, UNIT};
    struct fpr_host_start s = {.free = &outside, .nr_free = 1};
    assert_int_equal(fpr_host_load_start(host, &s), -EINVAL);
    s = (struct fpr_host_start){.nr_memory = 1};
    assert_int_equal(fpr_host_load_start(host, &s), -EINVAL);
    s = (struct fpr_host_start){.reported = &outside, .nr_reported = 1};
    assert_int_equal(fpr_host_load_start(host, &s), -EINVAL);
    assert_int_equal(fpr_host_load_start(host, NULL), -EINVAL);
    assert_int_equal(fpr_host_load_start(NULL, &s), -EINVAL);
    assert_int_equal(fpr_host_load_measured(NULL, 1, false), -EINVAL);
    assert_int_equal(fpr_host_resident_pages(host), 0);
    fpr_host_destroy(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units_in_use_are_resident),
        cmocka_unit_test(test_the_rest_of_the_measured_comes_in_order),
        cmocka_unit_test(test_from_the_top),
        cmocka_unit_test(test_holes_stay_absent),
        cmocka_unit_test(test_reported_parts_split_their_unit),
        cmocka_unit_test(test_mistakes_are_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
