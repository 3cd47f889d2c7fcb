#include <errno.h>
#include <string.h>

#include "iova/check.h"
#include "iova/dirty.h"
#include "iova/guard.h"

static uint64_t page_address(const struct fpr_iova_ext *ext, uint64_t page)
{
    uint64_t va = atomic_load_explicit(&ext->va, memory_order_relaxed);
    return (va & ~IOVA_FLAGS) + page * FPR_IOVA_PAGE_SIZE;
}

static void link_pinned(struct fpr_iova_space *space, struct fpr_iova_ext *ext)
{
    ext->prev = NULL;
    ext->next = space->pinned;
    if (ext->next)
        ext->next->prev = ext;
    space->pinned = ext;
}

static void unlink_pinned(struct fpr_iova_space *space, struct fpr_iova_ext *ext)
{
    if (ext->prev)
        ext->prev->next = ext->next;
    else
        space->pinned = ext->next;
    if (ext->next)
        ext->next->prev = ext->prev;
    ext->next = ext->prev = NULL;
}

static void backing_drop(struct fpr_iova_space *space, uint64_t address)
{
    void *none;
    pthread_mutex_lock(&space->pin_lock);
    int64_t left =
        fpr_iova_pinset_drop(&space->backing, space->mem, address / FPR_IOVA_PAGE_SIZE, 1, &none);
    pthread_mutex_unlock(&space->pin_lock);
    IOVA_ASSERT(left >= 0);
}

/* Drops up to `refs` references of one page. Returns whether its pin went. */
static bool drop_page(struct fpr_iova_space *space, struct fpr_iova_ext *ext, uint64_t page,
                      uint32_t refs)
{
    const struct fpr_iova_chunk *chunk = fpr_iova_pinset_find(&ext->pins, page);
    uint32_t had = chunk ? chunk->refs[page % IOVA_CHUNK] : 0;
    void *frame;
    int64_t left = fpr_iova_pinset_drop(&ext->pins, space->mem, page, refs, &frame);
    if (left < 0)
        return false;
    space->stats.unpins += had - (uint32_t)left;
    if (left > 0)
        return false;
    if (!space->config.hardware)
        space->locked--;
    if (frame)
        space->kept -= fpr_iova_frame_put(space->mem, frame);
    else
        backing_drop(space, page_address(ext, page));
    if (ext->pins.pages == 0)
        unlink_pinned(space, ext);
    return true;
}

/* First reference on a page: it is faulted in, charged, and remembered by its memory. */
static int pin_new(struct fpr_iova_space *space, struct fpr_iova_ext *ext, uint64_t page)
{
    uint64_t address = page_address(ext, page);
    if (address > IOVA_USER_END - FPR_IOVA_PAGE_SIZE)
        return -EFAULT;
    void *memory = (void *)(uintptr_t)address; // NOLINT(performance-no-int-to-ptr)
    uint64_t va = atomic_load_explicit(&ext->va, memory_order_relaxed);
    int rc = fpr_iova_guard_probe(space->guard, memory, va & FPR_IOVA_WRITE);
    if (rc)
        return rc;
    if (!space->config.hardware && !(va & IOVA_CAPABLE) &&
        space->locked >= space->config.locked_limit)
        return -ENOMEM;
    pthread_mutex_lock(&space->pin_lock);
    int64_t added = fpr_iova_pinset_add(&space->backing, space->mem, address / FPR_IOVA_PAGE_SIZE);
    pthread_mutex_unlock(&space->pin_lock);
    if (added < 0)
        return -ENOMEM;
    if (fpr_iova_pinset_add(&ext->pins, space->mem, page) < 0) {
        backing_drop(space, address);
        return -ENOMEM;
    }
    if (!space->config.hardware)
        space->locked++;
    if (ext->pins.pages == 1)
        link_pinned(space, ext);
    if (space->tracking)
        fpr_iova_dirty_page(ext, page);
    return 0;
}

/* The mapping that covers an address. False: none. */
static bool seek_covering(struct fpr_iova_space *space, uint64_t iova, struct fpr_iova_path *path)
{
    return fpr_iova_tree_seek(&space->tree, iova, path) && fpr_iova_path_entry(path).start <= iova;
}

static int pin_page(struct fpr_iova_space *space, uint64_t iova, unsigned prot, void **frame)
{
    struct fpr_iova_path path;
    if (!seek_covering(space, iova, &path))
        return -EINVAL;
    struct fpr_iova_entry e = fpr_iova_path_entry(&path);
    if ((e.va & IOVA_PROT & prot) != prot)
        return -EPERM;
    struct fpr_iova_ext *ext = fpr_iova_ext_get(space, &path);
    if (!ext)
        return -ENOMEM;
    uint64_t page = (iova - e.start) / FPR_IOVA_PAGE_SIZE;
    struct fpr_iova_chunk *chunk = fpr_iova_pinset_find(&ext->pins, page);
    unsigned i = page % IOVA_CHUNK;
    if (chunk && chunk->refs[i] > 0) {
        if (fpr_iova_pinset_add(&ext->pins, space->mem, page) < 0)
            return -ENOMEM;
        *frame = chunk->frames ? chunk->frames[i] : NULL;
    } else {
        int rc = pin_new(space, ext, page);
        if (rc)
            return rc;
        *frame = NULL;
    }
    space->stats.pins++;
    if (!*frame)
        *frame = (void *)(uintptr_t)page_address(ext, page); // NOLINT
    return 0;
}

