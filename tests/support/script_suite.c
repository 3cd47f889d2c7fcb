#include "support/script_suite.h"

#include "support/suite.h"

static const struct script_family *played;

START_TEST(random_scripts)
{
    ck_assert_int_eq(script_rounds(&played[_i]), 0);
}
END_TEST

int script_suite(int argc, char **argv, const char *title, const struct script_family *families,
                 int n)
{
    int status;
    if (script_option(argc, argv, &status))
        return status;
    Suite *suite = suite_create(title);
    TCase *tcase = tcase_create("random");
    played = families;
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, random_scripts, 0, n);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
