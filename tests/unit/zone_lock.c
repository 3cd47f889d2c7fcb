/* How a zone's lock fares, from one moment on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/zone.h>

#include <string.h>

enum { PAGES = 4096 };

static struct fpr_zone *make(bool locked)
{
    struct fpr_zone_config config;
    struct fpr_zone *zone = NULL;
    assert_int_equal(fpr_zone_config_init(&config, FPR_PROFILE_V16), 0);
    config.spanned = PAGES;
    config.locked = locked;
    assert_int_equal(fpr_zone_create(&config, &zone), 0);
    return zone;
}

static void pairs(struct fpr_zone *zone, int count)
{
    fpr_pfn pfn;
    for (int k = 0; k < count; k++) {
        assert_int_equal(fpr_zone_alloc(zone, 9, FPR_GFP_HIGHUSER_MOVABLE, 0, &pfn), 0);
        assert_int_equal(fpr_zone_free(zone, pfn, 9, 0), 0);
    }
}

static void test_cleared_it_counts_from_nothing(void **state)
{
    (void)state;
    struct fpr_zone *zone = make(true);
    struct fpr_lock_stats stats, none;
    memset(&none, 0, sizeof(none));
    pairs(zone, 500);
    assert_int_equal(fpr_zone_get_lock_stats(zone, &stats), 0);
    assert_true(stats.acquired >= 1000);
    assert_true(stats.sampled_holds >= 15);
    assert_true(stats.sampled_hold_max_ns > 0);
    for (int k = 0; k < 130; k++) { /* whichever holds are measured */
        pairs(zone, k);
        assert_int_equal(fpr_zone_clear_lock_stats(zone), 0);
        assert_int_equal(fpr_zone_get_lock_stats(zone, &stats), 0);
        stats.acquired = stats.acquired == 1 ? 0 : stats.acquired; /* that look */
        assert_memory_equal(&stats, &none, sizeof(none));
    }
    pairs(zone, 500);
    assert_int_equal(fpr_zone_get_lock_stats(zone, &stats), 0);
    assert_true(stats.acquired >= 1000);
    assert_true(stats.acquired < 1500);
    fpr_zone_destroy(zone);
}

static void test_without_a_lock_there_is_nothing(void **state)
{
    (void)state;
    struct fpr_zone *zone = make(false);
    struct fpr_lock_stats stats;
    pairs(zone, 100);
    assert_int_equal(fpr_zone_clear_lock_stats(zone), 0);
    assert_int_equal(fpr_zone_get_lock_stats(zone, &stats), 0);
    assert_int_equal(stats.acquired, 0);
    fpr_zone_destroy(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cleared_it_counts_from_nothing),
        cmocka_unit_test(test_without_a_lock_there_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
