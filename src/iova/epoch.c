#include "iova/epoch.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "iova/check.h"

enum {
    BIAS_AFTER = 1024, /* entries without an unmap; their fences cost about two barriers */
    SPINS = 64,        /* before giving the processor away */
    YIELDS = 1024,     /* before sleeping: someone holds a direct pointer */
    SLEEP_NS = 50000,
};

static int barrier(int command)
{
    return (int)syscall(SYS_membarrier, command, 0, 0);
}

bool fpr_iova_epoch_can_bias(void)
{
    int known = barrier(MEMBARRIER_CMD_QUERY);
    return known > 0 && (known & MEMBARRIER_CMD_PRIVATE_EXPEDITED) &&
           barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

void fpr_iova_enter_fenced(struct fpr_iova_reader *reader, uint64_t gen)
{
    fpr_iova_full_fence(reader, gen);
    if (reader->fenced_gen != gen) {
        reader->fenced_gen = gen;
        reader->fenced = 0;
    } else if (++reader->fenced >= BIAS_AFTER && reader->space->can_bias) {
        reader->fenced = 0;
        fpr_race_point();
        /* If a writer does not see the bias it passed its fence before this one, and we see all
         * that it did; if it does, it uses the barrier. */
        atomic_store_explicit(&reader->bias, IOVA_BIASED, memory_order_seq_cst);
        fpr_iova_full_fence(reader, gen);
    }
}

uint64_t fpr_iova_epoch_advance(struct fpr_iova_space *space)
{
    fpr_race_point();
    return atomic_fetch_add_explicit(&space->gen, 1, memory_order_seq_cst) + 1;
}

/* After this, every reader that is inside is seen to be, and others see our changes. */
static void see_readers(struct fpr_iova_space *space)
{
    bool biased = false;
    for (struct fpr_iova_reader *r = space->readers; r; r = r->next) {
        fpr_race_point();
        if (atomic_load_explicit(&r->bias, memory_order_seq_cst) == IOVA_BIASED) {
            atomic_store_explicit(&r->bias, IOVA_FENCED, memory_order_relaxed);
            biased = true;
        }
    }
    if (biased) {
        int rc = barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
        IOVA_ASSERT(rc == 0);
        space->stats.barriers++;
    }
}

static bool reader_before(struct fpr_iova_reader *reader, uint64_t gen)
{
    fpr_race_point();
    uint64_t active = fpr_load_others(&reader->active);
    return active != 0 && active < gen;
}

static void wait_for(struct fpr_iova_reader *reader, uint64_t gen)
{
    for (unsigned n = 0; reader_before(reader, gen); n++) {
        if (n < SPINS) {
            fpr_pause();
        } else if (n < YIELDS) {
            sched_yield();
        } else {
            nanosleep(&(struct timespec){.tv_nsec = SLEEP_NS}, NULL);
        }
    }
}

void fpr_iova_epoch_wait(struct fpr_iova_space *space)
{
    uint64_t gen = fpr_iova_epoch_advance(space);
    if (space->readers) {
        space->stats.grace_waits++;
        see_readers(space);
        for (struct fpr_iova_reader *r = space->readers; r; r = r->next)
            wait_for(r, gen);
    }
    fpr_iova_pool_reclaim(&space->pool);
}

void fpr_iova_epoch_poll(struct fpr_iova_space *space)
{
    uint64_t gen = fpr_iova_epoch_advance(space);
    see_readers(space);
    for (struct fpr_iova_reader *r = space->readers; r; r = r->next)
        if (reader_before(r, gen)) {
            space->pool.poll_at = 2 * space->pool.retired;
            return;
        }
    fpr_iova_pool_reclaim(&space->pool);
}

static bool held_here(struct fpr_iova_space *space)
{
    bool held = false;
    pthread_mutex_lock(&space->reader_lock);
    for (struct fpr_iova_reader *r = space->readers; r && !held; r = r->next)
        held = atomic_load_explicit(&r->holder, memory_order_relaxed) == (void *)pthread_self();
    pthread_mutex_unlock(&space->reader_lock);
    return held;
}

int fpr_iova_epoch_lock(struct fpr_iova_space *space)
{
    /* Whoever has the lock may be waiting for us. */
    return held_here(space) ? -EDEADLK : fpr_iova_lock(space);
}

void fpr_iova_tell_begin(struct fpr_iova_space *space, struct fpr_iova_teller *self)
{
    self->thread = pthread_self();
    pthread_mutex_lock(&space->reader_lock);
    self->next = space->tellers;
    space->tellers = self;
    atomic_fetch_add_explicit(&space->telling, 1, memory_order_relaxed);
    pthread_mutex_unlock(&space->reader_lock);
}

void fpr_iova_tell_end(struct fpr_iova_space *space, struct fpr_iova_teller *self)
{
    pthread_mutex_lock(&space->reader_lock);
    struct fpr_iova_teller **link = &space->tellers;
    while (*link != self)
        link = &(*link)->next;
    *link = self->next;
    atomic_fetch_sub_explicit(&space->telling, 1, memory_order_relaxed);
    pthread_mutex_unlock(&space->reader_lock);
}

bool fpr_iova_tells_here(struct fpr_iova_space *space)
{
    if (atomic_load_explicit(&space->telling, memory_order_relaxed) == 0)
        return false; /* our own we would see */
    pthread_mutex_lock(&space->reader_lock);
    const struct fpr_iova_teller *t = space->tellers;
    while (t && !pthread_equal(t->thread, pthread_self()))
        t = t->next;
    pthread_mutex_unlock(&space->reader_lock);
    return t != NULL;
}
