/* Dirty bitmaps of mappings, and how they are handed to a caller. */
#ifndef IOVA_DIRTY_H
#define IOVA_DIRTY_H

#include "iova/space.h"

/* Is the caller's bitmap of a size that the kernel takes for this range? */
bool fpr_iova_bitmap_valid(const struct fpr_iova_bitmap *bitmap, uint64_t size);
/* Puts a mapping's bits into the caller's bitmap, whose first bit is the page at `base`, and
 * clears them. *written: caller's words that this call has written so far, from the first on;
 * mappings come in ascending order. */
void fpr_iova_dirty_report(struct fpr_iova_space *space, struct fpr_iova_ext *ext, uint64_t base,
                           struct fpr_iova_bitmap *bitmap, uint64_t *written);
/* A page was pinned. */
void fpr_iova_dirty_page(struct fpr_iova_ext *ext, uint64_t page);

#endif
