/* Nodes of the mapping tree: their layout, and the pool that they come from.
 *
 * A node that readers may see never changes, except for the words marked _Atomic: changes are made
 * in a copy that takes the old node's place, and the old node is retired until no reader can still
 * be in it (epoch.h).
 *
 * A look-up in a large map costs what its cache misses cost, so mappings are packed: 12.8 bytes
 * each, 60,000 of them in 770 KB, and a leaf is four cache lines that are asked for together.
 */
#ifndef IOVA_NODE_H
#define IOVA_NODE_H

#include <stdatomic.h>

#include <fpr/mem.h>

struct fpr_iova_ext;

enum {
    IOVA_LEAF = 20, /* mappings of a leaf: fills 256 bytes */
    IOVA_FAN = 64,  /* children of an inner node */
};

/* A mapping's address word: page-aligned address and flags in the low bits. */
#define IOVA_FLAGS   UINT64_C(0xfff)
#define IOVA_PROT    UINT64_C(0x3) /* FPR_IOVA_READ, FPR_IOVA_WRITE */
#define IOVA_INVALID UINT64_C(0x4) /* its address was invalidated (FPR_IOVA_VADDR) */
#define IOVA_CAPABLE UINT64_C(0x8) /* exempt from the locked limit */
/* A read, a write of at most the whole mapping is a plain copy that nothing can refuse: permitted,
 * in user space, not above INT_MAX. */
#define IOVA_PLAIN_READ  UINT64_C(0x10)
#define IOVA_PLAIN_WRITE UINT64_C(0x20)
enum { IOVA_PLAIN_AT = 4 };

/* A mapping by value. */
struct fpr_iova_entry {
    uint64_t start;
    uint64_t last;            /* inclusive, so that 2^64 - 1 can be one */
    uint64_t va;              /* address | flags */
    struct fpr_iova_ext *ext; /* pins, dirty bits, odd sizes; NULL: none */
};

/* delta: first page of a mapping, counted from base; unused places hold INT32_MAX, which no
 * mapping has. word: see leaf.c. The last is the writer's only. */
struct fpr_iova_leaf {
    int32_t delta[IOVA_LEAF];
    uint64_t base; /* page number */
    _Atomic uint64_t word[IOVA_LEAF];
    union {
        unsigned n;                 /* in the tree: mappings */
        struct fpr_iova_leaf *next; /* in the pool's lists */
    };
} __attribute__((aligned(64)));

/* Child i holds starts in [key i - 1, key i); no mapping crosses a key. Keys are page numbers,
 * those behind the last child's UINT64_MAX. Key 8 g + r is low[g][r], or top[g] when r is 7: a
 * search touches three cache lines, two of them at once. */
struct fpr_iova_inner {
    uint64_t top[7];
    union {
        unsigned n; /* children */
        struct fpr_iova_inner *next;
    };
    uint64_t low[8][8]; /* the last of each is unused */
    void *_Atomic child[IOVA_FAN];
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct fpr_iova_leaf) == 256 || sizeof(void *) != 8, "size of a leaf");
_Static_assert(sizeof(struct fpr_iova_inner) == 1088 || sizeof(void *) != 8, "size of a node");

static inline uint64_t *fpr_iova_inner_key(struct fpr_iova_inner *inner, unsigned i)
{
    return i % 8 == 7 ? &inner->top[i / 8] : &inner->low[i / 8][i % 8];
}

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
    size_t all_leaves; /* ever made: blocks grow with it */
    size_t all_inners;
    size_t retired;
    size_t poll_at;    /* retired nodes before it is worth to try again */
    bool keep_retired; /* there are readers */
};

void fpr_iova_pool_init(struct fpr_iova_pool *pool, const struct fpr_mem_ops *mem);
void fpr_iova_pool_destroy(struct fpr_iova_pool *pool);
/* Makes sure that so many of each can be taken. Returns 0 or -ENOMEM. */
int fpr_iova_pool_reserve(struct fpr_iova_pool *pool, size_t leaves, size_t inners);
/* Never fail within what was reserved. The content is undefined. */
struct fpr_iova_leaf *fpr_iova_leaf_take(struct fpr_iova_pool *pool);
struct fpr_iova_inner *fpr_iova_inner_take(struct fpr_iova_pool *pool);
/* Never was in the tree. */
void fpr_iova_leaf_give(struct fpr_iova_pool *pool, struct fpr_iova_leaf *leaf);
/* Out of the tree, perhaps still seen by readers. */
void fpr_iova_leaf_retire(struct fpr_iova_pool *pool, struct fpr_iova_leaf *leaf);
void fpr_iova_inner_retire(struct fpr_iova_pool *pool, struct fpr_iova_inner *inner);
/* No reader can be in a retired node any more. */
void fpr_iova_pool_reclaim(struct fpr_iova_pool *pool);

#endif
