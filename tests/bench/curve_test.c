/* A curve reaches the end of what it is of, however long that is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "live/live.h"

static void test_samples_reach_the_end(void **state)
{
    (void)state;
    static struct live_curve curve;
    const unsigned samples = 10 * LIVE_MAX_POINTS;
    for (unsigned k = 0; k < samples; k++) {
        live_curve_sample(&curve, k, 2.0 * k);
        assert_true(curve.count <= LIVE_MAX_POINTS);
    }
    double step = curve.point[1].time_s - curve.point[0].time_s;
    assert_true(curve.count >= LIVE_MAX_POINTS / 2);
    assert_true(curve.point[0].time_s == 0);
    assert_true(curve.point[curve.count - 1].time_s > samples - 1 - step);
    for (size_t k = 1; k < curve.count; k++) {
        assert_true(curve.point[k].time_s - curve.point[k - 1].time_s == step);
        assert_true(curve.point[k].mib == 2 * curve.point[k].time_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_reach_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
