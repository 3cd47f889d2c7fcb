/* What replays of recorded guests do to a zone behind its users' backs, against the reference
 * model: pages taken, pushed and regrouped, captures, a lagging count of free pages. */
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
                             .misuse = true,
                             .behind = true};

    o.reports = seed % 3 == 0;
    make_script(s, seed, &o);
}

static void make_tiny(struct script *s, uint64_t seed)
{
    make(s, seed, 0, 150);
}

static void make_middle(struct script *s, uint64_t seed)
{
    make(s, seed, 1, 300);
}

START_TEST(tiny_zones)
{
    ck_assert_int_eq(script_rounds("behind, tiny", make_tiny, 500), 0);
}
END_TEST

START_TEST(middling_zones)
{
    ck_assert_int_eq(script_rounds("behind, middling", make_middle, 150), 0);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *suite = suite_create("behind users' backs, against the reference model");
    TCase *tcase = tcase_create("random");
    int failed;

    if (script_option(argc, argv, &failed))
        return failed;
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, tiny_zones);
    tcase_add_test(tcase, middling_zones);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
