/* Memory that mappings pin by being there: a hardware-backed group's. Runs of pages, ordered by
 * their address in memory, so that a question costs no more than the mappings it meets: one run a
 * mapping, cut only where memory was discarded, which leaves the old frame to the device and a new
 * one, which nobody holds, to the owner. */
#ifndef IOVA_HELD_H
#define IOVA_HELD_H

#include <fpr/mem.h>

/* A treap by (first, owner); `reach` is the largest last page of a subtree. */
struct fpr_iova_run {
    struct fpr_iova_run *child[2];
    uint64_t first, last; /* page numbers of the memory, both included */
    uint64_t owner;       /* the mapping: no two have the same */
    uint64_t reach;
    uint64_t priority;
    struct fpr_iova_run *next; /* in lists of runs that were taken out */
};

struct fpr_iova_held {
    struct fpr_iova_run *root;
    uint64_t made; /* runs ever, for their priorities */
};

/* A run that is in no set yet. NULL: no memory. */
struct fpr_iova_run *fpr_iova_run_new(const struct fpr_mem_ops *mem, uint64_t first, uint64_t last,
                                      uint64_t owner);
void fpr_iova_held_add(struct fpr_iova_held *held, struct fpr_iova_run *run);
/* Takes out what an owner has in [first, last]: a list. */
struct fpr_iova_run *fpr_iova_held_take(struct fpr_iova_held *held, uint64_t first, uint64_t last,
                                        uint64_t owner);
/* The same and frees it. */
void fpr_iova_held_drop(struct fpr_iova_held *held, const struct fpr_mem_ops *mem, uint64_t first,
                        uint64_t last, uint64_t owner);
void fpr_iova_held_free(struct fpr_iova_held *held, const struct fpr_mem_ops *mem);

/* The first run with a page in [first, last], by (first, owner); NULL: none. */
const struct fpr_iova_run *fpr_iova_held_find(const struct fpr_iova_held *held, uint64_t first,
                                              uint64_t last);
/* Calls visit for each run with a page in [first, last], in that order. */
void fpr_iova_held_walk(const struct fpr_iova_held *held, uint64_t first, uint64_t last,
                        void (*visit)(void *ctx, const struct fpr_iova_run *run), void *ctx);

/* How many runs of a cut become two. */
uint64_t fpr_iova_held_splits(const struct fpr_iova_held *held, uint64_t first, uint64_t last);
/* Takes [first, last] out of all runs. *spare: a list of at least as many runs as become two; what
 * is left of it and what was wholly inside is in it afterwards. */
void fpr_iova_held_cut(struct fpr_iova_held *held, uint64_t first, uint64_t last,
                       struct fpr_iova_run **spare);
void fpr_iova_runs_free(struct fpr_iova_run *list, const struct fpr_mem_ops *mem);
/* Order, heap and reaches. */
bool fpr_iova_held_valid(const struct fpr_iova_held *held);

#endif
