/* The thread of a reporter from the inside.
 *
 * Locks are taken in the order: reporter, zone, thread. So the thread's own lock is never held
 * while the library is called; `busy` keeps those that change things apart instead. */
#ifndef REPORT_THREAD_H
#define REPORT_THREAD_H

#include <fpr/thread.h>

#include "report/reporter.h"

struct fpr_thread {
    struct fpr_reporter *reporter;
    struct fpr_mem_ops mem;
    pthread_t id;
    pthread_mutex_t lock;            /* all that follows */
    pthread_cond_t changed;          /* any of it did */
    const struct fpr_device *device; /* registered; NULL: none */
    fpr_ns due;                      /* of the pass that is wanted */
    bool wanted;                     /* one is */
    bool running;                    /* one runs */
    bool paused;                     /* none may begin */
    bool busy;                       /* somebody registers, unregisters, swaps or stops */
    bool quit;                       /* the thread is to end */
    bool joined;                     /* it has */
    struct fpr_thread_stats stats;
};

/* The moment `delay` from now. */
fpr_ns fpr_thread_later(fpr_ns delay);
/* Waits for a change until `when`; false if nothing changed by then. The lock is held. */
bool fpr_thread_wait(struct fpr_thread *t, fpr_ns when);
/* Would the thread wait for the caller? The lock is held. */
bool fpr_thread_inside(const struct fpr_thread *t);

/* Nobody else may change things from here on, until leave(): 0, -EDEADLK, -ETIMEDOUT. */
int fpr_thread_enter(struct fpr_thread *t, fpr_ns until);
/* Returns err. */
int fpr_thread_leave(struct fpr_thread *t, int err);
/* No pass runs, and none begins before leave(): 0, -ETIMEDOUT. */
int fpr_thread_quiesce(struct fpr_thread *t, fpr_ns until);
/* Whatever is registered. */
void fpr_thread_remove_device(struct fpr_thread *t);

#endif
