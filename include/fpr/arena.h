/** @file arena.h
 *  Real memory behind a simulated machine: frames are pages of this process, so that an allocation
 *  gives usable memory and a report really gives it back to the operating system.
 *  Thread safety: an arena may be used from several threads at once.
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
/** Reserves the memory; nothing is resident yet. Aligned to 2 MiB.
 *  @return 0, -EINVAL, -ENOMEM. */
FPR_API int fpr_arena_create(const struct fpr_arena_config *config, struct fpr_arena **arena);
/** Unmaps everything. NULL is accepted. */
FPR_API void fpr_arena_destroy(struct fpr_arena *arena);
/** Address of a frame; NULL outside the arena. */
FPR_API void *fpr_arena_address(const struct fpr_arena *arena, fpr_pfn pfn);
/** Bytes of a page: the operating system's. */
FPR_API size_t fpr_arena_page_size(const struct fpr_arena *arena);
/** Bytes resident now, read back from the kernel (mincore, page by page).
 *  @return bytes or -errno. */
FPR_API int64_t fpr_arena_resident_bytes(const struct fpr_arena *arena);
/** The same for a range of frames. @return bytes or -errno. */
FPR_API int64_t fpr_arena_resident_in(const struct fpr_arena *arena, fpr_pfn pfn, uint64_t pages);

/** How a device gives reported memory back. */
enum fpr_arena_mode {
    FPR_ARENA_DONTNEED = 0,    /**< MADV_DONTNEED (private) */
    FPR_ARENA_FREE,            /**< MADV_FREE: the system takes it when it wants */
    FPR_ARENA_REMOVE,          /**< MADV_REMOVE (shared) */
    FPR_ARENA_PUNCH,           /**< fallocate(PUNCH_HOLE) on the memfd */
    FPR_ARENA_PROCESS_MADVISE, /**< one process_madvise() for a whole batch, where it works */
};

/** Counters: X(name, meaning). */
#define FPR_ARENA_STATS(X)                                                                         \
    X(calls, "report calls")                                                                       \
    X(entries, "blocks in them")                                                                   \
    X(returned_bytes, "bytes given to the system")                                                 \
    X(misaligned_entries, "blocks skipped because they do not fit the backing page")               \
    X(syscalls, "system calls made")                                                               \
    X(errors, "of these, failed")

/** Counters of an arena's device. */
struct fpr_arena_stats {
#define FPR_X(name, text) uint64_t name; /**< text */
    FPR_ARENA_STATS(FPR_X)
#undef FPR_X
};

/** The arena as a device that gives memory back. The device lives as long as the arena.
 *  @return 0, -EINVAL, -ENOTSUP (the mode does not fit the backing or the running kernel). */
FPR_API int fpr_arena_device(struct fpr_arena *arena, enum fpr_arena_mode mode,
                             struct fpr_device *device);
/** Counters. @return 0, -EINVAL. */
FPR_API int fpr_arena_get_stats(const struct fpr_arena *arena, struct fpr_arena_stats *stats);

#endif
