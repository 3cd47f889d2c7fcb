/* Compatibility (broken_top): what a mapping that ends at 2^64 does to unmap before 6.18.
 *
 * Its end wraps to 0. In the kernel's red-black tree it then hides what hangs to its left from the
 * search for the first mapping of a range, which is how unmap begins; look-ups of one address are
 * not disturbed. Which mappings are hidden depends on the shape of the tree, so that is modelled,
 * but only from the moment that such a mapping exists: the shape before it is taken to be that of
 * ascending insertion, and removals do not rebalance. Exact where those mappings come first or
 * after one other. */
#ifndef IOVA_LEGACY_H
#define IOVA_LEGACY_H

#include "iova/space.h"

/* Adds a mapping; `top`: it ends at 2^64 and lives only here. Returns 0 or -ENOMEM. */
int fpr_iova_legacy_add(struct fpr_iova_space *space, uint64_t start, uint64_t last, bool top);
/* Removes an ordinary mapping. */
void fpr_iova_legacy_remove(struct fpr_iova_space *space, uint64_t start);
/* Would an unmap of this range find anything? */
bool fpr_iova_legacy_finds(struct fpr_iova_space *space, uint64_t first, uint64_t last, bool all);
/* An unmap of everything that found something: the mappings that end at 2^64 go too. Returns
 * their bytes. */
uint64_t fpr_iova_legacy_clear(struct fpr_iova_space *space);
void fpr_iova_legacy_free(struct fpr_iova_space *space);

#endif
