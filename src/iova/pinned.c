/* Questions about pins, by memory address. */
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

/* Pages of memory with a pin, each once: those that are held, and between them those pinned one by
 * one. */
struct sweep {
    const struct fpr_iova_space *space;
    uint64_t next; /* first page not looked at */
    uint64_t last;
    uint64_t count;
};

static void sweep_run(void *ctx, const struct fpr_iova_run *run)
{
    struct sweep *s = ctx;
    uint64_t to = run->last < s->last ? run->last : s->last;
    if (run->first > s->next) {
        s->count += fpr_iova_pinset_count(&s->space->backing, s->next, run->first - s->next);
        s->next = run->first;
    }
    if (to >= s->next) {
        s->count += to - s->next + 1;
        s->next = to + 1;
    }
}

uint64_t fpr_iova_count_pages(const struct fpr_iova_space *space, uint64_t first, uint64_t last)
{
    struct sweep s = {space, first, last, 0};
    if (space->held.root)
        fpr_iova_held_walk(&space->held, first, last, sweep_run, &s);
    if (s.next <= last)
        s.count += fpr_iova_pinset_count(&space->backing, s.next, last - s.next + 1);
    return s.count;
}

/* The pages of memory that may wrap. */
static void page_range(const void *addr, size_t len, uint64_t *first, uint64_t *last)
{
    uint64_t most = UINTPTR_MAX - (uintptr_t)addr; /* bytes behind the first */
    *first = (uintptr_t)addr / FPR_IOVA_PAGE_SIZE;
    *last = ((uintptr_t)addr + (len - 1 < most ? len - 1 : most)) / FPR_IOVA_PAGE_SIZE;
}

uint64_t fpr_iova_pinned_in(struct fpr_iova_space *space, const void *addr, size_t len)
{
    uint64_t first, last;
    if (!space || len == 0)
        return 0;
    page_range(addr, len, &first, &last);
    pthread_mutex_lock(&space->pin_lock);
    uint64_t count = fpr_iova_count_pages(space, first, last);
    pthread_mutex_unlock(&space->pin_lock);
    return count;
}

bool fpr_iova_is_pinned(struct fpr_iova_space *space, const void *addr, size_t len)
{
    uint64_t first, last;
    if (!space || len == 0)
        return false;
    page_range(addr, len, &first, &last);
    pthread_mutex_lock(&space->pin_lock);
    bool pinned = fpr_iova_held_find(&space->held, first, last) ||
                  fpr_iova_pinset_count(&space->backing, first, last - first + 1) > 0;
    pthread_mutex_unlock(&space->pin_lock);
    return pinned;
}

uint64_t fpr_iova_frames_pinned(struct fpr_iova_space *space)
{
    if (fpr_iova_lock(space))
        return 0;
    uint64_t frames = fpr_iova_count_pages(space, 0, UINT64_MAX / FPR_IOVA_PAGE_SIZE) + space->kept;
    pthread_mutex_unlock(&space->lock);
    return frames;
}
