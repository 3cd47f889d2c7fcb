#include "iova/tree.h"

#include <string.h>

#include <fpr/iova.h>

#include "iova/check.h"

#define PAGE_OF(x) ((x) & ~(uint64_t)(FPR_IOVA_PAGE_SIZE - 1))

int fpr_iova_tree_init(struct fpr_iova_tree *tree, struct fpr_iova_pool *pool)
{
    tree->pool = pool;
    tree->count = 0;
    int rc = fpr_iova_pool_reserve(pool, 4, 4);
    if (rc)
        return rc;
    struct fpr_iova_leaf *leaf = fpr_iova_leaf_take(pool);
    leaf->n = 0;
    for (unsigned i = 0; i < IOVA_LEAF; i++)
        leaf->start[i] = IOVA_NO_KEY;
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
static void path_down(struct fpr_iova_tree *tree, uint64_t page, struct fpr_iova_path *path)
{
    uintptr_t root = atomic_load_explicit(&tree->root, memory_order_relaxed);
    void *node = fpr_iova_root_node(root);
    path->height = root & 63;
    for (unsigned level = 0; level < path->height; level++) {
        struct fpr_iova_inner *inner = node;
        path->node[level] = inner;
        path->idx[level] = fpr_iova_count_keys(inner->key, IOVA_FAN, page);
        node = atomic_load_explicit(&inner->child[path->idx[level]], memory_order_relaxed);
    }
    path->leaf = node;
    path->pos = fpr_iova_count_keys(path->leaf->start, IOVA_LEAF, page);
}

static bool path_next_leaf(struct fpr_iova_path *path)
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
    path_down(tree, PAGE_OF(x), path);
    if (path->pos > 0 && path->leaf->range[path->pos - 1].last >= x) {
        path->pos--;
        return true;
    }
    return path->pos < path->leaf->n || path_next_leaf(path);
}

bool fpr_iova_tree_next(struct fpr_iova_path *path)
{
    if (path->pos + 1 < path->leaf->n) {
        path->pos++;
        return true;
    }
    return path_next_leaf(path);
}

static struct fpr_iova_entry leaf_entry(const struct fpr_iova_leaf *leaf, unsigned i)
{
    return (struct fpr_iova_entry){
        .start = leaf->start[i],
        .last = leaf->range[i].last,
        .va = leaf->range[i].va,
        .ext = atomic_load_explicit(&leaf->ext[i], memory_order_relaxed),
    };
}

struct fpr_iova_entry fpr_iova_path_entry(const struct fpr_iova_path *path)
{
    return leaf_entry(path->leaf, path->pos);
}

static void leaf_set(struct fpr_iova_leaf *leaf, unsigned i, const struct fpr_iova_entry *entry)
{
    leaf->start[i] = entry->start;
    leaf->range[i].last = entry->last;
    leaf->range[i].va = entry->va;
    atomic_store_explicit(&leaf->ext[i], entry->ext, memory_order_relaxed);
}

static void leaf_copy(struct fpr_iova_leaf *to, unsigned at, const struct fpr_iova_leaf *from,
                      unsigned first, unsigned n)
{
    memcpy(&to->start[at], &from->start[first], n * sizeof(to->start[0]));
    memcpy(&to->range[at], &from->range[first], n * sizeof(to->range[0]));
    for (unsigned i = 0; i < n; i++) {
        struct fpr_iova_ext *ext =
            atomic_load_explicit(&from->ext[first + i], memory_order_relaxed);
        atomic_store_explicit(&to->ext[at + i], ext, memory_order_relaxed);
    }
}

static void leaf_finish(struct fpr_iova_leaf *leaf, unsigned n)
{
    leaf->n = n;
    for (unsigned i = n; i < IOVA_LEAF; i++)
        leaf->start[i] = IOVA_NO_KEY;
}

static void inner_finish(struct fpr_iova_inner *inner, unsigned n)
{
    inner->n = n;
    for (unsigned i = n - 1; i < IOVA_FAN; i++)
        inner->key[i] = IOVA_NO_KEY;
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
    if (level == 0 || last < path->node[level - 1]->key[path->idx[level - 1]])
        return;
    level--;
    struct fpr_iova_path next = *path;
    bool found = path_next_leaf(&next);
    IOVA_ASSERT(found);
    struct fpr_iova_inner *old = path->node[level];
    struct fpr_iova_inner *copy = fpr_iova_inner_take(tree->pool);
    memcpy(copy->key, old->key, sizeof(copy->key));
    copy->key[path->idx[level]] = next.leaf->start[0];
    inner_copy_children(copy, 0, old, 0, old->n);
    copy->n = old->n;
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
    return i == s->at ? s->key : s->old->key[i < s->at ? i : i - 1];
}

static struct fpr_iova_inner *split_part(struct fpr_iova_tree *tree, const struct inner_split *s,
                                         unsigned first, unsigned n)
{
    struct fpr_iova_inner *inner = fpr_iova_inner_take(tree->pool);
    for (unsigned i = 0; i < n; i++)
        atomic_store_explicit(&inner->child[i], split_child(s, first + i), memory_order_relaxed);
    for (unsigned i = 0; i + 1 < n; i++)
        inner->key[i] = split_key(s, first + i);
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
    top->key[0] = key;
    inner_finish(top, 2);
    set_root(tree, top, path->height + 1);
}

