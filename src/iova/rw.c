#include "iova/lookup.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "iova/guard.h"

/* One access under way. */
struct access {
    uint64_t gen;
    uint64_t iova;
    char *data;
    size_t len;
    bool write;
};

/* Copies a chunk that lies in the reader's current mapping. Returns the bytes copied. */
static inline size_t copy_chunk(struct fpr_iova_reader *reader, const struct access *a, size_t n)
{
    const struct fpr_iova_hint *hint = &reader->hint;
    uint64_t address = (hint->va & ~IOVA_FLAGS) + (a->iova - hint->start);
    if (address > IOVA_USER_END || n > IOVA_USER_END - address)
        return 0;
    void *memory = (void *)(uintptr_t)address; // NOLINT(performance-no-int-to-ptr)
    void *to = a->write ? memory : a->data;
    const void *from = a->write ? a->data : memory;
    enum fpr_iova_guard guard = reader->space->guard;
    fpr_race_point();
    if (guard == FPR_IOVA_GUARD_SYSCALL)
        return fpr_iova_guard_copy(guard, to, from, n, a->write);
    return fpr_iova_raw_copy(to, from, n) ? fpr_iova_copy_pages(to, from, n, a->write) : n;
}

static inline void count_bytes(struct fpr_iova_reader *reader, bool write, size_t n)
{
    if (write)
        IOVA_COUNT(reader, written_bytes, n);
    else
        IOVA_COUNT(reader, read_bytes, n);
}

/* What is left of the access goes on `n` bytes further. */
static inline void advance(struct access *a, size_t n)
{
    a->iova += n;
    a->data += n;
    a->len -= n;
}

/* Permission of the reader's current mapping, as vfio_dma_rw() asks: READ for both directions. */
static inline int check_prot(const struct fpr_iova_hint *hint, bool write)
{
    uint64_t need = write ? FPR_IOVA_READ | FPR_IOVA_WRITE : FPR_IOVA_READ;
    if ((hint->va & need) != need)
        return -EPERM;
    return hint->va & IOVA_INVALID ? -EBUSY : 0;
}

/* A chunk is what lies in one mapping. */
static inline int rw_merged(struct fpr_iova_reader *reader, struct access *a)
{
    for (;;) {
        if (!fpr_iova_lookup(reader, a->gen, a->iova))
            return -EINVAL;
        const struct fpr_iova_hint *hint = &reader->hint;
        int rc = check_prot(hint, a->write);
        if (rc)
            return rc;
        uint64_t room = hint->span - (a->iova - hint->start);
        size_t n = a->len - 1 <= room ? a->len : (size_t)room + 1;
        if (n > INT_MAX)
            return -EFAULT;
        size_t copied = copy_chunk(reader, a, n);
        count_bytes(reader, a->write, copied);
        if (copied < n) {
            IOVA_COUNT(reader, faults, 1);
            if (!a->write)
                memset(a->data + copied, 0, n - copied);
            advance(a, copied);
            return -EFAULT;
        }
        if (a->write && hint->bitmap)
            fpr_iova_mark_dirty(hint->bitmap, a->iova - hint->start, n);
        advance(a, n);
        if (a->len == 0)
            return 0;
        if (a->iova == 0)
            return -EINVAL; /* past 2^64 */
    }
}

/* Page by page; nobody asks for permission, nothing becomes dirty. */
static int rw_seed_v1(struct fpr_iova_reader *reader, struct access *a)
{
    while (a->len > 0) {
        if (!fpr_iova_lookup(reader, a->gen, a->iova))
            return -EINVAL;
        size_t room = FPR_IOVA_PAGE_SIZE - (a->iova & (FPR_IOVA_PAGE_SIZE - 1));
        size_t n = a->len < room ? a->len : room;
        size_t copied = copy_chunk(reader, a, n);
        count_bytes(reader, a->write, copied);
        advance(a, copied);
        if (copied < n) {
            IOVA_COUNT(reader, faults, 1);
            return -EFAULT;
        }
        if (a->iova == 0 && a->len > 0)
            return -EINVAL; /* past 2^64 */
    }
    return 0;
}

static inline int rw_inside(struct fpr_iova_reader *reader, struct access *a)
{
    if (!a->data || a->len == 0)
        return -EINVAL;
    return reader->space->profile == FPR_IOVA_MERGED ? rw_merged(reader, a) : rw_seed_v1(reader, a);
}

static inline void count_call(struct fpr_iova_reader *reader, bool write, int rc)
{
    if (write)
        IOVA_COUNT(reader, writes, 1);
    else
        IOVA_COUNT(reader, reads, 1);
    if (rc)
        IOVA_COUNT(reader, refused, 1);
}

