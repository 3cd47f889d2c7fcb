#include "iova/tree.h"

#include "iova/check.h"
#include "iova/leaf.h"

int fpr_iova_tree_init(struct fpr_iova_tree *tree, struct fpr_iova_pool *pool)
{
    tree->pool = pool;
    tree->count = 0;
    int rc = fpr_iova_pool_reserve(pool, 4, 4);
    if (rc)
        return rc;
    struct fpr_iova_leaf *leaf = fpr_iova_leaf_take(pool);
    fpr_iova_leaf_empty(leaf);
    atomic_store_explicit(&tree->root, (uintptr_t)leaf, memory_order_release);
    return 0;
}

static unsigned tree_height(struct fpr_iova_tree *tree)
{
    return atomic_load_explicit(&tree->root, memory_order_relaxed) & 63;
}

int fpr_iova_tree_reserve(struct fpr_iova_tree *tree)
{
    /* Twice what an insertion needs (a copy for a moved key, two halves a level, a new top): what
     * is left after it is enough for a removal, which must not fail. */
    size_t inners = 2 * ((size_t)tree_height(tree) + 2) + 1;
    return fpr_iova_pool_reserve(tree->pool, 4, 2 * inners);
}

static void inner_finish(struct fpr_iova_inner *inner, unsigned n)
{
    inner->n = n;
    for (unsigned i = n - 1; i < IOVA_FAN - 1; i++)
        *fpr_iova_inner_key(inner, i) = UINT64_MAX;
}

static uint64_t inner_key(const struct fpr_iova_inner *inner, unsigned i)
{
    return *fpr_iova_inner_key((struct fpr_iova_inner *)(uintptr_t)inner, i);
}

static void inner_copy_keys(struct fpr_iova_inner *to, unsigned at,
                            const struct fpr_iova_inner *from, unsigned first, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        *fpr_iova_inner_key(to, at + i) = inner_key(from, first + i);
}

static void inner_copy_children(struct fpr_iova_inner *to, unsigned at,
                                const struct fpr_iova_inner *from, unsigned first, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        void *child = atomic_load_explicit(&from->child[first + i], memory_order_relaxed);
        atomic_store_explicit(&to->child[at + i], child, memory_order_relaxed);
    }
}

static void set_root(struct fpr_iova_tree *tree, void *node, unsigned height)
{
    IOVA_ASSERT(height < IOVA_HEIGHT_MAX);
    atomic_store_explicit(&tree->root, (uintptr_t)node | height, memory_order_release);
}

/* Publishes a node in the place of the one at a level of the path (path->height: the leaf). */
static void path_replace(struct fpr_iova_tree *tree, struct fpr_iova_path *path, unsigned level,
                         void *node)
{
    if (level == 0)
        set_root(tree, node, path->height);
    else
        atomic_store_explicit(&path->node[level - 1]->child[path->idx[level - 1]], node,
                              memory_order_release);
}

/* A mapping that reaches beyond the key to the right of its leaf (what began there is gone): the
 * key moves up to the next mapping, so that none crosses a key. */
static void raise_right_key(struct fpr_iova_tree *tree, struct fpr_iova_path *path, uint64_t last)
{
    unsigned level = path->height;
    while (level > 0 && path->idx[level - 1] + 1 == path->node[level - 1]->n)
        level--;
    if (level == 0 ||
        last >> IOVA_PAGE_SHIFT < inner_key(path->node[level - 1], path->idx[level - 1]))
        return;
    level--;
    struct fpr_iova_path next = *path;
    bool found = fpr_iova_path_next_leaf(&next);
    IOVA_ASSERT(found);
    struct fpr_iova_inner *old = path->node[level];
    struct fpr_iova_inner *copy = fpr_iova_inner_take(tree->pool);
    inner_copy_keys(copy, 0, old, 0, old->n - 1);
    *fpr_iova_inner_key(copy, path->idx[level]) =
        fpr_iova_leaf_start(next.leaf, 0) >> IOVA_PAGE_SHIFT;
    inner_copy_children(copy, 0, old, 0, old->n);
    inner_finish(copy, old->n);
    path_replace(tree, path, level, copy);
    path->node[level] = copy;
    fpr_iova_inner_retire(tree->pool, old);
}

/* Key and child number i of a node in which child `at` became two, `left` and `right`. */
struct inner_split {
    const struct fpr_iova_inner *old;
    unsigned at;
    void *left, *right;
    uint64_t key;
};

