/** @file host.h
 *  The other side of reporting, simulated: which guest memory the host holds, page by page.
 *
 *  A simulated host is driven by three things: a guest page was touched (an allocation of it is
 *  taken for a touch), a block was reported (its pages are dropped), time passed. It knows nothing
 *  of zones. Thread safety: calls on one host must not overlap.
 */
#ifndef FPR_HOST_H
#define FPR_HOST_H

#include <fpr/clock.h>
#include <fpr/device.h>
#include <fpr/mem.h>
#include <fpr/types.h>

/** A simulated host. Opaque. */
struct fpr_host;

/** What the host does with a reported block. */
enum fpr_host_mode {
    FPR_HOST_DONTNEED = 0, /**< dropped at once; the next touch faults in a zero page */
    FPR_HOST_PUNCH,        /**< the same, only whole backing pages (hugetlbfs) */
    FPR_HOST_FREE,         /**< lazy: counted as held until fpr_host_pressure(); no zeroing if
                                touched before that */
    FPR_HOST_INHIBITED,    /**< acknowledged, nothing dropped (vfio, poisoned pages) */
};

/** Costs in nanoseconds; printed with every result that uses them. X(name, default, meaning) */
#define FPR_HOST_COSTS(X)                                                                          \
    X(report_call_ns, 5000, "one call of the device: a guest exit and a host system call")         \
    X(report_entry_ns, 600, "each block in it: one madvise")                                       \
    X(drop_page_ns, 30, "each resident 4 KiB dropped: page-table and page-frame work")             \
    X(fault_ns, 1500, "one host page fault on a dropped page")                                     \
    X(zero_page_ns, 120, "zeroing 4 KiB")                                                          \
    X(split_huge_ns, 4000, "splitting a host huge page")                                           \
    X(isolate_ns, 150, "isolating and putting back one block under the guest's zone lock")         \
    X(walk_ns, 5, "looking at one list entry under the guest's zone lock")

/** See FPR_HOST_COSTS. */
struct fpr_host_costs {
#define FPR_X(name, value, text) uint64_t name; /**< text */
    FPR_HOST_COSTS(FPR_X)
#undef FPR_X
};

/** How to build a host. */
struct fpr_host_config {
    uint64_t pages;          /**< guest frames 0..pages-1 */
    unsigned page_shift;     /**< guest page size; default 12 */
    unsigned backing_shift;  /**< unit that a touch makes resident: 12, 21 (default: THP) or 30 */
    bool split_huge;         /**< dropping part of a resident huge page splits it and frees that
                                  part (THP, default); false: nothing until all of it is dropped */
    bool refault_huge;       /**< after a split, a touch of an absent page makes the whole unit
                                  resident again only if all of it is absent; true (default):
                                  any touch brings back the unit's absent pages as khugepaged-less
                                  THP cannot; see docs/accuracy.md */
    enum fpr_host_mode mode; /**< default FPR_HOST_DONTNEED */
    struct fpr_host_costs costs;   /**< default as listed */
    const struct fpr_mem_ops *mem; /**< NULL: default */
};

/** Counters: X(name, meaning). */
#define FPR_HOST_STATS(X)                                                                          \
    X(touches, "guest pages touched")                                                              \
    X(faults, "host page faults")                                                                  \
    X(refaults, "guest pages touched that had been reported and dropped")                          \
    X(refault_bytes, "the same in bytes")                                                          \
    X(zeroed_bytes, "bytes zeroed by faults")                                                      \
    X(dropped_bytes, "resident bytes dropped by reports")                                          \
    X(reported_bytes, "bytes reported")                                                            \
    X(report_calls, "calls")                                                                       \
    X(report_entries, "blocks in them")                                                            \
    X(huge_splits, "host huge pages split")                                                        \
    X(misaligned_entries, "blocks skipped because they are smaller than a backing page")           \
    X(hazards, "dropped pages that were pinned by a device")

