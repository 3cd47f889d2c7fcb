#include "iova/epoch.h"

#include <errno.h>
#include <limits.h>

#include "iova/guard.h"
#include "iova/hardware.h"
#include "iova/leaf.h"

/* Nodes that may wait for readers before a map tries to get them back. */
enum { POLL_AT = 256 };

int fpr_iova_check_wrap(const struct fpr_iova_space *space, uint64_t start, uint64_t size)
{
    if (start + (size - 1) >= start)
        return 0;
    return space->config.wrap_overflow ? -EOVERFLOW : -EINVAL;
}

/* Checks 1 to 4: of the arguments alone. */
static int check_arguments(const struct fpr_iova_space *space, uint64_t iova, uint64_t size,
                           uint64_t vaddr, unsigned flags)
{
    bool prot = flags & (FPR_IOVA_READ | FPR_IOVA_WRITE);
    bool set_vaddr = flags & FPR_IOVA_VADDR;
    if (flags & ~(FPR_IOVA_READ | FPR_IOVA_WRITE | FPR_IOVA_VADDR) || prot == set_vaddr)
        return -EINVAL;
    if (size == 0)
        return -EINVAL;
    bool aligned = ((size | iova | vaddr) & (FPR_IOVA_PAGE_SIZE - 1)) == 0;
    if (!aligned && !space->config.wrap_overflow)
        return -EINVAL;
    int rc = fpr_iova_check_wrap(space, iova, size);
    if (rc == 0)
        rc = fpr_iova_check_wrap(space, vaddr, size);
    return rc ? rc : aligned ? 0 : -EINVAL;
}

/* Flags that a mapping's address word carries. */
static uint64_t va_flags(const struct fpr_iova_space *space, uint64_t size, uint64_t vaddr,
                         unsigned prot)
{
    uint64_t flags = prot | (space->config.capable ? IOVA_CAPABLE : 0);
    if (size > INT_MAX || vaddr > IOVA_USER_END - size || !(prot & FPR_IOVA_READ))
        return flags;
    return flags | IOVA_PLAIN_READ | (prot & FPR_IOVA_WRITE ? IOVA_PLAIN_WRITE : 0);
}

/* Checks 5 to 7: a mapping gets a new address. */
static int update_vaddr(struct fpr_iova_space *space, uint64_t iova, uint64_t size, uint64_t vaddr)
{
    struct fpr_iova_path path;
    if (!fpr_iova_tree_seek(&space->tree, iova, &path))
        return -ENOENT;
    const struct fpr_iova_entry was = fpr_iova_path_entry(&path);
    struct fpr_iova_entry e = was;
    if (e.start > iova + (size - 1))
        return -ENOENT;
    if (!(e.va & IOVA_INVALID) || e.start != iova || e.last - e.start != size - 1)
        return -EINVAL;
    int rc = fpr_iova_tree_reserve(&space->tree);
    if (rc)
        return rc;
    uint64_t va = vaddr | va_flags(space, size, vaddr, (unsigned)(e.va & IOVA_PROT));
    e.va = va; /* an address that a leaf may have no room for */
    if (!fpr_iova_entry_packs(&e) && !fpr_iova_ext_get(space, &path))
        return -ENOMEM;
    fpr_iova_tree_set_va(&space->tree, &path, va);
    fpr_iova_hardware_move(space, &was, vaddr);
    space->invalid--;
    fpr_iova_epoch_wait(space);
    return 0;
}

static bool in_one_range(const struct fpr_iova_space *space, uint64_t first, uint64_t last)
{
    for (unsigned i = 0; i < space->config.nranges; i++)
        if (first >= space->ranges[i].first && last <= space->ranges[i].last)
            return true;
    return space->config.nranges == 0;
}

/* Checks 8 to 10; finds the mapping's place. */
static int check_room(struct fpr_iova_space *space, const struct fpr_iova_entry *entry, bool top,
                      struct fpr_iova_path *path)
{
    if (!top && !fpr_iova_tree_place(&space->tree, entry->start, entry->last, path))
        return -EEXIST;
    if (space->avail == 0)
        return -ENOSPC;
    if (space->config.hardware && !in_one_range(space, entry->start, entry->last))
        return -EINVAL;
    return 0;
}

/* What a mapping needs beside its place. */
static int equip(struct fpr_iova_space *space, struct fpr_iova_entry *entry,
                 const struct fpr_iova_legacy_node *top)
{
    int rc = 0;
    if (space->tracking || !fpr_iova_entry_packs(entry)) {
        entry->ext = fpr_iova_ext_new(space, entry);
        rc = !entry->ext ? -ENOMEM : space->tracking ? fpr_iova_ext_track(space, entry->ext) : 0;
    }
    return rc ? rc : fpr_iova_hardware_pin(space, entry, top);
}

static int add_mapping(struct fpr_iova_space *space, struct fpr_iova_entry *entry)
{
    /* Before 6.18 nothing finds a mapping that ends at 2^64, not even the check for overlaps. */
    bool top = space->config.broken_top && entry->last == UINT64_MAX;
    struct fpr_iova_path path;
    struct fpr_iova_legacy_node *node;
    int rc = check_room(space, entry, top, &path);
    if (rc == 0)
        rc = fpr_iova_tree_reserve(&space->tree);
    if (rc == 0)
        rc = fpr_iova_legacy_link(space, entry, top, &node);
    if (rc)
        return rc;
    rc = equip(space, entry, top ? node : NULL);
    if (rc || top)
        fpr_iova_ext_free(space, entry->ext);
    if (rc) {
        fpr_iova_legacy_unlink(space, node, entry->start);
        return rc;
    }
    space->avail--;
    space->stats.maps++;
    if (top)
        return 0;
    fpr_iova_tree_insert(&space->tree, &path, entry);
    if (space->pool.retired >= POLL_AT && space->pool.retired >= space->pool.poll_at)
        fpr_iova_epoch_poll(space);
    return 0;
}

int fpr_iova_map(struct fpr_iova_space *space, uint64_t iova, uint64_t size, uint64_t vaddr,
                 unsigned flags)
{
    if (!space)
        return -EINVAL;
    bool set_vaddr = flags & FPR_IOVA_VADDR;
    int rc = set_vaddr ? fpr_iova_epoch_lock(space) : fpr_iova_lock(space);
    if (rc)
        return rc;
    rc = check_arguments(space, iova, size, vaddr, flags);
    if (rc == 0 && set_vaddr) {
        rc = update_vaddr(space, iova, size, vaddr);
    } else if (rc == 0) {
        struct fpr_iova_entry entry = {
            .start = iova,
            .last = iova + (size - 1),
            .va = vaddr | va_flags(space, size, vaddr, flags),
        };
        rc = add_mapping(space, &entry);
    }
    if (rc)
        space->stats.map_failures++;
    pthread_mutex_unlock(&space->lock);
    return rc;
}
