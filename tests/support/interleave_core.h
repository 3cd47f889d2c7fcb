/* What the parts of the scheduler share: interleave.c who runs, interleave_choose.c how it is
 * decided, interleave_wrap.c what takes the C library's place. */
#ifndef TESTS_INTERLEAVE_CORE_H
#define TESTS_INTERLEAVE_CORE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "support/interleave.h"

enum { INTER_THREADS = 8, INTER_MUTEXES = 64, INTER_STEPS = 20000 };
#define INTER_NEVER UINT64_MAX

enum inter_state { INTER_READY, INTER_MUTEX, INTER_COND, INTER_JOIN, INTER_SLEEP, INTER_DONE };

struct inter_thread {
    sem_t turn;
    pthread_t real;
    void *(*start)(void *);
    void *arg;
    void *result;
    enum inter_state state;
    const void *object;     /* the mutex, condition or thread that it waits for */
    uint64_t deadline;      /* of INTER_COND and INTER_SLEEP; INTER_NEVER: none */
    bool timed_out;         /* the wait ended by that */
    bool quiet;             /* no decisions */
    bool joined;            /* by somebody */
    _Atomic uint64_t *late; /* a store that others do not see yet; NULL: none */
    uint64_t late_old;      /* what they see instead */
    unsigned priority;      /* of the random part; higher goes first */
};

/* A run of one schedule. */
struct inter_run {
    struct inter_thread thread[INTER_THREADS];
    unsigned threads;
    struct {
        const void *mutex;
        int owner; /* -1: nobody */
    } mutex[INTER_MUTEXES];
    unsigned mutexes;
    uint64_t now;  /* virtual time */
    unsigned idle; /* times in a row that one thread alone could go on */
    sem_t over;
};

extern struct inter_run inter_run;
extern _Thread_local struct inter_thread *inter_self;

/* Who has the mutex: a place to read and write; -1: nobody. */
int *inter_owner(const void *mutex);
/* The calling thread waits as its state says, until it is chosen. */
void inter_wait(enum inter_state state, const void *object, uint64_t deadline);
/* Makes a thread that can be chosen from now on. */
int inter_create(pthread_t *id, void *(*start)(void *), void *arg);
struct inter_thread *inter_find(pthread_t id);

/* A decision. Candidate 0 is the usual course; `cost` says which count against the bound. Returns
 * the number of the candidate. */
struct inter_choice {
    unsigned n;
    uint8_t value[INTER_THREADS]; /* a thread's number, or the alternative's */
    uint8_t cost[INTER_THREADS];
    bool threads; /* it is about threads */
};
unsigned inter_choose(const struct inter_choice *choice);
/* The thread cannot go on alone: it goes behind the others in the random part. */
void inter_lower(struct inter_thread *thread);
void inter_raise_new(struct inter_thread *thread);
/* Writes the schedule so far to standard error. */
void inter_print_schedule(void);

/* Runs a scenario's body by the decisions that inter_choose() makes. */
void inter_run_body(void (*body)(void));

/* The C library's own functions. */
int __real_pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*start)(void *),
                          void *arg);
int __real_pthread_join(pthread_t id, void **result);

#endif
