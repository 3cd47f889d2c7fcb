/* Helpers that several tests share. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <stdint.h>

/* splitmix64: the test suite's seeded random numbers. */
uint64_t test_random(uint64_t *state);

/* How often to do something: `usual` times, a share of them under Valgrind (which is 20 to 50 times
 * slower and runs one thread at a time), or what the environment variable FPR_SEEDS says. */
unsigned test_times(unsigned usual, unsigned valgrind_divisor);

#endif
