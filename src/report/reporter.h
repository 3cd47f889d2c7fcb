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
    pthread_mutex_t lock;            /* down to `owner`; never held while a device works */
    struct fpr_report_config config; /* as set; holds from the next pass on */
    unsigned order;                  /* in force */
    const struct fpr_device *device; /* NULL: none registered; frees read it without the lock */
    fpr_ns delay;                    /* config.delay, for frees, which read it without the lock */
    bool busy;                       /* a pass is running, or its end is being told */
    bool enabled;                    /* a device was registered once: frees notify */
    const void *owner;               /* the thread that runs the passes; NULL: the caller does */
    struct batch batch;              /* the pass's own while one runs */
    struct fpr_report_config pass;   /* of the pass that is running */
    int state;                       /* enum fpr_report_state, atomic */
    struct fpr_work work;
    struct fpr_report_stats stats; /* written with fpr_report_count() */
    struct fpr_report_observer observer;
    struct fpr_report_waker waker;
    uintptr_t caller; /* atomic: the thread that is in the waker without a zone's lock; 0: none */
    bool suspended;   /* atomic: no pass may go on, by the user's wish */
    bool cut;         /* atomic: the same, by the owner's */
    bool cancelled;   /* the pass that is running was cut short by one of them */
    unsigned calls;   /* of the pass that is running */
    pthread_mutex_t resume_lock; /* the next one; taken also with a zone's lock held (a sink may
                                  * suspend), so nothing but what `resumed` takes is taken in it */
    void (*resumed)(const void *owner); /* NULL: nobody waits for it */
    struct fpr_mem_ops mem;
    bool part; /* of a guest, with which alone it goes */
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

/* May no pass begin because the user said so? */
static inline bool fpr_report_by_user(const struct fpr_reporter *r)
{
    fpr_race_point();
    return __atomic_load_n(&r->suspended, __ATOMIC_ACQUIRE);
}

/* May no pass begin, or go on? */
static inline bool fpr_report_suspended(const struct fpr_reporter *r)
{
    return __atomic_load_n(&r->cut, __ATOMIC_ACQUIRE) || fpr_report_by_user(r);
}

/* Is the pass to end here and now? Then its end says so, whatever has become of the wish. */
static inline bool fpr_report_cancelled(struct fpr_reporter *r)
{
    r->cancelled = fpr_report_suspended(r);
    return r->cancelled;
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

/* Does a callback call that has a zone's lock, or that whoever registers a device waits for? */
bool fpr_report_barred(const struct fpr_reporter *r);
/* fpr_reporter_destroy(), also of a guest's; returns whether it did. */
bool fpr_report_destroy(struct fpr_reporter *r);

/* The reporter is another's from now on, until disowned: 0, -EBUSY. `resumed` is called
 * when the user's suspension has ended, from anywhere. */
int fpr_report_own(struct fpr_reporter *r, const void *owner, const struct fpr_report_waker *waker,
                   void (*resumed)(const void *owner));
void fpr_report_disown(struct fpr_reporter *r);
/* Suspends for the owner, or resumes: a store, nothing that locks. */
void fpr_report_cut(struct fpr_reporter *r, bool on);
/* What reporter.h's functions of these names do, for the owner; NULL: for anybody. */
int fpr_report_register(struct fpr_reporter *r, const void *owner, const struct fpr_device *device);
int fpr_report_unregister(struct fpr_reporter *r, const void *owner,
                          const struct fpr_device *device);
int fpr_report_pass(struct fpr_reporter *r, const void *owner, struct fpr_pass_result *result);
/* Puts a device in the place of the one registered: 0, or -EINVAL, -ENOSPC and that one stays. */
int fpr_report_exchange(struct fpr_reporter *r, const struct fpr_device *device);
/* Nobody is told any more. The reporter's lock is held. */
void fpr_report_detach(struct fpr_reporter *r);

/* The time of the clock or of the waker, else 0. */
fpr_ns fpr_report_now(const struct fpr_reporter *r);
/* Queues a pass, due after the delay. No lock is held. */
void fpr_report_schedule(struct fpr_reporter *r);
/* Asks for a pass unless one is asked for already. No lock is held. */
void fpr_reporter_request(struct fpr_reporter *r);

/* Reports what is unreported in one zone; the device's error ends it. */
int fpr_report_zone(struct fpr_reporter *r, struct fpr_zone *z);

/* Hands entries offset.. of the batch to the device and empties it. Lock not held. */
int fpr_report_call(struct fpr_reporter *r, unsigned *nents);
/* Puts the last `nents` entries back and flags them if they were reported. Lock held. */
void fpr_report_drain(struct fpr_reporter *r, struct fpr_zone *z, unsigned nents, bool reported);

#endif
