#include "iova/lookup.h"

#include "iova/leaf.h"

bool fpr_iova_lookup_tree(struct fpr_iova_reader *reader, uint64_t gen, uint64_t iova)
{
    IOVA_COUNT(reader, lookups, 1);
    uint64_t page = iova >> IOVA_PAGE_SHIFT;
    struct fpr_iova_leaf *leaf = fpr_iova_tree_leaf(&reader->space->tree, page);
    fpr_race_point();
    unsigned n = fpr_iova_leaf_count(leaf, page);
    if (n == 0)
        return false;
    uint64_t word = atomic_load_explicit(&leaf->word[n - 1], memory_order_acquire);
    uint64_t start = fpr_iova_leaf_start(leaf, n - 1), span, va;
    _Atomic uint64_t *bitmap = NULL;
    if (word & WORD_EXT) {
        struct fpr_iova_ext *ext = fpr_iova_word_ext(word);
        span = ext->last - ext->start;
        va = atomic_load_explicit(&ext->va, memory_order_relaxed);
        fpr_race_point();
        bitmap = atomic_load_explicit(&ext->bitmap, memory_order_acquire);
        if (bitmap)
            va &= ~IOVA_PLAIN_WRITE;
    } else {
        span = (fpr_iova_word_pages(word) << IOVA_PAGE_SHIFT) - 1;
        va = fpr_iova_word_va(word);
    }
    if (iova - start > span)
        return false;
    struct fpr_iova_hint *hint = &reader->hint;
    hint->gen = gen;
    hint->start = start;
    hint->span = span;
    hint->va = va & reader->space->va_mask;
    hint->bitmap = bitmap;
    return true;
}

void fpr_iova_mark_dirty(_Atomic uint64_t *bitmap, uint64_t offset, uint64_t len)
{
    uint64_t first = offset / FPR_IOVA_PAGE_SIZE;
    uint64_t last = (offset + len - 1) / FPR_IOVA_PAGE_SIZE;
    while (first <= last) {
        uint64_t stop = first | 63;
        if (stop > last)
            stop = last;
        uint64_t mask = (~UINT64_C(0) >> (63 - (stop - first))) << (first & 63);
        /* Always stored, even if set already: the data must be visible before somebody who
         * clears the bit at this moment looks at the page. */
        fpr_race_point();
        atomic_fetch_or_explicit(&bitmap[first / 64], mask, memory_order_seq_cst);
        first = stop + 1;
    }
}
