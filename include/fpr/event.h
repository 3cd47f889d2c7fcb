/** @file event.h
 *  Trace events of the model, named as the kernel's tracepoints.
 */
#ifndef FPR_EVENT_H
#define FPR_EVENT_H

#include <fpr/gfp.h>
#include <fpr/types.h>

/** Every event: X(symbol, kernel name). */
#define FPR_EVENTS(X)                                                                              \
    X(FPR_EVENT_PAGE_ALLOC, "mm_page_alloc")                                                       \
    X(FPR_EVENT_PAGE_FREE, "mm_page_free")                                                         \
    X(FPR_EVENT_ZONE_LOCKED, "mm_page_alloc_zone_locked")                                          \
    X(FPR_EVENT_PCPU_DRAIN, "mm_page_pcpu_drain")                                                  \
    X(FPR_EVENT_EXTFRAG, "mm_page_alloc_extfrag")                                                  \
    X(FPR_EVENT_ISOLATE, "isolate_free_page")                                                      \
    X(FPR_EVENT_PUTBACK, "putback_isolated_page")                                                  \
    X(FPR_EVENT_NOTIFY, "page_reporting_notify")

/** Kinds of event. */
enum fpr_event_type {
#define FPR_X(symbol, name) symbol, /**< name */
    FPR_EVENTS(FPR_X)
#undef FPR_X
        FPR_NR_EVENTS /**< how many kinds there are */
};

/** One event. Fields without meaning for a kind are 0. */
struct fpr_event {
    enum fpr_event_type type; /**< kind */
    fpr_pfn pfn;              /**< first frame; FPR_PFN_NONE for a failed request */
    unsigned order;           /**< order asked for or of the block */
    int migratetype;          /**< of the request, the list or the pageblock */
    fpr_gfp gfp;              /**< PAGE_ALLOC: flags of the request */
    unsigned fallback_order;  /**< EXTFRAG: order of the victim */
    int fallback_migratetype; /**< EXTFRAG: type of the victim's list */
    bool change_ownership;    /**< EXTFRAG: the pageblock took the request's type */
    bool percpu_refill;       /**< ZONE_LOCKED: for a per-cpu list */
};

/** Where events go. Called in the middle of what a zone does, with its lock held: calls of the zone
 *  or its machine or its reporter that would change it are -EINVAL from here, and change nothing;
 *  so are fpr_zone_validate() and, where the zone is `locked`, those that look at counters. The one
 *  exception is fpr_reporter_suspend(): it leaves word, waits for nobody, and is answered as
 *  anywhere else; so a sink may stop reporting. Walks, hash and views show the zone in the middle
 *  of its change. Another zone may be called by itself, also one of the same machine, but two
 *  `locked` ones whose sinks call each other's wait for each other. A sink returns: one that ends
 *  by a jump or with its thread leaves the zone as if it were in the sink for ever. */
struct fpr_event_sink {
    void (*event)(void *ctx, const struct fpr_event *event); /**< one event happened */
    void *ctx;                                               /**< first argument */
};

/** Kernel name of an event kind.
 *  @param type kind
 *  @return static text, NULL for an unknown kind. Thread safe. */
FPR_API const char *fpr_event_name(enum fpr_event_type type);

#endif
