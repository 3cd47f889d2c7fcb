/* Compatibility (broken_top): what a mapping that ends at 2^64 does to unmap before 6.18.
 *
 * Its end wraps to 0, so no look-up finds it, and in the kernel's red-black tree it hides what
 * hangs to its left from the search for the first mapping of a range, which is how unmap begins.
 * Unmap then goes on from there in order, and such a mapping that begins within the range goes
 * whole. What is hidden depends on the tree's shape, so the tree is modelled (rbtree.h), but only
 * while there is such a mapping. Before that the changes are noted, and played back when the first
 * one comes; notes begin anew with each empty map. After more than LEGACY_NOTES of them they are
 * dropped, and the shape is taken to be that of ascending insertion.
 *
 * Not modelled: an ordinary mapping that covers the first byte of one that wraps. The kernel may
 * lose parts of it for look-ups; here it is found. */
#ifndef IOVA_LEGACY_H
#define IOVA_LEGACY_H

#include "iova/rbtree.h"
#include "iova/space.h"

enum { LEGACY_NOTES = 1 << 17 };

struct fpr_iova_legacy_node {
    struct fpr_iova_rb rb;
    uint64_t start;
    uint64_t last;
    uint64_t address; /* top: of its memory */
    bool top;         /* ends at 2^64: lives only here */
    bool invalid;     /* top: its address was invalidated */
};

/* Both do nothing without broken_top. A mapping is linked before it is known whether it can be
 * made, as in the kernel, and unlinked if not. *node: its place in the tree; NULL if it was only
 * noted. Returns 0 or -ENOMEM. */
int fpr_iova_legacy_link(struct fpr_iova_space *space, const struct fpr_iova_entry *entry, bool top,
                         struct fpr_iova_legacy_node **node);
void fpr_iova_legacy_unlink(struct fpr_iova_space *space, struct fpr_iova_legacy_node *node,
                            uint64_t start);
/* The first mapping that an unmap of this range finds in the tree; NULL: none. */
struct fpr_iova_legacy_node *fpr_iova_legacy_first(const struct fpr_iova_space *space,
                                                   uint64_t first, uint64_t last, bool all);
struct fpr_iova_legacy_node *fpr_iova_legacy_next(const struct fpr_iova_legacy_node *node);
/* Is there one that ends at 2^64 and has more pages? */
bool fpr_iova_legacy_larger(const struct fpr_iova_space *space, uint64_t pages);
/* NULL, or what is wrong with the tree. */
const char *fpr_iova_legacy_check(struct fpr_iova_space *space);
void fpr_iova_legacy_free(struct fpr_iova_space *space);

#endif
