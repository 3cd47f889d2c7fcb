/* A thread that runs a reporter's passes in real time: its life, and waiting for it. */
#include "report/thread.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#define RETRY_NS (100 * FPR_NS_PER_MS) /* after a pass that found no memory for its batch */

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

fpr_ns fpr_thread_later(fpr_ns delay)
{
    fpr_ns now = fpr_real_now();
    return delay < FPR_FOREVER - now ? now + delay : FPR_FOREVER;
}

bool fpr_thread_wait(struct fpr_thread *t, fpr_ns when)
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
    t->due = fpr_thread_later(delay);
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

/* The user's suspension has ended; from wherever that was called. */
static void resumed(const void *owner)
{
    struct fpr_thread *t = (struct fpr_thread *)(uintptr_t)owner; /* its lock changes */
    pthread_mutex_lock(&t->lock);
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
    int err = fpr_report_pass(t->reporter, t, &result);
    fpr_ns took = fpr_real_now() - start;
    pthread_mutex_lock(&t->lock);
    t->running = false;
    if (err == -ECANCELED || err == -ENOMEM) { /* it never began: it is wanted still */
        t->wanted = true;
        t->due = err == -ENOMEM ? fpr_thread_later(RETRY_NS) : start;
    } else if (!err) {
        t->stats.passes++;
        t->stats.passes_cut += t->reporter->cancelled; /* a device may answer -ECANCELED */
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
        bool may = t->wanted && !t->paused && !fpr_report_by_user(t->reporter);
        if (may && fpr_real_now() >= t->due) {
            run_pass(t);
        } else {
            fpr_thread_wait(t, may ? t->due : FPR_FOREVER);
        }
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

static int start(struct fpr_thread *t)
{
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGSEGV); /* a fault that is blocked ends the process, whatever its handler */
    sigdelset(&all, SIGBUS);
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
    if (!reporter || !thread || reporter->clock || !all_locked(reporter->machine) ||
        fpr_machine_in_callback(reporter->machine)) {
        return -EINVAL;
    }
    struct fpr_thread *t = new_thread(reporter);
    if (!t) {
        return -ENOMEM;
    }
    const struct fpr_report_waker waker = {.wake = wake, .now = waker_now, .ctx = t};
    int err = fpr_report_own(reporter, t, &waker, resumed);
    if (!err) {
        err = start(t);
        if (err) {
            fpr_report_disown(reporter);
        }
    }
    if (err) {
        free_thread(t);
        return err;
    }
    *thread = t;
    return 0;
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
    fpr_report_disown(t->reporter);
}

int fpr_thread_stop(struct fpr_thread *thread, fpr_ns timeout)
{
    if (!thread) {
        return -EINVAL;
    }
    fpr_ns until = fpr_thread_later(timeout);
    int err = fpr_thread_enter(thread, until);
    if (err) {
        return err;
    }
    if (thread->joined) {
        return fpr_thread_leave(thread, 0);
    }
    err = fpr_thread_quiesce(thread, until);
    if (!err) {
        fpr_thread_remove_device(thread);
        end(thread);
    }
    return fpr_thread_leave(thread, err);
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
    fpr_ns until = fpr_thread_later(timeout);
    pthread_mutex_lock(&thread->lock);
    int err = fpr_thread_inside(thread) ? -EDEADLK : 0;
    while ((thread->wanted || thread->running) && !err) {
        if (!fpr_thread_wait(thread, until) && (thread->wanted || thread->running)) {
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
