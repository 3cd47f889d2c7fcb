/* The Pareto set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tune/tune.h"

#define POINT(g, c)                                                                                \
    {                                                                                              \
        .gain = (g), .cost = (c), .known = true                                                    \
    }

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 40;
}

/* The definition, word by word. */
static bool beaten(const struct tune_point *points, size_t count, size_t i)
{
    for (size_t k = 0; k < count; k++) {
        bool as_good = points[k].gain >= points[i].gain && points[k].cost <= points[i].cost;
        bool better = points[k].gain > points[i].gain || points[k].cost < points[i].cost;
        if (points[k].known && as_good && better) {
            return true;
        }
    }
    return false;
}

static void test_only_unbeaten_points_are_in(void **state)
{
    (void)state;
    struct tune_point p[] = {POINT(1, 1), POINT(2, 1), POINT(3, 5), POINT(2.5, 6), POINT(0, 0)};
    tune_pareto(p, 5);
    assert_false(p[0].pareto); /* the second gives more for the same */
    assert_true(p[1].pareto);
    assert_true(p[2].pareto);
    assert_false(p[3].pareto);
    assert_true(p[4].pareto);
}

static void test_equal_points_are_both_in(void **state)
{
    (void)state;
    struct tune_point p[] = {POINT(2, 3), POINT(2, 3), POINT(2, 4)};
    tune_pareto(p, 3);
    assert_true(p[0].pareto);
    assert_true(p[1].pareto);
    assert_false(p[2].pareto);
}

static void test_unknown_points_are_out(void **state)
{
    (void)state;
    struct tune_point p[] = {{.gain = 9, .cost = 0}, POINT(1, 1)};
    tune_pareto(p, 2);
    assert_false(p[0].pareto);
    assert_true(p[1].pareto);
    tune_pareto(NULL, 0);
}

static void test_random_points_against_the_definition(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int round = 0; round < 300; round++) {
        struct tune_point p[40];
        size_t count = next(&seed) % 40 + 1;
        for (size_t i = 0; i < count; i++) {
            p[i] = (struct tune_point){.gain = (double)(next(&seed) % 12) - 3,
                                       .cost = (double)(next(&seed) % 12) - 3,
                                       .known = next(&seed) % 8 != 0};
        }
        tune_pareto(p, count);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(p[i].pareto, p[i].known && !beaten(p, count, i));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_unbeaten_points_are_in),
        cmocka_unit_test(test_equal_points_are_both_in),
        cmocka_unit_test(test_unknown_points_are_out),
        cmocka_unit_test(test_random_points_against_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
