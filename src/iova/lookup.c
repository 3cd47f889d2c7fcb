#include "iova/lookup.h"

bool fpr_iova_lookup_tree(struct fpr_iova_reader *reader, uint64_t gen, uint64_t iova)
{
    IOVA_COUNT(reader, lookups, 1);
    unsigned pos;
    uint64_t page = iova & ~(uint64_t)(FPR_IOVA_PAGE_SIZE - 1);
    struct fpr_iova_leaf *leaf = fpr_iova_tree_find(&reader->space->tree, page, &pos);
    if (!leaf)
        return false;
    struct fpr_iova_hint *hint = &reader->hint;
    struct fpr_iova_ext *ext = atomic_load_explicit(&leaf->ext[pos], memory_order_acquire);
    hint->gen = gen;
    hint->start = leaf->start[pos];
    hint->last = leaf->range[pos].last;
    hint->va = leaf->range[pos].va;
    hint->bitmap = ext ? atomic_load_explicit(&ext->bitmap, memory_order_acquire) : NULL;
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
        atomic_fetch_or_explicit(&bitmap[first / 64], mask, memory_order_seq_cst);
        first = stop + 1;
    }
}
