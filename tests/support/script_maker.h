/* What the files that make random scripts share. */
#ifndef TESTS_SCRIPT_MAKER_H
#define TESTS_SCRIPT_MAKER_H

#include "support/script_make.h"
#include "support/support.h"

#include <string.h>

struct maker {
    struct script *s;
    const struct make_options *o;
    uint64_t seed;
    uint8_t taken[SCRIPT_SLOTS]; /* slots that an allocation named last: worth freeing */
    unsigned nr_taken;
};

static inline uint64_t below(struct maker *m, uint64_t n)
{
    return n ? test_random(&m->seed) % n : 0;
}

static inline bool chance(struct maker *m, unsigned one_in)
{
    return below(m, one_in) == 0;
}

static inline uint64_t between(struct maker *m, uint64_t low, uint64_t high)
{
    return low + below(m, high - low + 1);
}

static inline void add(struct maker *m, int batch, enum script_kind kind, const int64_t *a)
{
    struct script_op op = {.kind = kind, .batch = batch};

    memcpy(op.a, a, sizeof op.a);
    script_add(m->s, &op);
}

void make_step(struct maker *m, int batch);
void make_register(struct maker *m);
void make_report(struct maker *m);

#endif
