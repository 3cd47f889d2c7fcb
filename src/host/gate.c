#include "host/gate.h"

#include <errno.h>
#include <time.h>

void fpr_gate_init(struct fpr_gate *gate)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&gate->changed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&gate->lock, NULL);
}

void fpr_gate_destroy(struct fpr_gate *gate)
{
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->lock);
}

void fpr_gate_lock(struct fpr_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
}

void fpr_gate_unlock(struct fpr_gate *gate)
{
    pthread_mutex_unlock(&gate->lock);
}

void fpr_gate_wake(struct fpr_gate *gate)
{
    pthread_cond_broadcast(&gate->changed);
}

void fpr_gate_wait(struct fpr_gate *gate)
{
    pthread_cond_wait(&gate->changed, &gate->lock);
}

static void pause_virtual(struct fpr_gate *gate, struct fpr_clock *clock, fpr_ns time)
{
    /* Work that falls due may call anything, also what takes this lock. */
    fpr_gate_unlock(gate);
    fpr_ns now = fpr_clock_now(clock);
    fpr_clock_advance(clock, time <= UINT64_MAX - now ? now + time : UINT64_MAX);
    fpr_gate_lock(gate);
}

void fpr_gate_pause(struct fpr_gate *gate, struct fpr_clock *clock, fpr_ns time, const bool *stop)
{
    if (time == 0)
        return;
    if (clock != NULL) {
        pause_virtual(gate, clock, time);
        return;
    }
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    fpr_ns nanoseconds = (fpr_ns)until.tv_nsec + time % FPR_NS_PER_S;
    until.tv_sec += (time_t)(time / FPR_NS_PER_S + nanoseconds / FPR_NS_PER_S);
    until.tv_nsec = (long)(nanoseconds % FPR_NS_PER_S);
    while (!*stop && pthread_cond_timedwait(&gate->changed, &gate->lock, &until) != ETIMEDOUT)
        continue;
}
