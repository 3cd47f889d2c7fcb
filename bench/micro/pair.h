/* Two threads at once, each on a cpu of its own: left to the scheduler, two that wake each other
 * often stay on one cpu, and then nothing is measured but turns. */
#ifndef BENCH_MICRO_PAIR_H
#define BENCH_MICRO_PAIR_H

/* What each thread does with its own context. */
struct pair_work {
    void (*warm)(void *ctx); /* first; may be NULL */
    void (*run)(void *ctx);  /* when both are warm */
};

/* Does the work for `first` and for `second` (NULL: for the first alone) in threads of their own,
 * and waits for them. Where this process may use one cpu only, they share it.
 * Returns 0, or a negative errno with nothing done. */
int pair_run(const struct pair_work *work, void *first, void *second);

#endif
