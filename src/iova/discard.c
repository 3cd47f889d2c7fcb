/* Where pins meet memory that is given away: questions by memory address. */
#include <errno.h>

#include "iova/guard.h"
#include "iova/space.h"

uint64_t fpr_iova_locked_pages(struct fpr_iova_space *space)
{
    if (!space)
        return 0;
    pthread_mutex_lock(&space->lock);
    uint64_t locked = space->locked;
    pthread_mutex_unlock(&space->lock);
    return locked;
}

uint64_t fpr_iova_pinned_in(struct fpr_iova_space *space, const void *addr, size_t len)
{
    if (!space || len == 0)
        return 0;
    uint64_t first = (uintptr_t)addr / FPR_IOVA_PAGE_SIZE;
    uint64_t last = ((uintptr_t)addr + (len - 1)) / FPR_IOVA_PAGE_SIZE;
    pthread_mutex_lock(&space->pin_lock);
    uint64_t count = fpr_iova_pinset_count(&space->backing, first, last - first + 1);
    pthread_mutex_unlock(&space->pin_lock);
    return count;
}

bool fpr_iova_is_pinned(struct fpr_iova_space *space, const void *addr, size_t len)
{
    return fpr_iova_pinned_in(space, addr, len) > 0;
}

/* The device keeps the frame that the owner loses: a copy of it, which further pins are given. */
static int save_frame(struct fpr_iova_space *space, struct fpr_iova_chunk *chunk, unsigned i,
                      uint64_t address)
{
    const struct fpr_mem_ops *mem = space->mem;
    if (!chunk->frames) {
        chunk->frames = (void **)mem->zalloc(mem->ctx, IOVA_CHUNK * sizeof(void *));
        if (!chunk->frames)
            return -ENOMEM;
    }
    void *frame = mem->zalloc(mem->ctx, FPR_IOVA_PAGE_SIZE);
    if (!frame)
        return -ENOMEM;
    fpr_iova_guard_copy(space->guard, frame, (void *)(uintptr_t)address, // NOLINT
                        FPR_IOVA_PAGE_SIZE, false);
    chunk->frames[i] = frame;
    void *none;
    pthread_mutex_lock(&space->pin_lock);
    fpr_iova_pinset_drop(&space->backing, mem, address / FPR_IOVA_PAGE_SIZE, 1, &none);
    pthread_mutex_unlock(&space->pin_lock);
    space->stats.discarded_pinned++;
    return 0;
}

/* Pages of one mapping whose memory lies in [first, last]. */
static int64_t discard_in(struct fpr_iova_space *space, struct fpr_iova_ext *ext, uint64_t first,
                          uint64_t last)
{
    int64_t hit = 0;
    uint64_t va = atomic_load_explicit(&ext->va, memory_order_relaxed) & ~IOVA_FLAGS;
    for (size_t slot = 0; slot < ext->pins.size; slot++) {
        struct fpr_iova_chunk *chunk = ext->pins.table[slot];
        for (uint64_t mask = chunk ? chunk->mask : 0; mask; mask &= mask - 1) {
            unsigned i = (unsigned)__builtin_ctzll(mask);
            uint64_t address = va + (chunk->key * IOVA_CHUNK + i) * FPR_IOVA_PAGE_SIZE;
            if (address < first || address > last || (chunk->frames && chunk->frames[i]))
                continue;
            int rc = save_frame(space, chunk, i, address);
            if (rc)
                return rc;
            hit++;
        }
    }
    return hit;
}

int64_t fpr_iova_discard(struct fpr_iova_space *space, const void *addr, size_t len)
{
    if (!space || len == 0 || (uintptr_t)addr + (len - 1) < (uintptr_t)addr)
        return -EINVAL;
    if (!fpr_iova_is_pinned(space, addr, len))
        return 0;
    uint64_t first = (uintptr_t)addr & ~(uint64_t)(FPR_IOVA_PAGE_SIZE - 1);
    uint64_t last = (uintptr_t)addr + (len - 1);
    int64_t hit = 0;
    pthread_mutex_lock(&space->lock);
    for (struct fpr_iova_ext *ext = space->pinned; ext && hit >= 0; ext = ext->next) {
        int64_t n = discard_in(space, ext, first, last);
        hit = n < 0 ? n : hit + n;
    }
    pthread_mutex_unlock(&space->lock);
    return hit;
}
