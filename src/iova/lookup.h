/* A reader's look-up, between enter and leave: its last mapping, else the tree. */
#ifndef IOVA_LOOKUP_H
#define IOVA_LOOKUP_H

#include "iova/epoch.h"
#include "iova/leaf.h"

/* Only the reader's own thread changes these, so no locked addition. */
#define IOVA_COUNT(reader, name, n)                                                                \
    atomic_store_explicit(&(reader)->name,                                                         \
                          atomic_load_explicit(&(reader)->name, memory_order_relaxed) + (n),       \
                          memory_order_relaxed)

/* The last mapping that begins at or below the address: its start, and its word (leaf.h). */
static inline bool fpr_iova_find_word(struct fpr_iova_reader *reader, uint64_t iova,
                                      uint64_t *start, uint64_t *word)
{
    IOVA_COUNT(reader, lookups, 1);
    uint64_t page = iova >> IOVA_PAGE_SHIFT;
    struct fpr_iova_leaf *leaf = fpr_iova_tree_leaf(&reader->space->tree, page);
    fpr_race_point();
    unsigned n = fpr_iova_leaf_count(leaf, page);
    if (n == 0)
        return false;
    *word = atomic_load_explicit(&leaf->word[n - 1], memory_order_acquire);
    *start = fpr_iova_leaf_start(leaf, n - 1);
    return true;
}

/* Field by field: compilers move whole structures through the stack, and wait for it. */
static inline void fpr_iova_hint_set(struct fpr_iova_hint *hint, uint64_t gen, uint64_t start,
                                     uint64_t span, uint64_t va, _Atomic uint64_t *bitmap)
{
    hint->gen = gen;
    hint->start = start;
    hint->span = span;
    hint->va = va;
    hint->bitmap = bitmap;
}

/* Fills the hint with the mapping of a word without extension, if it covers the address. */
static inline bool fpr_iova_hint_word(struct fpr_iova_reader *reader, uint64_t gen, uint64_t iova,
                                      uint64_t start, uint64_t word)
{
    uint64_t span = (fpr_iova_word_pages(word) << IOVA_PAGE_SHIFT) - 1;
    if (iova - start > span)
        return false;
    fpr_iova_hint_set(&reader->hint, gen, start, span,
                      fpr_iova_word_va(word) & reader->space->va_mask, NULL);
    return true;
}

/* The same for one with an extension. */
bool fpr_iova_hint_ext(struct fpr_iova_reader *reader, uint64_t gen, uint64_t iova, uint64_t word);
/* Fills the hint with the mapping that covers the address. False: a hole. */
bool fpr_iova_lookup_tree(struct fpr_iova_reader *reader, uint64_t gen, uint64_t iova);

static inline bool fpr_iova_hint_covers(const struct fpr_iova_hint *hint, uint64_t gen,
                                        uint64_t iova)
{
    return hint->gen == gen && iova - hint->start <= hint->span;
}

static inline bool fpr_iova_lookup(struct fpr_iova_reader *reader, uint64_t gen, uint64_t iova)
{
    return fpr_iova_hint_covers(&reader->hint, gen, iova) ||
           fpr_iova_lookup_tree(reader, gen, iova);
}

/* Marks the pages of [offset, offset + len) of a mapping that is tracked. */
void fpr_iova_mark_dirty(_Atomic uint64_t *bitmap, uint64_t offset, uint64_t len);

#endif