/** Counters of a host. */
struct fpr_host_stats {
#define FPR_X(name, text) uint64_t name; /**< text */
    FPR_HOST_STATS(FPR_X)
#undef FPR_X
};

/** Fills the defaults. @return 0, -EINVAL. */
FPR_API int fpr_host_config_init(struct fpr_host_config *config);
/** Makes a host that holds nothing. @return 0, -EINVAL, -ENOMEM. */
FPR_API int fpr_host_create(const struct fpr_host_config *config, struct fpr_host **host);
/** Frees it. NULL is accepted. */
FPR_API void fpr_host_destroy(struct fpr_host *host);
/** Pages become resident without counting as faults (what the guest had before the start).
 *  @return 0, -EINVAL. */
FPR_API int fpr_host_load_resident(struct fpr_host *host, fpr_pfn pfn, uint64_t pages);
/** The guest touches pages. @return number of pages newly resident, or -EINVAL. */
FPR_API int64_t fpr_host_touch(struct fpr_host *host, fpr_pfn pfn, uint64_t pages);
/** A report of these pages. @return pages dropped, or -EINVAL. */
FPR_API int64_t fpr_host_drop(struct fpr_host *host, fpr_pfn pfn, uint64_t pages);
/** Memory pressure: what is only lazily freed goes. @return pages dropped, or -EINVAL. */
FPR_API int64_t fpr_host_pressure(struct fpr_host *host);
/** Pages resident now (guest page size). */
FPR_API uint64_t fpr_host_resident_pages(const struct fpr_host *host);
/** Resident pages among a range. @return pages, or -EINVAL. */
FPR_API int64_t fpr_host_resident_in(const struct fpr_host *host, fpr_pfn pfn, uint64_t pages);
/** Counters. @return 0, -EINVAL. */
FPR_API int fpr_host_get_stats(const struct fpr_host *host, struct fpr_host_stats *stats);
/** Price so far, from the counters and the costs: guest (isolation and walking; from the caller's
 *  numbers) and host. @return nanoseconds. */
FPR_API uint64_t fpr_host_cost_ns(const struct fpr_host *host, uint64_t isolated_blocks,
                                  uint64_t walked_blocks);
/** The host as a device to register with a reporter. @return 0, -EINVAL. */
FPR_API int fpr_host_device(struct fpr_host *host, struct fpr_device *device);

/** @name Small devices @{ */

/** A device that accepts everything and does nothing. @return 0, -EINVAL. */
FPR_API int fpr_device_null(struct fpr_device *device);

/** A device that remembers every batch. Opaque. */
struct fpr_recorder;
/** One batch as the recorder keeps it. */
struct fpr_recorded_batch {
    fpr_ns time;             /**< clock at the call; 0 without a clock */
    const struct fpr_sg *sg; /**< entries; valid until the recorder is cleared or destroyed */
    unsigned nents;          /**< how many */
    int result;              /**< what was returned */
};
/** Makes a recorder.
 *  @param clock for times; may be NULL
 *  @param next  device to pass batches on to; may be NULL
 *  @return 0, -EINVAL, -ENOMEM. */
FPR_API int fpr_recorder_create(const struct fpr_clock *clock, const struct fpr_device *next,
                                struct fpr_recorder **recorder);
/** Frees it. NULL is accepted. */
FPR_API void fpr_recorder_destroy(struct fpr_recorder *recorder);
/** It as a device. @return 0, -EINVAL. */
FPR_API int fpr_recorder_device(struct fpr_recorder *recorder, struct fpr_device *device);
/** Number of batches kept. */
FPR_API size_t fpr_recorder_count(const struct fpr_recorder *recorder);
/** The i-th batch. @return 0, -EINVAL. */
FPR_API int fpr_recorder_get(const struct fpr_recorder *recorder, size_t i,
                             struct fpr_recorded_batch *batch);
/** Forgets all batches. */
FPR_API void fpr_recorder_clear(struct fpr_recorder *recorder);
/** @} */

#endif
