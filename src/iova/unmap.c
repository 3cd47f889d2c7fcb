#include "iova/epoch.h"

#include <errno.h>

#include "iova/check.h"
#include "iova/dirty.h"
#include "iova/hardware.h"

/* As often the kernel tells a device before it gives up (and calls BUG). */
enum { TELL_MAX = 10 };
#define PLAIN (IOVA_PLAIN_READ | IOVA_PLAIN_WRITE)

/* An unmap under way. */
struct removal {
    uint64_t first, last; /* range, inclusive */
    bool all;
    struct fpr_iova_path path; /* the first mapping, if the check found it */
    bool found;
    struct fpr_iova_legacy_node *at; /* the same in the tree of broken_top */
    bool search;                     /* it must be searched for */
    uint64_t bytes;                  /* removed so far */
    struct fpr_iova_ext *gone;       /* extensions of what is removed, ascending */
    struct fpr_iova_ext **tail;
    bool changed;
    bool done; /* nothing can follow */
};

bool fpr_iova_bisects(struct fpr_iova_space *space, uint64_t start, uint64_t last,
                      struct fpr_iova_path *path, bool *found)
{
    *found = fpr_iova_tree_seek(&space->tree, start, path);
    if (!*found)
        return false;
    struct fpr_iova_entry e = fpr_iova_path_entry(path);
    if (e.start < start)
        return true;
    if (e.start > last || e.last == last)
        return false;
    struct fpr_iova_path end;
    if (e.last > last)
        return true;
    if (!fpr_iova_tree_seek(&space->tree, last, &end))
        return false;
    e = fpr_iova_path_entry(&end);
    return e.start <= last && e.last != last;
}

/* Flags and bitmap: what the kernel checks before it takes the lock. */
static int check_flags(uint64_t size, unsigned flags, const struct fpr_iova_bitmap *bitmap)
{
    if (flags & ~(FPR_IOVA_UNMAP_DIRTY | FPR_IOVA_UNMAP_ALL | FPR_IOVA_VADDR))
        return -EINVAL;
    if (!(flags & FPR_IOVA_UNMAP_DIRTY))
        return 0;
    if (flags & (FPR_IOVA_UNMAP_ALL | FPR_IOVA_VADDR))
        return -EINVAL;
    return fpr_iova_bitmap_valid(bitmap, size) ? 0 : -EINVAL;
}

/* Checks 3 to 7, in this order. */
static int check_range(struct fpr_iova_space *space, uint64_t iova, uint64_t size, unsigned flags,
                       const struct fpr_iova_bitmap *bitmap, struct removal *r)
{
    const uint64_t low = FPR_IOVA_PAGE_SIZE - 1;
    if (flags & FPR_IOVA_VADDR && space->config.emulated)
        return -EBUSY;
    if (iova & low)
        return -EINVAL;
    if (flags & FPR_IOVA_UNMAP_ALL) {
        if (iova || size)
            return -EINVAL;
    } else {
        if (size == 0)
            return -EINVAL;
        int rc = fpr_iova_check_wrap(space, iova, size);
        if (rc && space->config.wrap_overflow)
            return rc;
        if (size & low || rc)
            return -EINVAL;
    }
    if (flags & FPR_IOVA_UNMAP_DIRTY && (!space->tracking || bitmap->pgsize != FPR_IOVA_PAGE_SIZE))
        return -EINVAL;
    if (space->config.type == FPR_IOVA_TYPE1V2 && !(flags & FPR_IOVA_UNMAP_ALL) &&
        fpr_iova_bisects(space, iova, iova + (size - 1), &r->path, &r->found))
        return -EINVAL;
    return 0;
}

/* As below, when a mapping may end at 2^64: in the order of the kernel's tree. */
static bool next_in_legacy(struct fpr_iova_space *space, struct removal *r)
{
    if (r->search)
        r->at = fpr_iova_legacy_first(space, r->first, r->last, r->all);
    r->search = r->found = false;
    if (!r->at || r->at->start > r->last)
        return false;
    if (!r->at->top) {
        bool there = fpr_iova_tree_seek(&space->tree, r->at->start, &r->path);
        IOVA_ASSERT(there && fpr_iova_path_entry(&r->path).start == r->at->start);
    }
    return space->config.type == FPR_IOVA_TYPE1V2 || r->at->start >= r->first;
}

/* The next mapping to go, in r->path. */
static bool next_victim(struct fpr_iova_space *space, struct removal *r)
{
    if (space->legacy.active)
        return next_in_legacy(space, r);
    r->at = NULL;
    if (!r->found && !fpr_iova_tree_seek(&space->tree, r->first, &r->path))
        return false;
    r->found = false;
    uint64_t start = fpr_iova_path_entry(&r->path).start;
    return start <= r->last && (space->config.type == FPR_IOVA_TYPE1V2 || start >= r->first);
}

