/* Where pins meet memory that is given away: questions by memory address. */
#include <errno.h>

#include "iova/guard.h"
#include "iova/space.h"

uint64_t fpr_iova_locked_pages(struct fpr_iova_space *space)
{
    if (!space)
        return 0;
    if (fpr_iova_lock(space))
        return 0;
    uint64_t locked = space->locked;
    pthread_mutex_unlock(&space->lock);
    return locked;
}

uint64_t fpr_iova_pinned_in(struct fpr_iova_space *space, const void *addr, size_t len)
{
    if (!space || len == 0)
        return 0;
    uint64_t first = (uintptr_t)addr / FPR_IOVA_PAGE_SIZE;
    uint64_t most = UINTPTR_MAX - (uintptr_t)addr; /* bytes behind the first */
    uint64_t last = ((uintptr_t)addr + (len - 1 < most ? len - 1 : most)) / FPR_IOVA_PAGE_SIZE;
    pthread_mutex_lock(&space->pin_lock);
    uint64_t count = fpr_iova_pinset_count(&space->backing, first, last - first + 1);
    pthread_mutex_unlock(&space->pin_lock);
    return count;
}

bool fpr_iova_is_pinned(struct fpr_iova_space *space, const void *addr, size_t len)
{
    return fpr_iova_pinned_in(space, addr, len) > 0;
}

/* Memory for what a discard will save, taken before anything changes. Each piece's first word is
 * the way to the next. */
struct spare {
    void *frames; /* a page each */
    void *tables; /* of a chunk's frames */
};

static bool push(struct fpr_iova_space *space, void **list, size_t size)
{
    void **piece = (void **)space->mem->zalloc(space->mem->ctx, size);
    if (!piece)
        return false;
    *piece = *list;
    *list = (void *)piece;
    return true;
}

static void *pop(void **list)
{
    void **piece = *list;
    *list = *piece;
    *piece = NULL;
    return (void *)piece;
}

static void free_spare(struct fpr_iova_space *space, struct spare *spare)
{
    while (spare->frames)
        space->mem->free(space->mem->ctx, pop(&spare->frames), FPR_IOVA_PAGE_SIZE);
    while (spare->tables)
        space->mem->free(space->mem->ctx, pop(&spare->tables), IOVA_CHUNK * sizeof(void *));
}

/* The device keeps the frame that the owner loses: a copy of it, which further pins are given. */
static void save_frame(struct fpr_iova_space *space, struct fpr_iova_chunk *chunk, unsigned i,
                       uint64_t address, void *frame)
{
    fpr_iova_guard_copy(space->guard, frame, (void *)(uintptr_t)address, // NOLINT
                        FPR_IOVA_PAGE_SIZE, false);
    chunk->frames[i] = frame;
    void *none;
    pthread_mutex_lock(&space->pin_lock);
    fpr_iova_pinset_drop(&space->backing, space->mem, address / FPR_IOVA_PAGE_SIZE, 1, &none);
    pthread_mutex_unlock(&space->pin_lock);
    space->stats.discarded_pinned++;
}

static uint64_t chunk_address(const struct fpr_iova_ext *ext, const struct fpr_iova_chunk *chunk)
{
    uint64_t va = atomic_load_explicit(&ext->va, memory_order_relaxed) & ~IOVA_FLAGS;
    return va + chunk->key * IOVA_CHUNK * FPR_IOVA_PAGE_SIZE;
}

/* Pages of a chunk whose memory lies in [first, last] and was not saved yet. */
static uint64_t hit_mask(const struct fpr_iova_ext *ext, const struct fpr_iova_chunk *chunk,
                         uint64_t first, uint64_t last)
{
    uint64_t hit = 0;
    for (uint64_t mask = chunk->mask; mask; mask &= mask - 1) {
        unsigned i = (unsigned)__builtin_ctzll(mask);
        uint64_t address = chunk_address(ext, chunk) + (uint64_t)i * FPR_IOVA_PAGE_SIZE;
        if (address >= first && address <= last && !(chunk->frames && chunk->frames[i]))
            hit |= UINT64_C(1) << i;
    }
    return hit;
}

/* All chunks with hits: memory for them is taken, or (with `save`) used. Returns the pages hit or
 * -ENOMEM. */
static int64_t go_over(struct fpr_iova_space *space, uint64_t first, uint64_t last,
                       struct spare *spare, bool save)
{
    int64_t hits = 0;
    for (struct fpr_iova_ext *ext = space->pinned; ext; ext = ext->next) {
        for (size_t slot = 0; slot < ext->pins.size; slot++) {
            struct fpr_iova_chunk *chunk = ext->pins.table[slot];
            uint64_t mask = chunk ? hit_mask(ext, chunk, first, last) : 0;
            if (mask && !chunk->frames) {
                if (save)
                    chunk->frames = pop(&spare->tables);
                else if (!push(space, &spare->tables, IOVA_CHUNK * sizeof(void *)))
                    return -ENOMEM;
            }
            for (; mask; mask &= mask - 1, hits++) {
                unsigned i = (unsigned)__builtin_ctzll(mask);
                if (save)
                    save_frame(space, chunk, i,
                               chunk_address(ext, chunk) + (uint64_t)i * FPR_IOVA_PAGE_SIZE,
                               pop(&spare->frames));
                else if (!push(space, &spare->frames, FPR_IOVA_PAGE_SIZE))
                    return -ENOMEM;
            }
        }
    }
    return hits;
}

int64_t fpr_iova_discard(struct fpr_iova_space *space, const void *addr, size_t len)
{
    if (!space || len == 0 || (uintptr_t)addr + (len - 1) < (uintptr_t)addr)
        return -EINVAL;
    if (!fpr_iova_is_pinned(space, addr, len))
        return 0;
    uint64_t first = (uintptr_t)addr & ~(uint64_t)(FPR_IOVA_PAGE_SIZE - 1);
    uint64_t last = (uintptr_t)addr + (len - 1);
    struct spare spare = {NULL, NULL};
    if (fpr_iova_lock(space))
        return -EDEADLK;
    int64_t hits = go_over(space, first, last, &spare, false);
    if (hits > 0)
        go_over(space, first, last, &spare, true);
    free_spare(space, &spare);
    pthread_mutex_unlock(&space->lock);
    return hits;
}
