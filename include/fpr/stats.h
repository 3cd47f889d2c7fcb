/** @file stats.h
 *  Counters. One list each (X-macros), so that structs, text, JSON and docs cannot drift.
 */
#ifndef FPR_STATS_H
#define FPR_STATS_H

#include <fpr/types.h>

/** Counters of a zone: X(name, meaning). All count since the zone was created. */
#define FPR_ZONE_STATS(X)                                                                          \
    X(allocs, "requests served")                                                                   \
    X(alloc_failures, "requests that found nothing in this zone")                                  \
    X(frees, "blocks given back by callers")                                                       \
    X(pcp_refills, "blocks taken from the free lists for a per-cpu list")                          \
    X(pcp_drains, "blocks that went from a per-cpu list to the free lists")                        \
    X(splits, "blocks halved")                                                                     \
    X(merges, "buddies joined")                                                                    \
    X(steals, "fallbacks to another migratetype")                                                  \
    X(steals_converted, "fallbacks that changed a pageblock's type")                               \
    X(moved_blocks, "free blocks moved between lists of one order")                                \
    X(notifications, "frees that told page reporting")                                             \
    X(isolated_blocks, "free blocks isolated")                                                     \
    X(isolate_refused, "isolations refused by the min watermark")                                  \
    X(putback_blocks, "isolated blocks put back")                                                  \
    X(reported_allocs, "reported blocks taken or split by an allocation")                          \
    X(watermark_refused, "requests refused by a watermark check")

/** Counters of a zone, see FPR_ZONE_STATS. */
struct fpr_zone_stats {
#define FPR_X(name, text) uint64_t name; /**< text */
    FPR_ZONE_STATS(FPR_X)
#undef FPR_X
};

/** How the lock of a zone fared: X(name, meaning). All stay 0 in a zone without a lock. Waits are
 *  those of everybody; holds are measured always for reporting passes and for every 64th
 *  acquisition of requests and frees, so that measuring costs next to nothing. */
#define FPR_LOCK_STATS(X)                                                                          \
    X(acquired, "times that the lock was taken")                                                   \
    X(waits, "of these, times that it was held by somebody else")                                  \
    X(wait_ns, "nanoseconds waited for it")                                                        \
    X(wait_max_ns, "the longest wait")                                                             \
    X(sampled_holds, "holds of requests and frees that were measured (every 64th)")                \
    X(sampled_hold_ns, "nanoseconds of these")                                                     \
    X(sampled_hold_max_ns, "the longest of these")                                                 \
    X(pass_holds, "holds of reporting passes")                                                     \
    X(pass_hold_ns, "nanoseconds of these")                                                        \
    X(pass_hold_max_ns, "the longest of these")

/** How the lock of a zone fared, see FPR_LOCK_STATS. */
struct fpr_lock_stats {
#define FPR_X(name, text) uint64_t name; /**< text */
    FPR_LOCK_STATS(FPR_X)
#undef FPR_X
};

/** Counters of a reporter: X(name, meaning). */
#define FPR_REPORT_STATS(X)                                                                        \
    X(passes, "passes started")                                                                    \
    X(passes_refused, "zones left alone in a pass because of the low watermark")                   \
    X(calls, "calls of the device")                                                                \
    X(entries, "blocks handed to the device")                                                      \
    X(pages, "pages handed to the device")                                                         \
    X(failed_calls, "calls that the device answered with an error")                                \
    X(reported_pages, "pages put back with the Reported flag")                                     \
    X(merged_blocks, "blocks that merged when they were put back, so stayed unreported")           \
    X(walked_blocks, "list entries looked at")                                                     \
    X(rotations, "lists rotated")                                                                  \
    X(budget_stops, "lists left because the budget ran out")                                       \
    X(skipped_blocks, "blocks left alone because the guest's hook refused them (pins)")            \
    X(requests, "times that a pass was requested")

/** Counters of a reporter, see FPR_REPORT_STATS. */
struct fpr_report_stats {
#define FPR_X(name, text) uint64_t name; /**< text */
    FPR_REPORT_STATS(FPR_X)
#undef FPR_X
};

#endif
