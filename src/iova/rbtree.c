#include "iova/rbtree.h"

#include <stddef.h>

static bool is_red(const struct fpr_iova_rb *node)
{
    return node && node->red;
}

/* `node` takes the place of `old` below old's parent. */
static void replace(struct fpr_iova_rbtree *tree, const struct fpr_iova_rb *old,
                    struct fpr_iova_rb *node)
{
    struct fpr_iova_rb *parent = old->parent;
    if (!parent)
        tree->root = node;
    else
        parent->child[parent->child[1] == old] = node;
    if (node)
        node->parent = parent;
}

static void set_child(struct fpr_iova_rb *parent, int side, struct fpr_iova_rb *node)
{
    parent->child[side] = node;
    if (node)
        node->parent = parent;
}

/* Moves a node down to its side `dir`; its other child takes its place. */
static void rotate(struct fpr_iova_rbtree *tree, struct fpr_iova_rb *node, int dir)
{
    struct fpr_iova_rb *up = node->child[!dir];
    replace(tree, node, up);
    set_child(node, !dir, up->child[dir]);
    set_child(up, dir, node);
}

void fpr_iova_rb_insert(struct fpr_iova_rbtree *tree, struct fpr_iova_rb *node,
                        struct fpr_iova_rb *parent, int side)
{
    *node = (struct fpr_iova_rb){.parent = parent, .red = true};
    if (parent)
        parent->child[side] = node;
    else
        tree->root = node;
    while (is_red(node->parent)) {
        struct fpr_iova_rb *above = node->parent, *grand = above->parent;
        int dir = grand->child[1] == above;
        struct fpr_iova_rb *uncle = grand->child[!dir];
        if (is_red(uncle)) {
            above->red = uncle->red = false;
            grand->red = true;
            node = grand;
            continue;
        }
        if (above->child[!dir] == node) {
            rotate(tree, above, dir);
            above = node;
        }
        above->red = false;
        grand->red = true;
        rotate(tree, grand, !dir);
        break;
    }
    tree->root->red = false;
}

/* All ways through the `dir` side of `parent` lack a black node. */
static void repair(struct fpr_iova_rbtree *tree, struct fpr_iova_rb *parent, int dir)
{
    for (;;) {
        struct fpr_iova_rb *sibling = parent->child[!dir];
        if (sibling->red) {
            sibling->red = false;
            parent->red = true;
            rotate(tree, parent, dir);
            sibling = parent->child[!dir];
        }
        if (!is_red(sibling->child[0]) && !is_red(sibling->child[1])) {
            sibling->red = true;
            if (parent->red || !parent->parent) {
                parent->red = false;
                return;
            }
            dir = parent->parent->child[1] == parent;
            parent = parent->parent;
            continue;
        }
        if (!is_red(sibling->child[!dir])) {
            sibling->child[dir]->red = false;
            sibling->red = true;
            rotate(tree, sibling, !dir);
            sibling = parent->child[!dir];
        }
        sibling->red = parent->red;
        parent->red = false;
        sibling->child[!dir]->red = false;
        rotate(tree, parent, dir);
        return;
    }
}

static struct fpr_iova_rb *leftmost(struct fpr_iova_rb *node)
{
    while (node && node->child[0])
        node = node->child[0];
    return node;
}

void fpr_iova_rb_remove(struct fpr_iova_rbtree *tree, struct fpr_iova_rb *node)
{
    /* The place that loses a node: of the node itself or of its successor, which moves up. */
    struct fpr_iova_rb *parent = node->parent, *only = node->child[!node->child[0]];
    int side = parent && parent->child[1] == node;
    bool lost_red = node->red;
    if (node->child[0] && node->child[1]) {
        struct fpr_iova_rb *next = leftmost(node->child[1]);
        only = next->child[1];
        lost_red = next->red;
        side = next == node->child[1];
        parent = side ? next : next->parent;
        if (!side) {
            replace(tree, next, only);
            set_child(next, 1, node->child[1]);
        }
        set_child(next, 0, node->child[0]);
        next->red = node->red;
        replace(tree, node, next);
    } else {
        replace(tree, node, only);
    }
    /* An only child is red, and its parent black. */
    if (only)
        only->red = false;
    else if (!lost_red && parent)
        repair(tree, parent, side);
}

struct fpr_iova_rb *fpr_iova_rb_first(const struct fpr_iova_rbtree *tree)
{
    return leftmost(tree->root);
}

struct fpr_iova_rb *fpr_iova_rb_next(const struct fpr_iova_rb *node)
{
    if (node->child[1])
        return leftmost(node->child[1]);
    while (node->parent && node->parent->child[1] == node)
        node = node->parent;
    return node->parent;
}

/* Black nodes on every way down, or -1. */
static int black_height(const struct fpr_iova_rb *node)
{
    if (!node)
        return 0;
    int height[2];
    for (int side = 0; side < 2; side++) {
        const struct fpr_iova_rb *child = node->child[side];
        if (child && (child->parent != node || (node->red && child->red)))
            return -1;
        height[side] = black_height(child);
    }
    if (height[0] < 0 || height[0] != height[1])
        return -1;
    return height[0] + !node->red;
}

bool fpr_iova_rb_valid(const struct fpr_iova_rbtree *tree)
{
    const struct fpr_iova_rb *root = tree->root;
    return !root || (!root->red && !root->parent && black_height(root) >= 0);
}
