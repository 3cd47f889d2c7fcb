/** @file view.h
 *  Showing a machine: the kernel's own formats, JSON, and drawings.
 *
 *  Everything is written piece by piece to a function; the library never prints. Nothing is
 *  changed by looking. Thread safety: as for looking at the machine's zones.
 */
#ifndef FPR_VIEW_H
#define FPR_VIEW_H

#include <fpr/machine.h>

/** /proc/buddyinfo, byte for byte (free blocks by order). @return 0, write's result, -EINVAL. */
FPR_API int fpr_view_buddyinfo(const struct fpr_machine *machine, fpr_write_fn write, void *ctx);
/** /proc/pagetypeinfo, byte for byte (Linux 6.1, no page_owner): free blocks by order and type,
 *  list walks capped at 100000 as ">100000", and pageblocks by type. @return as above. */
FPR_API int fpr_view_pagetypeinfo(const struct fpr_machine *machine, fpr_write_fn write, void *ctx);
/** debugfs extfrag/unusable_index: share of free memory that is of no use for each order.
 *  @return as above. */
FPR_API int fpr_view_unusable_index(const struct fpr_machine *machine, fpr_write_fn write,
                                    void *ctx);
/** debugfs extfrag/extfrag_index: whether an allocation of each order fails for lack of memory
 *  (towards 0) or for fragmentation (towards 1); -1: it would not fail. @return as above. */
FPR_API int fpr_view_extfrag_index(const struct fpr_machine *machine, fpr_write_fn write,
                                   void *ctx);

/** Index of one zone and order in thousandths, as unusable_index. @return 0..1000, -EINVAL. */
FPR_API int fpr_zone_unusable_index(const struct fpr_zone *zone, unsigned order);
/** Index of one zone and order in thousandths, as extfrag_index (may be negative).
 *  @param index out @return 0, -EINVAL. */
FPR_API int fpr_zone_extfrag_index(const struct fpr_zone *zone, unsigned order, int *index);

/** The whole state as one JSON object. @return as above. */
FPR_API int fpr_view_json(const struct fpr_machine *machine, fpr_write_fn write, void *ctx);

/** How drawings look. */
struct fpr_draw_options {
    bool color;     /**< ANSI colours */
    unsigned width; /**< columns of text, 40 to 1000 (the nearest is taken); 0: 80 */
    fpr_pfn start;  /**< first frame drawn */
    uint64_t pages; /**< how many; 0: to the end of the zone */
};

/** The free lists, order by order and type by type, head first; '*' marks Reported blocks.
 *  @return as above. */
FPR_API int fpr_draw_free_lists(const struct fpr_zone *zone, const struct fpr_draw_options *options,
                                fpr_write_fn write, void *ctx);
/** Memory as a map of frames, one character each or, where that would not fit, each group.
 *  @return as above. */
FPR_API int fpr_draw_map(const struct fpr_zone *zone, const struct fpr_draw_options *options,
                         fpr_write_fn write, void *ctx);
/** Blocks as a tree: each largest block, its halves, their halves … down to the blocks.
 *  @return as above. */
FPR_API int fpr_draw_tree(const struct fpr_zone *zone, const struct fpr_draw_options *options,
                          fpr_write_fn write, void *ctx);
/** Map and free lists as an SVG picture that follows the reader's light or dark scheme.
 *  @return as above. */
FPR_API int fpr_draw_svg(const struct fpr_zone *zone, const struct fpr_draw_options *options,
                         fpr_write_fn write, void *ctx);

#endif