static void *split_child(const struct inner_split *s, unsigned i)
{
    if (i == s->at)
        return s->left;
    if (i == s->at + 1)
        return s->right;
    unsigned from = i < s->at ? i : i - 1;
    return atomic_load_explicit(&s->old->child[from], memory_order_relaxed);
}

static uint64_t split_key(const struct inner_split *s, unsigned i)
{
    return i == s->at ? s->key : inner_key(s->old, i < s->at ? i : i - 1);
}

static struct fpr_iova_inner *split_part(struct fpr_iova_tree *tree, const struct inner_split *s,
                                         unsigned first, unsigned n)
{
    struct fpr_iova_inner *inner = fpr_iova_inner_take(tree->pool);
    for (unsigned i = 0; i < n; i++)
        atomic_store_explicit(&inner->child[i], split_child(s, first + i), memory_order_relaxed);
    for (unsigned i = 0; i + 1 < n; i++)
        *fpr_iova_inner_key(inner, i) = split_key(s, first + i);
    inner_finish(inner, n);
    return inner;
}

/* The child at `level` of the path became two. */
static void insert_child(struct fpr_iova_tree *tree, struct fpr_iova_path *path, unsigned level,
                         void *left, uint64_t key, void *right)
{
    while (level-- > 0) {
        struct fpr_iova_inner *old = path->node[level];
        struct inner_split s = {old, path->idx[level], left, right, key};
        if (old->n < IOVA_FAN) {
            path_replace(tree, path, level, split_part(tree, &s, 0, old->n + 1));
            fpr_iova_inner_retire(tree->pool, old);
            return;
        }
        /* Mappings made in ascending order leave full nodes behind. */
        unsigned n = s.at + 1 == old->n ? IOVA_FAN : IOVA_FAN / 2;
        left = split_part(tree, &s, 0, n);
        right = split_part(tree, &s, n, IOVA_FAN + 1 - n);
        key = split_key(&s, n - 1);
        fpr_iova_inner_retire(tree->pool, old);
    }
    struct fpr_iova_inner *top = fpr_iova_inner_take(tree->pool);
    atomic_store_explicit(&top->child[0], left, memory_order_relaxed);
    atomic_store_explicit(&top->child[1], right, memory_order_relaxed);
    *fpr_iova_inner_key(top, 0) = key;
    inner_finish(top, 2);
    set_root(tree, top, path->height + 1);
}

static void split_leaf(struct fpr_iova_tree *tree, struct fpr_iova_path *path,
                       const struct fpr_iova_entry *entry)
{
    struct fpr_iova_leaf *old = path->leaf;
    struct fpr_iova_leaf *left = fpr_iova_leaf_take(tree->pool);
    struct fpr_iova_leaf *right = fpr_iova_leaf_take(tree->pool);
    /* Ascending or descending order leaves full leaves behind. Starts that are too far apart for
     * one leaf come here too; then the new one is at an end. */
    unsigned first = path->pos == old->n ? old->n : path->pos == 0 ? 1 : (old->n + 1) / 2;
    fpr_iova_leaf_split(left, right, old, path->pos, entry, first);
    insert_child(tree, path, path->height, left, right->base, right);
}

void fpr_iova_tree_insert(struct fpr_iova_tree *tree, struct fpr_iova_path *path,
                          const struct fpr_iova_entry *entry)
{
    raise_right_key(tree, path, entry->last);
    struct fpr_iova_leaf *old = path->leaf;
    if (fpr_iova_leaf_fits(old, entry)) {
        struct fpr_iova_leaf *leaf = fpr_iova_leaf_take(tree->pool);
        fpr_iova_leaf_insert(leaf, old, path->pos, entry);
        path_replace(tree, path, path->height, leaf);
    } else {
        split_leaf(tree, path, entry);
    }
    fpr_iova_leaf_retire(tree->pool, old);
    tree->count++;
}

/* The top has one child: the child becomes the top. */
static void collapse(struct fpr_iova_tree *tree)
{
    for (;;) {
        uintptr_t root = atomic_load_explicit(&tree->root, memory_order_relaxed);
        struct fpr_iova_inner *top = fpr_iova_root_node(root);
        if ((root & 63) == 0 || top->n > 1)
            return;
        set_root(tree, atomic_load_explicit(&top->child[0], memory_order_relaxed),
                 (unsigned)(root & 63) - 1);
        fpr_iova_inner_retire(tree->pool, top);
    }
}

