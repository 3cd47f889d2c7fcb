/* Helpers that several tests share. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <stdint.h>

/* splitmix64: the test suite's seeded random numbers. */
uint64_t test_random(uint64_t *state);

#endif
