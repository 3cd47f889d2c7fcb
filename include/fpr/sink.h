/** @file sink.h
 *  Where a machine's events can go (libfprtrace): text as the kernel's ftrace prints it, which
 *  fpr_trace_open() reads back; a timeline for Perfetto and chrome://tracing; USDT probes.
 *
 *  Thread safety: a sink belongs to machines that are used by one thread at a time. USDT probes
 *  may be fired from any thread.
 */
#ifndef FPR_SINK_H
#define FPR_SINK_H

#include <fpr/clock.h>
#include <fpr/devices.h>
#include <fpr/event.h>
#include <fpr/report.h>

/** What is written. */
enum fpr_sink_format {
    /** Lines of tracefs `trace`. Isolations, notifications, passes and reports are probe events as
     *  in recordings (isol, notify, process, report …), put-backs are comments. A failed request
     * and an allocation of frame 0 look the same, as they do in the kernel. */
    FPR_SINK_FTRACE = 0,
    /** Chrome's JSON trace format: events and reports are instants, passes
     *  spans (of no length where the model's clock stands still in them). */
    FPR_SINK_TIMELINE,
};

/** How to write. Zero-initialise for defaults. */
struct fpr_sink_config {
    enum fpr_sink_format format;   /**< default FPR_SINK_FTRACE */
    const struct fpr_clock *clock; /**< for times; NULL: the n-th event happens at n microseconds */
    unsigned pageblock_order;      /**< tells which steals fragment; 0: 9 */
    fpr_write_fn write;            /**< gets the text; needed */
    void *ctx;                     /**< its first argument */
};

/** A sink. Opaque. */
struct fpr_sink;

/** Makes a sink and writes what comes first. @return 0, -EINVAL, -ENOMEM. */
FPR_API int fpr_sink_create(const struct fpr_sink_config *config, struct fpr_sink **sink);
/** Frees it; without fpr_sink_end() a timeline lacks its end. NULL is accepted. */
FPR_API void fpr_sink_destroy(struct fpr_sink *sink);
/** Writes what comes last; nothing is written after it. @return 0 or the first error of `write`,
 *  after which nothing more was written; -EINVAL. */
FPR_API int fpr_sink_end(struct fpr_sink *sink);

/** It as a receiver of zones' events, for fpr_zone_set_event_sink(). @return 0, -EINVAL. */
FPR_API int fpr_sink_events(struct fpr_sink *sink, struct fpr_event_sink *events);
/** It as an observer of passes, for fpr_reporter_set_observer(). @return 0, -EINVAL. */
FPR_API int fpr_sink_observer(struct fpr_sink *sink, struct fpr_report_observer *observer);
/** It as a device that writes reports and passes them on. Batches above 32 entries are written as
 *  several lines, as far as they go, since a recorded line holds no more.
 *  @param next gets them, must outlive the sink; NULL: accept everything @return 0, -EINVAL. */
FPR_API int fpr_sink_device(struct fpr_sink *sink, const struct fpr_device *next,
                            struct fpr_device *device);

/** A receiver of events that fires USDT probes of the provider `fpr`, named as the events, with the
 *  arguments pfn, order, migratetype and then: mm_page_alloc the gfp bits; mm_page_alloc_extfrag
 *  fallback order, fallback type and whether the pageblock changed its type; and
 *  mm_page_alloc_zone_locked whether it is a refill. perf and bpftrace see them. Passes and reports
 *  are no events and have no probes.
 *  @return 0, -EINVAL, -ENOTSUP (not built in). Thread safe. */
FPR_API int fpr_usdt_events(struct fpr_event_sink *events);

#endif
