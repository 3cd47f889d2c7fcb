/** @file device.h
 *  What reported blocks are handed to.
 */
#ifndef FPR_DEVICE_H
#define FPR_DEVICE_H

#include <fpr/types.h>

/** One entry of a report: a block of 2^order pages. */
struct fpr_sg {
    fpr_pfn pfn;    /**< first frame */
    unsigned order; /**< log2 of its pages */
};

/** A device. Lives where its maker put it; the reporter keeps only the pointer. Its report() is for
 *  the reporter, and for devices that stand before it and hand on what they got: `nents` entries at
 *  `sg`, blocks of orders that there are. That is not checked again. */
struct fpr_device {
    const char *name; /**< for messages */
    /** Takes a batch. Entry 0 is the block isolated last, as the kernel fills its scatterlist from
     *  the end. No lock is held: it may allocate and free in the same machine, and may take its
     *  time; it must not unregister itself (-EDEADLK) and must not touch the blocks after it has
     *  returned.
     *  @return 0, or any other value for failure: the blocks stay unreported and the pass ends. */
    int (*report)(void *ctx, const struct fpr_sg *sg, unsigned nents);
    void *ctx; /**< first argument */
    int order; /**< 5.14+: lowest order it wants; ≤ 0: no wish (the pageblock order) */
    /** How many entries it can take at once; 0: any number. A reporter with a larger capacity is
     *  refused (-ENOSPC), as virtio-balloon's probe refuses a short ring. */
    unsigned max_nents;
};

#endif
