#include "support/interleave.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>

static const struct inter_scenario *tried; /* libcheck's tests are told no more than a number */

START_TEST(explore)
{
    inter_explore(&tried[_i]);
}
END_TEST

int inter_main(const char *name, const struct inter_scenario *scenarios, int count)
{
    tried = scenarios;
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create("scenarios");
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, explore, 0, count);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
