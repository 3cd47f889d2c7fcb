/* Wrong calls of machine.h, and every request for memory that its functions make failing. */
#include <fpr/machine.h>
#include <fpr/report.h>

#include "support/digest.h"
#include "support/lean_mem.h"
#include "support/misuse.h"
#include "support/tiny.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PAGES = 1024, BEHIND = 2 * PAGES };
#define GFP FPR_GFP_HIGHUSER_MOVABLE

static struct lean_mem mem;
static struct fpr_zone_config zones[2];
static struct fpr_machine_config config;
static struct fpr_machine *m, *none;
static fpr_pfn one;

/* Where answers would go. */
static fpr_pfn pfn;
static struct fpr_machine *made;

/* DMA32 below Normal, 1024 frames each. */
static void configure(void)
{
    static const enum fpr_zone_index index[] = {FPR_ZONE_DMA32, FPR_ZONE_NORMAL};
    for (int k = 0; k < 2; k++) {
        assert_int_equal(fpr_zone_config_init(&zones[k], FPR_PROFILE_LINUX_6_1), 0);
        zones[k].index = index[k];
        zones[k].start = (fpr_pfn)k * PAGES;
        zones[k].spanned = PAGES;
        zones[k].max_order = 6;
        zones[k].pageblock_order = 4;
    }
    assert_int_equal(fpr_machine_config_init(&config), 0);
    config.zones = zones;
    config.nr_zones = 2;
    config.mem = &mem.ops;
}

static int setup(void **state)
{
    (void)state;
    lean_mem_init(&mem);
    configure();
    assert_int_equal(fpr_machine_create(&config, &m), 0);
    assert_int_equal(fpr_alloc_pages(m, 0, GFP, &one), 0);
    misuse_watch(digest_machine, m);
    misuse_watch_bytes(&pfn, sizeof(pfn));
    misuse_watch_bytes((void *)&made, sizeof(made));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fpr_machine_destroy(m);
    assert_int_equal(mem.blocks, 0);
    return misuse_end();
}

static void test_building(void **state)
{
    (void)state;
    REFUSED(fpr_machine_config_init(NULL), -EINVAL, "no configuration");
    REFUSED(fpr_machine_create(NULL, &made), -EINVAL, "no configuration");
    REFUSED(fpr_machine_create(&config, NULL), -EINVAL, "no place for the machine");
#define BAD(field, value, wrong)                                                                   \
    configure();                                                                                   \
    field = (value);                                                                               \
    REFUSED(fpr_machine_create(&config, &made), -EINVAL, wrong)
    BAD(config.zones, NULL, "no zones");
    BAD(config.nr_zones, 0, "no zones");
    BAD(config.nr_zones, SIZE_MAX, "more zones than nodes can have");
    BAD(config.mem, &lean_mem_half[0], "metadata without zalloc");
    BAD(config.mem, &lean_mem_half[1], "metadata without free");
    BAD(zones[1].mem, &lean_mem_half[0], "a zone's metadata without zalloc");
    BAD(zones[1].start, PAGES - 64, "zones that overlap");
    BAD(zones[1].index, FPR_ZONE_DMA32, "two zones of one index and node");
    BAD(zones[1].spanned, 0, "a zone that is wrong");
    BAD(zones[1].node, INT32_MAX, "a node that Linux does not have");
#undef BAD
    assert_int_equal(mem.blocks, 2 * 8 + 1);
    REFUSED(fpr_machine_create_simple(FPR_NR_PROFILES, PAGES, &made), -EINVAL, "no profile");
    REFUSED(fpr_machine_create_simple(FPR_PROFILE_V16, 0, &made), -EINVAL, "no pages");
    REFUSED(fpr_machine_create_simple(FPR_PROFILE_V16, UINT64_MAX, &made), -EINVAL, "wraps");
    REFUSED(fpr_machine_create_simple(FPR_PROFILE_V16, PAGES, NULL), -EINVAL, "no place for it");
    REFUSED(fpr_machine_clone(none, &made), -EINVAL, "no machine");
    REFUSED(fpr_machine_clone(m, NULL), -EINVAL, "no place for the copy");
}

