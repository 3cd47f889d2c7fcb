/* Calls of a zone from its own callbacks, in the middle of what it does: refused, and the zone
 * comes out as if nobody had called. */
#include <fpr/machine.h>

#include "support/digest.h"
#include "support/misuse.h"
#include "support/zone_unit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define GFP FPR_GFP_HIGHUSER_MOVABLE

static struct fpr_zone_config config;
static struct zone_unit u;
static struct fpr_zone *z;
static unsigned calls, wrong;

/* The state cannot be compared here, where it is about to change. */
#define EXPECT(call) wrong += (call) != -EINVAL

static uint64_t zero(void *ctx)
{
    (void)ctx;
    return 0;
}

static void change_it(void)
{
    fpr_pfn pfn = 7;
    size_t freed = 7;
    struct fpr_zone *copy = NULL;
    const fpr_pfn first = UNIT_START, end = UNIT_START + UNIT_PAGES;
    EXPECT(fpr_zone_alloc(z, 0, GFP, 0, &pfn));
    EXPECT(fpr_zone_alloc(z, 4, GFP, 0, &pfn));
    EXPECT(fpr_zone_alloc_bulk_page(z, 1, 0, &pfn));
    EXPECT(fpr_zone_free(z, u.one, 0, 0));
    EXPECT(fpr_zone_free(z, u.eight, 3, 0));
    EXPECT(fpr_zone_free_as(z, u.one, 0, -1, 0, 0));
    EXPECT(fpr_zone_free_bulk(z, &u.one, 1, 0, &freed));
    EXPECT(fpr_zone_free_prepare(z, u.one, 0));
    EXPECT(fpr_zone_split(z, u.eight, 3, 0));
    EXPECT(fpr_zone_set_movable(z, u.one, 0, false));
    EXPECT(fpr_zone_drain(z, 1));
    EXPECT(fpr_zone_isolate(z, u.unused, UNIT_ORDER));
    EXPECT(fpr_zone_putback(z, u.held, 4));
    EXPECT(fpr_zone_adopt(z, u.held, 4));
    EXPECT(fpr_zone_isolate_range(z, first, end, 1));
    EXPECT(fpr_zone_unisolate_range(z, first, end, 1));
    EXPECT(fpr_zone_shuffle(z, zero, NULL));
    EXPECT(fpr_zone_take(z, u.unused, 0));
    EXPECT(fpr_zone_pcp_take(z, u.listed, 0));
    EXPECT(fpr_zone_pcp_push(z, u.one, 0, 0));
    EXPECT(fpr_zone_regroup(z, u.eight, 2));
    EXPECT(fpr_zone_set_reported(z, u.unused, UNIT_ORDER, true));
    EXPECT(fpr_zone_capture_begin(z, 1));
    EXPECT(fpr_zone_capture_pause(z, true));
    EXPECT(fpr_zone_capture_end(z, &pfn));
    EXPECT(fpr_zone_clone(z, &copy));
    fpr_zone_destroy(z);
    wrong += pfn != 7 || freed != 7 || copy;
}

static void set_it(void)
{
    const struct fpr_zone_counters c = {.stat_threshold = 1};
    const struct fpr_pcp_counters p = {.batch = 1};
    EXPECT(fpr_zone_set_watermarks(z, 1, 2, 3));
    EXPECT(fpr_zone_set_boost(z, 1, 1));
    EXPECT(fpr_zone_set_lowmem_reserve(z, FPR_ZONE_NORMAL, 1));
    EXPECT(fpr_zone_set_pcp(z, 8, 1));
    EXPECT(fpr_zone_set_event_sink(z, NULL));
    EXPECT(fpr_zone_set_notify(z, 1, NULL, NULL));
    EXPECT(fpr_zone_set_reclaiming(z, true));
    EXPECT(fpr_zone_set_stat_threshold(z, 9));
    EXPECT(fpr_zone_clear_lock_stats(z));
    EXPECT(fpr_zone_fold_stats(z));
    EXPECT(fpr_zone_load_free(z, UNIT_HOLE, 0, 1, false));
    EXPECT(fpr_zone_load_pcp(z, 0, 0, UNIT_HOLE, 1));
    EXPECT(fpr_zone_load_allocated(z, UNIT_HOLE, 0, true));
    EXPECT(fpr_zone_load_allocated_rest(z, UNIT_HOLE, 1, true));
    EXPECT(fpr_zone_load_pageblock(z, UNIT_HOLE, 0));
    EXPECT(fpr_zone_load_counters(z, &c));
    EXPECT(fpr_zone_load_pcp_counters(z, 0, &p));
}

/* Looking is possible where no lock is needed, or none taken. */
static void look_at_it(void)
{
    struct fpr_zone_counters c;
    struct fpr_zone_stats stats;
    struct fpr_lock_stats lock;
    struct fpr_pcp_counters p;
    struct fpr_zone_info info;
    enum fpr_page_kind kind;
    int want = config.locked ? -EINVAL : 0;
    wrong += fpr_zone_get_counters(z, &c) != want;
    wrong += fpr_zone_get_stats(z, &stats) != want;
    wrong += fpr_zone_get_lock_stats(z, &lock) != want;
    wrong += fpr_zone_get_pcp(z, 0, &p) != want;
    wrong += fpr_zone_get_info(z, &info) != 0;
    wrong += fpr_zone_page(z, u.one, &kind, NULL) != 0;
    EXPECT(fpr_zone_validate(z, NULL, NULL, 0)); /* counts and lists need not fit here */
}