/* The child at the path's place in `level` goes; one beside it, if `merged`, is replaced. */
static void remove_child(struct fpr_iova_tree *tree, struct fpr_iova_path *path, unsigned level,
                         void *merged, unsigned merged_at)
{
    struct fpr_iova_inner *old = path->node[level];
    while (old->n == 1) {
        fpr_iova_inner_retire(tree->pool, old);
        if (level == 0) {
            struct fpr_iova_leaf *leaf = fpr_iova_leaf_take(tree->pool);
            fpr_iova_leaf_empty(leaf);
            set_root(tree, leaf, 0);
            return;
        }
        old = path->node[--level];
    }
    unsigned at = path->idx[level];
    unsigned key = at == 0 || (merged && merged_at > at) ? at : at - 1;
    struct fpr_iova_inner *inner = fpr_iova_inner_take(tree->pool);
    inner_copy_keys(inner, 0, old, 0, key);
    inner_copy_keys(inner, key, old, key + 1, old->n - 2 - key);
    inner_copy_children(inner, 0, old, 0, at);
    inner_copy_children(inner, at, old, at + 1, old->n - 1 - at);
    if (merged)
        atomic_store_explicit(&inner->child[merged_at > at ? merged_at - 1 : merged_at], merged,
                              memory_order_relaxed);
    inner_finish(inner, old->n - 1);
    path_replace(tree, path, level, inner);
    fpr_iova_inner_retire(tree->pool, old);
    collapse(tree);
}

/* A leaf that became small moves into a neighbour that has room, if there is one. */
static bool merge_leaf(struct fpr_iova_tree *tree, struct fpr_iova_path *path,
                       const struct fpr_iova_leaf *rest)
{
    if (path->height == 0 || rest->n > IOVA_LEAF / 4)
        return false;
    unsigned level = path->height - 1;
    struct fpr_iova_inner *parent = path->node[level];
    unsigned at = path->idx[level];
    struct fpr_iova_leaf *merged = fpr_iova_leaf_take(tree->pool);
    for (int right = 1; right >= 0; right--) {
        if (right ? at + 1 >= parent->n : at == 0)
            continue;
        unsigned beside = right ? at + 1 : at - 1;
        struct fpr_iova_leaf *other =
            atomic_load_explicit(&parent->child[beside], memory_order_relaxed);
        if (!fpr_iova_leaf_join(merged, right ? rest : other, right ? other : rest,
                                IOVA_LEAF * 3 / 4))
            continue;
        remove_child(tree, path, level, merged, beside);
        fpr_iova_leaf_retire(tree->pool, other);
        return true;
    }
    fpr_iova_leaf_give(tree->pool, merged);
    return false;
}

void fpr_iova_tree_remove(struct fpr_iova_tree *tree, const struct fpr_iova_path *where,
                          unsigned count)
{
    struct fpr_iova_path path = *where;
    struct fpr_iova_leaf *old = path.leaf;
    IOVA_ASSERT(path.pos + count <= old->n && count > 0);
    tree->count -= count;
    if (count == old->n && path.height > 0) {
        remove_child(tree, &path, path.height - 1, NULL, 0);
        fpr_iova_leaf_retire(tree->pool, old);
        return;
    }
    struct fpr_iova_leaf *leaf = fpr_iova_leaf_take(tree->pool);
    fpr_iova_leaf_remove(leaf, old, path.pos, count);
    if (merge_leaf(tree, &path, leaf))
        fpr_iova_leaf_give(tree->pool, leaf); /* no reader has seen it */
    else
        path_replace(tree, &path, path.height, leaf);
    fpr_iova_leaf_retire(tree->pool, old);
}

void fpr_iova_tree_set_va(struct fpr_iova_tree *tree, const struct fpr_iova_path *where,
                          uint64_t va)
{
    struct fpr_iova_path path = *where;
    struct fpr_iova_leaf *leaf = fpr_iova_leaf_take(tree->pool);
    fpr_iova_leaf_set_va(leaf, path.leaf, path.pos, va);
    path_replace(tree, &path, path.height, leaf);
    fpr_iova_leaf_retire(tree->pool, path.leaf);
}
