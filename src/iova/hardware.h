/* A hardware-backed group: it pins what is mapped for as long as it is. Does nothing where the
 * container has none. */
#ifndef IOVA_HARDWARE_H
#define IOVA_HARDWARE_H

#include "iova/legacy.h"

/* Under the space's lock. `top`: the mapping's place in the tree of broken_top if it lives only
 * there, else NULL. */

/* Faults every page in, as its pin would, and charges it. Returns 0, -EFAULT, -ENOMEM; on failure
 * nothing is pinned. */
int fpr_iova_hardware_pin(struct fpr_iova_space *space, const struct fpr_iova_entry *entry,
                          const struct fpr_iova_legacy_node *top);
void fpr_iova_hardware_unpin(struct fpr_iova_space *space, const struct fpr_iova_entry *entry,
                             const struct fpr_iova_legacy_node *top);
/* The mapping's memory is seen at another address from now on: so are its pins. */
void fpr_iova_hardware_move(struct fpr_iova_space *space, const struct fpr_iova_entry *entry,
                            uint64_t address);
/* NULL, or what is wrong with what is held. */
const char *fpr_iova_hardware_check(struct fpr_iova_space *space);

#endif