static void on_event(void *ctx, const struct fpr_event *event)
{
    (void)ctx;
    (void)event;
    calls++;
    change_it();
    set_it();
    look_at_it();
}

static uint64_t bits(void *ctx)
{
    uint64_t *state = ctx;
    calls++;
    if (z) { /* none yet while it is being made */
        change_it();
        set_it();
        look_at_it();
    }
    return *state += 0x9e3779b97f4a7c15;
}

static uint64_t calm_bits(void *ctx)
{
    uint64_t *state = ctx;
    return *state += 0x9e3779b97f4a7c15;
}

/* Splits, steals, refills, drains, merges, isolations, put-backs: an event of most kinds. */
static void work(struct zone_unit *unit)
{
    struct fpr_zone *zone = unit->zone;
    fpr_pfn got[300];
    unsigned n = 0;
    while (n < 300 && !fpr_zone_alloc(zone, n % 3, n % 5 ? GFP : FPR_GFP_KERNEL, n & 1, &got[n]))
        n++;
    for (unsigned k = 0; k < n; k++)
        assert_int_equal(fpr_zone_free(zone, got[k], k % 3, k & 1), 0);
    assert_int_equal(fpr_zone_drain(zone, 0), 0);
    assert_int_equal(fpr_zone_isolate(zone, unit->unused, UNIT_ORDER), 0);
    assert_int_equal(fpr_zone_putback(zone, unit->unused, UNIT_ORDER), 0);
    assert_int_equal(fpr_zone_putback(zone, unit->held, 4), 0);
}

static void compare(enum fpr_profile profile, bool locked, bool shuffled)
{
    const struct fpr_event_sink sink = {on_event, NULL};
    uint64_t seed = 1, calm_seed = 1;
    struct zone_unit calm;
    zone_unit_configure(&config, profile);
    config.locked = locked;
    config.shuffle = shuffled;
    config.bits = bits;
    config.bits_ctx = &seed;
    calls = wrong = 0;
    z = NULL;
    zone_unit_make(&u, &config);
    config.bits = calm_bits;
    config.bits_ctx = &calm_seed;
    zone_unit_make(&calm, &config);
    z = u.zone;
    if (!shuffled)
        assert_int_equal(fpr_zone_set_event_sink(z, &sink), 0);
    work(&u);
    work(&calm);
    assert_int_equal(fpr_zone_shuffle(z, bits, &seed), 0);
    assert_int_equal(fpr_zone_shuffle(calm.zone, calm_bits, &calm_seed), 0);
    assert_true(calls > 5);
    assert_int_equal(wrong, 0);
    assert_true(digest_zone(z) == digest_zone(calm.zone));
    fpr_zone_destroy(u.zone);
    fpr_zone_destroy(calm.zone);
}

static void test_event_sink(void **state)
{
    (void)state;
    for (int k = 0; k < FPR_NR_PROFILES; k++) {
        compare((enum fpr_profile)k, false, false);
        compare((enum fpr_profile)k, true, false);
    }
}

static void test_random_bits(void **state)
{
    (void)state;
    for (int k = 0; k < FPR_NR_PROFILES; k++) {
        compare((enum fpr_profile)k, false, true);
        compare((enum fpr_profile)k, true, true);
    }
}

/* A machine's calls go to its zones. */
static struct fpr_machine *machine;

static void on_machine_event(void *ctx, const struct fpr_event *event)
{
    (void)ctx;
    (void)event;
    fpr_pfn pfn;
    struct fpr_machine *copy;
    calls++;
    EXPECT(fpr_alloc_pages(machine, 0, GFP, &pfn));
    EXPECT(fpr_alloc_pages_node(machine, 0, 3, GFP, 0, &pfn));
    EXPECT(fpr_alloc_pages_flags(machine, 0, GFP, 0, 0, &pfn));
    EXPECT(fpr_alloc_pages_bulk_one(machine, GFP, 1, 0, &pfn));
    EXPECT(fpr_free_pages(machine, 0, 0));
    EXPECT(fpr_free_pages_cpu(machine, 0, 0, 0));
    EXPECT(fpr_machine_drain(machine));
    EXPECT(fpr_machine_clone(machine, &copy));
    fpr_machine_destroy(machine);
}

static void test_machine(void **state)
{
    (void)state;
    const struct fpr_event_sink sink = {on_machine_event, NULL};
    fpr_pfn pfn;
    calls = wrong = 0;
    assert_int_equal(fpr_machine_create_simple(FPR_PROFILE_LINUX_6_1, 4096, &machine), 0);
    assert_int_equal(fpr_zone_set_event_sink(fpr_machine_zone(machine, 0), &sink), 0);
    assert_int_equal(fpr_alloc_pages(machine, 0, GFP, &pfn), 0);
    assert_int_equal(fpr_free_pages(machine, pfn, 0), 0);
    assert_true(calls > 2);
    assert_int_equal(wrong, 0);
    fpr_machine_destroy(machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_sink),
        cmocka_unit_test(test_random_bits),
        cmocka_unit_test(test_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
