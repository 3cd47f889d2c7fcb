/* A test program that runs families of random scripts. */
#ifndef TESTS_SCRIPT_SUITE_H
#define TESTS_SCRIPT_SUITE_H

#include "support/script.h"

/* All that main() does: a family is a test, in a process of its own. Returns the exit status. */
int script_suite(int argc, char **argv, const char *title, const struct script_family *families,
                 int n);

#endif