static void leaf_split(struct fpr_iova_tree *tree, struct fpr_iova_path *path,
                       const struct fpr_iova_entry *entry)
{
    struct fpr_iova_leaf *old = path->leaf;
    struct fpr_iova_leaf *part[2] = {fpr_iova_leaf_take(tree->pool),
                                     fpr_iova_leaf_take(tree->pool)};
    unsigned total = IOVA_LEAF + 1;
    /* Ascending or descending order leaves full leaves behind. */
    unsigned first = path->pos == IOVA_LEAF ? IOVA_LEAF : path->pos == 0 ? 1 : total / 2;
    for (unsigned i = 0; i < total; i++) {
        struct fpr_iova_entry e =
            i == path->pos ? *entry : leaf_entry(old, i < path->pos ? i : i - 1);
        leaf_set(part[i >= first], i >= first ? i - first : i, &e);
    }
    leaf_finish(part[0], first);
    leaf_finish(part[1], total - first);
    insert_child(tree, path, path->height, part[0], part[1]->start[0], part[1]);
}

void fpr_iova_tree_insert(struct fpr_iova_tree *tree, const struct fpr_iova_entry *entry)
{
    struct fpr_iova_path path;
    path_down(tree, entry->start, &path);
    raise_right_key(tree, &path, entry->last);
    struct fpr_iova_leaf *old = path.leaf;
    if (old->n == IOVA_LEAF) {
        leaf_split(tree, &path, entry);
    } else {
        struct fpr_iova_leaf *leaf = fpr_iova_leaf_take(tree->pool);
        leaf_copy(leaf, 0, old, 0, path.pos);
        leaf_set(leaf, path.pos, entry);
        leaf_copy(leaf, path.pos + 1, old, path.pos, old->n - path.pos);
        leaf_finish(leaf, old->n + 1);
        path_replace(tree, &path, path.height, leaf);
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
            leaf_finish(leaf, 0);
            set_root(tree, leaf, 0);
            return;
        }
        old = path->node[--level];
    }
    unsigned at = path->idx[level];
    unsigned key = at == 0 || (merged && merged_at > at) ? at : at - 1;
    struct fpr_iova_inner *inner = fpr_iova_inner_take(tree->pool);
    memcpy(inner->key, old->key, key * sizeof(inner->key[0]));
    memcpy(inner->key + key, old->key + key + 1, (old->n - 2 - key) * sizeof(inner->key[0]));
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
static bool leaf_merge(struct fpr_iova_tree *tree, struct fpr_iova_path *path,
                       const struct fpr_iova_leaf *rest)
{
    if (path->height == 0 || rest->n > IOVA_LEAF / 4)
        return false;
    unsigned level = path->height - 1;
    struct fpr_iova_inner *parent = path->node[level];
    unsigned at = path->idx[level];
    for (int right = 1; right >= 0; right--) {
        if (right ? at + 1 >= parent->n : at == 0)
            continue;
        unsigned beside = right ? at + 1 : at - 1;
        struct fpr_iova_leaf *other =
            atomic_load_explicit(&parent->child[beside], memory_order_relaxed);
        if (other->n + rest->n > IOVA_LEAF * 3 / 4)
            continue;
        struct fpr_iova_leaf *merged = fpr_iova_leaf_take(tree->pool);
        leaf_copy(merged, right ? 0 : other->n, rest, 0, rest->n);
        leaf_copy(merged, right ? rest->n : 0, other, 0, other->n);
        leaf_finish(merged, other->n + rest->n);
        remove_child(tree, path, level, merged, beside);
        fpr_iova_leaf_retire(tree->pool, other);
        return true;
    }
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
    leaf_copy(leaf, 0, old, 0, path.pos);
    leaf_copy(leaf, path.pos, old, path.pos + count, old->n - path.pos - count);
    leaf_finish(leaf, old->n - count);
    if (leaf_merge(tree, &path, leaf)) {
        /* Never published: no reader has seen it. */
        leaf->next = tree->pool->leaves;
        tree->pool->leaves = leaf;
        tree->pool->free_leaves++;
    } else {
        path_replace(tree, &path, path.height, leaf);
    }
    fpr_iova_leaf_retire(tree->pool, old);
}

void fpr_iova_tree_set_va(struct fpr_iova_tree *tree, const struct fpr_iova_path *where,
                          uint64_t va)
{
    struct fpr_iova_path path = *where;
    struct fpr_iova_leaf *leaf = fpr_iova_leaf_take(tree->pool);
    leaf_copy(leaf, 0, path.leaf, 0, path.leaf->n);
    leaf_finish(leaf, path.leaf->n);
    leaf->range[path.pos].va = va;
    path_replace(tree, &path, path.height, leaf);
    fpr_iova_leaf_retire(tree->pool, path.leaf);
}
