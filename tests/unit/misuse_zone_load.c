/* Wrong calls of zone.h, for every kernel's rules: building, looking and loading; and of the two
 * indices of view.h. */
#include <fpr/view.h>
#include <fpr/zone.h>

#include "support/digest.h"
#include "support/lean_mem.h"
#include "support/misuse.h"
#include "support/zone_unit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static enum fpr_profile profile;
static struct fpr_zone_config config;
static struct zone_unit unit;
static struct fpr_zone *z, *none, *empty;
static fpr_pfn one, listed, unused; /* as in zone_unit.h */

/* Where answers would go. */
static struct fpr_zone *made;

static int setup(void **state)
{
    (void)state;
    zone_unit_configure(&config, profile);
    zone_unit_make(&unit, &config);
    config.empty = true;
    assert_int_equal(fpr_zone_create(&config, &empty), 0);
    config.empty = false;
    z = unit.zone;
    one = unit.one;
    listed = unit.listed;
    unused = unit.unused;
    misuse_watch(digest_zone, z);
    misuse_watch(digest_zone, empty);
    misuse_watch_bytes((void *)&made, sizeof(made));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fpr_zone_destroy(z);
    fpr_zone_destroy(empty);
    return misuse_end();
}

static int visit(void *ctx, const struct fpr_block *block)
{
    (void)ctx;
    (void)block;
    return 1;
}

