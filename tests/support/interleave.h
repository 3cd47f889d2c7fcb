/* Playing threads against each other on purpose: one at a time runs, and at every place where the
 * order could matter (a lock, a wait, a hook in the lock-free code, a point in a test's callback)
 * it is decided who goes on. Decisions are tried out exhaustively up to a number of preemptions,
 * and then at random; a schedule that fails is printed and can be run again.
 *
 * Only programs tests/prop/interleave_*.c: they are linked with the wrappers of interleave_wrap.c
 * and with libfpr_hooked, whose sources are built with interleave_hooks.h.
 *
 * Time is virtual: it stands still, but whoever waits for a moment may be chosen at any time, which
 * makes it that moment. Stores that the hooks mark may stay invisible to others for a while, as in
 * a processor's store buffer. */
#ifndef TESTS_INTERLEAVE_H
#define TESTS_INTERLEAVE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* One thing to try out. */
struct inter_scenario {
    const char *name;
    /* Runs once a schedule, as its first thread: sets up, starts threads with pthread_create(),
     * joins them, checks, cleans up. Must do the same each time but for the order of threads. */
    void (*body)(void);
    unsigned bound; /* most decisions against the usual course, in the exhaustive part */
    unsigned runs;  /* most schedules of the exhaustive part */
    unsigned seeds; /* schedules of the random part */
};

/* Tries a scenario out; a failure ends the process. FPR_INTERLEAVE=deep allows one decision more
 * and 8 times the runs; FPR_SCHEDULE=name:schedule runs that one schedule of that scenario. */
void inter_explore(const struct inter_scenario *scenario);
/* What main() returns: all of them, each as a test of libcheck in a process of its own. */
int inter_main(const char *name, const struct inter_scenario *scenarios, int count);

/* Here others may get in between. Does nothing in threads that are not played with. */
void inter_point(void);
/* The same, and this thread cannot go on without the others: they come first. */
void inter_spin(void);
/* No decisions, the thread goes on alone, until `false`: for setting up and checking. */
void inter_quiet(bool on);

/* A thread beside the calling one, and its end. */
pthread_t inter_begin(void *(*start)(void *), const void *arg);
void *inter_end(pthread_t id);

/* Fails: says what and by which schedule, and ends the process. */
_Noreturn void inter_fail(const char *file, int line, const char *what);
#define inter_check(cond) ((cond) ? (void)0 : inter_fail(__FILE__, __LINE__, #cond))

#endif
