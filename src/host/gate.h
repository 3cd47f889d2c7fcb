/* Where a device's call waits: for a while, or for another thread. */
#ifndef HOST_GATE_H
#define HOST_GATE_H

#include <fpr/clock.h>

#include <pthread.h>

struct fpr_gate {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* on the monotonic clock */
};

void fpr_gate_init(struct fpr_gate *gate);
void fpr_gate_destroy(struct fpr_gate *gate);
void fpr_gate_lock(struct fpr_gate *gate);
void fpr_gate_unlock(struct fpr_gate *gate);
/* Tells waiters to look again; with the lock held. */
void fpr_gate_wake(struct fpr_gate *gate);
/* Waits for a wake-up; the lock is held, dropped meanwhile, and held again. */
void fpr_gate_wait(struct fpr_gate *gate);
/* Lets time pass with the lock held, dropped meanwhile: on the virtual clock if there is one, else
 * in real time until *stop. */
void fpr_gate_pause(struct fpr_gate *gate, struct fpr_clock *clock, fpr_ns time, const bool *stop);

#endif
