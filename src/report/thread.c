/* A thread that runs a reporter's passes in real time.
 *
 * Locks are taken in the order: reporter, zone, thread. So the thread's own lock is never held
 * while the library is called; `busy` keeps those that change things apart instead. */
#include <fpr/thread.h>

#include "report/reporter.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#define RETRY_NS (100 * FPR_NS_PER_MS) /* after a pass that found no memory for its batch */

struct fpr_thread {
    struct fpr_reporter *reporter;
    struct fpr_mem_ops mem;
    pthread_t id;
    pthread_mutex_t lock;            /* all that follows */
    pthread_cond_t changed;          /* any of it did */
    const struct fpr_device *device; /* registered; NULL: none */
    fpr_ns due;                      /* of the pass that is wanted */
    bool wanted;                     /* one is */
    bool running;                    /* one runs */
    bool paused;                     /* none may begin */
    bool busy;                       /* somebody registers, unregisters, swaps or stops */
    bool quit;                       /* the thread is to end */
    bool joined;                     /* it has */
    struct fpr_thread_stats stats;
};

static fpr_ns clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (fpr_ns)t.tv_sec * FPR_NS_PER_S + (fpr_ns)t.tv_nsec;
}

fpr_ns fpr_real_now(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static fpr_ns later(fpr_ns delay)
{
    fpr_ns now = fpr_real_now();
    return delay < FPR_FOREVER - now ? now + delay : FPR_FOREVER;
}

/* Waits for a change until `when`; false if nothing changed by then. */
static bool wait_until(struct fpr_thread *t, fpr_ns when)
{
    if (when >= (fpr_ns)INT64_MAX) {
        pthread_cond_wait(&t->changed, &t->lock);
        return true;
    }
    const struct timespec until = {.tv_sec = (time_t)(when / FPR_NS_PER_S),
                                   .tv_nsec = (long)(when % FPR_NS_PER_S)};
    return pthread_cond_timedwait(&t->changed, &t->lock, &until) != ETIMEDOUT;
}

/* The waker: from the thread that freed, with its zone's lock held. */
static void wake(void *ctx, fpr_ns delay)
{
    struct fpr_thread *t = ctx;
    pthread_mutex_lock(&t->lock);
    t->stats.wakes++;
    t->wanted = true;
    t->due = later(delay);
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

static fpr_ns waker_now(void *ctx)
{
    (void)ctx;
    return fpr_real_now();
}

static void add(uint64_t ns, uint64_t *total, uint64_t *most)
{
    *total += ns;
    *most = ns > *most ? ns : *most;
}

/* One pass; the lock is dropped meanwhile. */
static void run_pass(struct fpr_thread *t)
{
    struct fpr_pass_result result = {0};
    fpr_ns start = fpr_real_now(), cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    add(start > t->due ? start - t->due : 0, &t->stats.late_ns, &t->stats.late_max_ns);
    t->wanted = false;
    t->running = true;
    pthread_mutex_unlock(&t->lock);
    int err = fpr_reporter_pass(t->reporter, &result);
    fpr_ns took = fpr_real_now() - start;
    pthread_mutex_lock(&t->lock);
    t->running = false;
    if (err == -ECANCELED || err == -ENOMEM) { /* it never began: it is wanted still */
        t->wanted = true;
        t->due = err == -ENOMEM ? later(RETRY_NS) : start;
    } else if (!err) {
        t->stats.passes++;
        t->stats.passes_cut += result.error == -ECANCELED;
        t->stats.cpu_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
        add(took, &t->stats.pass_ns, &t->stats.pass_max_ns);
    }
    pthread_cond_broadcast(&t->changed);
}

static void *body(void *ctx)
{
    struct fpr_thread *t = ctx;
    pthread_mutex_lock(&t->lock);
    while (!t->quit) {
        bool may = t->wanted && !t->paused;
        if (may && fpr_real_now() >= t->due) {
            run_pass(t);
        } else {
            wait_until(t, may ? t->due : FPR_FOREVER);
        }
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

static int start(struct fpr_thread *t)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = pthread_create(&t->id, NULL, body, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -err;
}

static void free_thread(struct fpr_thread *t)
{
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->lock);
    struct fpr_mem_ops mem = t->mem;
    mem.free(mem.ctx, t, sizeof(*t));
}

static struct fpr_thread *new_thread(struct fpr_reporter *r)
{
    struct fpr_thread *t = r->mem.zalloc(r->mem.ctx, sizeof(*t));
    if (t) {
        pthread_condattr_t attr;
        t->mem = r->mem;
        t->reporter = r;
        pthread_mutex_init(&t->lock, NULL);
        pthread_condattr_init(&attr);
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        pthread_cond_init(&t->changed, &attr);
        pthread_condattr_destroy(&attr);
    }
    return t;
}

static bool all_locked(const struct fpr_machine *m)
{
    for (size_t k = 0; k < m->nr_zones; k++) {
        if (!m->zones[k]->locked) {
            return false;
        }
    }
    return true;
}

int fpr_thread_create(struct fpr_reporter *reporter, struct fpr_thread **thread)
{
    if (!reporter || !thread || reporter->clock || !all_locked(reporter->machine)) {
        return -EINVAL;
    }
    if (reporter->owner) {
        return -EBUSY;
    }
    struct fpr_thread *t = new_thread(reporter);
    if (!t) {
        return -ENOMEM;
    }
    const struct fpr_report_waker waker = {.wake = wake, .now = waker_now, .ctx = t};
    int err = fpr_report_set_waker(reporter, &waker);
    if (!err) {
        err = start(t);
        if (err) {
            fpr_report_set_waker(reporter, NULL);
        }
    }
    if (err) {
        free_thread(t);
        return err;
    }
    reporter->owner = t;
    *thread = t;
    return 0;
}

/* Does the thread itself call, from a callback? */
static bool inside(const struct fpr_thread *t)
{
    return !t->joined && pthread_equal(pthread_self(), t->id);
}

/* Nobody else may change things from here on, until leave(). */
static int enter(struct fpr_thread *t, fpr_ns until)
{
    pthread_mutex_lock(&t->lock);
    int err = inside(t) ? -EDEADLK : 0;
    while (t->busy && !err) {
        if (!wait_until(t, until) && t->busy) {
            err = -ETIMEDOUT;
        }
    }
    t->busy |= !err;
    pthread_mutex_unlock(&t->lock);
    return err;
}

static int leave(struct fpr_thread *t, int err)
{
    pthread_mutex_lock(&t->lock);
    t->busy = false;
    t->paused = false;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    return err;
}

/* No pass runs, and none begins before leave(). The thread must not find itself suspended but not
 * paused: it would try to begin over and over. */
static int quiesce(struct fpr_thread *t, fpr_ns until)
{
    int err = 0;
    pthread_mutex_lock(&t->lock);
    t->paused = true;
    fpr_reporter_suspend(t->reporter, true); /* a store, no call of the library that locks */
    while (t->running && !err) {
        if (!wait_until(t, until) && t->running) {
            err = -ETIMEDOUT;
        }
    }
    pthread_mutex_unlock(&t->lock);
    fpr_reporter_suspend(t->reporter, false);
    return err;
}

/* Other threads must not see `device` while this one is changing it: they look only in between
 * enter() and leave(). */
static int add_device(struct fpr_thread *t, const struct fpr_device *device)
{
    int err = fpr_reporter_register(t->reporter, device);
    if (!err) {
        t->device = device;
    }
    return err;
}

static void remove_device(struct fpr_thread *t)
{
    if (t->device) {
        fpr_reporter_unregister(t->reporter, t->device);
        t->device = NULL;
    }
    pthread_mutex_lock(&t->lock);
    t->wanted = false;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

int fpr_thread_register(struct fpr_thread *thread, const struct fpr_device *device)
{
    if (!thread || !device) {
        return -EINVAL;
    }
    int err = enter(thread, FPR_FOREVER);
    if (err) {
        return err;
    }
    return leave(thread, thread->joined ? -EINVAL : add_device(thread, device));
}

int fpr_thread_unregister(struct fpr_thread *thread, const struct fpr_device *device,
                          fpr_ns timeout)
{
    if (!thread || !device) {
        return -EINVAL;
    }
    fpr_ns until = later(timeout);
    int err = enter(thread, until);
    if (err) {
        return err;
    }
    if (thread->device != device) {
        return leave(thread, -EINVAL);
    }
    err = quiesce(thread, until);
    if (!err) {
        remove_device(thread);
    }
    return leave(thread, err);
}

/* The old device is known to fit; it comes back if the new one does not. */
static int exchange(struct fpr_thread *t, const struct fpr_device *to)
{
    const struct fpr_device *from = t->device;
    remove_device(t);
    int err = add_device(t, to);
    if (err) {
        add_device(t, from);
    }
    return err;
}

int fpr_thread_swap(struct fpr_thread *thread, const struct fpr_device *from,
                    const struct fpr_device *to, fpr_ns timeout)
{
    if (!thread || !from || !to) {
        return -EINVAL;
    }
    fpr_ns until = later(timeout);
    int err = enter(thread, until);
    if (err) {
        return err;
    }
    if (thread->device != from) {
        return leave(thread, -EINVAL);
    }
    err = quiesce(thread, until);
    return leave(thread, err ? err : exchange(thread, to));
}

static void end(struct fpr_thread *t)
{
    pthread_mutex_lock(&t->lock);
    t->quit = true;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->id, NULL);
    pthread_mutex_lock(&t->lock);
    t->joined = true;
    pthread_mutex_unlock(&t->lock);
    fpr_report_set_waker(t->reporter, NULL);
    t->reporter->owner = NULL;
}

int fpr_thread_stop(struct fpr_thread *thread, fpr_ns timeout)
{
    if (!thread) {
        return -EINVAL;
    }
    fpr_ns until = later(timeout);
    int err = enter(thread, until);
    if (err) {
        return err;
    }
    if (thread->joined) {
        return leave(thread, 0);
    }
    err = quiesce(thread, until);
    if (!err) {
        remove_device(thread);
        end(thread);
    }
    return leave(thread, err);
}

void fpr_thread_destroy(struct fpr_thread *thread)
{
    if (thread && !fpr_thread_stop(thread, FPR_FOREVER)) {
        free_thread(thread);
    }
}

int fpr_thread_hurry(struct fpr_thread *thread)
{
    if (!thread) {
        return -EINVAL;
    }
    pthread_mutex_lock(&thread->lock);
    int wanted = thread->wanted;
    if (wanted) {
        thread->due = fpr_real_now();
        pthread_cond_broadcast(&thread->changed);
    }
    pthread_mutex_unlock(&thread->lock);
    return wanted;
}

int fpr_thread_settle(struct fpr_thread *thread, fpr_ns timeout)
{
    if (!thread) {
        return -EINVAL;
    }
    fpr_ns until = later(timeout);
    pthread_mutex_lock(&thread->lock);
    int err = inside(thread) ? -EDEADLK : 0;
    while ((thread->wanted || thread->running) && !err) {
        if (!wait_until(thread, until) && (thread->wanted || thread->running)) {
            err = -ETIMEDOUT;
        }
    }
    pthread_mutex_unlock(&thread->lock);
    return err;
}

int fpr_thread_get_stats(struct fpr_thread *thread, struct fpr_thread_stats *stats)
{
    if (!thread || !stats) {
        return -EINVAL;
    }
    pthread_mutex_lock(&thread->lock);
    *stats = thread->stats;
    pthread_mutex_unlock(&thread->lock);
    return 0;
}
