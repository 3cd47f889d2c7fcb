/* Reporting against the reference model: passes, budgets, rotation, errors, calls from inside the
 * device's callback, on random zones. */
#include "support/script_make.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>

static void make(struct script *s, uint64_t seed, unsigned size, unsigned operations)
{
    struct make_options o = {.profile = -1,
                             .size = size,
                             .zones = 1,
                             .operations = operations,
                             .reports = true,
                             .misuse = true};

    o.shuffles = seed % 5 == 0;
    o.ranges = seed % 7 == 0;
    make_script(s, seed, &o);
}

static void make_tiny(struct script *s, uint64_t seed)
{
    make(s, seed, 0, 200);
}

static void make_middle(struct script *s, uint64_t seed)
{
    make(s, seed, 1, 300);
}

static void make_large(struct script *s, uint64_t seed)
{
    make(s, seed, 2, 80);
}

START_TEST(tiny_zones)
{
    ck_assert_int_eq(script_rounds("reports, tiny", make_tiny, 400), 0);
}
END_TEST

START_TEST(middling_zones)
{
    ck_assert_int_eq(script_rounds("reports, middling", make_middle, 150), 0);
}
END_TEST

START_TEST(large_orders)
{
    ck_assert_int_eq(script_rounds("reports, large orders", make_large, 30), 0);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *suite = suite_create("reporting against the reference model");
    TCase *tcase = tcase_create("random");
    int failed;

    if (script_option(argc, argv, &failed))
        return failed;
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, tiny_zones);
    tcase_add_test(tcase, middling_zones);
    tcase_add_test(tcase, large_orders);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
