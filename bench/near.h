/* The word that was meant. */
#ifndef BENCH_NEAR_H
#define BENCH_NEAR_H

#include <stddef.h>

/* The best so far among words that are looked at one by one, and all of them, "a, b, c". Starts
 * with zeros. */
struct bench_near {
    const char *best;
    unsigned distance;
    char all[512];
    size_t used;
};
/* Looks at one; `word` of `length` is what was given. */
void bench_near_look(struct bench_near *near, const char *word, size_t length, const char *other);
/* "; did you mean 'memhog'?", or empty. */
const char *bench_near_text(const struct bench_near *near, char *text, size_t size);

#endif
