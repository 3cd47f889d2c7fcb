#include "iova/epoch.h"

#include <errno.h>

#include "iova/check.h"

int fpr_iova_reader_create(struct fpr_iova_space *space, struct fpr_iova_reader **out)
{
    if (!space || !out)
        return -EINVAL;
    if (fpr_iova_walks_here(space))
        return -EDEADLK;
    size_t size = sizeof(struct fpr_iova_reader) + 64;
    void *memory = space->mem->zalloc(space->mem->ctx, size);
    if (!memory)
        return -ENOMEM;
    fpr_expect_atomics(memory, size);
    struct fpr_iova_reader *reader = (void *)((char *)memory + (-(uintptr_t)memory & 63));
    reader->memory = memory;
    reader->space = space;
    pthread_mutex_lock(&space->lock);
    pthread_mutex_lock(&space->reader_lock);
    reader->next = space->readers;
    if (reader->next)
        reader->next->prev = reader;
    space->readers = reader;
    pthread_mutex_unlock(&space->reader_lock);
    space->pool.keep_retired = true;
    pthread_mutex_unlock(&space->lock);
    *out = reader;
    return 0;
}

static void add_stats(struct fpr_iova_stats *stats, struct fpr_iova_reader *reader)
{
#define FPR_X(name) stats->name += atomic_load_explicit(&reader->name, memory_order_relaxed);
    IOVA_READER_STATS(FPR_X)
#undef FPR_X
}

void fpr_iova_reader_destroy(struct fpr_iova_reader *reader)
{
    if (!reader || fpr_iova_walks_here(reader->space))
        return;
    struct fpr_iova_space *space = reader->space;
    if (reader->held)
        fpr_iova_put(reader);
    pthread_mutex_lock(&space->lock);
    add_stats(&space->stats, reader);
    pthread_mutex_lock(&space->reader_lock);
    if (reader->prev)
        reader->prev->next = reader->next;
    else
        space->readers = reader->next;
    if (reader->next)
        reader->next->prev = reader->prev;
    pthread_mutex_unlock(&space->reader_lock);
    if (!space->readers) {
        space->pool.keep_retired = false;
        fpr_iova_pool_reclaim(&space->pool);
    }
    pthread_mutex_unlock(&space->lock);
    space->mem->free(space->mem->ctx, reader->memory, sizeof(*reader) + 64);
}

int fpr_iova_get_stats(struct fpr_iova_space *space, struct fpr_iova_stats *stats)
{
    if (!space || !stats)
        return -EINVAL;
    if (fpr_iova_lock(space))
        return -EDEADLK;
    struct fpr_iova_stats sum = space->stats;
    for (struct fpr_iova_reader *r = space->readers; r; r = r->next)
        add_stats(&sum, r);
    pthread_mutex_unlock(&space->lock);
    *stats = sum;
    return 0;
}
