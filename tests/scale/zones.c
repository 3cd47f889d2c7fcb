/* The largest zone there can be, and many machines in one process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/fpr.h>

static void assert_valid(const struct fpr_zone *zone)
{
    int rule;
    char reason[128] = "";
    if (fpr_zone_validate(zone, &rule, reason, sizeof(reason)))
        fail_msg("rule %d: %s", rule, reason);
}

/* 16 TiB of 4 KiB pages: every 32-bit index is a frame. */
static void test_sixteen_tebibytes(void **state)
{
    (void)state;
    const uint64_t frames = UINT64_C(1) << 32, block = 1024;
    struct fpr_machine *machine;
    struct fpr_clock *clock;
    struct fpr_reporter *reporter;
    struct fpr_report_stats stats;
    struct fpr_device device;
    fpr_pfn low, high;
    assert_int_equal(fpr_machine_create_simple(FPR_PROFILE_V16, frames, &machine), 0);
    struct fpr_zone *zone = fpr_machine_zone(machine, 0);
    assert_int_equal(fpr_zone_take(zone, frames - 1, 0), 0);
    assert_int_equal(fpr_zone_alloc(zone, 0, FPR_GFP_KERNEL, 0, &low), 0);
    assert_int_equal(fpr_zone_alloc(zone, 10, FPR_GFP_KERNEL, 0, &high), 0);
    assert_int_equal(fpr_clock_create(0, &clock), 0);
    assert_int_equal(fpr_reporter_create(machine, clock, NULL, &reporter), 0);
    assert_int_equal(fpr_device_null(&device), 0);
    assert_int_equal(fpr_reporter_register(reporter, &device), 0);
    fpr_clock_advance(clock, 2 * FPR_NS_PER_S);
    fpr_reporter_get_stats(reporter, &stats);
    /* a sixteenth of the list, rounded up to whole reports, and the smaller blocks */
    assert_in_range(stats.pages, frames / 16, frames / 16 + 64 * block);
    fpr_clock_advance(clock, 60 * FPR_NS_PER_S);
    fpr_reporter_get_stats(reporter, &stats);
    assert_in_range(stats.pages, frames - 3 * block, frames - block - 2);
    assert_int_equal(fpr_zone_free(zone, frames - 1, 0, 0), 0);
    assert_int_equal(fpr_zone_free(zone, low, 0, 0), 0);
    assert_int_equal(fpr_zone_free(zone, high, 10, 0), 0);
    fpr_reporter_destroy(reporter);
    fpr_clock_destroy(clock);
    fpr_machine_destroy(machine);
}

enum { MACHINES = 100, SEEDS = 10, PAGES = 16384, HELD = 512 };

struct guest {
    struct fpr_machine *machine;
    struct fpr_clock *clock;
    struct fpr_reporter *reporter;
    uint64_t random;
    fpr_pfn pfn[HELD];
    unsigned order[HELD];
    unsigned held;
};

static unsigned next(struct guest *g, unsigned below)
{
    g->random = g->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (unsigned)((g->random >> 33) % below);
}

static void step(struct guest *g)
{
    if (g->held < HELD && next(g, 2)) {
        unsigned order = next(g, 6);
        if (fpr_alloc_pages(g->machine, order, FPR_GFP_HIGHUSER_MOVABLE, &g->pfn[g->held]) == 0)
            g->order[g->held++] = order;
    } else if (g->held) {
        unsigned k = next(g, g->held);
        assert_int_equal(fpr_free_pages(g->machine, g->pfn[k], g->order[k]), 0);
        g->held--;
        g->pfn[k] = g->pfn[g->held];
        g->order[k] = g->order[g->held];
    }
}

/* One step of each in turn: the same seed ends in the same state, whatever the others do. */
static void test_a_hundred_machines(void **state)
{
    (void)state;
    static struct guest guests[MACHINES];
    struct fpr_device device;
    assert_int_equal(fpr_device_null(&device), 0);
    for (unsigned i = 0; i < MACHINES; i++) {
        struct guest *g = &guests[i];
        *g = (struct guest){.random = i % SEEDS};
        enum fpr_profile profile = i % SEEDS % 2 ? FPR_PROFILE_LINUX_6_1 : FPR_PROFILE_V16;
        assert_int_equal(fpr_machine_create_simple(profile, PAGES, &g->machine), 0);
        assert_int_equal(fpr_clock_create(0, &g->clock), 0);
        assert_int_equal(fpr_reporter_create(g->machine, g->clock, NULL, &g->reporter), 0);
        assert_int_equal(fpr_reporter_register(g->reporter, &device), 0);
    }
    for (unsigned n = 1; n <= 2000; n++)
        for (unsigned i = 0; i < MACHINES; i++) {
            step(&guests[i]);
            if (n % 100 == 0)
                fpr_clock_advance(guests[i].clock, n * FPR_NS_PER_S / 50);
        }
    for (unsigned i = 0; i < MACHINES; i++) {
        const struct fpr_zone *zone = fpr_machine_zone(guests[i].machine, 0);
        assert_valid(zone);
        for (unsigned k = 0; k < i; k++) {
            const struct fpr_zone *other = fpr_machine_zone(guests[k].machine, 0);
            bool same = fpr_zone_hash(zone, true) == fpr_zone_hash(other, true);
            assert_int_equal(same, i % SEEDS == k % SEEDS);
        }
    }
    for (unsigned i = 0; i < MACHINES; i++) {
        fpr_reporter_destroy(guests[i].reporter);
        fpr_clock_destroy(guests[i].clock);
        fpr_machine_destroy(guests[i].machine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sixteen_tebibytes),
        cmocka_unit_test(test_a_hundred_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
