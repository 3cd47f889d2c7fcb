/** @file mem.h
 *  Where the library's own metadata comes from. Injectable, so that a caller can count it,
 *  limit it, or make the n-th request fail.
 */
#ifndef FPR_MEM_H
#define FPR_MEM_H

#include <fpr/types.h>

/** Source of zeroed memory for the library's metadata. Large requests should be lazily backed
 *  (untouched memory costs nothing): a 1 TiB zone asks for about 2.6 GiB and touches a few MiB.
 *  A host and an IOVA space keep a pointer to this struct, all else copies it. Both functions must
 *  be there: what is given a source without one of them is not made (-EINVAL). */
struct fpr_mem_ops {
    /** Called in the middle of the library's own calls, some with locks held, as is free(): neither
     *  may call the library about what asks, nor end by a jump or with its thread.
     *  @return `size` zeroed bytes, aligned for any type, or NULL when there are none. */
    void *(*zalloc)(void *ctx, size_t size);
    /** Gives back what zalloc returned; `size` is the size asked for; `ptr` is never NULL. */
    void (*free)(void *ctx, void *ptr, size_t size);
    /** First argument of both calls. */
    void *ctx;
};

/** The default source: calloc for small, private anonymous mappings (no reserve) for large.
 *  @return static ops. Thread safe. */
FPR_API const struct fpr_mem_ops *fpr_mem_default(void);

#endif
