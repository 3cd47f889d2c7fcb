/* What every libcheck program does at its end. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>

/* Runs the suite, which goes with it. Returns the program's exit status. */
int test_run_suite(Suite *suite);

#endif
