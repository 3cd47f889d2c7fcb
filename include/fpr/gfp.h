/** @file gfp.h
 *  Request flags. The bits are libfpr's own and stay fixed; kernels renumber theirs, so traces
 *  are read by name, never by number.
 */
#ifndef FPR_GFP_H
#define FPR_GFP_H

#include <fpr/types.h>

/** A set of FPR_GFP_* bits. What they say of zones holds in a machine of several: the only zone of
 *  a machine serves every request. */
typedef uint32_t fpr_gfp;

#define FPR_GFP_DMA            0x000001u /**< zone DMA only */
#define FPR_GFP_HIGHMEM        0x000002u /**< with MOVABLE: zone Movable may be used */
#define FPR_GFP_DMA32          0x000004u /**< zones up to DMA32 */
#define FPR_GFP_MOVABLE        0x000008u /**< migratetype movable */
#define FPR_GFP_RECLAIMABLE    0x000010u /**< migratetype reclaimable */
#define FPR_GFP_HIGH           0x000020u /**< may go below the min watermark by half */
#define FPR_GFP_IO             0x000040u /**< carried, without effect on the model */
#define FPR_GFP_FS             0x000080u /**< carried, without effect on the model */
#define FPR_GFP_ZERO           0x000100u /**< carried, without effect on the model */
#define FPR_GFP_ATOMIC         0x000200u /**< v16..6.0: allow the harder watermark and reserves */
#define FPR_GFP_DIRECT_RECLAIM 0x000400u /**< the caller may reclaim */
#define FPR_GFP_KSWAPD_RECLAIM 0x000800u /**< kswapd may be woken */
#define FPR_GFP_WRITE          0x001000u /**< carried, without effect on the model */
#define FPR_GFP_NOWARN         0x002000u /**< carried, without effect on the model */
#define FPR_GFP_RETRY_MAYFAIL  0x004000u /**< carried, without effect on the model */
#define FPR_GFP_NOFAIL         0x008000u /**< carried, without effect on the model */
#define FPR_GFP_NORETRY        0x010000u /**< carried, without effect on the model */
#define FPR_GFP_MEMALLOC       0x020000u /**< ignore watermarks */
#define FPR_GFP_COMP           0x040000u /**< carried, without effect on the model */
#define FPR_GFP_NOMEMALLOC     0x080000u /**< never use reserves */
#define FPR_GFP_HARDWALL       0x100000u /**< carried, without effect on the model */
#define FPR_GFP_THISNODE       0x200000u /**< only the preferred node */
#define FPR_GFP_ACCOUNT        0x400000u /**< carried, without effect on the model */
#define FPR_GFP_ALL_BITS       0x7fffffu /**< every bit above; others are refused (-EINVAL) */

#define FPR_GFP_RECLAIM (FPR_GFP_DIRECT_RECLAIM | FPR_GFP_KSWAPD_RECLAIM) /**< both kinds */
#define FPR_GFP_KERNEL  (FPR_GFP_RECLAIM | FPR_GFP_IO | FPR_GFP_FS)       /**< usual request */
#define FPR_GFP_NOWAIT  FPR_GFP_KSWAPD_RECLAIM                            /**< must not sleep */
/** Interrupt context. */
#define FPR_GFP_ATOMIC_REQUEST (FPR_GFP_HIGH | FPR_GFP_ATOMIC | FPR_GFP_KSWAPD_RECLAIM)
#define FPR_GFP_USER           (FPR_GFP_KERNEL | FPR_GFP_HARDWALL) /**< for user space */
/** Anonymous and page-cache memory of user space. */
#define FPR_GFP_HIGHUSER_MOVABLE (FPR_GFP_USER | FPR_GFP_HIGHMEM | FPR_GFP_MOVABLE)
/** A huge page at fault time (order 9 on x86-64). */
#define FPR_GFP_TRANSHUGE_LIGHT                                                                    \
    ((FPR_GFP_HIGHUSER_MOVABLE | FPR_GFP_COMP | FPR_GFP_NOMEMALLOC | FPR_GFP_NOWARN) &             \
     ~FPR_GFP_RECLAIM)

/** Migratetype of a request (models gfp_migratetype(); mobility grouping on).
 *  @param gfp FPR_GFP_* bits, not both MOVABLE and RECLAIMABLE
 *  @return 0..2, or -EINVAL for both bits or unknown bits. Thread safe. */
FPR_API int fpr_gfp_migratetype(fpr_gfp gfp);

/** Highest zone index that a request may use (models gfp_zone() on 64-bit).
 *  @param gfp FPR_GFP_* bits
 *  @return an enum fpr_zone_index. Thread safe. */
FPR_API enum fpr_zone_index fpr_gfp_zone(fpr_gfp gfp);

/** Reads flags as trace lines print them: names joined by '|' ("GFP_KERNEL|__GFP_ZERO"),
 *  any kernel version; unknown `__GFP_` names without effect on the model are accepted.
 *  @param text  not necessarily NUL-terminated
 *  @param len   bytes of text to read
 *  @param gfp   the flags; untouched on failure
 *  @return 0, or -EINVAL if a word is no flag name or number. Thread safe. */
FPR_API int fpr_gfp_parse(const char *text, size_t len, fpr_gfp *gfp);

#endif