/* Is it one that ends at 2^64, which no reader ever sees? */
static bool is_top(const struct removal *r)
{
    return r->at && r->at->top;
}

static struct fpr_iova_entry victim(const struct removal *r)
{
    if (!is_top(r))
        return fpr_iova_path_entry(&r->path);
    return (struct fpr_iova_entry){
        .start = r->at->start,
        .last = r->at->last,
        .va = r->at->address | (r->at->invalid ? IOVA_INVALID : 0),
    };
}

static bool has_pins(const struct fpr_iova_entry *e)
{
    return e->ext && e->ext->pins.pages > 0;
}

static void tell(struct fpr_iova_space *space, const struct fpr_iova_entry *e)
{
    fpr_iova_unmap_fn unmap = space->config.unmap;
    void *ctx = space->config.unmap_ctx;
    if (!unmap)
        return; /* the device is closed and left its pins */
    space->stats.notifications++;
    struct fpr_iova_teller self;
    fpr_iova_tell_begin(space, &self);
    pthread_mutex_unlock(&space->lock);
    unmap(ctx, space, e->start, e->last - e->start + 1);
    pthread_mutex_lock(&space->lock);
    fpr_iova_tell_end(space, &self);
}

static void account(struct fpr_iova_space *space, struct removal *r, const struct fpr_iova_entry *e)
{
    r->bytes += e->last - e->start + 1;
    space->avail++;
    space->stats.unmaps++;
    fpr_iova_hardware_unpin(space, e, is_top(r) ? r->at : NULL);
    if (e->va & IOVA_INVALID)
        space->invalid--;
    struct fpr_iova_legacy_node *node = r->at;
    r->at = node ? fpr_iova_legacy_next(node) : NULL;
    fpr_iova_legacy_unlink(space, node, e->start);
    if (e->ext) {
        e->ext->next = NULL;
        *r->tail = e->ext;
        r->tail = &e->ext->next;
    }
}

/* Removes the victim and those behind it in its leaf that need nobody to be told. Returns the last
 * byte removed. */
static uint64_t remove_run(struct fpr_iova_space *space, struct removal *r)
{
    if (fpr_iova_tree_reserve(&space->tree)) {
        /* No memory: what earlier removals left comes back, and is at least as much. */
        fpr_iova_epoch_wait(space);
    }
    struct fpr_iova_path at = r->path;
    unsigned count = 0;
    uint64_t last = 0;
    for (; at.pos < at.leaf->n; at.pos++, count++) {
        struct fpr_iova_entry e = fpr_iova_path_entry(&at);
        bool quiet = !has_pins(&e) && !(space->config.notify_all && space->config.unmap);
        if (count > 0 && (e.start > r->last || !quiet || space->legacy.active))
            break;
        account(space, r, &e);
        last = e.last;
    }
    fpr_iova_tree_remove(&space->tree, &r->path, count);
    r->changed = true;
    return last;
}

/* Returns 0, -EBUSY when a device keeps its pins, or -EINVAL when the range cuts a mapping that was
 * made meanwhile; what went before it stays removed. */
static int remove_range(struct fpr_iova_space *space, struct removal *r)
{
    uint64_t told = 0; /* the mapping told last, + 1 */
    unsigned times = 0;
    while (next_victim(space, r)) {
        struct fpr_iova_entry e = victim(r);
        bool all = space->config.notify_all && space->config.unmap && told != e.start + 1;
        if (!has_pins(&e) && !all) {
            told = 0; /* the next one may begin there too */
            if (is_top(r))
                account(space, r, &e);
            else if (remove_run(space, r) >= r->last && !space->legacy.active)
                break;
            continue;
        }
        times = told == e.start + 1 ? times + 1 : 1;
        told = e.start + 1;
        if (times > TELL_MAX)
            return -EBUSY;
        /* The lock is dropped: who unmaps what went already must find nobody in it. */
        if (r->changed)
            fpr_iova_epoch_wait(space);
        r->changed = false;
        tell(space, &e);
        r->search = true;
        /* Meanwhile somebody may have mapped what reaches out of the range. */
        if (space->config.type == FPR_IOVA_TYPE1V2 && !r->all &&
            fpr_iova_bisects(space, r->first, r->last, &r->path, &r->found))
            return -EINVAL;
    }
    return 0;
}

/* Readers are out of what went: dirty bits can be read, memory freed. */
static void finish(struct fpr_iova_space *space, struct removal *r, uint64_t iova,
                   struct fpr_iova_bitmap *bitmap)
{
    if (r->changed)
        fpr_iova_epoch_wait(space);
    uint64_t written = 0;
    while (r->gone) {
        struct fpr_iova_ext *ext = r->gone;
        r->gone = ext->next;
        if (bitmap)
            fpr_iova_dirty_report(space, ext, iova, bitmap, &written);
        fpr_iova_ext_free(space, ext);
    }
}

