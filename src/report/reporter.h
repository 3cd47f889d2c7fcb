/* Free page reporting from the inside. */
#ifndef REPORT_REPORTER_H
#define REPORT_REPORTER_H

#include <fpr/report.h>

#include "base/atomic.h"
#include "mm/machine.h"

#include <pthread.h>

/* The entries of one report: filled from the end, so the device sees the latest first. */
struct batch {
    struct fpr_sg *sg;
    unsigned capacity;
    unsigned offset; /* entries not used yet */
};

struct fpr_reporter {
    struct fpr_machine *machine;
    struct fpr_clock *clock;         /* NULL: passes run by hand or by a waker's owner */
    pthread_mutex_t lock;            /* the next seven; never held while a device works */
    struct fpr_report_config config; /* as set; holds from the next pass on */
    unsigned order;                  /* in force */
    const struct fpr_device *device; /* NULL: none registered; frees read it without the lock */
    fpr_ns delay;                    /* config.delay, for frees, which read it without the lock */
    bool busy;                       /* a pass is running */
    bool enabled;                    /* a device was registered once: frees notify */
    struct batch batch;              /* the pass's own while one runs */
    struct fpr_report_config pass;   /* of the pass that is running */
    int state;                       /* enum fpr_report_state, atomic */
    struct fpr_work work;
    struct fpr_report_stats stats; /* written with fpr_report_count() */
    struct fpr_report_observer observer;
    struct fpr_report_waker waker;
    const void *owner; /* the thread that runs the passes; NULL: the caller does */
    bool suspended;    /* atomic: no pass may go on */
    unsigned calls;    /* of the pass that is running */
    struct fpr_mem_ops mem;
};

/* Counters may be read while they grow. Each has one writer at a time, but for `requests`. */
static inline void fpr_report_count(uint64_t *counter, uint64_t n)
{
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

/* What frees in other threads read and write without the reporter's lock. */
static inline int report_state(const struct fpr_reporter *r)
{
    fpr_race_point();
    return __atomic_load_n(&r->state, __ATOMIC_RELAXED);
}

static inline void report_state_set(struct fpr_reporter *r, int state)
{
    fpr_race_point();
    __atomic_store_n(&r->state, state, __ATOMIC_RELEASE);
}

/* Sets a state and returns the one before. */
static inline int report_state_swap(struct fpr_reporter *r, int state)
{
    fpr_race_point();
    return __atomic_exchange_n(&r->state, state, __ATOMIC_ACQ_REL);
}

/* Changes one state to another, if it is the one; returns whether it was. */
static inline bool report_state_turn(struct fpr_reporter *r, int from, int to)
{
    fpr_race_point();
    return __atomic_compare_exchange_n(&r->state, &from, to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

static inline const struct fpr_device *report_device(const struct fpr_reporter *r)
{
    fpr_race_point();
    return __atomic_load_n(&r->device, __ATOMIC_RELAXED);
}

static inline void report_device_set(struct fpr_reporter *r, const struct fpr_device *device)
{
    fpr_race_point();
    __atomic_store_n(&r->device, device, __ATOMIC_RELAXED);
}

static inline fpr_ns report_delay(const struct fpr_reporter *r)
{
    return __atomic_load_n(&r->delay, __ATOMIC_RELAXED);
}

static inline void report_delay_set(struct fpr_reporter *r, fpr_ns delay)
{
    __atomic_store_n(&r->delay, delay, __ATOMIC_RELAXED);
}

/* Is the pass to end here and now? */
static inline bool fpr_report_suspended(const struct fpr_reporter *r)
{
    fpr_race_point();
    return __atomic_load_n(&r->suspended, __ATOMIC_ACQUIRE);
}

/* Are the knobs in range for the machine? */
bool fpr_report_config_ok(const struct fpr_machine *m, const struct fpr_report_config *c);
/* The order in force by the knobs: the caller's, else the device's wish where the kernel asks it,
 * else the pageblock order. */
unsigned fpr_report_order(const struct fpr_reporter *r);
/* Gives the batch another capacity. 0 or -ENOMEM. */
int fpr_report_resize(struct fpr_reporter *r, unsigned capacity);
/* Zones (do not) tell the reporter of frees of at least its order. Takes the zones' locks. */
void fpr_report_attach(struct fpr_reporter *r, bool on);

/* Changes the waker, whoever the owner is. 0, -EINVAL, -EBUSY. */
int fpr_report_set_waker(struct fpr_reporter *r, const struct fpr_report_waker *waker);
/* The time of the clock or of the waker, else 0. */
fpr_ns fpr_report_now(const struct fpr_reporter *r);
/* Queues a pass, due after the delay. */
void fpr_report_schedule(struct fpr_reporter *r);
/* Asks for a pass unless one is asked for already. */
void fpr_reporter_request(struct fpr_reporter *r);

/* Reports what is unreported in one zone; the device's error ends it. */
int fpr_report_zone(struct fpr_reporter *r, struct fpr_zone *z);

/* Hands entries offset.. of the batch to the device and empties it. Lock not held. */
int fpr_report_call(struct fpr_reporter *r, unsigned *nents);
/* Puts the last `nents` entries back and flags them if they were reported. Lock held. */
void fpr_report_drain(struct fpr_reporter *r, struct fpr_zone *z, unsigned nents, bool reported);

#endif
