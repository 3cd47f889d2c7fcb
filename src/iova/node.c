#include "iova/node.h"

#include <errno.h>
#include <sys/mman.h>

#include "iova/check.h"

/* A block holds half as many nodes as there are already, so that a small map stays small and a
 * large one has few blocks, which huge pages can hold. */
enum { HUGE_FROM = 4 << 20, BLOCK_MAX = 64 << 20 };

struct fpr_iova_block {
    struct fpr_iova_block *next;
    size_t size;
};

void fpr_iova_pool_init(struct fpr_iova_pool *pool, const struct fpr_mem_ops *mem)
{
    *pool = (struct fpr_iova_pool){.mem = mem};
}

void fpr_iova_pool_destroy(struct fpr_iova_pool *pool)
{
    struct fpr_iova_block *block = pool->blocks;
    while (block) {
        struct fpr_iova_block *next = block->next;
        pool->mem->free(pool->mem->ctx, block, block->size);
        block = next;
    }
    pool->blocks = NULL;
}

/* `count` aligned nodes behind a block header, or NULL. */
static char *block_add(struct fpr_iova_pool *pool, size_t count, size_t node_size)
{
    size_t size = sizeof(struct fpr_iova_block) + 64 + count * node_size;
    struct fpr_iova_block *block = pool->mem->zalloc(pool->mem->ctx, size);
    if (!block)
        return NULL;
    fpr_expect_atomics(block, size);
    if (size >= HUGE_FROM) {
        const uintptr_t page = 2 << 20;
        uintptr_t from = ((uintptr_t)block + page - 1) & ~(page - 1);
        uintptr_t to = ((uintptr_t)block + size) & ~(page - 1);
        (void)madvise((char *)block + (from - (uintptr_t)block), to - from, MADV_HUGEPAGE);
    }
    block->next = pool->blocks;
    block->size = size;
    pool->blocks = block;
    uintptr_t first = ((uintptr_t)(block + 1) + 63) & ~(uintptr_t)63;
    return (char *)block + (first - (uintptr_t)block);
}

static size_t grow_by(size_t all, size_t least, size_t node_size)
{
    size_t count = all / 2;
    if (count > BLOCK_MAX / node_size)
        count = BLOCK_MAX / node_size;
    return count > least ? count : least;
}

static int grow_leaves(struct fpr_iova_pool *pool, size_t least)
{
    size_t count = grow_by(pool->all_leaves, least, sizeof(struct fpr_iova_leaf));
    char *nodes = block_add(pool, count, sizeof(struct fpr_iova_leaf));
    if (!nodes)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct fpr_iova_leaf *leaf = (void *)(nodes + (count - 1 - i) * sizeof(*leaf));
        leaf->next = pool->leaves;
        pool->leaves = leaf;
    }
    pool->free_leaves += count;
    pool->all_leaves += count;
    return 0;
}

static int grow_inners(struct fpr_iova_pool *pool, size_t least)
{
    size_t count = grow_by(pool->all_inners, least, sizeof(struct fpr_iova_inner));
    char *nodes = block_add(pool, count, sizeof(struct fpr_iova_inner));
    if (!nodes)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct fpr_iova_inner *inner = (void *)(nodes + (count - 1 - i) * sizeof(*inner));
        inner->next = pool->inners;
        pool->inners = inner;
    }
    pool->free_inners += count;
    pool->all_inners += count;
    return 0;
}

int fpr_iova_pool_reserve(struct fpr_iova_pool *pool, size_t leaves, size_t inners)
{
    int rc = pool->free_leaves < leaves ? grow_leaves(pool, leaves) : 0;
    return rc || pool->free_inners >= inners ? rc : grow_inners(pool, inners);
}

struct fpr_iova_leaf *fpr_iova_leaf_take(struct fpr_iova_pool *pool)
{
    struct fpr_iova_leaf *leaf = pool->leaves;
    IOVA_ASSERT(leaf);
    pool->leaves = leaf->next;
    pool->free_leaves--;
    return leaf;
}

struct fpr_iova_inner *fpr_iova_inner_take(struct fpr_iova_pool *pool)
{
    struct fpr_iova_inner *inner = pool->inners;
    IOVA_ASSERT(inner);
    pool->inners = inner->next;
    pool->free_inners--;
    return inner;
}

void fpr_iova_leaf_give(struct fpr_iova_pool *pool, struct fpr_iova_leaf *leaf)
{
    leaf->next = pool->leaves;
    pool->leaves = leaf;
    pool->free_leaves++;
}

void fpr_iova_leaf_retire(struct fpr_iova_pool *pool, struct fpr_iova_leaf *leaf)
{
    if (!pool->keep_retired) {
        fpr_iova_leaf_give(pool, leaf);
        return;
    }
    leaf->next = pool->retired_leaves;
    pool->retired_leaves = leaf;
    pool->retired++;
}

void fpr_iova_inner_retire(struct fpr_iova_pool *pool, struct fpr_iova_inner *inner)
{
    if (pool->keep_retired) {
        inner->next = pool->retired_inners;
        pool->retired_inners = inner;
        pool->retired++;
        return;
    }
    inner->next = pool->inners;
    pool->inners = inner;
    pool->free_inners++;
}

void fpr_iova_pool_reclaim(struct fpr_iova_pool *pool)
{
    struct fpr_iova_leaf *leaf;
    while ((leaf = pool->retired_leaves) != NULL) {
        pool->retired_leaves = leaf->next;
        fpr_iova_leaf_give(pool, leaf);
    }
    struct fpr_iova_inner *inner;
    while ((inner = pool->retired_inners) != NULL) {
        pool->retired_inners = inner->next;
        inner->next = pool->inners;
        pool->inners = inner;
        pool->free_inners++;
    }
    pool->retired = 0;
    pool->poll_at = 0;
}
