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
    FPR_HOST_PUNCH,        /**< the same, but a block that is not made of whole backing pages is
                                skipped (hugetlbfs) */
    FPR_HOST_FREE,         /**< lazy: held until fpr_host_pressure(); a touch before that costs
                                nothing (MADV_FREE) */
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

/** How to build a host. A *unit* is one backing page: 2^backing_shift bytes, at least one guest
 *  page; the last unit ends with the guest's memory. */
struct fpr_host_config {
    uint64_t pages;          /**< guest frames 0..pages-1 that the host backs; at least 1, at most
                                  2^40. Firmware's reserved tail counts: a guest that sees 0x5ffda
                                  frames has 0x60000 */
    unsigned page_shift;     /**< guest page size, 12..16; default 12 */
    unsigned backing_shift;  /**< unit that a touch makes resident, 12..30: 12 (small pages),
                                  21 (default: THP, or hugetlbfs with FPR_HOST_PUNCH), 30 */
    bool split_huge;         /**< a report of part of a resident unit drops that part and leaves the
                                  unit split: what is absent of it then comes back one guest page a
                                  fault. Default true, as measured on recorded hosts with THP.
                                  false: the unit is held until every page of it is reported */
    bool refault_huge;       /**< how a split unit becomes huge again: when one report covers all of
                                  it, its empty page table goes too and the next touch faults in
                                  the whole unit. Default true (a host of Linux 6.14 or later on
                                  x86-64); false: it stays split for good */
    enum fpr_host_mode mode; /**< default FPR_HOST_DONTNEED */
    struct fpr_host_costs costs;   /**< default as listed */
    const struct fpr_mem_ops *mem; /**< NULL: default */
    /** How many pages of a range a device has pinned; asked for what is about to be dropped, to
     *  count hazards. NULL (default): none. */
    uint64_t (*pinned)(void *ctx, fpr_pfn pfn, uint64_t pages);
    void *pinned_ctx; /**< its argument */
};

/** Counters: X(name, meaning). */
#define FPR_HOST_STATS(X)                                                                          \
    X(touches, "guest pages touched")                                                              \
    X(faults, "host page faults")                                                                  \
    X(refaults, "guest pages touched that had been reported and dropped")                          \
    X(refault_bytes, "the same in bytes")                                                          \
    X(refault_faults, "host page faults for them: one may bring back a whole unit")                \
    X(zeroed_bytes, "bytes zeroed by faults")                                                      \
    X(rezeroed_bytes, "of these, by the faults of refaults")                                       \
    X(lazy_hits, "guest pages touched that were lazily freed and still held: no fault")            \
    X(dropped_bytes, "resident bytes dropped because of reports")                                  \
    X(reported_bytes, "bytes reported")                                                            \
    X(report_calls, "calls")                                                                       \
    X(report_entries, "blocks in them")                                                            \
    X(huge_splits, "host huge pages split")                                                        \
    X(misaligned_entries, "blocks skipped: not whole backing pages, or outside the memory")        \
    X(hazards, "dropped pages that were pinned by a device")

/** Counters of a host. */
struct fpr_host_stats {
#define FPR_X(name, text) uint64_t name; /**< text */
    FPR_HOST_STATS(FPR_X)
#undef FPR_X
};

/** Fills the defaults; `pages` stays 0 and must be set. @return 0, -EINVAL. */
FPR_API int fpr_host_config_init(struct fpr_host_config *config);
/** Makes a host that holds nothing. @return 0, -EINVAL, -ENOMEM. */
FPR_API int fpr_host_create(const struct fpr_host_config *config, struct fpr_host **host);
/** Frees it; its device must not be registered any more. NULL is accepted. */
FPR_API void fpr_host_destroy(struct fpr_host *host);
/** Pages become resident without counting as touched or faulted. Whole units stay huge.
 *  @return 0, -EINVAL (outside the memory). */
FPR_API int fpr_host_load_resident(struct fpr_host *host, fpr_pfn pfn, uint64_t pages);
/** The guest touches pages. A unit that is absent as a whole and not split becomes resident as a
 *  whole with one fault; else each absent page is a fault of its own.
 *  @return number of pages newly resident, or -EINVAL (outside the memory). O(1) for a page that is
 *  there, else O(pages, and those of their units). */
FPR_API int64_t fpr_host_touch(struct fpr_host *host, fpr_pfn pfn, uint64_t pages);
/** A report of these pages, as one block. @return pages dropped now, or -EINVAL (outside).
 *  O(pages, and those of their units). */
