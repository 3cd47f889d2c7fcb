/* A reader's look-up, between enter and leave: its last mapping, else the tree. */
#ifndef IOVA_LOOKUP_H
#define IOVA_LOOKUP_H

#include "iova/epoch.h"

/* Only the reader's own thread changes these, so no locked addition. */
#define IOVA_COUNT(reader, name, n)                                                                \
    atomic_store_explicit(&(reader)->name,                                                         \
                          atomic_load_explicit(&(reader)->name, memory_order_relaxed) + (n),       \
                          memory_order_relaxed)

/* Fills the hint with the mapping that covers the address. False: a hole. */
bool fpr_iova_lookup_tree(struct fpr_iova_reader *reader, uint64_t gen, uint64_t iova);

static inline bool fpr_iova_lookup(struct fpr_iova_reader *reader, uint64_t gen, uint64_t iova)
{
    const struct fpr_iova_hint *hint = &reader->hint;
    if (hint->gen == gen && iova - hint->start <= hint->span)
        return true;
    return fpr_iova_lookup_tree(reader, gen, iova);
}

/* Marks the pages of [offset, offset + len) of a mapping that is tracked. */
void fpr_iova_mark_dirty(_Atomic uint64_t *bitmap, uint64_t offset, uint64_t len);

#endif