static void test_looking(void **state)
{
    (void)state;
    struct fpr_zone_info info;
    struct fpr_zone_counters counters;
    struct fpr_zone_stats stats;
    struct fpr_lock_stats lock;
    struct fpr_pcp_counters pcp;
    enum fpr_page_kind kind;
    int index;
    memset(&kind, 0xa5, sizeof(kind));
    const enum fpr_page_kind kind_before = kind;
    REFUSED(fpr_zone_get_info(none, &info), -EINVAL, "no zone");
    REFUSED(fpr_zone_get_info(z, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_zone_get_counters(none, &counters), -EINVAL, "no zone");
    REFUSED(fpr_zone_get_counters(z, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_zone_get_stats(none, &stats), -EINVAL, "no zone");
    REFUSED(fpr_zone_get_stats(z, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_zone_get_lock_stats(none, &lock), -EINVAL, "no zone");
    REFUSED(fpr_zone_get_lock_stats(z, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_zone_clear_lock_stats(none), -EINVAL, "no zone");
    REFUSED(fpr_zone_get_pcp(none, 0, &pcp), -EINVAL, "no zone");
    REFUSED(fpr_zone_get_pcp(z, UNIT_CPUS, &pcp), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_get_pcp(z, 0, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_zone_walk_free(none, 0, 1, visit, NULL), -EINVAL, "no zone");
    REFUSED(fpr_zone_walk_free(z, 0, 1, NULL, NULL), -EINVAL, "no visitor");
    REFUSED(fpr_zone_walk_free(z, UNIT_ORDER + 1, 1, visit, NULL), -EINVAL, "no such order");
    REFUSED(fpr_zone_walk_free(z, 0, -1, visit, NULL), -EINVAL, "no type");
    REFUSED(fpr_zone_walk_free(z, 0, FPR_NR_MIGRATETYPES, visit, NULL), -EINVAL, "no type");
    REFUSED(fpr_zone_walk_pcp(none, 0, 0, visit, NULL), -EINVAL, "no zone");
    REFUSED(fpr_zone_walk_pcp(z, 0, 0, NULL, NULL), -EINVAL, "no visitor");
    REFUSED(fpr_zone_walk_pcp(z, UNIT_CPUS, 0, visit, NULL), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_walk_pcp(z, 0, 15, visit, NULL), -EINVAL, "no such list");
    REFUSED(fpr_zone_pageblock_type(none, one), -EINVAL, "no zone");
    REFUSED(fpr_zone_pageblock_type(z, UNIT_FOREIGN), -EINVAL, "another zone's");
    REFUSED(fpr_zone_page(none, one, &kind, NULL), -EINVAL, "no zone");
    REFUSED(fpr_zone_page(z, one, NULL, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_zone_page(z, UNIT_START + UNIT_PAGES, &kind, NULL), -EINVAL, "outside the zone");
    assert_int_equal(kind, kind_before);
    REFUSED(fpr_zone_validate(none, NULL, NULL, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_validate(z, NULL, NULL, 0), 0, "nothing to be told is not wrong");
    REFUSED(fpr_zone_validate(z, NULL, NULL, 9), -EINVAL, "no place for the reason");
    REFUSED(fpr_zone_hash(none, true), 0, "no zone");
    REFUSED(fpr_zone_unusable_index(none, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_unusable_index(z, UNIT_ORDER + 1), -EINVAL, "no such order");
    REFUSED(fpr_zone_extfrag_index(none, 0, &index), -EINVAL, "no zone");
    REFUSED(fpr_zone_extfrag_index(z, UNIT_ORDER + 1, &index), -EINVAL, "no such order");
    REFUSED(fpr_zone_extfrag_index(z, 0, NULL), -EINVAL, "no place for the answer");
}

static void test_loading_blocks(void **state)
{
    (void)state;
    assert_int_equal(fpr_zone_load_free(empty, 128, 3, 1, false), 0);
    assert_int_equal(fpr_zone_load_pageblock(empty, 256, FPR_PAGEBLOCK_HOLE), 0);
    REFUSED(fpr_zone_load_free(none, 192, 0, 1, false), -EINVAL, "no zone");
    REFUSED(fpr_zone_load_free(empty, 193, 1, 1, false), -EINVAL, "misaligned");
    REFUSED(fpr_zone_load_free(empty, 0, 0, 1, false), -EINVAL, "outside the zone");
    REFUSED(fpr_zone_load_free(empty, 192, UNIT_ORDER + 1, 1, false), -EINVAL, "no such order");
    REFUSED(fpr_zone_load_free(empty, 192, 0, -1, false), -EINVAL, "no type");
    REFUSED(fpr_zone_load_free(empty, 192, 0, FPR_NR_MIGRATETYPES, false), -EINVAL, "no type");
    REFUSED(fpr_zone_load_free(empty, 128, 3, 1, false), -EEXIST, "a block is there");
    REFUSED(fpr_zone_load_free(empty, 129, 0, 1, false), -EEXIST, "inside a block");
    REFUSED(fpr_zone_load_free(empty, 128, 6, 1, false), -EEXIST, "over a block");
    REFUSED(fpr_zone_load_free(empty, 256, 0, 1, false), -EEXIST, "no page structures there");
    REFUSED(fpr_zone_load_free(empty, 256, 6, 1, false), -EEXIST, "no page structures in it");
    assert_int_equal(fpr_zone_load_pageblock(empty, 336, FPR_ISOLATE), 0); /* 336 to 351 */
    REFUSED(fpr_zone_load_free(empty, 340, 0, 1, false), -EINVAL, "its pageblock is isolated");
    REFUSED(fpr_zone_load_free(empty, 320, 5, 1, false), -EINVAL, "its second one is isolated");
    REFUSED(fpr_zone_load_free(empty, 320, 5, FPR_ISOLATE, false), -EINVAL, "the first one not");
    REFUSED(fpr_zone_load_pageblock(empty, 128, FPR_ISOLATE), -EEXIST, "a free block is there");
    assert_int_equal(fpr_zone_load_free(empty, 340, 0, FPR_ISOLATE, false), 0);
    REFUSED(fpr_zone_load_pageblock(empty, 336, FPR_MOVABLE), -EEXIST, "isolated memory is there");
    REFUSED(fpr_zone_load_pageblock(empty, 337, FPR_ISOLATE), 0, "it is isolated already");
    assert_int_equal(fpr_zone_validate(empty, NULL, NULL, 0), 0);
}

static void test_loading(void **state)
{
    (void)state;
    REFUSED(fpr_zone_load_pcp(none, 0, 0, 192, 1), -EINVAL, "no zone");
    REFUSED(fpr_zone_load_pcp(empty, UNIT_CPUS, 0, 192, 1), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_load_pcp(empty, 0, 15, 192, 1), -EINVAL, "no such list");
    REFUSED(fpr_zone_load_pcp(empty, 0, 0, 192, FPR_NR_MIGRATETYPES), -EINVAL, "no type");
    REFUSED(fpr_zone_load_pcp(empty, 0, 0, 192, FPR_ISOLATE), -EINVAL, "isolated pages go past it");
    REFUSED(fpr_zone_load_pcp(empty, 0, 0, UNIT_FOREIGN, 1), -EINVAL, "outside the zone");
    REFUSED(fpr_zone_load_pcp(z, 0, 0, listed, 1), -EEXIST, "a block is there");
    REFUSED(fpr_zone_load_allocated(none, 192, 0, true), -EINVAL, "no zone");
    REFUSED(fpr_zone_load_allocated(empty, 193, 1, true), -EINVAL, "misaligned");
    REFUSED(fpr_zone_load_allocated(empty, UNIT_FOREIGN, 0, true), -EINVAL, "outside the zone");
    REFUSED(fpr_zone_load_allocated(empty, 192, UNIT_ORDER + 1, true), -EINVAL, "no such order");
    REFUSED(fpr_zone_load_allocated(z, one, 0, true), -EEXIST, "a block is there");
    REFUSED(fpr_zone_load_allocated_rest(none, UNIT_START, 1, true), -EINVAL, "no zone");
    REFUSED(fpr_zone_load_allocated_rest(empty, UNIT_START, 0, true), -EINVAL, "nothing");
    REFUSED(fpr_zone_load_allocated_rest(empty, 0, 1, true), -EINVAL, "outside the zone");
    REFUSED(fpr_zone_load_allocated_rest(empty, UNIT_START, UNIT_PAGES + 1, true), -EINVAL,
            "too long");
    REFUSED(fpr_zone_load_allocated_rest(empty, UNIT_START + 1, UINT64_MAX, true), -EINVAL,
            "wraps");
    REFUSED(fpr_zone_load_pageblock(none, UNIT_START, 1), -EINVAL, "no zone");
    REFUSED(fpr_zone_load_pageblock(empty, UNIT_FOREIGN, 1), -EINVAL, "outside the zone");
    REFUSED(fpr_zone_load_pageblock(empty, UNIT_START, -2), -EINVAL, "no type");
    REFUSED(fpr_zone_load_pageblock(empty, UNIT_START, FPR_NR_MIGRATETYPES), -EINVAL, "no type");
    REFUSED(fpr_zone_load_pageblock(z, one, FPR_PAGEBLOCK_HOLE), -EEXIST, "a block is there");
    REFUSED(fpr_zone_load_pageblock(z, unused, FPR_PAGEBLOCK_HOLE), -EEXIST, "a block is there");
}

static void test_loading_counters(void **state)
{
    (void)state;
    struct fpr_zone_counters c, bad;
    struct fpr_pcp_counters p, q;
    assert_int_equal(fpr_zone_get_counters(z, &c), 0);
    assert_int_equal(fpr_zone_get_pcp(z, 0, &p), 0);
#define BAD_ZONE(field, value, wrong)                                                              \
    bad = c;                                                                                       \
    bad.field = (value);                                                                           \
    REFUSED(fpr_zone_load_counters(z, &bad), -EINVAL, wrong)
#define BAD_PCP(field, value, wrong)                                                               \
    q = p;                                                                                         \
    q.field = (value);                                                                             \
    REFUSED(fpr_zone_load_pcp_counters(z, 0, &q), -EINVAL, wrong)
    REFUSED(fpr_zone_load_counters(none, &c), -EINVAL, "no zone");
    REFUSED(fpr_zone_load_counters(z, NULL), -EINVAL, "no counters");
    BAD_ZONE(free, c.free + 1, "not what was loaded");
    BAD_ZONE(free_lag, 1, "not what was loaded");
    BAD_ZONE(stat_threshold, UINT32_MAX, "would overflow");
    BAD_ZONE(boost, UINT64_MAX, "would overflow");
    BAD_ZONE(watermark[FPR_WMARK_MIN], UINT64_MAX, "would overflow");
    BAD_ZONE(watermark[FPR_WMARK_HIGH], UINT64_MAX, "would overflow");
    BAD_ZONE(lowmem_reserve[FPR_ZONE_DMA], UINT64_MAX, "would overflow");
    BAD_ZONE(highatomic, UNIT_PAGES * 4, "more than the zone has");
    REFUSED(fpr_zone_load_pcp_counters(none, 0, &p), -EINVAL, "no zone");
    REFUSED(fpr_zone_load_pcp_counters(z, 0, NULL), -EINVAL, "no counters");
    REFUSED(fpr_zone_load_pcp_counters(z, UNIT_CPUS, &p), -EINVAL, "no such cpu");
    BAD_PCP(count, p.count + 1, "not what was loaded");
    BAD_PCP(batch, 0, "no batch");
    BAD_PCP(batch, UINT32_MAX, "would overflow");
    BAD_PCP(high, UINT32_MAX, "would overflow");
    BAD_PCP(free_factor, 17, "out of range");
}

#define BAD(field, value, wrong)                                                                   \
    zone_unit_configure(&config, profile);                                                         \
    config.field = (value);                                                                        \
    REFUSED(fpr_zone_create(&config, &made), -EINVAL, wrong)

static void test_geometry(void **state)
{
    (void)state;
    BAD(name, "DMA 32", "two words");
    BAD(name, "DMA\n", "two lines");
    BAD(name, "\xff", "no ASCII");
    const struct fpr_range before = {UNIT_START - 1, 2}, behind = {UNIT_START + UNIT_PAGES - 1, 2};
    const struct fpr_range wraps = {UNIT_START, UINT64_MAX}, twice[] = {{100, 8}, {104, 8}};
    REFUSED(fpr_zone_config_init(NULL, FPR_PROFILE_V16), -EINVAL, "no configuration");
    REFUSED(fpr_zone_config_init(&config, FPR_NR_PROFILES), -EINVAL, "unknown profile");
    REFUSED(fpr_zone_config_init(&config, (enum fpr_profile) - 1), -EINVAL, "unknown profile");
    REFUSED(fpr_zone_create(NULL, &made), -EINVAL, "no configuration");
    REFUSED(fpr_zone_create(&config, NULL), -EINVAL, "no place for the zone");
    BAD(spanned, 0, "no frames");
    BAD(spanned, (1ull << 32) + 1, "too many frames");
    BAD(spanned, UINT64_MAX, "wraps");
    BAD(start, UINT64_MAX - 8, "wraps");
    BAD(max_order, 0, "no larger blocks");
    BAD(max_order, FPR_MAX_ORDER + 1, "above FPR_MAX_ORDER");
    BAD(pageblock_order, 0, "single pages");
    BAD(pageblock_order, UNIT_ORDER + 1, "above max_order");
    BAD(page_shift, 9, "no such page size");
    BAD(page_shift, 21, "no such page size");
    BAD(cpus, 0, "no cpu");
    BAD(cpus, 1025, "too many cpus");
    BAD(holes, NULL, "holes without a list");
    BAD(holes, &before, "a hole from before the zone");
    BAD(holes, &behind, "a hole to behind the zone");
    BAD(holes, &wraps, "a hole that wraps");
    zone_unit_configure(&config, profile);
    config.holes = twice;
    config.nr_holes = 2;
    REFUSED(fpr_zone_create(&config, &made), -EINVAL, "holes that overlap");
}

static void test_configuration(void **state)
{
    (void)state;
    BAD(name, NULL, "no name");
    BAD(name, "", "an empty name");
    BAD(index, FPR_NR_ZONE_INDICES, "no zone index");
    BAD(node, -1, "no node");
    BAD(node, INT32_MAX, "more nodes than Linux has");
    BAD(shuffle, true, "shuffling without random bits");
    BAD(pcp_batch, 0, "no batch");
    BAD(pcp_batch, UINT32_MAX, "would overflow");
    BAD(pcp_high, UINT32_MAX, "would overflow");
    BAD(managed, UINT64_MAX, "would overflow");
    BAD(watermark[FPR_WMARK_LOW], UINT64_MAX, "would overflow");
    BAD(lowmem_reserve[FPR_ZONE_DMA], UINT64_MAX, "would overflow");
    BAD(mem, &lean_mem_half[0], "metadata without zalloc");
    BAD(mem, &lean_mem_half[1], "metadata without free");
    BAD(policy.base, FPR_NR_PROFILES, "no such rule");
    BAD(policy.putback, FPR_PLACE_TAIL + 1, "no such rule");
    BAD(policy.move, FPR_PLACE_TAIL + 1, "no such rule");
    BAD(policy.move, FPR_PLACE_RULE, "blocks that move go to an end, not by the free's rule");
    BAD(policy.boot, FPR_PLACE_TAIL + 1, "no such rule");
    BAD(policy.merge, FPR_MERGE_AND_CONVERT + 1, "no such rule");
    BAD(policy.fallback, FPR_FALLBACK_CLAIM_STEAL + 1, "no such rule");
    BAD(policy.pcp, FPR_PCP_MULTI_DRAIN + 1, "no such rule");
    BAD(policy.pcp_lists, 4, "lists that do not fit the rule");
    BAD(policy.highatomic, FPR_HIGHATOMIC_6_12 + 1, "no such rule");
    BAD(policy.watermark, FPR_WATERMARK_6_1 + 1, "no such rule");
    REFUSED(fpr_zone_clone(none, &made), -EINVAL, "no zone");
    REFUSED(fpr_zone_clone(z, NULL), -EINVAL, "no place for the copy");
    IGNORED(fpr_zone_destroy(NULL), "no zone");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_looking),          TEST(test_loading_blocks), TEST(test_loading),
        TEST(test_loading_counters), TEST(test_geometry),       TEST(test_configuration),
    };
    int failed = 0;
    for (int k = 0; k < FPR_NR_PROFILES; k++) {
        profile = (enum fpr_profile)k;
        failed += cmocka_run_group_tests_name(fpr_profile_name(profile), tests, NULL, NULL);
    }
    return failed;
}
