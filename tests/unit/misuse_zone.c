/* Wrong calls of zone.h, for every kernel's rules: requests, frees, isolation, and what a kernel
 * did besides. Building, looking and loading: misuse_zone_load.c. */
#include <fpr/zone.h>

#include "support/digest.h"
#include "support/misuse.h"
#include "support/zone_unit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define GFP FPR_GFP_HIGHUSER_MOVABLE

static enum fpr_profile profile;
static struct fpr_zone_config config;
static struct zone_unit unit;
static struct fpr_zone *z, *none;
static fpr_pfn one, eight, held, listed, unused; /* as in zone_unit.h */

/* Where answers would go. */
static fpr_pfn pfn;
static size_t freed;

static int setup(void **state)
{
    (void)state;
    zone_unit_configure(&config, profile);
    zone_unit_make(&unit, &config);
    z = unit.zone;
    one = unit.one;
    eight = unit.eight;
    held = unit.held;
    listed = unit.listed;
    unused = unit.unused;
    misuse_watch(digest_zone, z);
    misuse_watch_bytes(&pfn, sizeof(pfn));
    misuse_watch_bytes(&freed, sizeof(freed));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fpr_zone_destroy(z);
    return misuse_end();
}

static void test_requests(void **state)
{
    (void)state;
    REFUSED(fpr_zone_alloc(none, 0, GFP, 0, &pfn), -EINVAL, "no zone");
    REFUSED(fpr_zone_alloc(z, 0, GFP, 0, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_zone_alloc(z, UNIT_ORDER + 1, GFP, 0, &pfn), -EINVAL, "larger than max_order");
    REFUSED(fpr_zone_alloc(z, UINT32_MAX, GFP, 0, &pfn), -EINVAL, "no order at all");
    REFUSED(fpr_zone_alloc(z, 0, FPR_GFP_ALL_BITS + 1, 0, &pfn), -EINVAL, "unknown flag");
    REFUSED(fpr_zone_alloc(z, 3, FPR_GFP_MOVABLE | FPR_GFP_RECLAIMABLE, 0, &pfn), -EINVAL,
            "two types");
    REFUSED(fpr_zone_alloc(z, 0, GFP, UNIT_CPUS, &pfn), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_alloc(z, 3, GFP, UINT32_MAX, &pfn), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_alloc_bulk_page(none, 1, 0, &pfn), -EINVAL, "no zone");
    REFUSED(fpr_zone_alloc_bulk_page(z, 1, 0, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_zone_alloc_bulk_page(z, -1, 0, &pfn), -EINVAL, "no type");
    REFUSED(fpr_zone_alloc_bulk_page(z, FPR_HIGHATOMIC, 0, &pfn), -EINVAL, "no request's type");
    REFUSED(fpr_zone_alloc_bulk_page(z, 1, UNIT_CPUS, &pfn), -EINVAL, "no such cpu");
}

/* Every way of giving a block back refuses the same blocks. */
static void refuse_frees(int (*give)(fpr_pfn at, unsigned order, unsigned cpu))
{
    REFUSED(give(one, 1, 0), -EINVAL, "larger than allocated");
    REFUSED(give(eight, 2, 0), -EINVAL, "smaller than allocated");
    REFUSED(give(eight, UNIT_ORDER + 1, 0), -EINVAL, "larger than max_order");
    REFUSED(give(eight, UINT32_MAX, 0), -EINVAL, "no order at all");
    REFUSED(give(eight + 1, 3, 0), -EINVAL, "misaligned");
    REFUSED(give(eight + 1, 0, 0), -EINVAL, "inside a block");
    REFUSED(give(listed, 0, 0), -EINVAL, "double free: on a per-cpu list");
    REFUSED(give(unused, UNIT_ORDER, 0), -EINVAL, "double free: on a free list");
    REFUSED(give(unused, 0, 0), -EINVAL, "double free: head of a free block");
    REFUSED(give(held, 4, 0), -EINVAL, "isolated");
    REFUSED(give(UNIT_HOLE, 0, 0), -EINVAL, "a hole");
    REFUSED(give(UNIT_START - 1, 0, 0), -EINVAL, "before the zone");
    REFUSED(give(UNIT_START + UNIT_PAGES, 0, 0), -EINVAL, "behind the zone");
    REFUSED(give(UNIT_FOREIGN, 0, 0), -EINVAL, "another zone's");
    REFUSED(give(one + ((fpr_pfn)1 << 32), 0, 0), -EINVAL, "an index that would be cut");
    REFUSED(give(FPR_PFN_NONE, 0, 0), -EINVAL, "no frame");
}

static int give_free(fpr_pfn at, unsigned order, unsigned cpu)
{
    return fpr_zone_free(z, at, order, cpu);
}

static int give_as(fpr_pfn at, unsigned order, unsigned cpu)
{
    return fpr_zone_free_as(z, at, order, -1, cpu, 0);
}

static int give_prepare(fpr_pfn at, unsigned order, unsigned cpu)
{
    (void)cpu;
    return fpr_zone_free_prepare(z, at, order);
}

static int give_split(fpr_pfn at, unsigned order, unsigned cpu)
{
    (void)cpu;
    return fpr_zone_split(z, at, order, 0);
}

static int give_movable(fpr_pfn at, unsigned order, unsigned cpu)
{
    (void)cpu;
    return fpr_zone_set_movable(z, at, order, true);
}

static void test_frees(void **state)
{
    (void)state;
    refuse_frees(give_free);
    refuse_frees(give_as);
    refuse_frees(give_prepare);
    refuse_frees(give_split);
    refuse_frees(give_movable);
    REFUSED(fpr_zone_free(none, one, 0, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_free(z, one, 0, UNIT_CPUS), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_free(z, eight, 3, UINT32_MAX), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_free_as(none, one, 0, -1, 0, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_free_as(z, one, 0, -2, 0, 0), -EINVAL, "no type");
    REFUSED(fpr_zone_free_as(z, one, 0, FPR_NR_MIGRATETYPES, 0, 0), -EINVAL, "no type");
    REFUSED(fpr_zone_free_as(z, one, 0, -1, UNIT_CPUS, 0), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_free_as(z, one, 0, -1, 0, 2), -EINVAL, "unknown flag");
    REFUSED(fpr_zone_free_prepare(none, one, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_split(none, eight, 3, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_split(z, eight, 3, 4), -EINVAL, "to something larger");
    REFUSED(fpr_zone_set_movable(none, one, 0, true), -EINVAL, "no zone");
    REFUSED(fpr_zone_drain(none, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_drain(z, UNIT_CPUS), -EINVAL, "no such cpu");
}

static void test_bulk_frees(void **state)
{
    (void)state;
    const fpr_pfn wrong[] = {listed, one};
    const fpr_pfn outside[] = {UINT64_MAX, UNIT_START + UNIT_PAGES};
    REFUSED(fpr_zone_free_bulk(none, &one, 1, 0, &freed), -EINVAL, "no zone");
    REFUSED(fpr_zone_free_bulk(z, NULL, 1, 0, &freed), -EINVAL, "no list");
    REFUSED(fpr_zone_free_bulk(z, &one, 1, UNIT_CPUS, &freed), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_free_bulk(z, NULL, 0, 0, NULL), 0, "nothing is not wrong");
    REFUSED(fpr_zone_free_bulk(z, wrong, 2, 0, NULL), -EINVAL, "the first is free already");
    REFUSED(fpr_zone_free_bulk(z, outside, 2, 0, NULL), -EINVAL, "outside the zone");
    assert_int_equal(fpr_zone_free_bulk(z, wrong, 2, 0, &freed), -EINVAL);
    assert_int_equal(freed, 0);
}

/* A page may be given back once, and a block once it was split only in pieces. */
static void test_double_frees(void **state)
{
    (void)state;
    const fpr_pfn twice[] = {one, one};
    assert_int_equal(fpr_zone_free_bulk(z, twice, 2, 0, &freed), -EINVAL);
    assert_int_equal(freed, 1);
    REFUSED(fpr_zone_free(z, one, 0, 0), -EINVAL, "double free");
    assert_int_equal(fpr_zone_split(z, eight, 3, 0), 0);
    REFUSED(fpr_zone_free(z, eight, 3, 0), -EINVAL, "was split");
    assert_int_equal(fpr_zone_free(z, eight, 0, 0), 0);
    REFUSED(fpr_zone_free(z, eight, 0, 1), -EINVAL, "double free on another cpu");
    REFUSED(fpr_zone_free(z, eight, 0, 0), -EINVAL, "double free");
}

static void test_isolation(void **state)
{
    (void)state;
    const fpr_pfn end = UNIT_START + UNIT_PAGES;
    REFUSED(fpr_zone_isolate(none, unused, UNIT_ORDER), -EINVAL, "no zone");
    REFUSED(fpr_zone_isolate(z, one, 0), -EINVAL, "allocated");
    REFUSED(fpr_zone_isolate(z, listed, 0), -EINVAL, "on a per-cpu list");
    REFUSED(fpr_zone_isolate(z, held, 4), -EINVAL, "isolated already");
    REFUSED(fpr_zone_isolate(z, unused, UNIT_ORDER - 1), -EINVAL, "half of a block");
    REFUSED(fpr_zone_isolate(z, unused, UNIT_ORDER + 1), -EINVAL, "larger than max_order");
    REFUSED(fpr_zone_isolate(z, unused + 1, UNIT_ORDER), -EINVAL, "misaligned");
    REFUSED(fpr_zone_isolate(z, UNIT_HOLE, 0), -EINVAL, "a hole");
    REFUSED(fpr_zone_isolate(z, UNIT_FOREIGN, 0), -EINVAL, "another zone's");
    REFUSED(fpr_zone_putback(none, held, 4), -EINVAL, "no zone");
    REFUSED(fpr_zone_putback(z, held, 3), -EINVAL, "not held with this order");
    REFUSED(fpr_zone_putback(z, held, UINT32_MAX), -EINVAL, "no order at all");
    REFUSED(fpr_zone_putback(z, one, 0), -EINVAL, "allocated");
    REFUSED(fpr_zone_putback(z, unused, UNIT_ORDER), -EINVAL, "free");
    REFUSED(fpr_zone_putback(z, held + 1, 4), -EINVAL, "misaligned");
    REFUSED(fpr_zone_putback(z, UNIT_FOREIGN, 4), -EINVAL, "another zone's");
    REFUSED(fpr_zone_adopt(none, held, 4), -EINVAL, "no zone");
    REFUSED(fpr_zone_adopt(z, held, 5), -EINVAL, "not held with this order");
    REFUSED(fpr_zone_adopt(z, one, 0), -EINVAL, "allocated");
    REFUSED(fpr_zone_adopt(z, held + 1, 4), -EINVAL, "misaligned");
    REFUSED(fpr_zone_isolate_range(none, UNIT_START, end, 1), -EINVAL, "no zone");
    REFUSED(fpr_zone_isolate_range(z, UNIT_START + 1, end, 1), -EINVAL, "misaligned start");
    REFUSED(fpr_zone_isolate_range(z, UNIT_START, end - 1, 1), -EINVAL, "misaligned end");
    REFUSED(fpr_zone_isolate_range(z, end, UNIT_START, 1), -EINVAL, "ends before it starts");
    REFUSED(fpr_zone_isolate_range(z, UNIT_START, UNIT_START, 1), -EINVAL, "nothing");
    REFUSED(fpr_zone_isolate_range(z, 0, end, 1), -EINVAL, "from before the zone");
    REFUSED(fpr_zone_isolate_range(z, UNIT_START, end + 16, 1), -EINVAL, "to behind the zone");
    REFUSED(fpr_zone_isolate_range(z, UNIT_START, end, -1), -EINVAL, "no type");
    REFUSED(fpr_zone_isolate_range(z, UNIT_START, end, FPR_HIGHATOMIC), -EINVAL,
            "not a type for it");
    REFUSED(fpr_zone_unisolate_range(none, UNIT_START, end, 1), -EINVAL, "no zone");
    REFUSED(fpr_zone_unisolate_range(z, UNIT_START + 8, end, 1), -EINVAL, "misaligned start");
    REFUSED(fpr_zone_unisolate_range(z, UNIT_START, end + 16, 1), -EINVAL, "to behind the zone");
    REFUSED(fpr_zone_unisolate_range(z, UNIT_START, end, FPR_ISOLATE), -EINVAL,
            "not a type for it");
    REFUSED(fpr_zone_unisolate_range(z, UNIT_START, end, 1), 0, "nothing isolated is not wrong");
}

static uint64_t bits(void *ctx)
{
    (void)ctx;
    return 0;
}

static void test_what_a_kernel_did(void **state)
{
    (void)state;
    REFUSED(fpr_zone_take(none, unused, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_take(z, one, 0), -ENOENT, "allocated");
    REFUSED(fpr_zone_take(z, listed, 0), -ENOENT, "on a per-cpu list");
    REFUSED(fpr_zone_take(z, held, 4), -ENOENT, "isolated");
    REFUSED(fpr_zone_take(z, UNIT_HOLE, 0), -ENOENT, "a hole");
    REFUSED(fpr_zone_take(z, UNIT_HOLE & ~63u, 6), -ENOENT, "with a hole in it");
    REFUSED(fpr_zone_take(z, unused + 1, 1), -EINVAL, "misaligned");
    REFUSED(fpr_zone_take(z, unused, UNIT_ORDER + 1), -EINVAL, "larger than max_order");
    REFUSED(fpr_zone_take(z, UNIT_FOREIGN, 0), -EINVAL, "another zone's");
    REFUSED(fpr_zone_pcp_take(none, listed, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_pcp_take(z, one, 0), -ENOENT, "allocated");
    REFUSED(fpr_zone_pcp_take(z, unused, 0), -ENOENT, "on a free list");
    REFUSED(fpr_zone_pcp_take(z, UNIT_HOLE, 0), -ENOENT, "a hole");
    REFUSED(fpr_zone_pcp_take(z, listed | 1, 1), -EINVAL, "misaligned");
    REFUSED(fpr_zone_pcp_take(z, listed, UNIT_ORDER + 1), -EINVAL, "larger than max_order");
    REFUSED(fpr_zone_pcp_push(none, one, 0, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_pcp_push(z, one, 0, UNIT_CPUS), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_pcp_push(z, listed, 0, 0), -EINVAL, "on a per-cpu list already");
    REFUSED(fpr_zone_pcp_push(z, unused, UNIT_ORDER, 0), -EINVAL, "an order without lists");
    REFUSED(fpr_zone_pcp_push(z, unused, 0, 0), -EINVAL, "free");
    REFUSED(fpr_zone_pcp_push(z, eight, 0, 0), -EINVAL, "allocated with another order");
    REFUSED(fpr_zone_pcp_push(z, one, UINT32_MAX, 0), -EINVAL, "no order at all");
    REFUSED(fpr_zone_regroup(none, eight, 3), -EINVAL, "no zone");
    REFUSED(fpr_zone_regroup(z, unused, 0), -ENOENT, "free");
    REFUSED(fpr_zone_regroup(z, held, 4), -ENOENT, "isolated");
    REFUSED(fpr_zone_regroup(z, UNIT_HOLE, 0), -ENOENT, "a hole");
    REFUSED(fpr_zone_regroup(z, eight + 1, 1), -EINVAL, "misaligned");
    REFUSED(fpr_zone_regroup(z, UNIT_START + UNIT_PAGES, 0), -EINVAL, "outside the zone");
    REFUSED(fpr_zone_regroup(z, eight, UNIT_ORDER + 1), -EINVAL, "larger than max_order");
    REFUSED(fpr_zone_set_reported(none, unused, UNIT_ORDER, true), -EINVAL, "no zone");
    REFUSED(fpr_zone_set_reported(z, unused, UNIT_ORDER - 1, true), -EINVAL, "another order");
    REFUSED(fpr_zone_set_reported(z, unused + 1, UNIT_ORDER, true), -EINVAL, "inside a block");
    REFUSED(fpr_zone_set_reported(z, one, 0, true), -EINVAL, "allocated");
    REFUSED(fpr_zone_set_reported(z, UNIT_FOREIGN, 0, true), -EINVAL, "another zone's");
    REFUSED(fpr_zone_set_reported(z, unused, UINT32_MAX, true), -EINVAL, "no order at all");
    REFUSED(fpr_zone_shuffle(none, bits, NULL), -EINVAL, "no zone");
    REFUSED(fpr_zone_shuffle(z, NULL, NULL), -EINVAL, "no random bits");
}

static void test_capture(void **state)
{
    (void)state;
    REFUSED(fpr_zone_capture_begin(none, 1), -EINVAL, "no zone");
    REFUSED(fpr_zone_capture_begin(z, UNIT_ORDER + 1), -EINVAL, "larger than max_order");
    REFUSED(fpr_zone_capture_pause(none, true), -EINVAL, "no zone");
    REFUSED(fpr_zone_capture_pause(z, true), -EINVAL, "none under way");
    REFUSED(fpr_zone_capture_end(none, &pfn), -EINVAL, "no zone");
    REFUSED(fpr_zone_capture_end(z, &pfn), -EINVAL, "none under way");
    assert_int_equal(fpr_zone_capture_begin(z, 2), 0);
    REFUSED(fpr_zone_capture_begin(z, 1), -EBUSY, "one is under way");
    REFUSED(fpr_zone_capture_end(z, NULL), -EINVAL, "no place for the answer");
    assert_int_equal(fpr_zone_capture_end(z, &pfn), 0);
    misuse_watch_bytes(&pfn, sizeof(pfn));
    REFUSED(fpr_zone_capture_end(z, &pfn), -EINVAL, "it has ended");
}

static void on_notify(void *ctx, struct fpr_zone *zone, unsigned order)
{
    (void)ctx;
    (void)zone;
    (void)order;
}

static void test_settings(void **state)
{
    (void)state;
    const uint64_t much = (1ull << 61) + 1;
    const struct fpr_event_sink deaf = {NULL, NULL};
    REFUSED(fpr_zone_set_watermarks(none, 1, 2, 3), -EINVAL, "no zone");
    REFUSED(fpr_zone_set_watermarks(z, much, 2, 3), -EINVAL, "would overflow");
    REFUSED(fpr_zone_set_watermarks(z, 1, much, 3), -EINVAL, "would overflow");
    REFUSED(fpr_zone_set_watermarks(z, 1, 2, UINT64_MAX), -EINVAL, "would overflow");
    REFUSED(fpr_zone_set_boost(none, 1, 1), -EINVAL, "no zone");
    REFUSED(fpr_zone_set_boost(z, 1, much), -EINVAL, "would overflow");
    REFUSED(fpr_zone_set_lowmem_reserve(none, FPR_ZONE_NORMAL, 1), -EINVAL, "no zone");
    REFUSED(fpr_zone_set_lowmem_reserve(z, FPR_NR_ZONE_INDICES, 1), -EINVAL, "no zone index");
    REFUSED(fpr_zone_set_lowmem_reserve(z, FPR_ZONE_NORMAL, much), -EINVAL, "would overflow");
    REFUSED(fpr_zone_set_pcp(none, 8, 1), -EINVAL, "no zone");
    REFUSED(fpr_zone_set_pcp(z, 8, 0), -EINVAL, "no batch");
    REFUSED(fpr_zone_set_pcp(z, UINT32_MAX, 1), -EINVAL, "would overflow");
    REFUSED(fpr_zone_set_pcp(z, 8, UINT32_MAX), -EINVAL, "would overflow");
    REFUSED(fpr_zone_set_event_sink(none, NULL), -EINVAL, "no zone");
    REFUSED(fpr_zone_set_event_sink(z, &deaf), -EINVAL, "a sink without a function");
    REFUSED(fpr_zone_set_notify(none, 1, on_notify, NULL), -EINVAL, "no zone");
    REFUSED(fpr_zone_set_notify(z, UNIT_ORDER + 1, on_notify, NULL), -EINVAL, "no such order");
    REFUSED(fpr_zone_set_reclaiming(none, true), -EINVAL, "no zone");
    REFUSED(fpr_zone_set_stat_threshold(none, 1), -EINVAL, "no zone");
    REFUSED(fpr_zone_set_stat_threshold(z, (unsigned)INT32_MAX + 1), -EINVAL, "would overflow");
    REFUSED(fpr_zone_fold_stats(none), -EINVAL, "no zone");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_requests),     TEST(test_frees),     TEST(test_bulk_frees),
        TEST(test_double_frees), TEST(test_isolation), TEST(test_what_a_kernel_did),
        TEST(test_capture),      TEST(test_settings),
    };
    int failed = 0;
    for (int k = 0; k < FPR_NR_PROFILES; k++) {
        profile = (enum fpr_profile)k;
        failed += cmocka_run_group_tests_name(fpr_profile_name(profile), tests, NULL, NULL);
    }
    return failed;
}
