/* A red-black tree whose shape after any history is that of the kernel's (lib/rbtree.c): the
 * textbook's insertion and removal, where a node with two children is replaced by its successor
 * itself. The caller finds the place and owns the nodes. */
#ifndef IOVA_RBTREE_H
#define IOVA_RBTREE_H

#include <stdbool.h>

struct fpr_iova_rb {
    struct fpr_iova_rb *child[2]; /* left, right */
    struct fpr_iova_rb *parent;
    bool red;
};

struct fpr_iova_rbtree {
    struct fpr_iova_rb *root;
};

/* Makes it the child of `parent` on that side, which is free; the root if there is no parent. */
void fpr_iova_rb_insert(struct fpr_iova_rbtree *tree, struct fpr_iova_rb *node,
                        struct fpr_iova_rb *parent, int side);
void fpr_iova_rb_remove(struct fpr_iova_rbtree *tree, struct fpr_iova_rb *node);
/* In order; NULL: none. */
struct fpr_iova_rb *fpr_iova_rb_first(const struct fpr_iova_rbtree *tree);
struct fpr_iova_rb *fpr_iova_rb_next(const struct fpr_iova_rb *node);
/* Links, colours and black heights. */
bool fpr_iova_rb_valid(const struct fpr_iova_rbtree *tree);

#endif
