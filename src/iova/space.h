/* What a space and a reader are made of. */
#ifndef IOVA_SPACE_H
#define IOVA_SPACE_H

#include <errno.h>
#include <pthread.h>

#include <fpr/iova.h>

#include "iova/ext.h"
#include "iova/held.h"
#include "iova/rbtree.h"

/* A reader tells writers with one word that it is inside: the generation it entered at, 0 when
 * outside. How sure a writer can be of seeing that word is the reader's bias:
 *
 *   FENCED  the reader passes a full fence between storing the word and looking at the tree; a
 *           writer's own fence (generation increment) is enough.
 *   BIASED  it does not (the fence costs more than all the rest of a short read); a writer must
 *           make every thread pass a barrier (membarrier()), and takes the bias away.
 *
 * A reader biases itself after BIAS_AFTER entries during which nothing was unmapped. */
enum fpr_iova_bias { IOVA_FENCED = 0, IOVA_BIASED = 1 };

/* Counters that a reader keeps; the same names as in FPR_IOVA_STATS. */
#define IOVA_READER_STATS(X)                                                                       \
    X(lookups)                                                                                     \
    X(reads)                                                                                       \
    X(writes)                                                                                      \
    X(read_bytes)                                                                                  \
    X(written_bytes)                                                                               \
    X(refused)                                                                                     \
    X(faults)                                                                                      \
    X(direct)

/* The mapping that a reader used last. Good while the generation is the same. */
struct fpr_iova_hint {
    uint64_t gen; /* 0: none */
    uint64_t start;
    uint64_t span; /* last - start */
    uint64_t va;   /* address | flags */
    _Atomic uint64_t *bitmap;
};

struct fpr_iova_reader {
    _Atomic uint64_t active; /* generation at entry, 0: outside */
    _Atomic unsigned bias;   /* enum fpr_iova_bias */
    unsigned fenced;         /* entries since `fenced_gen` was seen first */
    struct fpr_iova_space *space;
    uint64_t held; /* not 0: generation at which a direct pointer was taken */
    struct fpr_iova_hint hint;
#define FPR_X(name) _Atomic uint64_t name;
    IOVA_READER_STATS(FPR_X)
#undef FPR_X
    uint64_t fenced_gen;
    struct fpr_iova_hint direct_map; /* what the direct pointer is into */
    uint64_t direct_iova;
    size_t direct_len;
    unsigned direct_prot;
    _Atomic(void *) holder; /* thread that holds it */
    struct fpr_iova_reader *next, *prev;
    void *memory; /* as allocated */
} __attribute__((aligned(64)));

/* A thread that is in the device's unmap callback: it may not unmap, nor take a direct pointer,
 * which the unmap would wait for. */
struct fpr_iova_teller {
    pthread_t thread;
    struct fpr_iova_teller *next;
};

/* broken_top, see legacy.h: notes of what was mapped (first address) and unmapped (the same + 1)
 * until a mapping ends at 2^64, the tree from then on. */
struct fpr_iova_legacy {
    bool active; /* there is a tree */
    struct fpr_iova_rbtree tree;
    uint64_t tops; /* mappings in it that end at 2^64 */
    uint64_t *notes;
    size_t n, room;
    uint64_t live; /* mappings noted and not gone */
    bool lost;     /* too many to be kept */
};

struct fpr_iova_space {
    /* What readers look at; the generation grows with every unmap or other change that makes
     * hints bad, after the change. */
    _Atomic uint64_t gen;
    struct fpr_iova_tree tree;
    enum fpr_iova_profile profile;
    enum fpr_iova_guard guard;
    bool can_bias;    /* membarrier() works */
    uint64_t va_mask; /* without the PLAIN flags where no access is plain */

    /* The rest is the writers', under the lock. */
    pthread_mutex_t lock __attribute__((aligned(64)));
    _Atomic uintptr_t walker; /* the thread whose visitor is being called; 0: none */
    struct fpr_iova_config config;
    const struct fpr_mem_ops *mem;
    struct fpr_iova_pool pool;
    pthread_mutex_t reader_lock; /* their list, too: asked by who must not wait for the lock */
    struct fpr_iova_reader *readers;
    struct fpr_iova_teller *tellers; /* under reader_lock */
    _Atomic unsigned telling;        /* how many */
    uint64_t avail;
    uint64_t locked; /* pages */
    bool tracking;
    uint64_t invalid; /* mappings whose address is invalidated */
    struct fpr_iova_range *ranges;
    struct fpr_iova_legacy legacy;
    struct fpr_iova_stats stats; /* without the living readers' counts */
    void *memory;                /* as allocated */
    bool part;                   /* of a guest, with which alone it goes */

    /* Pinned pages by memory address: asked by reporting, which must not wait for the lock. */
    pthread_mutex_t pin_lock;
    struct fpr_iova_pinset backing;
    struct fpr_iova_held held; /* by a hardware-backed group */
    uint64_t kept;             /* frames that devices alone keep, after a discard; under the lock */
    struct fpr_iova_ext *pinned; /* mappings with pins; under the lock */
};

/* Does a visitor of fpr_iova_walk() call, with the lock held? */
static inline bool fpr_iova_walks_here(struct fpr_iova_space *space)
{
    uintptr_t walker = atomic_load_explicit(&space->walker, memory_order_relaxed);
    return walker != 0 && walker == (uintptr_t)pthread_self();
}

/* Does somebody use it who would be left with what is freed? */
static inline bool fpr_iova_in_use(struct fpr_iova_space *space)
{
    return space->readers || atomic_load(&space->telling) > 0 || fpr_iova_walks_here(space);
}

/* Takes the space's lock. Returns 0, or -EDEADLK for such a visitor, which has it already. */
static inline int fpr_iova_lock(struct fpr_iova_space *space)
{
    if (fpr_iova_walks_here(space))
        return -EDEADLK;
    pthread_mutex_lock(&space->lock);
    return 0;
}

/* Is the range outside what a mapping may cover? The answer, or 0. Size is not 0. */
int fpr_iova_check_wrap(const struct fpr_iova_space *space, uint64_t start, uint64_t size);
/* v2: does an end of [start, last] cut a mapping? Otherwise *path is the first mapping that reaches
 * into the range or begins behind it, if *found. */
bool fpr_iova_bisects(struct fpr_iova_space *space, uint64_t start, uint64_t last,
                      struct fpr_iova_path *path, bool *found);

/* Frames of memory that are pinned, each once: what is pinned now and what only devices have since
 * a discard. 0 from a visitor of fpr_iova_walk(). */
uint64_t fpr_iova_frames_pinned(struct fpr_iova_space *space);

/* Pages of memory [first, last] with a pin, each once. With the space's lock or that of the pins.
 */
uint64_t fpr_iova_count_pages(const struct fpr_iova_space *space, uint64_t first, uint64_t last);
/* Frames of memory that are pinned, each once: what is pinned now and what only devices have since
 * a discard. 0 from a visitor of fpr_iova_walk(). */
uint64_t fpr_iova_frames_pinned(struct fpr_iova_space *space);

#endif