static void test_requests(void **state)
{
    (void)state;
    REFUSED(fpr_alloc_pages(none, 0, GFP, &pfn), -EINVAL, "no machine");
    REFUSED(fpr_alloc_pages(m, 0, GFP, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_alloc_pages(m, 7, GFP, &pfn), -EINVAL, "larger than max_order");
    REFUSED(fpr_alloc_pages(m, UINT32_MAX, GFP, &pfn), -EINVAL, "no order at all");
    REFUSED(fpr_alloc_pages(m, 0, UINT32_MAX, &pfn), -EINVAL, "unknown flags");
    REFUSED(fpr_alloc_pages(m, 0, 0x18, &pfn), -EINVAL, "two types");
    REFUSED(fpr_alloc_pages_node(none, 0, 0, GFP, 0, &pfn), -EINVAL, "no machine");
    REFUSED(fpr_alloc_pages_node(m, 0, 0, GFP, 0, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_alloc_pages_node(m, -1, 0, GFP, 0, &pfn), -EINVAL, "no node");
    REFUSED(fpr_alloc_pages_node(m, INT32_MAX, 0, GFP, 0, &pfn), -EINVAL, "no node of Linux");
    REFUSED(fpr_alloc_pages_node(m, 0, 0, GFP, 1, &pfn), -EINVAL, "no such cpu");
    REFUSED(fpr_alloc_pages_node(m, 1, 0, GFP | FPR_GFP_THISNODE, 0, &pfn), -ENOMEM,
            "a node without memory");
    REFUSED(fpr_alloc_pages_flags(none, 0, GFP, 0, 0, &pfn), -EINVAL, "no machine");
    REFUSED(fpr_alloc_pages_flags(m, 0, GFP, 0, 0, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_alloc_pages_flags(m, 0, GFP, 1, 0, &pfn), -EINVAL, "no such cpu");
    REFUSED(fpr_alloc_pages_flags(m, 0, GFP, 0, 2, &pfn), -EINVAL, "unknown flag");
    REFUSED(fpr_alloc_pages_bulk_one(none, GFP, 1, 0, &pfn), -EINVAL, "no machine");
    REFUSED(fpr_alloc_pages_bulk_one(m, GFP, 1, 0, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_alloc_pages_bulk_one(m, UINT32_MAX, 1, 0, &pfn), -EINVAL, "unknown flags");
    REFUSED(fpr_alloc_pages_bulk_one(m, GFP, 1, 1, &pfn), -EINVAL, "no such cpu");
    REFUSED(fpr_alloc_pages_bulk_one(m, GFP, UINT32_MAX, 0, &pfn), -ENOMEM, "more than there is");
    REFUSED(fpr_free_pages(none, one, 0), -EINVAL, "no machine");
    REFUSED(fpr_free_pages(m, one, 1), -EINVAL, "another order");
    REFUSED(fpr_free_pages(m, BEHIND, 0), -EINVAL, "in no zone");
    REFUSED(fpr_free_pages(m, FPR_PFN_NONE, 0), -EINVAL, "no frame");
    REFUSED(fpr_free_pages_cpu(none, one, 0, 0), -EINVAL, "no machine");
    REFUSED(fpr_free_pages_cpu(m, one, 0, 1), -EINVAL, "no such cpu");
    assert_int_equal(fpr_free_pages(m, one, 0), 0);
    REFUSED(fpr_free_pages(m, one, 0), -EINVAL, "double free");
    REFUSED(fpr_free_pages_cpu(m, one, 0, 0), -EINVAL, "double free");
    REFUSED(fpr_machine_drain(none), -EINVAL, "no machine");
    REFUSED(fpr_machine_nr_zones(none), 0, "no machine");
    REFUSED(fpr_machine_zone(none, 0), 0, "no machine");
    REFUSED(fpr_machine_zone(m, 2), 0, "no such zone");
    REFUSED(fpr_machine_zone(m, SIZE_MAX), 0, "no such zone");
    REFUSED(fpr_machine_zone_of(none, 0), 0, "no machine");
    REFUSED(fpr_machine_zone_of(m, BEHIND), 0, "in no zone");
}

static int stop_at_once(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    (void)text;
    (void)len;
    return -EPIPE;
}

static void test_text(void **state)
{
    (void)state;
    static const char good[] = TINY_STATE, cut[] = TINY_HEAD;
    struct fpr_text_error error;
    struct fpr_policy policy;
    assert_int_equal(fpr_profile_policy(FPR_PROFILE_LINUX_6_1, &policy), 0);
    REFUSED(fpr_machine_load(NULL, 9, NULL, NULL, &made, NULL, &error), -EINVAL, "no text");
    REFUSED(fpr_machine_load(good, sizeof(good) - 1, NULL, NULL, NULL, NULL, &error), -EINVAL,
            "no place for the machine");
    REFUSED(fpr_machine_load(good, 0, NULL, NULL, &made, NULL, NULL), -EINVAL, "empty");
    REFUSED(fpr_machine_load(cut, sizeof(cut) - 1, NULL, NULL, &made, NULL, &error), -EINVAL,
            "cut short");
    assert_string_equal(error.reason, "cut short: no Q line");
    for (size_t len = 0; len < sizeof(good) - 2; len++)
        REFUSED(fpr_machine_load(good, len, NULL, NULL, &made, NULL, &error), -EINVAL,
                "cut anywhere");
    for (int k = 0; k < 2; k++)
        REFUSED(
            fpr_machine_load(good, sizeof(good) - 1, NULL, &lean_mem_half[k], &made, NULL, &error),
            -EINVAL, "metadata without a function");
    policy.base = FPR_NR_PROFILES;
    REFUSED(fpr_machine_load(good, sizeof(good) - 1, &policy, NULL, &made, NULL, &error), -EINVAL,
            "rules of no kernel");
    policy.base = FPR_PROFILE_LINUX_6_1;
    policy.merge = (enum fpr_merge_rule)99;
    REFUSED(fpr_machine_load(good, sizeof(good) - 1, &policy, NULL, &made, NULL, &error), -EINVAL,
            "no such rule");
    REFUSED(fpr_machine_save(none, NULL, stop_at_once, NULL), -EINVAL, "no machine");
    REFUSED(fpr_machine_save(m, NULL, NULL, NULL), -EINVAL, "nowhere to write");
    REFUSED(fpr_machine_save(m, NULL, stop_at_once, NULL), -EPIPE, "what the writer says");
}

/* What belongs to something else cannot be taken away from it. */
static void test_wrong_order_of_destruction(void **state)
{
    (void)state;
    struct fpr_reporter *r;
    IGNORED(fpr_machine_destroy(NULL), "no machine");
    IGNORED(fpr_zone_destroy(fpr_machine_zone(m, 0)), "the machine's zone");
    assert_int_equal(fpr_reporter_create(m, NULL, NULL, &r), 0);
    IGNORED(fpr_machine_destroy(m), "its reporter is there");
    fpr_reporter_destroy(r);
}

static int do_create(void *ctx)
{
    (void)ctx;
    struct fpr_machine *copy = NULL;
    int err = fpr_machine_create(&config, &copy);
    fpr_machine_destroy(copy);
    return err;
}

static int do_clone(void *ctx)
{
    (void)ctx;
    struct fpr_machine *copy = NULL;
    int err = fpr_machine_clone(m, &copy);
    fpr_machine_destroy(copy);
    return err;
}

static int do_load(void *ctx)
{
    (void)ctx;
    static const char text[] = TINY_STATE;
    struct fpr_machine *copy = NULL;
    struct fpr_text_error error;
    int err = fpr_machine_load(text, sizeof(text) - 1, NULL, &mem.ops, &copy, NULL, &error);
    fpr_machine_destroy(copy);
    return err;
}

static int do_zone(void *ctx)
{
    (void)ctx;
    struct fpr_zone *zone = NULL, *copy = NULL;
    zones[0].mem = &mem.ops;
    int err = fpr_zone_create(&zones[0], &zone);
    err = err ? err : fpr_zone_clone(zone, &copy);
    fpr_zone_destroy(zone);
    fpr_zone_destroy(copy);
    return err;
}

/* A zone is 8 pieces of memory, a machine one more. */
static void test_no_memory(void **state)
{
    (void)state;
    assert_int_equal(lean_mem_exhaust(&mem, do_create, NULL), 2 * 8 + 1);
    assert_int_equal(lean_mem_exhaust(&mem, do_clone, NULL), 2 * 8 + 1);
    assert_int_equal(lean_mem_exhaust(&mem, do_load, NULL), 8 + 1);
    assert_int_equal(lean_mem_exhaust(&mem, do_zone, NULL), 2 * 8);
    zones[0].locked = true;
    assert_int_equal(lean_mem_exhaust(&mem, do_zone, NULL), 2 * 8);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_building),  TEST(test_requests),
        TEST(test_text),      TEST(test_wrong_order_of_destruction),
        TEST(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