FPR_API int64_t fpr_host_drop(struct fpr_host *host, fpr_pfn pfn, uint64_t pages);
/** Memory pressure: what is only lazily freed goes. @return pages dropped, or -EINVAL. O(pages of
 *  the guest). */
FPR_API int64_t fpr_host_pressure(struct fpr_host *host);
/** Pages resident now (guest page size); 0 for NULL. */
FPR_API uint64_t fpr_host_resident_pages(const struct fpr_host *host);
/** Of these, pages in units that are whole and not split (AnonHugePages); 0 for NULL. */
FPR_API uint64_t fpr_host_huge_pages(const struct fpr_host *host);
/** Resident pages among a range. @return pages, or -EINVAL (outside the memory). */
FPR_API int64_t fpr_host_resident_in(const struct fpr_host *host, fpr_pfn pfn, uint64_t pages);
/** Counters. @return 0, -EINVAL. */
FPR_API int fpr_host_get_stats(const struct fpr_host *host, struct fpr_host_stats *stats);
/** Price of reporting so far, from the counters and the costs: the calls and the drops, the faults
 *  of refaults and their zeroing (first touches would cost the same without reporting), and the
 *  guest's isolating and walking (the caller's numbers).
 *  @return nanoseconds, UINT64_MAX where they would not fit; 0 for NULL. */
FPR_API uint64_t fpr_host_cost_ns(const struct fpr_host *host, uint64_t isolated_blocks,
                                  uint64_t walked_blocks);
/** The host as a device to register with a reporter: always accepts; entries outside the memory
 *  are skipped and counted, as a hypervisor does. @return 0, -EINVAL. */
FPR_API int fpr_host_device(struct fpr_host *host, struct fpr_device *device);

/** @name Start
 *  What a host holds when a recording starts. @{ */

/** What is known of the guest's memory at an instant. Ranges may come in any order. */
struct fpr_host_start {
    const struct fpr_range *memory;   /**< frames that exist (holes left out); NULL: all */
    size_t nr_memory;                 /**< how many ranges */
    const struct fpr_range *free;     /**< free: on free lists or on per-cpu lists; may be NULL */
    size_t nr_free;                   /**< how many ranges */
    const struct fpr_range *reported; /**< of the free ones, those known to be dropped (Reported
                                           flag); may be NULL */
    size_t nr_reported;               /**< how many ranges */
    uint64_t measured_bytes;          /**< what the host was measured to hold; 0: not known */
    bool from_top;                    /**< unknown free memory was used from the top down (v16..5.9)
                                           instead of from the bottom up (default, 5.10+) */
};
/** Loads a start without counting anything. Rules, each checked against recorded hosts:
 *  1. a unit with at least one page in use is resident as a whole;
 *  2. pages of reported blocks are absent, and a later touch of them is a refault;
 *  3. if `measured_bytes` is more, the guest had used free memory before: units that are absent and
 *     hold no reported page become resident in the order in which the allocator hands memory out
 *     (fpr_host_load_measured()).
 *  @return pages resident, -EINVAL (a range outside the memory), -ENOMEM. */
FPR_API int64_t fpr_host_load_start(struct fpr_host *host, const struct fpr_host_start *start);
/** Rule 3 alone, for a later measurement: a sample is up to one period old, so what the guest had
 *  used just before the start shows in the first sample after it. Never drops anything; leaves less
 *  than one unit missing while there are candidates.
 *  @return pages resident, -EINVAL. */
FPR_API int64_t fpr_host_load_measured(struct fpr_host *host, uint64_t measured_bytes,
                                       bool from_top);
/** @} */

/** @name Small devices
 *  @{ */

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
 *  @param next  device to pass batches on to; must outlive it; may be NULL
 *  @return 0, -EINVAL, -ENOMEM. */
FPR_API int fpr_recorder_create(const struct fpr_clock *clock, const struct fpr_device *next,
                                struct fpr_recorder **recorder);
/** Frees it; it must not be registered any more. NULL is accepted. */
FPR_API void fpr_recorder_destroy(struct fpr_recorder *recorder);
/** It as a device. @return 0, -EINVAL. */
FPR_API int fpr_recorder_device(struct fpr_recorder *recorder, struct fpr_device *device);
/** Number of batches kept. */
FPR_API size_t fpr_recorder_count(const struct fpr_recorder *recorder);
/** The i-th batch. @return 0, -EINVAL. */
FPR_API int fpr_recorder_get(const struct fpr_recorder *recorder, size_t i,
                             struct fpr_recorded_batch *batch);
/** Forgets all batches; called by the next device in a report, also the one at hand. */
FPR_API void fpr_recorder_clear(struct fpr_recorder *recorder);
/** @} */

#endif