static void unpin_page(struct fpr_iova_space *space, uint64_t iova)
{
    struct fpr_iova_path path;
    if (!seek_covering(space, iova, &path))
        return;
    struct fpr_iova_entry e = fpr_iova_path_entry(&path);
    if (e.ext)
        drop_page(space, e.ext, (iova - e.start) / FPR_IOVA_PAGE_SIZE, 1);
}

int fpr_iova_pin(struct fpr_iova_space *space, uint64_t iova, int64_t npages, unsigned prot,
                 void **pages)
{
    if (!space || !pages || npages == 0 || (space->config.wrap_overflow && npages < 0))
        return -EINVAL;
    if (npages < 0 || npages > FPR_IOVA_PIN_MAX)
        return -E2BIG;
    if (space->config.type == FPR_IOVA_TYPE1)
        return -EACCES;
    if (fpr_iova_lock(space))
        return -EDEADLK;
    bool device = space->config.emulated && space->config.unmap;
    int rc = space->invalid ? -EBUSY : device ? 0 : -EINVAL;
    uint64_t first = iova & ~(uint64_t)(FPR_IOVA_PAGE_SIZE - 1);
    if (rc == 0) /* 6.18 counts from the address, not from its page */
        rc = fpr_iova_check_wrap(space, space->config.wrap_overflow ? iova : first,
                                 (uint64_t)npages * FPR_IOVA_PAGE_SIZE);
    iova = first;
    void *got[FPR_IOVA_PIN_MAX]; /* the caller's array stays as it was on failure */
    int64_t done = 0;
    for (; rc == 0 && done < npages; done++) {
        rc = pin_page(space, iova + (uint64_t)done * FPR_IOVA_PAGE_SIZE, prot, &got[done]);
        if (rc)
            break;
    }
    while (rc && done > 0)
        unpin_page(space, iova + (uint64_t)--done * FPR_IOVA_PAGE_SIZE);
    pthread_mutex_unlock(&space->lock);
    if (rc)
        return rc;
    memcpy((void *)pages, (const void *)got, (size_t)npages * sizeof(*pages));
    return (int)npages;
}

int fpr_iova_unpin(struct fpr_iova_space *space, uint64_t iova, int64_t npages)
{
    if (!space)
        return -EINVAL;
    if (npages < 1 || npages > FPR_IOVA_PIN_MAX || space->config.type == FPR_IOVA_TYPE1)
        return 0;
    if (fpr_iova_lock(space))
        return -EDEADLK;
    int seen = 0;
    for (; seen < npages; seen++) {
        uint64_t at = iova + (uint64_t)seen * FPR_IOVA_PAGE_SIZE;
        struct fpr_iova_path path;
        if (!seek_covering(space, at, &path))
            break;
        unpin_page(space, at);
    }
    pthread_mutex_unlock(&space->lock);
    return seen;
}

/* Pages [first, last] of a mapping in one chunk, as a mask. */
static uint64_t span_mask(const struct fpr_iova_chunk *chunk, uint64_t first, uint64_t last)
{
    uint64_t base = chunk->key * IOVA_CHUNK;
    if (base > last || base + IOVA_CHUNK - 1 < first)
        return 0;
    uint64_t from = first > base ? first - base : 0;
    uint64_t to = last - base < IOVA_CHUNK - 1 ? last - base : IOVA_CHUNK - 1;
    return (~UINT64_C(0) >> (63 - (to - from))) << from;
}

/* Drops all references on pages [first, last]. Returns how many pages lost their pin. */
static int64_t drop_span(struct fpr_iova_space *space, struct fpr_iova_ext *ext, uint64_t first,
                         uint64_t last)
{
    int64_t dropped = 0;
    for (size_t i = 0; i < ext->pins.size;) {
        struct fpr_iova_chunk *chunk = ext->pins.table[i];
        uint64_t mask = chunk ? chunk->mask & span_mask(chunk, first, last) : 0;
        if (mask == 0) {
            i++;
            continue;
        }
        /* When its last page goes the chunk does, and another may move into its place. */
        uint64_t base = chunk->key * IOVA_CHUNK;
        for (; mask; mask &= mask - 1)
            dropped += drop_page(space, ext, base + (uint64_t)__builtin_ctzll(mask), UINT32_MAX);
    }
    return dropped;
}

int64_t fpr_iova_unpin_range(struct fpr_iova_space *space, uint64_t iova, uint64_t size)
{
    if (!space || size == 0 || iova + (size - 1) < iova)
        return -EINVAL;
    uint64_t last = iova + (size - 1);
    int64_t dropped = 0;
    if (fpr_iova_lock(space))
        return -EDEADLK;
    struct fpr_iova_ext *next;
    for (struct fpr_iova_ext *ext = space->pinned; ext; ext = next) {
        next = ext->next;
        if (ext->start > last || ext->last < iova)
            continue;
        uint64_t from = iova > ext->start ? iova - ext->start : 0;
        uint64_t to = (last < ext->last ? last : ext->last) - ext->start;
        dropped += drop_span(space, ext, from / FPR_IOVA_PAGE_SIZE, to / FPR_IOVA_PAGE_SIZE);
    }
    pthread_mutex_unlock(&space->lock);
    return dropped;
}
