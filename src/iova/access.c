#include "iova/lookup.h"

#include <errno.h>

#include "iova/guard.h"

/* Reads and writes of one machine word: fpr_iova_rw() makes them a single access where they lie in
 * one mapping. */
#define FPR_IOVA_ACCESSORS(bits)                                                                   \
    int fpr_iova_read##bits(struct fpr_iova_reader *reader, uint64_t iova, uint##bits##_t *value)  \
    {                                                                                              \
        uint##bits##_t got;                                                                        \
        int rc = value ? fpr_iova_rw(reader, iova, &got, sizeof(got), false) : -EINVAL;            \
        if (rc == 0)                                                                               \
            *value = got;                                                                          \
        return rc;                                                                                 \
    }                                                                                              \
    int fpr_iova_write##bits(struct fpr_iova_reader *reader, uint64_t iova, uint##bits##_t value)  \
    {                                                                                              \
        return fpr_iova_rw(reader, iova, &value, sizeof(value), true);                             \
    }

FPR_IOVA_ACCESSORS(8)
FPR_IOVA_ACCESSORS(16)
FPR_IOVA_ACCESSORS(32)
FPR_IOVA_ACCESSORS(64)

/* Finds out whether the range can be had as one pointer; the reader is inside. */
static int direct_check(struct fpr_iova_reader *reader, uint64_t gen, uint64_t iova, size_t len,
                        unsigned prot, void **ptr)
{
    const struct fpr_iova_hint *hint = &reader->hint;
    if (!fpr_iova_lookup(reader, gen, iova))
        return -EINVAL;
    uint64_t need = prot | FPR_IOVA_READ;
    if (reader->space->profile == FPR_IOVA_MERGED && (hint->va & need) != need)
        return -EPERM;
    if (hint->va & IOVA_INVALID)
        return -EBUSY;
    if (len - 1 > hint->span - (iova - hint->start))
        return -ENOTSUP;
    uint64_t address = (hint->va & ~IOVA_FLAGS) + (iova - hint->start);
    if (address > IOVA_USER_END || len > IOVA_USER_END - address)
        return -EFAULT;
    *ptr = (void *)(uintptr_t)address; // NOLINT(performance-no-int-to-ptr)
    return 0;
}

int fpr_iova_get(struct fpr_iova_reader *reader, uint64_t iova, size_t len, unsigned prot,
                 void **ptr)
{
    if (!reader || !ptr || len == 0 || prot == 0 || prot & ~(FPR_IOVA_READ | FPR_IOVA_WRITE))
        return -EINVAL;
    if (reader->held)
        return -EBUSY;
    if (fpr_iova_tells_here(reader->space))
        return -EDEADLK;
    uint64_t gen = fpr_iova_enter(reader);
    int rc = direct_check(reader, gen, iova, len, prot, ptr);
    fpr_race_point();
    if (rc == 0) {
        reader->held = atomic_load_explicit(&reader->active, memory_order_relaxed);
        reader->direct_map = reader->hint;
        reader->direct_iova = iova;
        reader->direct_len = len;
        reader->direct_prot = prot;
        atomic_store_explicit(&reader->holder, (void *)pthread_self(), memory_order_relaxed);
        IOVA_COUNT(reader, direct, 1);
    } else {
        IOVA_COUNT(reader, refused, 1);
    }
    fpr_iova_leave(reader); /* stays inside when it holds */
    return rc;
}

int fpr_iova_put(struct fpr_iova_reader *reader)
{
    if (!reader || !reader->held)
        return -EINVAL;
    const struct fpr_iova_hint *map = &reader->direct_map;
    /* Tracking cannot have begun or ended since: that waits for us. */
    if ((reader->direct_prot & FPR_IOVA_WRITE) && map->bitmap)
        fpr_iova_mark_dirty(map->bitmap, reader->direct_iova - map->start, reader->direct_len);
    atomic_store_explicit(&reader->holder, NULL, memory_order_relaxed);
    reader->held = 0;
    fpr_iova_leave(reader);
    return 0;
}
