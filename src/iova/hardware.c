#include "iova/hardware.h"

#include <errno.h>

#include "iova/guard.h"

/* What an ordinary mapping begins at is its own; of those that end at 2^64 several may begin at the
 * same place. */
static uint64_t owner_of(const struct fpr_iova_entry *entry, const struct fpr_iova_legacy_node *top)
{
    return top ? (uintptr_t)top | 1 : entry->start;
}

static uint64_t pages_of(const struct fpr_iova_entry *entry)
{
    return (entry->last - entry->start) / FPR_IOVA_PAGE_SIZE + 1;
}

static uint64_t first_of(const struct fpr_iova_entry *entry)
{
    return (entry->va & ~IOVA_FLAGS) / FPR_IOVA_PAGE_SIZE;
}

static int fault_in(const struct fpr_iova_space *space, const struct fpr_iova_entry *entry)
{
    for (uint64_t i = 0; i < pages_of(entry); i++) {
        uint64_t at = (first_of(entry) + i) * FPR_IOVA_PAGE_SIZE;
        if (at >= IOVA_USER_END ||
            fpr_iova_guard_probe(space->guard, (void *)(uintptr_t)at, // NOLINT
                                 entry->va & FPR_IOVA_WRITE))
            return -EFAULT;
    }
    return 0;
}

static int charge(struct fpr_iova_space *space, const struct fpr_iova_entry *entry)
{
    uint64_t pages = pages_of(entry);
    if (!(entry->va & IOVA_CAPABLE) && (space->locked > space->config.locked_limit ||
                                        pages > space->config.locked_limit - space->locked))
        return -ENOMEM;
    space->locked += pages;
    return 0;
}

static void let_go(struct fpr_iova_space *space, const struct fpr_iova_entry *entry,
                   const struct fpr_iova_legacy_node *top)
{
    uint64_t first = first_of(entry);
    pthread_mutex_lock(&space->pin_lock);
    fpr_iova_held_drop(&space->held, space->mem, first, first + pages_of(entry) - 1,
                       owner_of(entry, top));
    pthread_mutex_unlock(&space->pin_lock);
}

int fpr_iova_hardware_pin(struct fpr_iova_space *space, const struct fpr_iova_entry *entry,
                          const struct fpr_iova_legacy_node *top)
{
    if (!space->config.hardware)
        return 0;
    uint64_t first = first_of(entry);
    struct fpr_iova_run *run =
        fpr_iova_run_new(space->mem, first, first + pages_of(entry) - 1, owner_of(entry, top));
    if (!run)
        return -ENOMEM;
    /* Before they are touched: who asks meanwhile must not give them away. */
    pthread_mutex_lock(&space->pin_lock);
    fpr_iova_held_add(&space->held, run);
    pthread_mutex_unlock(&space->pin_lock);
    int rc = fault_in(space, entry);
    if (rc == 0)
        rc = charge(space, entry);
    if (rc)
        let_go(space, entry, top);
    return rc;
}

void fpr_iova_hardware_unpin(struct fpr_iova_space *space, const struct fpr_iova_entry *entry,
                             const struct fpr_iova_legacy_node *top)
{
    if (!space->config.hardware)
        return;
    let_go(space, entry, top);
    space->locked -= pages_of(entry);
}

void fpr_iova_hardware_move(struct fpr_iova_space *space, const struct fpr_iova_entry *entry,
                            uint64_t address)
{
    uint64_t first = first_of(entry), to = address / FPR_IOVA_PAGE_SIZE;
    if (!space->config.hardware)
        return;
    pthread_mutex_lock(&space->pin_lock);
    struct fpr_iova_run *run =
        fpr_iova_held_take(&space->held, first, first + pages_of(entry) - 1, owner_of(entry, NULL));
    while (run) {
        struct fpr_iova_run *next = run->next;
        run->first = run->first - first + to;
        run->last = run->last - first + to;
        fpr_iova_held_add(&space->held, run);
        run = next;
    }
    pthread_mutex_unlock(&space->pin_lock);
}

struct check {
    struct fpr_iova_space *space;
    uint64_t pages;
    bool good;
};

static void check_run(void *ctx, const struct fpr_iova_run *run)
{
    struct check *c = ctx;
    c->pages += run->last - run->first + 1;
    if (run->owner & 1) {
        c->good &= c->space->legacy.tops > 0;
        return;
    }
    struct fpr_iova_path path;
    bool there = fpr_iova_tree_seek(&c->space->tree, run->owner, &path);
    struct fpr_iova_entry e = {0};
    if (there)
        e = fpr_iova_path_entry(&path);
    c->good &= there && e.start == run->owner && run->first >= first_of(&e) &&
               run->last < first_of(&e) + pages_of(&e);
}

const char *fpr_iova_hardware_check(struct fpr_iova_space *space)
{
    struct check c = {space, 0, true};
    fpr_iova_held_walk(&space->held, 0, UINT64_MAX, check_run, &c);
    if (!fpr_iova_held_valid(&space->held))
        return "memory held by mappings is out of order";
    if (!c.good || (space->config.hardware ? c.pages > space->locked : c.pages > 0))
        return "memory is held that no mapping holds";
    return NULL;
}
