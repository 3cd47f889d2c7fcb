/* The mappings of a space: a B+-tree by first address, read without locks, changed by one writer
 * at a time. */
#ifndef IOVA_TREE_H
#define IOVA_TREE_H

#include "iova/node.h"

/* Each level above the leaves multiplies by at least 2 when it is made, so this is never reached.
 */
enum { IOVA_HEIGHT_MAX = 16 };

struct fpr_iova_tree {
    /* Address of the top node | number of inner levels above the leaves. */
    _Atomic uintptr_t root;
    struct fpr_iova_pool *pool;
    uint64_t count;
};

/* A place in the tree, for the writer. */
struct fpr_iova_path {
    struct fpr_iova_inner *node[IOVA_HEIGHT_MAX]; /* from the top */
    unsigned idx[IOVA_HEIGHT_MAX];
    unsigned height;
    struct fpr_iova_leaf *leaf;
    unsigned pos;
};

static inline void *fpr_iova_root_node(uintptr_t root)
{
    return (void *)(root & ~(uintptr_t)63); // NOLINT(performance-no-int-to-ptr)
}

/* Which child of a node holds a page: the number of keys at or below it. No branches. */
static inline unsigned fpr_iova_inner_child(const struct fpr_iova_inner *inner, uint64_t page)
{
    unsigned group = 0, rest = 0;
    for (unsigned i = 0; i < 7; i++)
        group += inner->top[i] <= page;
    __builtin_prefetch((const void *)&inner->child[8 * group]);
    const uint64_t *low = inner->low[group];
    for (unsigned i = 0; i < 7; i++)
        rest += low[i] <= page;
    return 8 * group + rest;
}

/* Readers: the leaf where a page belongs. */
static inline struct fpr_iova_leaf *fpr_iova_tree_leaf(struct fpr_iova_tree *tree, uint64_t page)
{
    uintptr_t root = atomic_load_explicit(&tree->root, memory_order_acquire);
    void *node = fpr_iova_root_node(root);
    for (unsigned h = root & 63; h > 0; h--) {
        struct fpr_iova_inner *inner = node;
        unsigned i = fpr_iova_inner_child(inner, page);
        node = atomic_load_explicit(&inner->child[i], memory_order_acquire);
    }
    __builtin_prefetch((char *)node + 64);
    __builtin_prefetch((char *)node + 128);
    __builtin_prefetch((char *)node + 192);
    return node;
}

int fpr_iova_tree_init(struct fpr_iova_tree *tree, struct fpr_iova_pool *pool);
/* What one insertion or removal needs at most. Returns 0 or -ENOMEM. */
int fpr_iova_tree_reserve(struct fpr_iova_tree *tree);

/* First mapping whose last byte is at or above x, with its path. False: none. */
bool fpr_iova_tree_seek(struct fpr_iova_tree *tree, uint64_t x, struct fpr_iova_path *path);
/* Moves to the following mapping. False: there is none. */
bool fpr_iova_tree_next(struct fpr_iova_path *path);
/* The mapping at a path, by value. */
struct fpr_iova_entry fpr_iova_path_entry(const struct fpr_iova_path *path);
/* The path's first steps: to the leaf where a page belongs, and the leaf after this one. */
void fpr_iova_path_down(struct fpr_iova_tree *tree, uint64_t page, struct fpr_iova_path *path);
bool fpr_iova_path_next_leaf(struct fpr_iova_path *path);

/* The place of a new mapping [start, last]. False: it would overlap another. */
bool fpr_iova_tree_place(struct fpr_iova_tree *tree, uint64_t start, uint64_t last,
                         struct fpr_iova_path *path);
/* Adds a mapping at its place, after fpr_iova_tree_reserve(). It has an extension if it does not
 * pack (leaf.h). The path is no good afterwards. */
void fpr_iova_tree_insert(struct fpr_iova_tree *tree, struct fpr_iova_path *path,
                          const struct fpr_iova_entry *entry);
/* Removes `count` mappings from the path's place on, all in its leaf, after a reserve. The path is
 * no good afterwards. */
void fpr_iova_tree_remove(struct fpr_iova_tree *tree, const struct fpr_iova_path *path,
                          unsigned count);
/* Puts another address word in a mapping's place, after a reserve. */
void fpr_iova_tree_set_va(struct fpr_iova_tree *tree, const struct fpr_iova_path *path,
                          uint64_t va);
/* Structure only: keys, order, overlaps, count. NULL or the rule broken. */
const char *fpr_iova_tree_check(struct fpr_iova_tree *tree);

#endif
