/* Each rule of docs/invariants.md, broken on purpose from the inside: fpr_zone_validate() names it.
 */
#include "support/zone_unit.h"

#include "mm/pcp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ORDER = 5, MT = FPR_MOVABLE, EIGHT = 3 };

/* A zone with a frame of each kind, three blocks on list [ORDER][MT], and pages of cpu 0. */
struct subject {
    struct zone_unit unit;
    struct fpr_zone *z;
    struct list *list;   /* those three or more */
    struct list *listed; /* cpu 0's pages */
    uint32_t one, eight; /* indices of allocated blocks */
};

static void make(struct subject *s)
{
    struct fpr_zone_config config;
    fpr_pfn big[6], small[3];
    zone_unit_configure(&config, FPR_PROFILE_LINUX_6_1);
    zone_unit_make(&s->unit, &config);
    s->z = s->unit.zone;
    for (unsigned k = 0; k < 6; k++)
        assert_int_equal(fpr_zone_alloc(s->z, ORDER, FPR_GFP_HIGHUSER_MOVABLE, 0, &big[k]), 0);
    for (unsigned k = 0; k < 6; k += 2)
        assert_int_equal(fpr_zone_free(s->z, big[k], ORDER, 0), 0);
    for (unsigned k = 0; k < 3; k++)
        assert_int_equal(fpr_zone_alloc(s->z, 0, FPR_GFP_HIGHUSER_MOVABLE, 0, &small[k]), 0);
    for (unsigned k = 0; k < 3; k++)
        assert_int_equal(fpr_zone_free(s->z, small[k], 0, 0), 0);
    s->list = &s->z->area[ORDER].list[MT];
    s->listed = &s->z->pcp[0].row[0][MT];
    s->one = (uint32_t)(s->unit.one - s->z->base);
    s->eight = (uint32_t)(s->unit.eight - s->z->base);
    assert_true(s->list->count >= 3);
    assert_true(s->listed->count >= 3);
    assert_int_equal(fpr_zone_validate(s->z, NULL, NULL, 0), 0);
}

static void head_outside(struct subject *s)
{
    s->list->head = (uint32_t)s->z->frames;
}

static void next_outside(struct subject *s)
{
    s->z->links[s->list->head].next = UINT32_MAX;
}

static void pcp_head_outside(struct subject *s)
{
    s->listed->head = UINT32_MAX;
}

static void no_way_back(struct subject *s)
{
    s->z->links[s->z->links[s->list->head].next].prev++;
}

static void tail_elsewhere(struct subject *s)
{
    s->list->tail = s->list->head;
}

static void too_short(struct subject *s)
{
    s->list->count--;
}

static void mask_without(struct subject *s)
{
    s->z->nonempty[MT] ^= 1u << ORDER;
}

static void mask_with(struct subject *s)
{
    assert_int_equal(s->z->area[ORDER].list[FPR_HIGHATOMIC].count, 0);
    s->z->nonempty[FPR_HIGHATOMIC] |= 1u << ORDER;
}

static void listed_not_free(struct subject *s)
{
    s->z->tags[s->list->tail] = tag_make(PAGE_ALLOCATED, ORDER, MT);
}

static void listed_other_type(struct subject *s)
{
    s->z->tags[s->list->tail] = tag_make(PAGE_FREE, ORDER, FPR_UNMOVABLE);
}

static void listed_unaligned(struct subject *s)
{
    uint32_t next = s->z->links[s->list->head].next, k = ++s->list->head;
    s->z->tags[k] = s->z->tags[k - 1];
    s->z->links[k].next = next;
    s->z->links[next].prev = k;
}

static void zone_ends_before(struct subject *s)
{
    s->z->end = s->list->head + 1;
}

static void zone_begins_behind(struct subject *s)
{
    s->z->first = (uint32_t)s->z->end;
}

static void one_page_too_many(struct subject *s)
{
    s->z->spare++;
}

static void lag_too_small(struct subject *s)
{
    s->z->free_lag--;
}

static void pcp_not_pcp(struct subject *s)
{
    s->z->tags[s->listed->head] = tag_make(PAGE_ALLOCATED, 0, MT);
}

static void pcp_other_order(struct subject *s)
{
    s->z->tags[s->listed->tail] = tag_make(PAGE_PCP, 1, MT);
}

static void pcp_miscounted(struct subject *s)
{
    s->z->pcp[0].room--;
}

static void block_in_block(struct subject *s)
{
    s->z->tags[s->eight + 1] = tag_make(PAGE_ALLOCATED, 0, MT);
}

static void put_in_largest(struct subject *s, enum page_kind kind)
{
    const struct area *largest = &s->z->area[UNIT_ORDER];
    assert_true(largest->list[MT].count > 0);
    uint32_t i = largest->list[MT].head << largest->shift;
    zone_touch(s->z, i);
    s->z->tags[i + 3] = tag_make(kind, 0, MT);
}

