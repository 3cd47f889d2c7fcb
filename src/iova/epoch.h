/* How readers and writers keep out of each other's way: see enum fpr_iova_bias in space.h. */
#ifndef IOVA_EPOCH_H
#define IOVA_EPOCH_H

#include "base/atomic.h"
#include "iova/space.h"

/* ThreadSanitizer knows no fences, but on the machines that it runs on this is one. */
static inline void fpr_iova_full_fence(struct fpr_iova_reader *reader, uint64_t gen)
{
#if defined(__SANITIZE_THREAD__) && !defined(FPR_HOOKED)
    (void)atomic_exchange_explicit(&reader->active, gen, memory_order_seq_cst);
#else
    (void)reader;
    (void)gen;
    fpr_full_fence();
#endif
}

/* The slow half of fpr_iova_enter(). */
void fpr_iova_enter_fenced(struct fpr_iova_reader *reader, uint64_t gen);

/* The quick half of fpr_iova_enter(): all of it for a biased reader, which sets the generation.
 * False: call fpr_iova_enter(). */
static inline bool fpr_iova_enter_biased(struct fpr_iova_reader *reader, uint64_t *gen)
{
    struct fpr_iova_space *space = reader->space;
    fpr_race_point();
    *gen = atomic_load_explicit(&space->gen, memory_order_relaxed);
    if (reader->held)
        *gen = reader->held;
    fpr_store_late(&reader->active, *gen);
    fpr_race_point();
    if (atomic_load_explicit(&reader->bias, memory_order_relaxed) != IOVA_BIASED)
        return false;
    atomic_signal_fence(memory_order_seq_cst); /* membarrier() does the rest */
    fpr_race_point();
    *gen = atomic_load_explicit(&space->gen, memory_order_acquire);
    return true;
}

/* From here to leave, nothing that the tree holds goes away. Returns the generation. */
static inline uint64_t fpr_iova_enter(struct fpr_iova_reader *reader)
{
    uint64_t gen;
    if (fpr_iova_enter_biased(reader, &gen))
        return gen;
    fpr_iova_enter_fenced(reader, gen);
    fpr_race_point();
    return atomic_load_explicit(&reader->space->gen, memory_order_acquire);
}

static inline void fpr_iova_leave(struct fpr_iova_reader *reader)
{
    fpr_store_late(&reader->active, reader->held);
}

/* Whether membarrier() can be used; registers the process. */
bool fpr_iova_epoch_can_bias(void);
/* Takes the space's lock for a change that waits for readers. Returns 0; -EDEADLK without the lock
 * when the calling thread holds a direct pointer, so that it would wait for itself. */
int fpr_iova_epoch_lock(struct fpr_iova_space *space);
/* The calling thread is in the device's unmap callback between these. */
void fpr_iova_tell_begin(struct fpr_iova_space *space, struct fpr_iova_teller *self);
void fpr_iova_tell_end(struct fpr_iova_space *space, struct fpr_iova_teller *self);
bool fpr_iova_tells_here(struct fpr_iova_space *space);
/* The rest under the space's lock. The first makes hints bad; call it after the change. */
uint64_t fpr_iova_epoch_advance(struct fpr_iova_space *space);
/* Advances and waits until no reader is inside that was before; retired nodes come back. */
void fpr_iova_epoch_wait(struct fpr_iova_space *space);
/* Gets retired nodes back if no reader hinders it; does not wait. */
void fpr_iova_epoch_poll(struct fpr_iova_space *space);

#endif
