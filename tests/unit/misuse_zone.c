/* Wrong calls of zone.h and of the two indices of view.h, for every kernel's rules. */
#include <fpr/view.h>
#include <fpr/zone.h>

#include "support/digest.h"
#include "support/misuse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { START = 64, PAGES = 1024, MAX_ORDER = 6, CPUS = 2, HOLE = 512, FOREIGN = 8192 };
#define GFP FPR_GFP_HIGHUSER_MOVABLE

static enum fpr_profile profile;
static struct fpr_zone *z, *none, *empty;
/* A frame of each kind; `eight` and `held` are blocks of order 3 and 4. */
static fpr_pfn one, eight, held, listed, unused;
static unsigned unused_order;

/* Where answers would go. */
static fpr_pfn pfn;
static size_t freed;
static struct fpr_zone *made;
static struct fpr_zone_config config;

static int first_free(void *ctx, const struct fpr_block *b)
{
    *(fpr_pfn *)ctx = b->pfn;
    return 1;
}

static fpr_pfn find_free(unsigned order)
{
    fpr_pfn at = FPR_PFN_NONE;
    for (int mt = 0; mt < FPR_NR_MIGRATETYPES && at == FPR_PFN_NONE; mt++)
        fpr_zone_walk_free(z, order, mt, first_free, &at);
    assert_int_not_equal(at, FPR_PFN_NONE);
    return at;
}

static void configure(struct fpr_zone_config *c)
{
    static const struct fpr_range hole = {HOLE, 16};
    assert_int_equal(fpr_zone_config_init(c, profile), 0);
    c->start = START;
    c->spanned = PAGES;
    c->max_order = MAX_ORDER;
    c->pageblock_order = 4;
    c->cpus = CPUS;
    c->pcp_auto = false;
    c->pcp_high = 32;
    c->pcp_batch = 4;
    c->holes = &hole;
    c->nr_holes = 1;
}

