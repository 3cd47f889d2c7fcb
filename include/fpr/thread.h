/** @file thread.h
 *  Reporting in real time: a thread beside those that allocate and free. It sleeps until the first
 *  free that qualifies, then for the reporter's delay, and runs a pass while the others go on in
 *  the same zones.
 *
 *  Each machine has a thread of its own; any number of them may live in one process. All functions
 *  may be called from any thread, except that from inside callbacks (the device's, the observer's,
 *  and those with a lock of one of the machine's zones held, whoever's thread it is) those that
 *  would wait return -EDEADLK.
 *
 *  How long they wait: fpr_thread_unregister(), fpr_thread_swap(), fpr_thread_stop() and
 *  fpr_thread_destroy() end a pass in flight early. They wait for what is under way of it, which is
 *  at most one call of the device and one hold of a zone's lock, not for the rest of the pass, and,
 *  where CPUs are scarce, for the thread to be given one. A device that does not come back is the
 *  caller's to release, from this or another thread: fpr_fault_release() ends what hangs in a
 *  faulty device, fpr_balloon_break() a wait for a stalled host (a balloon's `host` that hangs is
 *  released by its own means). With a timeout these functions come back without it, and may be
 *  called again afterwards.
 *
 *  A child of fork() has no such thread: machine, reporter and this are not for it. It calls exec
 *  or _exit().
 */
#ifndef FPR_THREAD_H
#define FPR_THREAD_H

#include <fpr/report.h>

/** A reporter's thread. Opaque. */
struct fpr_thread;

/** Wait as long as it takes. */
#define FPR_FOREVER UINT64_MAX

/** Starts a thread for a reporter, which belongs to it from now on: devices are registered and
 *  passes run only through it, and calls of the reporter that would do so are -EBUSY. (Knobs,
 *  counters, suspending and the observer stay the reporter's; the observer is called from the
 *  thread, and set before it is made.) The thread takes the reporter's waker, and blocks all
 *  signals but SIGSEGV and SIGBUS.
 *  @param reporter made without a clock, no device registered, of a machine whose zones are all
 *                  `locked`; must outlive the thread
 *  @return 0, -EINVAL (also from a zone's callback), -EBUSY (a device is registered, a pass is
 *  running, or it has a thread), -ENOMEM,
 *  -EAGAIN (no thread to be had). */
FPR_API int fpr_thread_create(struct fpr_reporter *reporter, struct fpr_thread **thread);

/** Stops for as long as it takes, and frees; nobody may be in a call of it, or call it any more.
 *  Does nothing from inside a callback. NULL is accepted. */
FPR_API void fpr_thread_destroy(struct fpr_thread *thread);

/** Registers a device; the first pass is due after the delay.
 *  @param device must live until it is unregistered
 *  @return 0, -EINVAL (also when stopped), -EBUSY (one is registered), -ENOSPC (its max_nents is
 *  below the capacity), -EDEADLK. */
FPR_API int fpr_thread_register(struct fpr_thread *thread, const struct fpr_device *device);

/** Unregisters, also in mid-pass; afterwards the device is not called any more. Reported flags
 *  stay.
 *  @param timeout how long to wait for a call in flight; FPR_FOREVER
 *  @return 0, -EINVAL (not the one registered), -EDEADLK, -ETIMEDOUT (the device has not come
 *  back: it stays registered, and reporting goes on when it does). */
FPR_API int fpr_thread_unregister(struct fpr_thread *thread, const struct fpr_device *device,
                                  fpr_ns timeout);

/** Puts another device in the place of the one registered, also in mid-pass. What the old one was
 *  told of is not told again. On failure the old one stays: at no time is there none.
 *  @return 0, -EINVAL, -ENOSPC, -EDEADLK, -ETIMEDOUT. */
FPR_API int fpr_thread_swap(struct fpr_thread *thread, const struct fpr_device *from,
                            const struct fpr_device *to, fpr_ns timeout);

/** Unregisters whatever is registered and ends the thread. May be called again.
 *  @return 0, -EINVAL, -EDEADLK, -ETIMEDOUT (everything is as it was; release the device and call
 *  again). */
FPR_API int fpr_thread_stop(struct fpr_thread *thread, fpr_ns timeout);

/** A pass that is wanted begins now, whatever is left of its delay. @return 1, or 0 if none is
 *  wanted, -EINVAL. */
FPR_API int fpr_thread_hurry(struct fpr_thread *thread);

/** Waits until no pass is running or wanted: all that reporting will do by itself is done. While
 * the reporter is suspended a pass stays wanted.
 *  @return 0, -EINVAL, -EDEADLK, -ETIMEDOUT. */
FPR_API int fpr_thread_settle(struct fpr_thread *thread, fpr_ns timeout);

/** Counters: X(name, meaning). */
#define FPR_THREAD_STATS(X)                                                                        \
    X(wakes, "times that a pass was asked for")                                                    \
    X(passes, "passes run")                                                                        \
    X(passes_cut, "of these, cut by unregistering, swapping, stopping or fpr_reporter_suspend()")  \
    X(pass_ns, "nanoseconds in passes, the device's part included")                                \
    X(pass_max_ns, "the longest")                                                                  \
    X(late_ns, "nanoseconds that passes began after they were due")                                \
    X(late_max_ns, "the latest")                                                                   \
    X(cpu_ns, "CPU time of the thread in passes, in nanoseconds")

/** Counters of a thread, see FPR_THREAD_STATS. */
struct fpr_thread_stats {
#define FPR_X(name, text) uint64_t name; /**< text */
    FPR_THREAD_STATS(FPR_X)
#undef FPR_X
};
/** Counters. @return 0, -EINVAL. */
FPR_API int fpr_thread_get_stats(struct fpr_thread *thread, struct fpr_thread_stats *stats);

/** The clock that threads go by (CLOCK_MONOTONIC). Thread safe. */
FPR_API fpr_ns fpr_real_now(void);

#endif
