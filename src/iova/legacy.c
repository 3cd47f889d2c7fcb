#include "iova/legacy.h"

#include <errno.h>

struct legacy_node {
    struct legacy_node *child[2]; /* left, right */
    struct legacy_node *parent;
    uint64_t start;
    uint64_t last;
    bool red;
    bool top;
};

struct fpr_iova_legacy {
    struct legacy_node *root;
};

static void set_child(struct fpr_iova_legacy *tree, struct legacy_node *parent,
                      const struct legacy_node *old, struct legacy_node *node)
{
    if (!parent)
        tree->root = node;
    else
        parent->child[parent->child[1] == old] = node;
    if (node)
        node->parent = parent;
}

/* Moves a node down to its side `dir`; its other child takes its place. */
static void rotate(struct fpr_iova_legacy *tree, struct legacy_node *node, int dir)
{
    struct legacy_node *up = node->child[!dir];
    set_child(tree, node->parent, node, up);
    node->child[!dir] = up->child[dir];
    if (up->child[dir])
        up->child[dir]->parent = node;
    up->child[dir] = node;
    node->parent = up;
}

/* The textbook's repair after an insertion. */
static void repair(struct fpr_iova_legacy *tree, struct legacy_node *node)
{
    while (node->parent && node->parent->red) {
        struct legacy_node *parent = node->parent, *grand = parent->parent;
        int side = grand->child[1] == parent;
        struct legacy_node *uncle = grand->child[!side];
        if (uncle && uncle->red) {
            parent->red = uncle->red = false;
            grand->red = true;
            node = grand;
            continue;
        }
        if (parent->child[!side] == node) {
            rotate(tree, parent, side);
            parent = node;
        }
        parent->red = false;
        grand->red = true;
        rotate(tree, grand, !side);
        break;
    }
    tree->root->red = false;
}

static int add_node(struct fpr_iova_space *space, uint64_t start, uint64_t last, bool top)
{
    struct legacy_node *node = space->mem->zalloc(space->mem->ctx, sizeof(*node));
    if (!node)
        return -ENOMEM;
    *node = (struct legacy_node){.start = start, .last = last, .red = true, .top = top};
    struct legacy_node *parent = NULL, *at = space->legacy->root;
    int side = 0;
    while (at) {
        parent = at;
        side = start >= at->start;
        at = at->child[side];
    }
    node->parent = parent;
    if (parent)
        parent->child[side] = node;
    else
        space->legacy->root = node;
    repair(space->legacy, node);
    return 0;
}

int fpr_iova_legacy_add(struct fpr_iova_space *space, uint64_t start, uint64_t last, bool top)
{
    if (!space->legacy) {
        space->legacy = space->mem->zalloc(space->mem->ctx, sizeof(*space->legacy));
        if (!space->legacy)
            return -ENOMEM;
        struct fpr_iova_path path;
        int rc = 0;
        for (bool more = fpr_iova_tree_seek(&space->tree, 0, &path); more && rc == 0;
             more = fpr_iova_tree_next(&path)) {
            struct fpr_iova_entry e = fpr_iova_path_entry(&path);
            rc = add_node(space, e.start, e.last, false);
        }
        if (rc) {
            fpr_iova_legacy_free(space);
            return rc;
        }
    }
    return add_node(space, start, last, top);
}

static void unlink_node(struct fpr_iova_space *space, struct legacy_node *node)
{
    struct fpr_iova_legacy *tree = space->legacy;
    if (node->child[0] && node->child[1]) {
        struct legacy_node *next = node->child[1];
        while (next->child[0])
            next = next->child[0];
        node->start = next->start;
        node->last = next->last;
        node->top = next->top;
        node = next;
    }
    struct legacy_node *only = node->child[0] ? node->child[0] : node->child[1];
    set_child(tree, node->parent, node, only);
    space->mem->free(space->mem->ctx, node, sizeof(*node));
}

void fpr_iova_legacy_remove(struct fpr_iova_space *space, uint64_t start)
{
    struct legacy_node *node = space->legacy->root;
    while (node && (node->start != start || node->top))
        node = node->child[start >= node->start && !(node->top && start == node->start)];
    if (node)
        unlink_node(space, node);
}

bool fpr_iova_legacy_finds(struct fpr_iova_space *space, uint64_t first, uint64_t last, bool all)
{
    /* The end of a range up to 2^64 wraps too: everything seems to begin behind it. */
    if (space->config.broken_top && !all && last == UINT64_MAX)
        return false;
    if (!space->legacy)
        return true;
    const struct legacy_node *node = space->legacy->root, *found = NULL;
    while (node) {
        bool before_end = !node->top && first <= node->last;
        if (before_end) {
            found = node;
            if (first >= node->start)
                break;
        }
        node = node->child[!before_end];
    }
    return found && found->start <= last;
}

static void free_nodes(struct fpr_iova_space *space, struct legacy_node *node, uint64_t *bytes)
{
    while (node) {
        free_nodes(space, node->child[0], bytes);
        struct legacy_node *right = node->child[1];
        if (node->top) {
            *bytes += node->last - node->start + 1;
            space->avail++;
            space->stats.unmaps++;
        }
        space->mem->free(space->mem->ctx, node, sizeof(*node));
        node = right;
    }
}

uint64_t fpr_iova_legacy_clear(struct fpr_iova_space *space)
{
    uint64_t bytes = 0;
    free_nodes(space, space->legacy->root, &bytes);
    space->legacy->root = NULL;
    fpr_iova_legacy_free(space);
    return bytes;
}

void fpr_iova_legacy_free(struct fpr_iova_space *space)
{
    if (!space->legacy)
        return;
    uint64_t bytes = 0;
    free_nodes(space, space->legacy->root, &bytes);
    space->mem->free(space->mem->ctx, space->legacy, sizeof(*space->legacy));
    space->legacy = NULL;
}