static int setup(void **state)
{
    (void)state;
    fpr_pfn got;
    configure(&config);
    assert_int_equal(fpr_zone_create(&config, &z), 0);
    config.empty = true;
    assert_int_equal(fpr_zone_create(&config, &empty), 0);
    config.empty = false;
    assert_int_equal(fpr_zone_alloc(z, 0, GFP, 0, &one), 0);
    assert_int_equal(fpr_zone_alloc(z, 3, GFP, 0, &eight), 0);
    assert_int_equal(fpr_zone_alloc(z, 4, GFP, 0, &got), 0);
    held = find_free(4);
    assert_int_equal(fpr_zone_isolate(z, held, 4), 0);
    assert_int_equal(fpr_zone_alloc(z, 0, GFP, 1, &listed), 0);
    assert_int_equal(fpr_zone_free(z, listed, 0, 1), 0);
    unused_order = MAX_ORDER;
    unused = find_free(unused_order);
    misuse_watch(digest_zone, z);
    misuse_watch(digest_zone, empty);
    misuse_watch_bytes(&pfn, sizeof(pfn));
    misuse_watch_bytes(&freed, sizeof(freed));
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

static void test_requests(void **state)
{
    (void)state;
    REFUSED(fpr_zone_alloc(none, 0, GFP, 0, &pfn), -EINVAL, "no zone");
    REFUSED(fpr_zone_alloc(z, 0, GFP, 0, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_zone_alloc(z, MAX_ORDER + 1, GFP, 0, &pfn), -EINVAL, "larger than max_order");
    REFUSED(fpr_zone_alloc(z, UINT32_MAX, GFP, 0, &pfn), -EINVAL, "no order at all");
    REFUSED(fpr_zone_alloc(z, 0, FPR_GFP_ALL_BITS + 1, 0, &pfn), -EINVAL, "unknown flag");
    REFUSED(fpr_zone_alloc(z, 3, FPR_GFP_MOVABLE | FPR_GFP_RECLAIMABLE, 0, &pfn), -EINVAL,
            "two types");
    REFUSED(fpr_zone_alloc(z, 0, GFP, CPUS, &pfn), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_alloc(z, 3, GFP, UINT32_MAX, &pfn), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_alloc_bulk_page(none, 1, 0, &pfn), -EINVAL, "no zone");
    REFUSED(fpr_zone_alloc_bulk_page(z, 1, 0, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_zone_alloc_bulk_page(z, -1, 0, &pfn), -EINVAL, "no type");
    REFUSED(fpr_zone_alloc_bulk_page(z, FPR_HIGHATOMIC, 0, &pfn), -EINVAL, "no request's type");
    REFUSED(fpr_zone_alloc_bulk_page(z, 1, CPUS, &pfn), -EINVAL, "no such cpu");
}

/* Every way of giving a block back refuses the same blocks. */
static void refuse_frees(int (*give)(fpr_pfn at, unsigned order, unsigned cpu))
{
    REFUSED(give(one, 1, 0), -EINVAL, "larger than allocated");
    REFUSED(give(eight, 2, 0), -EINVAL, "smaller than allocated");
    REFUSED(give(eight, MAX_ORDER + 1, 0), -EINVAL, "larger than max_order");
    REFUSED(give(eight, UINT32_MAX, 0), -EINVAL, "no order at all");
    REFUSED(give(eight + 1, 3, 0), -EINVAL, "misaligned");
    REFUSED(give(eight + 1, 0, 0), -EINVAL, "inside a block");
    REFUSED(give(listed, 0, 0), -EINVAL, "double free: on a per-cpu list");
    REFUSED(give(unused, unused_order, 0), -EINVAL, "double free: on a free list");
    REFUSED(give(unused, 0, 0), -EINVAL, "double free: head of a free block");
    REFUSED(give(held, 4, 0), -EINVAL, "isolated");
    REFUSED(give(HOLE, 0, 0), -EINVAL, "a hole");
    REFUSED(give(START - 1, 0, 0), -EINVAL, "before the zone");
    REFUSED(give(START + PAGES, 0, 0), -EINVAL, "behind the zone");
    REFUSED(give(FOREIGN, 0, 0), -EINVAL, "another zone's");
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
    REFUSED(fpr_zone_free(z, one, 0, CPUS), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_free(z, eight, 3, UINT32_MAX), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_free_as(none, one, 0, -1, 0, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_free_as(z, one, 0, -2, 0, 0), -EINVAL, "no type");
    REFUSED(fpr_zone_free_as(z, one, 0, FPR_NR_MIGRATETYPES, 0, 0), -EINVAL, "no type");
    REFUSED(fpr_zone_free_as(z, one, 0, -1, CPUS, 0), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_free_as(z, one, 0, -1, 0, 2), -EINVAL, "unknown flag");
    REFUSED(fpr_zone_free_prepare(none, one, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_split(none, eight, 3, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_split(z, eight, 3, 4), -EINVAL, "to something larger");
    REFUSED(fpr_zone_set_movable(none, one, 0, true), -EINVAL, "no zone");
    REFUSED(fpr_zone_drain(none, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_drain(z, CPUS), -EINVAL, "no such cpu");
}

static void test_bulk_frees(void **state)
{
    (void)state;
    const fpr_pfn wrong[] = {listed, one};
    const fpr_pfn outside[] = {UINT64_MAX, START + PAGES};
    REFUSED(fpr_zone_free_bulk(none, &one, 1, 0, &freed), -EINVAL, "no zone");
    REFUSED(fpr_zone_free_bulk(z, NULL, 1, 0, &freed), -EINVAL, "no list");
    REFUSED(fpr_zone_free_bulk(z, &one, 1, CPUS, &freed), -EINVAL, "no such cpu");
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
    const fpr_pfn end = START + PAGES;
    REFUSED(fpr_zone_isolate(none, unused, unused_order), -EINVAL, "no zone");
    REFUSED(fpr_zone_isolate(z, one, 0), -EINVAL, "allocated");
    REFUSED(fpr_zone_isolate(z, listed, 0), -EINVAL, "on a per-cpu list");
    REFUSED(fpr_zone_isolate(z, held, 4), -EINVAL, "isolated already");
    REFUSED(fpr_zone_isolate(z, unused, unused_order - 1), -EINVAL, "half of a block");
    REFUSED(fpr_zone_isolate(z, unused, MAX_ORDER + 1), -EINVAL, "larger than max_order");
    REFUSED(fpr_zone_isolate(z, unused + 1, unused_order), -EINVAL, "misaligned");
    REFUSED(fpr_zone_isolate(z, HOLE, 0), -EINVAL, "a hole");
    REFUSED(fpr_zone_isolate(z, FOREIGN, 0), -EINVAL, "another zone's");
    REFUSED(fpr_zone_putback(none, held, 4), -EINVAL, "no zone");
    REFUSED(fpr_zone_putback(z, held, 3), -EINVAL, "not held with this order");
    REFUSED(fpr_zone_putback(z, held, UINT32_MAX), -EINVAL, "no order at all");
    REFUSED(fpr_zone_putback(z, one, 0), -EINVAL, "allocated");
    REFUSED(fpr_zone_putback(z, unused, unused_order), -EINVAL, "free");
    REFUSED(fpr_zone_putback(z, held + 1, 4), -EINVAL, "misaligned");
    REFUSED(fpr_zone_putback(z, FOREIGN, 4), -EINVAL, "another zone's");
    REFUSED(fpr_zone_adopt(none, held, 4), -EINVAL, "no zone");
    REFUSED(fpr_zone_adopt(z, held, 5), -EINVAL, "not held with this order");
    REFUSED(fpr_zone_adopt(z, one, 0), -EINVAL, "allocated");
    REFUSED(fpr_zone_adopt(z, held + 1, 4), -EINVAL, "misaligned");
    REFUSED(fpr_zone_isolate_range(none, START, end, 1), -EINVAL, "no zone");
    REFUSED(fpr_zone_isolate_range(z, START + 1, end, 1), -EINVAL, "misaligned start");
    REFUSED(fpr_zone_isolate_range(z, START, end - 1, 1), -EINVAL, "misaligned end");
    REFUSED(fpr_zone_isolate_range(z, end, START, 1), -EINVAL, "ends before it starts");
    REFUSED(fpr_zone_isolate_range(z, START, START, 1), -EINVAL, "nothing");
    REFUSED(fpr_zone_isolate_range(z, 0, end, 1), -EINVAL, "from before the zone");
    REFUSED(fpr_zone_isolate_range(z, START, end + 16, 1), -EINVAL, "to behind the zone");
    REFUSED(fpr_zone_isolate_range(z, START, end, -1), -EINVAL, "no type");
    REFUSED(fpr_zone_isolate_range(z, START, end, FPR_HIGHATOMIC), -EINVAL, "not a type for it");
    REFUSED(fpr_zone_unisolate_range(none, START, end, 1), -EINVAL, "no zone");
    REFUSED(fpr_zone_unisolate_range(z, START + 8, end, 1), -EINVAL, "misaligned start");
    REFUSED(fpr_zone_unisolate_range(z, START, end + 16, 1), -EINVAL, "to behind the zone");
    REFUSED(fpr_zone_unisolate_range(z, START, end, FPR_ISOLATE), -EINVAL, "not a type for it");
    REFUSED(fpr_zone_unisolate_range(z, START, end, 1), 0, "nothing isolated is not wrong");
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
    REFUSED(fpr_zone_take(z, HOLE, 0), -ENOENT, "a hole");
    REFUSED(fpr_zone_take(z, HOLE & ~63u, 6), -ENOENT, "with a hole in it");
    REFUSED(fpr_zone_take(z, unused + 1, 1), -EINVAL, "misaligned");
    REFUSED(fpr_zone_take(z, unused, MAX_ORDER + 1), -EINVAL, "larger than max_order");
    REFUSED(fpr_zone_take(z, FOREIGN, 0), -EINVAL, "another zone's");
    REFUSED(fpr_zone_pcp_take(none, listed, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_pcp_take(z, one, 0), -ENOENT, "allocated");
    REFUSED(fpr_zone_pcp_take(z, unused, 0), -ENOENT, "on a free list");
    REFUSED(fpr_zone_pcp_take(z, HOLE, 0), -ENOENT, "a hole");
    REFUSED(fpr_zone_pcp_take(z, listed | 1, 1), -EINVAL, "misaligned");
    REFUSED(fpr_zone_pcp_take(z, listed, MAX_ORDER + 1), -EINVAL, "larger than max_order");
    REFUSED(fpr_zone_pcp_push(none, one, 0, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_pcp_push(z, one, 0, CPUS), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_pcp_push(z, listed, 0, 0), -EINVAL, "on a per-cpu list already");
    REFUSED(fpr_zone_pcp_push(z, unused, unused_order, 0), -EINVAL, "an order without lists");
    REFUSED(fpr_zone_pcp_push(z, unused, 0, 0), -EINVAL, "free");
    REFUSED(fpr_zone_pcp_push(z, eight, 0, 0), -EINVAL, "allocated with another order");
    REFUSED(fpr_zone_pcp_push(z, one, UINT32_MAX, 0), -EINVAL, "no order at all");
    REFUSED(fpr_zone_regroup(none, eight, 3), -EINVAL, "no zone");
    REFUSED(fpr_zone_regroup(z, unused, 0), -ENOENT, "free");
    REFUSED(fpr_zone_regroup(z, held, 4), -ENOENT, "isolated");
    REFUSED(fpr_zone_regroup(z, HOLE, 0), -ENOENT, "a hole");
    REFUSED(fpr_zone_regroup(z, eight + 1, 1), -EINVAL, "misaligned");
    REFUSED(fpr_zone_regroup(z, START + PAGES, 0), -EINVAL, "outside the zone");
    REFUSED(fpr_zone_regroup(z, eight, MAX_ORDER + 1), -EINVAL, "larger than max_order");
    REFUSED(fpr_zone_set_reported(none, unused, unused_order, true), -EINVAL, "no zone");
    REFUSED(fpr_zone_set_reported(z, unused, unused_order - 1, true), -EINVAL, "another order");
    REFUSED(fpr_zone_set_reported(z, unused + 1, unused_order, true), -EINVAL, "inside a block");
    REFUSED(fpr_zone_set_reported(z, one, 0, true), -EINVAL, "allocated");
    REFUSED(fpr_zone_set_reported(z, FOREIGN, 0, true), -EINVAL, "another zone's");
    REFUSED(fpr_zone_set_reported(z, unused, UINT32_MAX, true), -EINVAL, "no order at all");
    REFUSED(fpr_zone_shuffle(none, bits, NULL), -EINVAL, "no zone");
    REFUSED(fpr_zone_shuffle(z, NULL, NULL), -EINVAL, "no random bits");
}

static void test_capture(void **state)
{
    (void)state;
    REFUSED(fpr_zone_capture_begin(none, 1), -EINVAL, "no zone");
    REFUSED(fpr_zone_capture_begin(z, MAX_ORDER + 1), -EINVAL, "larger than max_order");
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
    REFUSED(fpr_zone_set_notify(z, MAX_ORDER + 1, on_notify, NULL), -EINVAL, "no such order");
    REFUSED(fpr_zone_set_reclaiming(none, true), -EINVAL, "no zone");
    REFUSED(fpr_zone_set_stat_threshold(none, 1), -EINVAL, "no zone");
    REFUSED(fpr_zone_set_stat_threshold(z, (unsigned)INT32_MAX + 1), -EINVAL, "would overflow");
    REFUSED(fpr_zone_fold_stats(none), -EINVAL, "no zone");
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
    REFUSED(fpr_zone_get_pcp(none, 0, &pcp), -EINVAL, "no zone");
    REFUSED(fpr_zone_get_pcp(z, CPUS, &pcp), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_get_pcp(z, 0, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_zone_walk_free(none, 0, 1, visit, NULL), -EINVAL, "no zone");
    REFUSED(fpr_zone_walk_free(z, 0, 1, NULL, NULL), -EINVAL, "no visitor");
    REFUSED(fpr_zone_walk_free(z, MAX_ORDER + 1, 1, visit, NULL), -EINVAL, "no such order");
    REFUSED(fpr_zone_walk_free(z, 0, -1, visit, NULL), -EINVAL, "no type");
    REFUSED(fpr_zone_walk_free(z, 0, FPR_NR_MIGRATETYPES, visit, NULL), -EINVAL, "no type");
    REFUSED(fpr_zone_walk_pcp(none, 0, 0, visit, NULL), -EINVAL, "no zone");
    REFUSED(fpr_zone_walk_pcp(z, 0, 0, NULL, NULL), -EINVAL, "no visitor");
    REFUSED(fpr_zone_walk_pcp(z, CPUS, 0, visit, NULL), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_walk_pcp(z, 0, 15, visit, NULL), -EINVAL, "no such list");
    REFUSED(fpr_zone_pageblock_type(none, one), -EINVAL, "no zone");
    REFUSED(fpr_zone_pageblock_type(z, FOREIGN), -EINVAL, "another zone's");
    REFUSED(fpr_zone_page(none, one, &kind, NULL), -EINVAL, "no zone");
    REFUSED(fpr_zone_page(z, one, NULL, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_zone_page(z, START + PAGES, &kind, NULL), -EINVAL, "outside the zone");
    assert_int_equal(kind, kind_before);
    REFUSED(fpr_zone_validate(none, NULL, NULL, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_validate(z, NULL, NULL, 0), 0, "nothing to be told is not wrong");
    REFUSED(fpr_zone_validate(z, NULL, NULL, 9), -EINVAL, "no place for the reason");
    REFUSED(fpr_zone_hash(none, true), 0, "no zone");
    REFUSED(fpr_zone_unusable_index(none, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_unusable_index(z, MAX_ORDER + 1), -EINVAL, "no such order");
    REFUSED(fpr_zone_extfrag_index(none, 0, &index), -EINVAL, "no zone");
    REFUSED(fpr_zone_extfrag_index(z, MAX_ORDER + 1, &index), -EINVAL, "no such order");
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
    REFUSED(fpr_zone_load_free(empty, 192, MAX_ORDER + 1, 1, false), -EINVAL, "no such order");
    REFUSED(fpr_zone_load_free(empty, 192, 0, -1, false), -EINVAL, "no type");
    REFUSED(fpr_zone_load_free(empty, 192, 0, FPR_NR_MIGRATETYPES, false), -EINVAL, "no type");
    REFUSED(fpr_zone_load_free(empty, 128, 3, 1, false), -EEXIST, "a block is there");
    REFUSED(fpr_zone_load_free(empty, 129, 0, 1, false), -EEXIST, "inside a block");
    REFUSED(fpr_zone_load_free(empty, 128, 6, 1, false), -EEXIST, "over a block");
    REFUSED(fpr_zone_load_free(empty, 256, 0, 1, false), -EEXIST, "no page structures there");
    REFUSED(fpr_zone_load_free(empty, 256, 6, 1, false), -EEXIST, "no page structures in it");
}

static void test_loading(void **state)
{
    (void)state;
    REFUSED(fpr_zone_load_pcp(none, 0, 0, 192, 1), -EINVAL, "no zone");
    REFUSED(fpr_zone_load_pcp(empty, CPUS, 0, 192, 1), -EINVAL, "no such cpu");
    REFUSED(fpr_zone_load_pcp(empty, 0, 15, 192, 1), -EINVAL, "no such list");
    REFUSED(fpr_zone_load_pcp(empty, 0, 0, 192, FPR_NR_MIGRATETYPES), -EINVAL, "no type");
    REFUSED(fpr_zone_load_pcp(empty, 0, 0, FOREIGN, 1), -EINVAL, "outside the zone");
    REFUSED(fpr_zone_load_pcp(z, 0, 0, listed, 1), -EEXIST, "a block is there");
    REFUSED(fpr_zone_load_allocated(none, 192, 0, true), -EINVAL, "no zone");
    REFUSED(fpr_zone_load_allocated(empty, 193, 1, true), -EINVAL, "misaligned");
    REFUSED(fpr_zone_load_allocated(empty, FOREIGN, 0, true), -EINVAL, "outside the zone");
    REFUSED(fpr_zone_load_allocated(empty, 192, MAX_ORDER + 1, true), -EINVAL, "no such order");
    REFUSED(fpr_zone_load_allocated(z, one, 0, true), -EEXIST, "a block is there");
    REFUSED(fpr_zone_load_allocated_rest(none, START, 1, true), -EINVAL, "no zone");
    REFUSED(fpr_zone_load_allocated_rest(empty, START, 0, true), -EINVAL, "nothing");
    REFUSED(fpr_zone_load_allocated_rest(empty, 0, 1, true), -EINVAL, "outside the zone");
    REFUSED(fpr_zone_load_allocated_rest(empty, START, PAGES + 1, true), -EINVAL, "too long");
    REFUSED(fpr_zone_load_allocated_rest(empty, START + 1, UINT64_MAX, true), -EINVAL, "wraps");
    REFUSED(fpr_zone_load_pageblock(none, START, 1), -EINVAL, "no zone");
    REFUSED(fpr_zone_load_pageblock(empty, FOREIGN, 1), -EINVAL, "outside the zone");
    REFUSED(fpr_zone_load_pageblock(empty, START, -2), -EINVAL, "no type");
    REFUSED(fpr_zone_load_pageblock(empty, START, FPR_NR_MIGRATETYPES), -EINVAL, "no type");
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
    BAD_ZONE(highatomic, PAGES * 4, "more than the zone has");
    REFUSED(fpr_zone_load_pcp_counters(none, 0, &p), -EINVAL, "no zone");
    REFUSED(fpr_zone_load_pcp_counters(z, 0, NULL), -EINVAL, "no counters");
    REFUSED(fpr_zone_load_pcp_counters(z, CPUS, &p), -EINVAL, "no such cpu");
    BAD_PCP(count, p.count + 1, "not what was loaded");
    BAD_PCP(batch, 0, "no batch");
    BAD_PCP(batch, UINT32_MAX, "would overflow");
    BAD_PCP(high, UINT32_MAX, "would overflow");
    BAD_PCP(free_factor, 17, "out of range");
}

#define BAD(field, value, wrong)                                                                   \
    configure(&config);                                                                            \
    config.field = (value);                                                                        \
    REFUSED(fpr_zone_create(&config, &made), -EINVAL, wrong)

static void test_geometry(void **state)
{
    (void)state;
    const struct fpr_range before = {START - 1, 2}, behind = {START + PAGES - 1, 2};
    const struct fpr_range wraps = {START, UINT64_MAX}, twice[] = {{100, 8}, {104, 8}};
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
    BAD(pageblock_order, MAX_ORDER + 1, "above max_order");
    BAD(page_shift, 9, "no such page size");
    BAD(page_shift, 21, "no such page size");
    BAD(cpus, 0, "no cpu");
    BAD(cpus, 1025, "too many cpus");
    BAD(holes, NULL, "holes without a list");
    BAD(holes, &before, "a hole from before the zone");
    BAD(holes, &behind, "a hole to behind the zone");
    BAD(holes, &wraps, "a hole that wraps");
    configure(&config);
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
    BAD(policy.base, FPR_NR_PROFILES, "no such rule");
    BAD(policy.putback, FPR_PLACE_TAIL + 1, "no such rule");
    BAD(policy.move, FPR_PLACE_TAIL + 1, "no such rule");
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
        TEST(test_requests),       TEST(test_frees),         TEST(test_bulk_frees),
        TEST(test_double_frees),   TEST(test_isolation),     TEST(test_what_a_kernel_did),
        TEST(test_capture),        TEST(test_settings),      TEST(test_looking),
        TEST(test_loading_blocks), TEST(test_loading),       TEST(test_loading_counters),
        TEST(test_geometry),       TEST(test_configuration),
    };
    int failed = 0;
    for (int k = 0; k < FPR_NR_PROFILES; k++) {
        profile = (enum fpr_profile)k;
        failed += cmocka_run_group_tests_name(fpr_profile_name(profile), tests, NULL, NULL);
    }
    return failed;
}
