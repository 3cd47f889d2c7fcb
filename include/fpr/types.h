/** @file types.h
 *  Words that every other header uses: page frame numbers, orders, migratetypes.
 */
#ifndef FPR_TYPES_H
#define FPR_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Linkage and visibility of every public function; C linkage in C++ too. */
#ifdef __cplusplus
#define FPR_API extern "C" __attribute__((visibility("default")))
#else
#define FPR_API extern __attribute__((visibility("default")))
#endif

/** Page frame number: a physical address divided by the page size. */
typedef uint64_t fpr_pfn;

/** "No page": what out-parameters of frees and steals never hold. */
#define FPR_PFN_NONE ((fpr_pfn)-1)

/** Orders are 0..FPR_MAX_ORDER; a machine chooses its own largest order, 10 in Linux. */
#define FPR_MAX_ORDER 13
/** Number of orders that arrays indexed by order have room for. */
#define FPR_NR_ORDERS (FPR_MAX_ORDER + 1)

/** Migratetypes in the kernel's order (a kernel built without CMA; Linux 5.4 to 6.12). */
enum fpr_migratetype {
    FPR_UNMOVABLE = 0,   /**< pages that stay where they are: the kernel's own */
    FPR_MOVABLE = 1,     /**< pages that can be moved: of processes and files */
    FPR_RECLAIMABLE = 2, /**< the kernel's, given up when memory is short: inodes and the like */
    FPR_HIGHATOMIC = 3,  /**< reserve for large requests that cannot wait */
    FPR_ISOLATE = 4,     /**< nothing is allocated from it */
};
/** Number of migratetypes. */
#define FPR_NR_MIGRATETYPES 5
/** The migratetypes that a request can have (and per-cpu lists exist for): 0..2. */
#define FPR_NR_PCPTYPES 3

/** Zone indices in the kernel's order on 64-bit (no HIGHMEM). */
enum fpr_zone_index {
    FPR_ZONE_DMA = 0,     /**< on x86-64 the lowest 16 MiB */
    FPR_ZONE_DMA32 = 1,   /**< on x86-64 from there to 4 GiB */
    FPR_ZONE_NORMAL = 2,  /**< all above */
    FPR_ZONE_MOVABLE = 3, /**< for movable requests alone */
    FPR_ZONE_DEVICE = 4,  /**< memory of devices; the allocator never has any */
};
/** Number of zone indices. */
#define FPR_NR_ZONE_INDICES 5

/** The three watermarks of a zone, without the boost; also indices into arrays of them. */
enum fpr_watermark {
    FPR_WMARK_MIN = 0,  /**< below it only what may use reserves is served */
    FPR_WMARK_LOW = 1,  /**< below it kswapd is woken */
    FPR_WMARK_HIGH = 2, /**< up to it kswapd reclaims */
};
/** Number of watermarks. */
#define FPR_NR_WMARKS 3

/** A run of page frames. */
struct fpr_range {
    fpr_pfn start;  /**< first frame */
    uint64_t pages; /**< how many frames */
};

/** Gets text piece by piece. @return 0; anything else ends the writing and is passed on. */
typedef int (*fpr_write_fn)(void *ctx, const char *text, size_t len);

/** Name of a migratetype as /proc/pagetypeinfo prints it ("Unmovable" …).
 *  @param mt a migratetype
 *  @return static text; "?" for a number that is none. Thread safe. */
FPR_API const char *fpr_migratetype_name(int mt);

/** Name of a zone index as the kernel prints it ("DMA", "DMA32", "Normal", "Movable", "Device").
 *  @param index an enum fpr_zone_index
 *  @return static text; "?" for a number that is none. Thread safe. */
FPR_API const char *fpr_zone_index_name(int index);

#endif
