/** @file report.h
 *  Free page reporting: the state machine, the pass over zones, orders and migratetypes, the
 *  batch, the budget and the rotation of mm/page_reporting.c, v16 to 6.12.
 *
 *  Thread safety: a reporter belongs to one thread at a time. Beside it, where the machine's zones
 *  are `locked`, other threads may allocate, free (which notifies the reporter) and drain, and may
 *  call fpr_reporter_state(), fpr_reporter_get_stats(), fpr_reporter_set_config() and
 *  fpr_reporter_get_config(), all while a pass is running. A virtual clock cannot be scheduled from
 *  another thread: such a machine's reporter is made without a clock, and a waker
 *  (fpr_reporter_set_waker()) says when a pass is wanted.
 *
 *  Callbacks may call back as follows. In a pass, without a lock (the device, and the observer's
 *  pass_begin and pass_end): everything of the machine; of the reporter the knobs, counters and
 *  fpr_reporter_suspend(), while what would change its device or run a pass is refused as said
 *  there (-EBUSY, -EDEADLK). With a zone's lock held (event sinks, fpr_zone_set_notify(),
 *  may_report, and the waker and the observer's `requested` where a free asks for a pass): nothing
 *  that changes the machine or its reporter, and nothing that takes a zone's lock (-EINVAL), but
 *  for fpr_reporter_suspend(), which is open to all of them: it waits for nobody who waits for a
 *  zone; the waker and `requested` are refused the same of the reporter where no lock is held.
 *  Calls of *another* machine from where a lock is held are not noticed: two that go both ways wait
 *  for each other. A reporter that a thread has (thread.h) is changed only through that.
 */
#ifndef FPR_REPORT_H
#define FPR_REPORT_H

#include <fpr/clock.h>
#include <fpr/device.h>
#include <fpr/machine.h>
#include <fpr/stats.h>

/** Reporting of one machine. Opaque. */
struct fpr_reporter;

/** Knobs. All may be changed between passes. */
struct fpr_report_config {
    int order;               /**< lowest order reported; -1 (default): device's wish, else pageblock
                                  order. v16 and 5.10 know only the pageblock order; others are
                                  taken here all the same, as what-if */
    unsigned capacity;       /**< entries of a batch, 1..65536; default 32 */
    unsigned budget_divisor; /**< a list's budget is nr_free / (capacity * this), rounded up, plus
                                  one call; 0: no budget; default 16 */
    fpr_ns delay;           /**< from a request to its pass; default 2 s. 0: at once, so that with a
                                 clock time stands still for ever if the device frees in its call
                                 what qualifies */
    bool rotate;            /**< rotate lists (patch 7); default true */
    bool eager;             /**< report a batch as soon as it is full (patch 4); default false */
    enum fpr_place putback; /**< overrides policy.putback if putback_set */
    bool putback_set;       /**< see putback */
    /** Asked, with the zone's lock held (calls of the machine are -EINVAL), before a block is
     *  isolated: false leaves it alone and counts it (skipped_blocks). NULL: every block may go.
     * Pinned memory is kept out by it. */
    bool (*may_report)(void *ctx, fpr_pfn pfn, unsigned order);
    void *may_report_ctx; /**< its argument */
};

/** Fills the defaults. @return 0, -EINVAL. */
FPR_API int fpr_report_config_init(struct fpr_report_config *config);

/** Sets rotate, eager and budget_divisor to a patch level of the series. @return 0, -EINVAL. */
FPR_API int fpr_report_config_patch_level(struct fpr_report_config *config,
                                          enum fpr_patch_level level);

/** Makes a reporter; nothing is notified or reported before a device is registered.
 *  @param machine must outlive the reporter; one reporter a machine (-EBUSY)
 *  @param clock   outlives it (it is not freed meanwhile); NULL: passes run only by
 *                 fpr_reporter_pass(). A pass that is due while none can begin (suspended, no
 *                 memory, in the middle of a zone) is tried again 100 ms later
 *  @return 0, -EINVAL, -EBUSY, -ENOMEM. */
FPR_API int fpr_reporter_create(struct fpr_machine *machine, struct fpr_clock *clock,
                                const struct fpr_report_config *config,
                                struct fpr_reporter **reporter);
/** Unregisters and frees. Does nothing in a pass, from any callback, while a thread has the
 *  reporter (thread.h), and to a guest's. NULL is accepted. */
FPR_API void fpr_reporter_destroy(struct fpr_reporter *reporter);

/** Registers a device; requests the first pass, due after the delay.
 *  @param device must live until it is unregistered
 *  @return 0, -EINVAL, -EBUSY (one is registered, a pass is running, or a thread has the reporter),
 *  -ENOSPC (max_nents below the capacity). Models page_reporting_register(). */
FPR_API int fpr_reporter_register(struct fpr_reporter *reporter, const struct fpr_device *device);
/** Unregisters; Reported flags stay, so a later device is not told of those blocks again.
 *  @return 0, -EINVAL (not the one registered), -EDEADLK (in a pass: from the device or the
 *  observer), -EBUSY (a thread has the reporter). */
FPR_API int fpr_reporter_unregister(struct fpr_reporter *reporter, const struct fpr_device *device);