static void free_in_largest(struct subject *s)
{
    put_in_largest(s, PAGE_FREE);
}

static void allocated_in_largest(struct subject *s)
{
    put_in_largest(s, PAGE_ALLOCATED);
}

static void allocated_unaligned(struct subject *s)
{
    s->z->tags[s->eight + 1] = s->z->tags[s->eight];
    s->z->tags[s->eight] = 0;
}

static void allocated_reported(struct subject *s)
{
    s->z->tags[s->one] |= TAG_REPORTED;
}

static void free_on_no_list(struct subject *s)
{
    s->z->tags[s->eight] = tag_make(PAGE_FREE, EIGHT, MT);
}

static void pcp_on_no_list(struct subject *s)
{
    s->z->tags[s->eight] = tag_make(PAGE_PCP, EIGHT, MT);
}

static void held_unknown(struct subject *s)
{
    s->z->tags[s->eight] = tag_make(PAGE_HELD, EIGHT, FPR_ISOLATE);
}

static void held_miscounted(struct subject *s)
{
    s->z->held--;
}

static void isolated_unknown(struct subject *s)
{
    pageblock_set(s->z, s->one, FPR_ISOLATE);
}

static void isolated_miscounted(struct subject *s)
{
    s->z->nr_isolated++;
}

static const struct {
    void (*spoil)(struct subject *s);
    int rule;
    const char *reason; /* how it begins */
} rules[] = {
    {head_outside, 1, "link leads out of the zone at 0x"},
    {next_outside, 1, "link leads out of the zone at 0xffffffff: 4294967295, should be "},
    {pcp_head_outside, 1, "link leads out of the zone at 0xffffffff"},
    {no_way_back, 2, "neighbours disagree at 0x"},
    {tail_elsewhere, 3, "list does not end at its tail at 0x"},
    {too_short, 3, "list does not end at its tail at 0x"},
    {mask_without, 4, "mask of non-empty lists at 0x5: "},
    {mask_with, 4, "mask of non-empty lists at 0x5: "},
    {listed_not_free, 5, "tag of a listed block at 0x"},
    {listed_other_type, 5, "tag of a listed block at 0x"},
    {listed_unaligned, 6, "block unaligned or outside at 0x"},
    {zone_ends_before, 6, "block unaligned or outside at 0x"},
    {zone_begins_behind, 6, "block unaligned or outside at 0x"},
    {one_page_too_many, 7, "NR_FREE_PAGES at 0x0: "},
    {lag_too_small, 7, "NR_FREE_PAGES at 0x0: "},
    {pcp_not_pcp, 8, "tag of a per-cpu page at 0x"},
    {pcp_other_order, 8, "tag of a per-cpu page at 0x"},
    {pcp_miscounted, 9, "per-cpu count at 0x0: "},
    {block_in_block, 10, "block inside another at 0x"},
    {free_in_largest, 10, "block inside a largest free block at 0x"},
    {allocated_in_largest, 10, "block inside a largest free block at 0x"},
    {allocated_unaligned, 11, "block unaligned or outside at 0x"},
    {allocated_reported, 12, "Reported flag on a block that is not free at 0x"},
    {free_on_no_list, 13, "free blocks that are on no list at 0x0: "},
    {pcp_on_no_list, 14, "per-cpu pages that are on no list at 0x0: "},
    {held_unknown, 15, "isolated pages at 0x0: "},
    {held_miscounted, 15, "isolated pages at 0x0: 16, should be 15"},
    {isolated_unknown, 16, "isolated pageblocks at 0x0: 0, should be 1"},
    {isolated_miscounted, 16, "isolated pageblocks at 0x0: 1, should be 0"},
};

static void test_each_rule(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof(rules) / sizeof(rules[0]); k++) {
        struct subject s;
        char reason[200], begin[200] = "";
        int rule = 0;
        make(&s);
        rules[k].spoil(&s);
        assert_int_equal(fpr_zone_validate(s.z, &rule, reason, sizeof(reason)), -EUCLEAN);
        strncpy(begin, reason, strlen(rules[k].reason));
        assert_string_equal(begin, rules[k].reason);
        assert_int_equal(rule, rules[k].rule);
        assert_int_equal(fpr_zone_validate(s.z, NULL, NULL, 0), -EUCLEAN);
        fpr_zone_destroy(s.z);
    }
}

/* A zone that nothing was done to says 0, not the rule of the last call. */
static void test_no_rule(void **state)
{
    (void)state;
    struct subject s;
    char reason[200] = "?";
    int rule = 99;
    make(&s);
    assert_int_equal(fpr_zone_validate(s.z, &rule, reason, sizeof(reason)), 0);
    assert_int_equal(rule, 0);
    assert_string_equal(reason, "");
    fpr_zone_destroy(s.z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_rule),
        cmocka_unit_test(test_no_rule),
    };
    return cmocka_run_group_tests_name("zone_rules", tests, NULL, NULL);
}