/* Marks the victim's address as invalid, or valid again, and goes on to the next one. Returns 0 or
 * -ENOMEM. */
static int mark(struct fpr_iova_space *space, struct removal *r, bool invalid)
{
    struct fpr_iova_entry e = victim(r);
    if (is_top(r)) {
        r->at->invalid = invalid;
    } else {
        int rc = fpr_iova_tree_reserve(&space->tree);
        if (rc && invalid)
            return rc;
        if (rc) /* as in remove_run() */
            fpr_iova_epoch_wait(space);
        uint64_t va = invalid ? e.va | IOVA_INVALID : e.va & ~IOVA_INVALID;
        fpr_iova_tree_set_va(&space->tree, &r->path, va & ~PLAIN);
        r->changed = true;
    }
    space->invalid += invalid ? 1 : UINT64_MAX;
    if (r->at)
        r->at = fpr_iova_legacy_next(r->at);
    r->done = e.last == UINT64_MAX && !r->at;
    r->first = e.last + 1;
    return 0;
}

/* FPR_IOVA_VADDR: marks instead of removing; undone if one is marked already. */
static int invalidate(struct fpr_iova_space *space, struct removal *r)
{
    const struct removal fresh = *r;
    unsigned marked = 0;
    int rc = 0;
    for (; !r->done && next_victim(space, r); marked++) {
        struct fpr_iova_entry e = victim(r);
        rc = e.va & IOVA_INVALID ? -EINVAL : mark(space, r, true);
        if (rc)
            break;
        r->bytes += e.last - e.start + 1;
    }
    if (rc == 0)
        return 0;
    bool changed = r->changed;
    *r = fresh;
    r->changed = changed;
    r->found = false; /* the leaf that was found has been replaced */
    for (; marked > 0 && next_victim(space, r); marked--)
        mark(space, r, false);
    return rc;
}

/* Under the lock, arguments checked. */
static int run(struct fpr_iova_space *space, unsigned flags, struct fpr_iova_bitmap *bitmap,
               struct removal *r)
{
    uint64_t first = r->first;
    int rc = 0;
    if (!r->all && space->config.broken_top && r->last == UINT64_MAX) {
        /* The end of the range wraps: everything seems to begin behind it. */
    } else if (flags & FPR_IOVA_VADDR) {
        rc = invalidate(space, r);
    } else {
        rc = remove_range(space, r);
    }
    finish(space, r, first, flags & FPR_IOVA_UNMAP_DIRTY ? bitmap : NULL);
    return rc;
}

int fpr_iova_unmap_flags(struct fpr_iova_space *space, uint64_t iova, uint64_t size, unsigned flags,
                         struct fpr_iova_bitmap *bitmap, uint64_t *unmapped)
{
    if (!space)
        return -EINVAL;
    int rc = check_flags(size, flags, bitmap);
    if (rc)
        return rc;
    struct removal r;
    r.all = flags & FPR_IOVA_UNMAP_ALL;
    r.first = iova;
    r.last = r.all ? UINT64_MAX : iova + (size - 1);
    r.bytes = 0;
    r.gone = NULL;
    r.tail = &r.gone;
    r.found = r.changed = r.done = false;
    r.at = NULL;
    r.search = true;
    rc = fpr_iova_epoch_lock(space);
    if (rc)
        return rc;
    rc = check_range(space, iova, size, flags, bitmap, &r);
    if (rc == 0 && fpr_iova_tells_here(space))
        rc = -EDEADLK;
    if (rc == 0)
        rc = run(space, flags, bitmap, &r);
    pthread_mutex_unlock(&space->lock);
    if (rc == 0 && unmapped)
        *unmapped = r.bytes;
    return rc;
}

int fpr_iova_unmap(struct fpr_iova_space *space, uint64_t iova, uint64_t size, uint64_t *unmapped)
{
    return fpr_iova_unmap_flags(space, iova, size, 0, NULL, unmapped);
}

int fpr_iova_unmap_all(struct fpr_iova_space *space, uint64_t *unmapped)
{
    return fpr_iova_unmap_flags(space, 0, 0, FPR_IOVA_UNMAP_ALL, NULL, unmapped);
}

int fpr_iova_unmap_dirty(struct fpr_iova_space *space, uint64_t iova, uint64_t size,
                         struct fpr_iova_bitmap *bitmap, uint64_t *unmapped)
{
    return fpr_iova_unmap_flags(space, iova, size, FPR_IOVA_UNMAP_DIRTY, bitmap, unmapped);
}
