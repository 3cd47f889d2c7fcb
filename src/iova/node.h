/* Nodes of the mapping tree: their layout, and the pool that they come from.
 *
 * A node that readers may see never changes, except for the words marked _Atomic: changes are made
 * in a copy that takes the old node's place, and the old node is retired until no reader can still
 * be in it (epoch.h).
 */
#ifndef IOVA_NODE_H
#define IOVA_NODE_H

#include <stdatomic.h>

#include <fpr/mem.h>

struct fpr_iova_ext;

/* Measured at 60,000 and 10 million mappings: 16/32 beats 8/16 (one more level) and 32/64 (copying
 * and searching a leaf cost more than the level saved). */
enum {
    IOVA_LEAF = 16, /* mappings of a leaf */
    IOVA_FAN = 32,  /* children of an inner node */
};

/* Unused places of key arrays. Addresses are rounded down to pages before they are compared, so
 * that this is above every address. */
#define IOVA_NO_KEY UINT64_MAX

/* A mapping's address word: page-aligned address and flags in the low bits. */
#define IOVA_FLAGS   UINT64_C(0xfff)
#define IOVA_PROT    UINT64_C(0x3)  /* FPR_IOVA_READ, FPR_IOVA_WRITE */
#define IOVA_INVALID UINT64_C(0x4)  /* its address was invalidated (FPR_IOVA_VADDR) */
#define IOVA_CAPABLE UINT64_C(0x8)  /* exempt from the locked limit */

/* A mapping by value. */
struct fpr_iova_entry {
    uint64_t start;
    uint64_t last; /* inclusive, so that 2^64 - 1 can be one */
    uint64_t va;   /* address | flags */
    struct fpr_iova_ext *ext; /* pins and dirty bits, NULL: none */
};

struct fpr_iova_leaf {
    uint64_t start[IOVA_LEAF];
    struct {
        uint64_t last;
        uint64_t va;
    } range[IOVA_LEAF];
    struct fpr_iova_ext *_Atomic ext[IOVA_LEAF];
    unsigned n;
    struct fpr_iova_leaf *next; /* in the pool's lists */
} __attribute__((aligned(64)));

/* Child i holds starts in [key[i - 1], key[i]); no mapping crosses a key. */
struct fpr_iova_inner {
    uint64_t key[IOVA_FAN]; /* the last is always IOVA_NO_KEY */
    void *_Atomic child[IOVA_FAN];
    unsigned n; /* children */
    struct fpr_iova_inner *next;
} __attribute__((aligned(64)));

struct fpr_iova_block;

/* Two free lists over large blocks, and what waits for readers. */
struct fpr_iova_pool {
    const struct fpr_mem_ops *mem;
    struct fpr_iova_block *blocks;
    struct fpr_iova_leaf *leaves;
    struct fpr_iova_inner *inners;
    struct fpr_iova_leaf *retired_leaves;
    struct fpr_iova_inner *retired_inners;
    size_t free_leaves;
    size_t free_inners;
    size_t retired;
    size_t poll_at; /* retired nodes before it is worth to try again */
    bool keep_retired; /* there are readers */
};

void fpr_iova_pool_init(struct fpr_iova_pool *pool, const struct fpr_mem_ops *mem);
void fpr_iova_pool_destroy(struct fpr_iova_pool *pool);
/* Makes sure that so many of each can be taken. Returns 0 or -ENOMEM. */
int fpr_iova_pool_reserve(struct fpr_iova_pool *pool, size_t leaves, size_t inners);
/* Never fail within what was reserved. The content is undefined. */
struct fpr_iova_leaf *fpr_iova_leaf_take(struct fpr_iova_pool *pool);
struct fpr_iova_inner *fpr_iova_inner_take(struct fpr_iova_pool *pool);
/* Out of the tree, perhaps still seen by readers. */
void fpr_iova_leaf_retire(struct fpr_iova_pool *pool, struct fpr_iova_leaf *leaf);
void fpr_iova_inner_retire(struct fpr_iova_pool *pool, struct fpr_iova_inner *inner);
/* No reader can be in a retired node any more. */
void fpr_iova_pool_reclaim(struct fpr_iova_pool *pool);

#endif
