/** @file clock.h
 *  Time, injected. A virtual clock moves when it is told to, and runs delayed work that falls due
 *  on the way; so a simulated hour costs nothing and every run is the same.
 *  Thread safety: calls on one clock must not overlap, except where a clock says otherwise.
 */
#ifndef FPR_CLOCK_H
#define FPR_CLOCK_H

#include <fpr/mem.h>
#include <fpr/types.h>

/** Nanoseconds. */
typedef uint64_t fpr_ns;
/** One second in nanoseconds. */
#define FPR_NS_PER_S 1000000000ull
/** One millisecond in nanoseconds. */
#define FPR_NS_PER_MS 1000000ull

/** A virtual clock. Opaque. */
struct fpr_clock;

/** Delayed work: embed it, fill `run` and `ctx`, keep it alive while queued. */
struct fpr_work {
    void (*run)(void *ctx); /**< called when the clock passes `due` */
    void *ctx;              /**< its argument */
    fpr_ns due;             /**< set by fpr_clock_schedule() */
    bool queued;            /**< in the queue; start with false; cleared before `run` is called */
    struct fpr_work *next;  /**< the clock's */
};

/** Makes a virtual clock that stands at `now`. @return 0, -EINVAL, -ENOMEM. */
FPR_API int fpr_clock_create(fpr_ns now, struct fpr_clock **clock);
/** Frees a clock; queued work is forgotten (and may be queued elsewhere). Does nothing from inside
 *  work, and while there is a reporter that was made with it: free that first. Devices and sinks
 *  that go by it are not counted: they must not be called any more. NULL is accepted. */
FPR_API void fpr_clock_destroy(struct fpr_clock *clock);
/** The time now; 0 for NULL. */
FPR_API fpr_ns fpr_clock_now(const struct fpr_clock *clock);
/** Queues work for `due`; work due at the same instant runs in the order of queueing. A `due` in
 *  the past runs at the next advance, without moving the clock back. Work may queue itself again.
 *  @return 0, -EINVAL, -EBUSY (already queued). O(works queued). */
FPR_API int fpr_clock_schedule(struct fpr_clock *clock, struct fpr_work *work, fpr_ns due);
/** Takes work out of the queue. @return 1 if it was queued, 0 if not, -EINVAL. O(works
 *  queued). */
FPR_API int fpr_clock_cancel(struct fpr_clock *clock, struct fpr_work *work);
/** When the next work is due. @return true and `due`, or false if none is queued. */
FPR_API bool fpr_clock_next(const struct fpr_clock *clock, fpr_ns *due);
/** Moves the clock to `to`, running what falls due on the way (which may queue more).
 *  Called from inside work (a device that takes its time) it only moves the time: what falls due
 *  by then runs late, after the work that is running, as on a work queue with one thread.
 *  @return number of works run (0 from inside work), -EINVAL (`to` lies in the past). */
FPR_API int fpr_clock_advance(struct fpr_clock *clock, fpr_ns to);

#endif
