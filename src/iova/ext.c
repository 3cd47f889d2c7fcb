#include "iova/space.h"

#include <errno.h>
#include <stddef.h>

#include "iova/check.h"
#include "iova/leaf.h"

struct fpr_iova_ext *fpr_iova_ext_new(struct fpr_iova_space *space,
                                      const struct fpr_iova_entry *entry)
{
    struct fpr_iova_ext *ext = space->mem->zalloc(space->mem->ctx, sizeof(*ext));
    if (!ext)
        return NULL;
    fpr_expect_atomics(ext, offsetof(struct fpr_iova_ext, old_bitmap));
    ext->start = entry->start;
    ext->last = entry->last;
    atomic_init(&ext->va, entry->va);
    return ext;
}

struct fpr_iova_ext *fpr_iova_ext_get(struct fpr_iova_space *space,
                                      const struct fpr_iova_path *path)
{
    struct fpr_iova_entry entry = fpr_iova_path_entry(path);
    if (entry.ext)
        return entry.ext;
    struct fpr_iova_ext *ext = fpr_iova_ext_new(space, &entry);
    if (ext)
        fpr_iova_leaf_set_ext(path->leaf, path->pos, ext);
    return ext;
}

int fpr_iova_ext_track(struct fpr_iova_space *space, struct fpr_iova_ext *ext)
{
    uint64_t pages = (ext->last - ext->start) / FPR_IOVA_PAGE_SIZE + 1;
    if (pages > IOVA_MAX_TRACKED)
        return -EINVAL;
    size_t words = (size_t)((pages + 63) / 64 + 1);
    _Atomic uint64_t *bitmap = space->mem->zalloc(space->mem->ctx, words * sizeof(*bitmap));
    if (!bitmap)
        return -ENOMEM;
    fpr_expect_atomics(bitmap, words * sizeof(*bitmap));
    ext->words = words;
    atomic_store_explicit(&ext->bitmap, bitmap, memory_order_release);
    return 0;
}

void fpr_iova_ext_untrack(struct fpr_iova_ext *ext)
{
    ext->old_bitmap = atomic_load_explicit(&ext->bitmap, memory_order_relaxed);
    atomic_store_explicit(&ext->bitmap, NULL, memory_order_release);
}

void fpr_iova_ext_free_bitmap(struct fpr_iova_space *space, struct fpr_iova_ext *ext)
{
    if (!ext->old_bitmap)
        return;
    space->mem->free(space->mem->ctx, (void *)ext->old_bitmap,
                     ext->words * sizeof(*ext->old_bitmap));
    ext->old_bitmap = NULL;
}

void fpr_iova_ext_free(struct fpr_iova_space *space, struct fpr_iova_ext *ext)
{
    if (!ext)
        return;
    fpr_iova_ext_untrack(ext);
    fpr_iova_ext_free_bitmap(space, ext);
    fpr_iova_pinset_free(&ext->pins, space->mem);
    space->mem->free(space->mem->ctx, ext, sizeof(*ext));
}