/* All that the short way cannot do; the reader is inside. */
__attribute__((noinline)) static int rw_slowly(struct fpr_iova_reader *reader, uint64_t iova,
                                               void *data, size_t len, unsigned write)
{
    uint64_t gen = atomic_load_explicit(&reader->space->gen, memory_order_acquire);
    struct access a = {gen, iova, data, len, write};
    int rc = rw_inside(reader, &a);
    fpr_iova_leave(reader);
    count_call(reader, write, rc);
    return rc;
}

/* The short way, for what lies inside the current mapping: nothing to refuse, nothing to mark. */
static inline int rw_at(struct fpr_iova_reader *reader, uint64_t iova, void *data, size_t len,
                        unsigned write)
{
    const struct fpr_iova_hint *hint = &reader->hint;
    uint64_t offset = iova - hint->start;
    if (data && len > 0 && len - 1 <= hint->span - offset &&
        hint->va >> (IOVA_PLAIN_AT + write) & 1) {
        void *memory = (void *)(uintptr_t)((hint->va & ~IOVA_FLAGS) + offset); // NOLINT
        fpr_race_point();
        if (!fpr_iova_raw_copy(write ? memory : data, write ? data : memory, len)) {
            fpr_iova_leave(reader);
            count_call(reader, write, 0);
            count_bytes(reader, write, len);
            return 0;
        }
    }
    return rw_slowly(reader, iova, data, len, write);
}

/* In the mapping of last time. */
__attribute__((noinline)) static int rw_here(struct fpr_iova_reader *reader, uint64_t iova,
                                             void *data, size_t len, unsigned write)
{
    return rw_at(reader, iova, data, len, write);
}

/* In another one. */
__attribute__((noinline)) static int rw_elsewhere(struct fpr_iova_reader *reader, uint64_t iova,
                                                  void *data, size_t len, unsigned write,
                                                  uint64_t gen)
{
    uint64_t start, word;
    if (fpr_iova_find_word(reader, iova, &start, &word)) {
        if (!(word & WORD_EXT) && fpr_iova_hint_word(reader, gen, iova, start, word))
            return rw_at(reader, iova, data, len, write);
        if (word & WORD_EXT && fpr_iova_hint_ext(reader, gen, iova, word))
            return rw_here(reader, iova, data, len, write);
    }
    return rw_slowly(reader, iova, data, len, write);
}

/* A reader without bias, which is one for a short time only. */
__attribute__((noinline)) static int rw_fenced(struct fpr_iova_reader *reader, uint64_t iova,
                                               void *data, size_t len, unsigned write)
{
    uint64_t gen = fpr_iova_enter(reader);
    return fpr_iova_hint_covers(&reader->hint, gen, iova)
               ? rw_here(reader, iova, data, len, write)
               : rw_elsewhere(reader, iova, data, len, write, gen);
}

/* Tail calls only, with their arguments in place: nothing is saved before it is known which. */
int fpr_iova_rw(struct fpr_iova_reader *reader, uint64_t iova, void *data, size_t len, bool write)
{
    uint64_t gen;
    if (!reader)
        return -EINVAL;
    if (!fpr_iova_enter_biased(reader, &gen))
        return rw_fenced(reader, iova, data, len, write);
    if (fpr_iova_hint_covers(&reader->hint, gen, iova))
        return rw_here(reader, iova, data, len, write);
    return rw_elsewhere(reader, iova, data, len, write, gen);
}

int fpr_iova_rw_progress(struct fpr_iova_reader *reader, uint64_t iova, void *data, size_t len,
                         bool write, size_t *done)
{
    if (!reader)
        return -EINVAL;
    struct access a = {fpr_iova_enter(reader), iova, data, len, write};
    int rc = rw_inside(reader, &a);
    fpr_iova_leave(reader);
    count_call(reader, write, rc);
    if (done)
        *done = len - a.len;
    return rc;
}

int fpr_iova_rwv(struct fpr_iova_reader *reader, const struct fpr_iova_vec *vec, size_t n,
                 bool write, size_t *done)
{
    if (!reader || (n > 0 && !vec))
        return -EINVAL;
    size_t sum = 0;
    int rc = 0;
    uint64_t gen = fpr_iova_enter(reader);
    for (size_t i = 0; i < n && rc == 0; i++) {
        if (vec[i].len == 0)
            continue;
        struct access a = {gen, vec[i].iova, vec[i].data, vec[i].len, write};
        rc = rw_inside(reader, &a);
        sum += vec[i].len - a.len;
    }
    fpr_iova_leave(reader);
    count_call(reader, write, rc);
    if (done)
        *done = sum;
    return rc;
}
