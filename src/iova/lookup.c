#include "iova/lookup.h"

bool fpr_iova_hint_ext(struct fpr_iova_reader *reader, uint64_t gen, uint64_t iova, uint64_t word)
{
    struct fpr_iova_ext *ext = fpr_iova_word_ext(word);
    uint64_t span = ext->last - ext->start;
    if (iova - ext->start > span)
        return false;
    uint64_t va = atomic_load_explicit(&ext->va, memory_order_relaxed);
    fpr_race_point();
    _Atomic uint64_t *bitmap = atomic_load_explicit(&ext->bitmap, memory_order_acquire);
    if (bitmap)
        va &= ~IOVA_PLAIN_WRITE;
    fpr_iova_hint_set(&reader->hint, gen, ext->start, span, va & reader->space->va_mask, bitmap);
    return true;
}

bool fpr_iova_lookup_tree(struct fpr_iova_reader *reader, uint64_t gen, uint64_t iova)
{
    uint64_t start, word;
    if (!fpr_iova_find_word(reader, iova, &start, &word))
        return false;
    return word & WORD_EXT ? fpr_iova_hint_ext(reader, gen, iova, word)
                           : fpr_iova_hint_word(reader, gen, iova, start, word);
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
