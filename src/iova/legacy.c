#include "iova/legacy.h"

#include <errno.h>
#include <string.h>

#include "iova/check.h"

enum { FIRST_NOTES = 64 };

static struct fpr_iova_legacy_node *node_of(const struct fpr_iova_rb *rb)
{
    return (struct fpr_iova_legacy_node *)(uintptr_t)rb; /* its first member */
}

/* Mappings are ordered by where they begin; of equals the newest is first. */
static int add_node(struct fpr_iova_space *space, uint64_t start, struct fpr_iova_legacy_node **out)
{
    struct fpr_iova_legacy_node *node = space->mem->zalloc(space->mem->ctx, sizeof(*node));
    if (!node)
        return -ENOMEM;
    struct fpr_iova_rb *parent = NULL;
    int side = 0;
    for (struct fpr_iova_rb *at = space->legacy.tree.root; at; at = at->child[side]) {
        parent = at;
        side = start > node_of(at)->start;
    }
    node->start = start;
    fpr_iova_rb_insert(&space->legacy.tree, &node->rb, parent, side);
    *out = node;
    return 0;
}

static void remove_node(struct fpr_iova_space *space, struct fpr_iova_legacy_node *node)
{
    fpr_iova_rb_remove(&space->legacy.tree, &node->rb);
    space->mem->free(space->mem->ctx, node, sizeof(*node));
}

static void free_nodes(struct fpr_iova_space *space)
{
    struct fpr_iova_rb *rb;
    while ((rb = fpr_iova_rb_first(&space->legacy.tree)) != NULL)
        remove_node(space, node_of(rb));
}

static void free_notes(struct fpr_iova_space *space)
{
    struct fpr_iova_legacy *legacy = &space->legacy;
    if (legacy->notes)
        space->mem->free(space->mem->ctx, legacy->notes, legacy->room * sizeof(*legacy->notes));
    legacy->notes = NULL;
    legacy->n = legacy->room = 0;
}

void fpr_iova_legacy_free(struct fpr_iova_space *space)
{
    free_nodes(space);
    free_notes(space);
    space->legacy.active = false;
}

static void note(struct fpr_iova_legacy *legacy, uint64_t start, bool removed)
{
    if (!legacy->lost) /* analyzer: null-dereference; notes are there unless lost says so */
        legacy->notes[legacy->n++] = start | removed;
    legacy->live += removed ? UINT64_MAX : 1;
    if (legacy->live == 0) {
        legacy->n = 0;
        legacy->lost = false;
    }
}

/* Room for one more mapping to come and for all to go, which must not fail. */
static int reserve_notes(struct fpr_iova_space *space)
{
    struct fpr_iova_legacy *legacy = &space->legacy;
    uint64_t need = legacy->n + legacy->live + 2;
    if (legacy->lost || need <= legacy->room)
        return 0;
    if (need > LEGACY_NOTES) {
        legacy->lost = true;
        free_notes(space);
        return 0;
    }
    size_t room = legacy->room ? legacy->room : FIRST_NOTES;
    while (room < need)
        room *= 2;
    uint64_t *notes = space->mem->zalloc(space->mem->ctx, room * sizeof(*notes));
    if (!notes)
        return -ENOMEM;
    size_t n = legacy->n;
    if (n > 0)
        memcpy(notes, legacy->notes, n * sizeof(*notes));
    free_notes(space);
    legacy->notes = notes;
    legacy->room = room;
    legacy->n = n;
    return 0;
}

static struct fpr_iova_legacy_node *find_start(const struct fpr_iova_space *space, uint64_t start)
{
    const struct fpr_iova_rb *at = space->legacy.tree.root;
    while (at && node_of(at)->start != start)
        at = at->child[start > node_of(at)->start];
    return node_of(at);
}

static int play_notes(struct fpr_iova_space *space)
{
    const struct fpr_iova_legacy *legacy = &space->legacy;
    struct fpr_iova_legacy_node *node;
    int rc = 0;
    for (size_t i = 0; i < legacy->n && rc == 0; i++) {
        if (legacy->notes[i] & 1)
            remove_node(space, find_start(space, legacy->notes[i] & ~UINT64_C(1)));
        else
            rc = add_node(space, legacy->notes[i], &node);
    }
    return rc;
}

