#include "iova/space.h"

#include <errno.h>

/* What the kernel asks argsz to cover at least. */
enum { MAP_MIN = 32, UNMAP_MIN = 24, UNMAP_BITMAP_MIN = 48, DIRTY_MIN = 8, DIRTY_GET_MIN = 48 };
enum { DIRTY_START = 1, DIRTY_STOP = 2, DIRTY_GET = 4 };

int fpr_iova_ioctl_map_dma(struct fpr_iova_space *space, const struct fpr_iova_ioctl_map *map)
{
    if (!space || !map || map->argsz < MAP_MIN)
        return -EINVAL;
    return fpr_iova_map(space, map->iova, map->size, map->vaddr, map->flags);
}

int fpr_iova_ioctl_unmap_dma(struct fpr_iova_space *space, struct fpr_iova_ioctl_unmap *unmap)
{
    if (!space || !unmap || unmap->argsz < UNMAP_MIN)
        return -EINVAL;
    bool dirty = unmap->flags & FPR_IOVA_UNMAP_DIRTY;
    if (dirty && unmap->argsz < UNMAP_BITMAP_MIN)
        return -EINVAL;
    return fpr_iova_unmap_flags(space, unmap->iova, unmap->size, unmap->flags,
                                dirty ? &unmap->bitmap : NULL, &unmap->size);
}

int fpr_iova_ioctl_dirty_pages(struct fpr_iova_space *space, struct fpr_iova_ioctl_dirty *dirty)
{
    if (!space || !dirty)
        return -EINVAL;
    if (space->config.type == FPR_IOVA_TYPE1)
        return -EACCES;
    if (dirty->argsz < DIRTY_MIN)
        return -EINVAL;
    switch (dirty->flags) {
    case DIRTY_START:
        return fpr_iova_dirty_start(space);
    case DIRTY_STOP:
        return fpr_iova_dirty_stop(space);
    case DIRTY_GET:
        if (dirty->argsz < DIRTY_GET_MIN)
            return -EINVAL;
        return fpr_iova_dirty_get(space, dirty->iova, dirty->size, &dirty->bitmap);
    default:
        return -EINVAL;
    }
}
