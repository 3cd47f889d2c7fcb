/* Chance from the seed alone, in whole numbers, so that it is the same everywhere. */
#include "gen/gen.h"

static uint64_t next(struct gen_guest *g)
{
    uint64_t z = g->random += UINT64_C(0x9e3779b97f4a7c15); /* SplitMix64 */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t gen_below(struct gen_guest *g, uint64_t n)
{
    return n ? next(g) % n : 0;
}

bool gen_chance(struct gen_guest *g, unsigned percent)
{
    return gen_below(g, 100) < percent;
}

uint64_t gen_around(struct gen_guest *g, uint64_t mean)
{
    uint64_t value = mean / 3;
    /* Geometric steps of a third: a long tail, and 2/3 of the mean on average. */
    uint64_t step = mean / 3 + 1;
    do {
        value += gen_below(g, 2 * step);
    } while (gen_chance(g, 50) && value < 8 * mean);
    return value ? value : 1;
}
