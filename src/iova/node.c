#include "iova/node.h"

#include <errno.h>

#include "iova/check.h"

/* Nodes come in blocks of so many; the list of blocks is walked only to free them. */
enum { NODES_PER_BLOCK = 256 };

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
    IOVA_UNTRACKED(block, size);
    block->next = pool->blocks;
    block->size = size;
    pool->blocks = block;
    uintptr_t first = ((uintptr_t)(block + 1) + 63) & ~(uintptr_t)63;
    return (char *)block + (first - (uintptr_t)block);
}

static int grow_leaves(struct fpr_iova_pool *pool, size_t count)
{
    char *nodes = block_add(pool, count, sizeof(struct fpr_iova_leaf));
    if (!nodes)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct fpr_iova_leaf *leaf = (void *)(nodes + (count - 1 - i) * sizeof(*leaf));
        leaf->next = pool->leaves;
        pool->leaves = leaf;
    }
    pool->free_leaves += count;
    return 0;
}

static int grow_inners(struct fpr_iova_pool *pool, size_t count)
{
    char *nodes = block_add(pool, count, sizeof(struct fpr_iova_inner));
    if (!nodes)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct fpr_iova_inner *inner = (void *)(nodes + (count - 1 - i) * sizeof(*inner));
        inner->next = pool->inners;
        pool->inners = inner;
    }
    pool->free_inners += count;
    return 0;
}

int fpr_iova_pool_reserve(struct fpr_iova_pool *pool, size_t leaves, size_t inners)
{
    /* A space with a handful of mappings should stay small: the first block is. */
    size_t count = pool->blocks ? NODES_PER_BLOCK : 0;
    if (pool->free_leaves < leaves) {
        int rc = grow_leaves(pool, leaves > count ? leaves : count);
        if (rc)
            return rc;
    }
    if (pool->free_inners < inners)
        return grow_inners(pool, inners > count / 8 ? inners : count / 8);
    return 0;
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

void fpr_iova_leaf_retire(struct fpr_iova_pool *pool, struct fpr_iova_leaf *leaf)
{
    if (pool->keep_retired) {
        leaf->next = pool->retired_leaves;
        pool->retired_leaves = leaf;
        pool->retired++;
        return;
    }
    leaf->next = pool->leaves;
    pool->leaves = leaf;
    pool->free_leaves++;
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
        leaf->next = pool->leaves;
        pool->leaves = leaf;
        pool->free_leaves++;
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
