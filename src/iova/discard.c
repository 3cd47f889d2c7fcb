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

/* A discard under way: the memory, and a place for what will be saved of it, taken before anything
 * changes. Each spare piece's first word is the way to the next. */
struct discard {
    struct fpr_iova_space *space;
    uint64_t first, last; /* bytes */
    void *frames;         /* spare: a page each */
    void *tables;         /* spare: of a chunk's frames */
    int64_t hits;         /* pages */
};

static int push(struct fpr_iova_space *space, void **list, size_t size)
{
    void **piece = (void **)space->mem->zalloc(space->mem->ctx, size);
    if (!piece)
        return -ENOMEM;
    *piece = *list;
    *list = (void *)piece;
    return 0;
}

static void *pop(void **list)
{
    void **piece = *list;
    *list = *piece; /* NOLINT(*NullDereference): as many are popped as were pushed */
    *piece = NULL;
    return (void *)piece;
}

static void free_spare(struct discard *d)
{
    const struct fpr_mem_ops *mem = d->space->mem;
    while (d->frames)
        mem->free(mem->ctx, pop(&d->frames), FPR_IOVA_PAGE_SIZE);
    while (d->tables)
        mem->free(mem->ctx, pop(&d->tables), IOVA_CHUNK * sizeof(void *));
}

static uint64_t chunk_address(const struct fpr_iova_ext *ext, const struct fpr_iova_chunk *chunk)
{
    uint64_t va = atomic_load_explicit(&ext->va, memory_order_relaxed) & ~IOVA_FLAGS;
    return va + chunk->key * IOVA_CHUNK * FPR_IOVA_PAGE_SIZE;
}

/* Pinned pages of a chunk that are hit and were not saved yet; `address` is the chunk's. */
static uint64_t hit_mask(const struct discard *d, const struct fpr_iova_chunk *chunk,
                         uint64_t address)
{
    uint64_t hit = 0;
    for (uint64_t mask = chunk->mask; mask; mask &= mask - 1) {
        unsigned i = (unsigned)__builtin_ctzll(mask);
        uint64_t at = address + (uint64_t)i * FPR_IOVA_PAGE_SIZE;
        if (at >= d->first && at <= d->last && !(chunk->frames && chunk->frames[i]))
            hit |= UINT64_C(1) << i;
    }
    return hit;
}

/* Takes the memory that saving these pages of a chunk needs. */
static int prepare(struct discard *d, struct fpr_iova_chunk *chunk, uint64_t address, uint64_t mask)
{
    (void)address;
    int rc = chunk->frames ? 0 : push(d->space, &d->tables, IOVA_CHUNK * sizeof(void *));
    for (; mask && rc == 0; mask &= mask - 1, d->hits++)
        rc = push(d->space, &d->frames, FPR_IOVA_PAGE_SIZE);
    return rc;
}

/* The device keeps the frames that the owner loses: copies of them, which further pins are given.
 */
static int save(struct discard *d, struct fpr_iova_chunk *chunk, uint64_t address, uint64_t mask)
{
    struct fpr_iova_space *space = d->space;
    if (!chunk->frames)
        chunk->frames = pop(&d->tables);
    for (; mask; mask &= mask - 1) {
        unsigned i = (unsigned)__builtin_ctzll(mask);
        uint64_t at = address + (uint64_t)i * FPR_IOVA_PAGE_SIZE;
        void *none;
        chunk->frames[i] = pop(&d->frames);
        fpr_iova_guard_copy(space->guard, chunk->frames[i], (void *)(uintptr_t)at, // NOLINT
                            FPR_IOVA_PAGE_SIZE, false);
        pthread_mutex_lock(&space->pin_lock);
        fpr_iova_pinset_drop(&space->backing, space->mem, at / FPR_IOVA_PAGE_SIZE, 1, &none);
        pthread_mutex_unlock(&space->pin_lock);
        space->stats.discarded_pinned++;
    }
    return 0;
}

/* Does that to every chunk with pages that are hit. Returns 0 or what it returned. */
static int for_hits(struct discard *d, int (*act)(struct discard *d, struct fpr_iova_chunk *chunk,
                                                  uint64_t address, uint64_t mask))
{
    int rc = 0;
    for (struct fpr_iova_ext *ext = d->space->pinned; ext; ext = ext->next) {
        for (size_t slot = 0; slot < ext->pins.size && rc == 0; slot++) {
            struct fpr_iova_chunk *chunk = ext->pins.table[slot];
            uint64_t address = chunk ? chunk_address(ext, chunk) : 0;
            uint64_t mask = chunk ? hit_mask(d, chunk, address) : 0;
            if (mask)
                rc = act(d, chunk, address, mask);
        }
    }
    return rc;
}

int64_t fpr_iova_discard(struct fpr_iova_space *space, const void *addr, size_t len)
{
    if (!space || len == 0 || (uintptr_t)addr + (len - 1) < (uintptr_t)addr)
        return -EINVAL;
    if (!fpr_iova_is_pinned(space, addr, len))
        return 0;
    struct discard d = {
        .space = space,
        .first = (uintptr_t)addr & ~(uint64_t)(FPR_IOVA_PAGE_SIZE - 1),
        .last = (uintptr_t)addr + (len - 1),
    };
    if (fpr_iova_lock(space))
        return -EDEADLK;
    int rc = for_hits(&d, prepare);
    if (rc == 0)
        for_hits(&d, save);
    free_spare(&d);
    pthread_mutex_unlock(&space->lock);
    return rc ? rc : d.hits;
}