/* The tree as it is when the first mapping that wraps is about to come. */
static int build(struct fpr_iova_space *space)
{
    bool ascending = space->legacy.lost;
    int rc = ascending ? 0 : play_notes(space);
    struct fpr_iova_path path;
    for (bool more = fpr_iova_tree_seek(&space->tree, 0, &path); more && rc == 0;
         more = fpr_iova_tree_next(&path)) {
        struct fpr_iova_entry e = fpr_iova_path_entry(&path);
        struct fpr_iova_legacy_node *node = ascending ? NULL : find_start(space, e.start);
        if (ascending)
            rc = add_node(space, e.start, &node);
        if (rc == 0)
            node->last = e.last;
    }
    return rc;
}

int fpr_iova_legacy_link(struct fpr_iova_space *space, const struct fpr_iova_entry *entry, bool top,
                         struct fpr_iova_legacy_node **node)
{
    struct fpr_iova_legacy *legacy = &space->legacy;
    *node = NULL;
    if (!space->config.broken_top)
        return 0;
    if (!top && !legacy->active) {
        int rc = reserve_notes(space);
        if (rc == 0)
            note(legacy, entry->start, false);
        return rc;
    }
    bool was_active = legacy->active;
    int rc = was_active ? 0 : build(space);
    if (rc == 0)
        rc = add_node(space, entry->start, node);
    legacy->active = was_active || rc == 0;
    if (rc) {
        if (!was_active)
            free_nodes(space);
        return rc;
    }
    free_notes(space);
    legacy->tops += top;
    (*node)->last = entry->last;
    (*node)->address = entry->va & ~IOVA_FLAGS;
    (*node)->top = top;
    return 0;
}

void fpr_iova_legacy_unlink(struct fpr_iova_space *space, struct fpr_iova_legacy_node *node,
                            uint64_t start)
{
    struct fpr_iova_legacy *legacy = &space->legacy;
    if (!space->config.broken_top)
        return;
    if (!node) {
        note(legacy, start, true);
        return;
    }
    legacy->tops -= node->top;
    remove_node(space, node);
    if (!legacy->tree.root)
        *legacy = (struct fpr_iova_legacy){0}; /* notes begin anew */
}

struct fpr_iova_legacy_node *fpr_iova_legacy_first(const struct fpr_iova_space *space,
                                                   uint64_t first, uint64_t last, bool all)
{
    struct fpr_iova_rb *at = space->legacy.tree.root, *found = NULL;
    while (at) {
        const struct fpr_iova_legacy_node *node = node_of(at);
        bool before_end = !node->top && first <= node->last;
        if (before_end) {
            found = at;
            if (first >= node->start)
                break;
        }
        at = at->child[!before_end];
    }
    return found && (all || node_of(found)->start <= last) ? node_of(found) : NULL;
}

struct fpr_iova_legacy_node *fpr_iova_legacy_next(const struct fpr_iova_legacy_node *node)
{
    return node_of(fpr_iova_rb_next(&node->rb));
}

bool fpr_iova_legacy_larger(const struct fpr_iova_space *space, uint64_t pages)
{
    bool larger = false;
    for (const struct fpr_iova_rb *at = fpr_iova_rb_first(&space->legacy.tree); at && !larger;
         at = fpr_iova_rb_next(at)) {
        const struct fpr_iova_legacy_node *node = node_of(at);
        larger = node->top && (node->last - node->start) / FPR_IOVA_PAGE_SIZE + 1 > pages;
    }
    return larger;
}

const char *fpr_iova_legacy_check(struct fpr_iova_space *space)
{
    uint64_t count = 0, tops = 0, before = 0;
    bool good = fpr_iova_rb_valid(&space->legacy.tree);
    for (const struct fpr_iova_rb *at = fpr_iova_rb_first(&space->legacy.tree); at && good;
         at = fpr_iova_rb_next(at)) {
        const struct fpr_iova_legacy_node *node = node_of(at);
        struct fpr_iova_path path;
        good = node->start >= before;
        before = node->start;
        if (!node->top)
            good &= fpr_iova_tree_seek(&space->tree, node->start, &path) &&
                    fpr_iova_path_entry(&path).start == node->start &&
                    fpr_iova_path_entry(&path).last == node->last;
        tops += node->top;
        count++;
    }
    if (!good || tops != space->legacy.tops || count != space->tree.count + tops)
        return "the tree of broken_top does not hold the mappings";
    return NULL;
}