/** Changes the knobs. In mid-pass (from the callback) it holds from the next pass on.
 *  @return 0, -EINVAL, -ENOSPC (the device's max_nents is below the capacity), -ENOMEM. */
FPR_API int fpr_reporter_set_config(struct fpr_reporter *reporter,
                                    const struct fpr_report_config *config);
/** The knobs, with `order` resolved to the one in force. @return 0, -EINVAL. */
FPR_API int fpr_reporter_get_config(const struct fpr_reporter *reporter,
                                    struct fpr_report_config *config);

/** States of mm/page_reporting.c. */
enum fpr_report_state {
    FPR_REPORT_IDLE = 0,      /**< no pass is wanted */
    FPR_REPORT_REQUESTED = 1, /**< one is due after the delay, or wanted again while one runs */
    FPR_REPORT_ACTIVE = 2,    /**< a pass runs */
};
/** @return the state, -EINVAL. */
FPR_API int fpr_reporter_state(const struct fpr_reporter *reporter);
/** Puts a recorded state in place: `due` holds if the state is REQUESTED.
 *  @return 0, -EINVAL (no device, or in a pass), -EBUSY (a thread has the reporter). */
FPR_API int fpr_reporter_load_state(struct fpr_reporter *reporter, enum fpr_report_state state,
                                    fpr_ns due);

/** What a pass did. */
struct fpr_pass_result {
    unsigned calls; /**< device calls */
    int error;      /**< what the device returned when it ended the pass, -ECANCELED if the pass
                         was suspended, else 0 */
    bool requested; /**< another pass is wanted: budget ran out, or a free notified meanwhile */
};
/** Runs one pass now, whatever is due (models page_reporting_process()): state ACTIVE meanwhile,
 *  then IDLE, or REQUESTED with the work queued.
 *  @param result out, may be NULL
 *  @return 0 (also if the device failed), -EINVAL (no device), -EBUSY (a pass is running, or a
 *  thread has the reporter), -ECANCELED (suspended), -ENOMEM (for a capacity that was changed in
 * the last pass). O(blocks walked): with rotation and a budget a share of each list, else the whole
 * of it after each call. */
FPR_API int fpr_reporter_pass(struct fpr_reporter *reporter, struct fpr_pass_result *result);

/** Suspends reporting, or resumes it; from any thread, also from any callback, with or without a
 *  zone's lock. While suspended no pass begins, and one that is running ends as soon as the
 *  device's call in flight (if there is one) has returned: what is isolated but was not handed over
 *  is put back unreported, the result's error is -ECANCELED, and as work is left behind a pass is
 *  wanted again. Does not wait. Whoever runs the passes tries again after resuming: a waker is not
 *  called for that; a thread (thread.h) sleeps meanwhile and goes on by itself, and never resumes
 *  what was suspended here.
 *  @return 0, -EINVAL. */
FPR_API int fpr_reporter_suspend(struct fpr_reporter *reporter, bool on);

/** Counters. @return 0, -EINVAL. */
FPR_API int fpr_reporter_get_stats(const struct fpr_reporter *reporter,
                                   struct fpr_report_stats *stats);

/** Told when a pass starts and ends; for host models and progress. NULL functions are skipped. */
struct fpr_report_observer {
    void (*pass_begin)(void *ctx, fpr_ns now); /**< state became ACTIVE */
    void (*pass_end)(void *ctx, fpr_ns now,
                     const struct fpr_pass_result *result); /**< over, but still counts as running
                                        for calls of the reporter */
    void (*requested)(void *ctx, fpr_ns now,
                      fpr_ns due); /**< a pass was queued; not called where
                                        a waker is set, which is told instead */
    void *ctx;                     /**< first argument */
};
/** Sets the observer; NULL: none. Copied. Before other threads use the machine.
 *  @return 0, -EINVAL, -EBUSY (a pass is running). */
FPR_API int fpr_reporter_set_observer(struct fpr_reporter *reporter,
                                      const struct fpr_report_observer *observer);

/** What takes the virtual clock's place where time is real: whoever runs the passes (a thread that
 *  sleeps until one is due) is told here that one is wanted. */
struct fpr_report_waker {
    /** A pass is wanted `delay` from now; called once until fpr_reporter_pass() has begun one (and
     *  again at the end of a pass that leaves work behind). Called from the thread that freed, with
     *  its zone's lock held, or from the one that registered or ran the pass: it may leave word
     *  and signal (take a lock of its own, post a semaphore), and must not call the library: the
     *  reporter (but for fpr_reporter_suspend()) and, where the lock is held, the machine refuse it
     *  (-EINVAL). May be NULL. */
    void (*wake)(void *ctx, fpr_ns delay);
    /** The time now, for observers; called by the thread that runs the pass. NULL: always 0. */
    fpr_ns (*now)(void *ctx);
    void *ctx; /**< first argument of both */
};
/** Sets the waker; NULL: none. Copied. Neither is called again once fpr_reporter_unregister() has
 *  returned, until a device is registered anew.
 *  @return 0, -EINVAL (also for a reporter with a clock), -EBUSY (a device is registered, or a
 *  thread has the reporter). */
FPR_API int fpr_reporter_set_waker(struct fpr_reporter *reporter,
                                   const struct fpr_report_waker *waker);

#endif
