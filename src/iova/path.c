/* Going through the tree, for the writer. */
#include "iova/leaf.h"
#include "iova/tree.h"

/* Leftmost leaf below `node`, which has `level` inner levels above it. */
static void path_down_left(struct fpr_iova_path *path, void *node, unsigned level)
{
    for (; level < path->height; level++) {
        path->node[level] = node;
        path->idx[level] = 0;
        node = atomic_load_explicit(&path->node[level]->child[0], memory_order_relaxed);
    }
    path->leaf = node;
    path->pos = 0;
}

/* The leaf where `page` belongs; pos = number of starts at or below it. */
void fpr_iova_path_down(struct fpr_iova_tree *tree, uint64_t page, struct fpr_iova_path *path)
{
    uintptr_t root = atomic_load_explicit(&tree->root, memory_order_relaxed);
    void *node = fpr_iova_root_node(root);
    path->height = root & 63;
    for (unsigned level = 0; level < path->height; level++) {
        struct fpr_iova_inner *inner = node;
        path->node[level] = inner;
        path->idx[level] = fpr_iova_inner_child(inner, page);
        node = atomic_load_explicit(&inner->child[path->idx[level]], memory_order_relaxed);
    }
    path->leaf = node;
    path->pos = fpr_iova_leaf_count(path->leaf, page);
}

bool fpr_iova_path_next_leaf(struct fpr_iova_path *path)
{
    for (unsigned level = path->height; level-- > 0;) {
        struct fpr_iova_inner *inner = path->node[level];
        if (path->idx[level] + 1 < inner->n) {
            path->idx[level]++;
            void *child =
                atomic_load_explicit(&inner->child[path->idx[level]], memory_order_relaxed);
            path_down_left(path, child, level + 1);
            return true;
        }
    }
    return false;
}

bool fpr_iova_tree_seek(struct fpr_iova_tree *tree, uint64_t x, struct fpr_iova_path *path)
{
    fpr_iova_path_down(tree, x >> IOVA_PAGE_SHIFT, path);
    if (path->pos > 0 && fpr_iova_leaf_entry(path->leaf, path->pos - 1).last >= x) {
        path->pos--;
        return true;
    }
    return path->pos < path->leaf->n || fpr_iova_path_next_leaf(path);
}

bool fpr_iova_tree_next(struct fpr_iova_path *path)
{
    if (path->pos + 1 < path->leaf->n) {
        path->pos++;
        return true;
    }
    return fpr_iova_path_next_leaf(path);
}

struct fpr_iova_entry fpr_iova_path_entry(const struct fpr_iova_path *path)
{
    return fpr_iova_leaf_entry(path->leaf, path->pos);
}

bool fpr_iova_tree_place(struct fpr_iova_tree *tree, uint64_t start, uint64_t last,
                         struct fpr_iova_path *path)
{
    fpr_iova_path_down(tree, start >> IOVA_PAGE_SHIFT, path);
    if (path->pos > 0 && fpr_iova_leaf_entry(path->leaf, path->pos - 1).last >= start)
        return false;
    if (path->pos < path->leaf->n)
        return fpr_iova_leaf_start(path->leaf, path->pos) > last;
    struct fpr_iova_path next = *path;
    return !fpr_iova_path_next_leaf(&next) || fpr_iova_leaf_start(next.leaf, 0) > last;
}
