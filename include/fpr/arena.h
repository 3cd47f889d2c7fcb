/** @file arena.h
 *  Real memory behind a simulated machine: frames are pages of this process, so that an allocation
 *  gives usable memory and a report really gives it back to the operating system.
 *  Thread safety: an arena may be used from several threads at once.
 *  After fork() a child has the arena, too, as any memory: its private pages are copies, but those
 *  of a memfd (FPR_ARENA_MEMFD, FPR_ARENA_HUGETLB) are the parent's own. What the child writes
 *  there the parent reads, and what it reports the parent loses. So a child leaves the arena, and
 *  whatever reports to it, alone; destroying it there only unmaps it from the child.
 */
#ifndef FPR_ARENA_H
#define FPR_ARENA_H

#include <fpr/device.h>
#include <fpr/mem.h>
#include <fpr/types.h>

/** Memory of this process, one page a frame. Opaque. */
struct fpr_arena;

/** What the memory is made of. */
enum fpr_arena_backing {
    FPR_ARENA_ANON = 0, /**< private anonymous */
    FPR_ARENA_MEMFD,    /**< shared, a memfd */
    FPR_ARENA_HUGETLB,  /**< shared, a hugetlb memfd; -ENOMEM where no huge pages are set aside */
};

/** Transparent huge pages. */
enum fpr_arena_thp {
    FPR_ARENA_THP_SYSTEM = 0, /**< as the system is set */
    FPR_ARENA_THP_ALWAYS,     /**< MADV_HUGEPAGE */
    FPR_ARENA_THP_NEVER,      /**< MADV_NOHUGEPAGE */
};

/** How to build an arena. */
struct fpr_arena_config {
    fpr_pfn start;                  /**< first frame; default 0 */
    uint64_t pages;                 /**< how many */
    enum fpr_arena_backing backing; /**< default FPR_ARENA_ANON */
    enum fpr_arena_thp thp;         /**< default FPR_ARENA_THP_SYSTEM */
};

/** Fills the defaults. @return 0, -EINVAL. */
FPR_API int fpr_arena_config_init(struct fpr_arena_config *config);
/** Reserves the memory; nothing is resident yet. A frame's address is to 2 MiB what its number is
 *  to 512 (with pages of 4 KiB), so that an aligned block can be a huge page. Huge pages of
 *  FPR_ARENA_HUGETLB are set aside at once; start and pages must be whole ones then.
 *  @return 0, -EINVAL, -ENOMEM (also a memfd longer than RLIMIT_FSIZE), -ENOTSUP (the kernel has
 *  no such memory). */
FPR_API int fpr_arena_create(const struct fpr_arena_config *config, struct fpr_arena **arena);
/** Unmaps everything; its device must not be registered any more. A guest's arena is left alone, as
 *  it goes with the guest. NULL is accepted. */
FPR_API void fpr_arena_destroy(struct fpr_arena *arena);
/** Address of a frame; NULL outside the arena. */
FPR_API void *fpr_arena_address(const struct fpr_arena *arena, fpr_pfn pfn);
/** Bytes of a page: the operating system's. */
FPR_API size_t fpr_arena_page_size(const struct fpr_arena *arena);
/** Bytes resident now, read back from the kernel (mincore, page by page; nothing else is trusted).
 *  A page counts once it was touched, if only read. (Reading private memory that was never written
 *  maps the kernel's one page of zeroes: that takes no memory, and counts nevertheless.)
 *  What was given back with FPR_ARENA_FREE counts until the system takes it. Memory that other
 *  threads touch or give back meanwhile is counted or not.
 *  @return bytes, -EINVAL, -ENOMEM, or mincore's error. */
FPR_API int64_t fpr_arena_resident_bytes(const struct fpr_arena *arena);
/** The same for a range of frames. @return as fpr_arena_resident_bytes(). */
FPR_API int64_t fpr_arena_resident_in(const struct fpr_arena *arena, fpr_pfn pfn, uint64_t pages);

/** How a device gives reported memory back. */
enum fpr_arena_mode {
    FPR_ARENA_DONTNEED = 0,    /**< MADV_DONTNEED (FPR_ARENA_ANON) */
    FPR_ARENA_FREE,            /**< MADV_FREE: the system takes it when it wants, unless it is
                                    written to before (FPR_ARENA_ANON) */
    FPR_ARENA_REMOVE,          /**< MADV_REMOVE (memfds) */
    FPR_ARENA_PUNCH,           /**< fallocate(PUNCH_HOLE) (memfds) */
    FPR_ARENA_PROCESS_MADVISE, /**< one process_madvise() with MADV_DONTNEED for up to 64 blocks
                                    (FPR_ARENA_ANON; Linux 6.13 or later) */
};

/** Counters: X(name, meaning). */
#define FPR_ARENA_STATS(X)                                                                         \
    X(calls, "report calls")                                                                       \
    X(entries, "blocks in them")                                                                   \
    X(returned_bytes, "bytes given to the system")                                                 \
    X(misaligned_entries, "blocks skipped because they do not fit the backing page")               \
    X(outside_entries, "blocks skipped because they lie outside the arena")                        \
    X(syscalls, "system calls made")                                                               \
    X(errors, "of these, failed")

/** Counters of an arena's device. */
struct fpr_arena_stats {
#define FPR_X(name, text) uint64_t name; /**< text */
    FPR_ARENA_STATS(FPR_X)
#undef FPR_X
};

/** The arena as a device that gives memory back. The device lives as long as the arena, and may be
 *  asked for several times, also in different modes. Blocks that are not whole backing pages (huge
 *  pages of FPR_ARENA_HUGETLB), or lie outside, are skipped and counted, as a hypervisor does. If
 *  the system refuses a block the others of the batch are given back all the same, and the report
 *  fails with the first error: the reporter takes the batch as not reported.
 *  @return 0, -EINVAL, -ENOTSUP (the mode does not fit the backing or the running kernel). */
FPR_API int fpr_arena_device(struct fpr_arena *arena, enum fpr_arena_mode mode,
                             struct fpr_device *device);
/** Counters. @return 0, -EINVAL. */
FPR_API int fpr_arena_get_stats(const struct fpr_arena *arena, struct fpr_arena_stats *stats);

#endif
