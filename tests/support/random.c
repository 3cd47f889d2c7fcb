#include "support/support.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

uint64_t test_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

unsigned test_times(unsigned usual, unsigned valgrind_divisor)
{
    const char *asked = getenv("FPR_SEEDS"), *preload = getenv("LD_PRELOAD");
    if (asked)
        return (unsigned)strtoul(asked, NULL, 0);
    /* Valgrind's core preloads itself; only the environment tells. */
    bool valgrind = preload && strstr(preload, "vgpreload");
    return valgrind ? usual / valgrind_divisor : usual;
}
