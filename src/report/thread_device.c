/* The devices of a reporter's thread, and who may change them. */
#include "report/thread.h"

#include <errno.h>

/* It calls itself from a callback, or a callback calls that has the lock of a zone. Once it has
 * ended the reporter may be gone. */
bool fpr_thread_inside(const struct fpr_thread *t)
{
    return !t->joined &&
           (pthread_equal(pthread_self(), t->id) || fpr_machine_in_callback(t->reporter->machine));
}

int fpr_thread_enter(struct fpr_thread *t, fpr_ns until)
{
    pthread_mutex_lock(&t->lock);
    int err = fpr_thread_inside(t) ? -EDEADLK : 0;
    while (t->busy && !err) {
        if (!fpr_thread_wait(t, until) && t->busy) {
            err = -ETIMEDOUT;
        }
    }
    t->busy |= !err;
    pthread_mutex_unlock(&t->lock);
    return err;
}

int fpr_thread_leave(struct fpr_thread *t, int err)
{
    pthread_mutex_lock(&t->lock);
    t->busy = false;
    t->paused = false;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    return err;
}

/* The thread must not find itself cut but not paused: it would try to begin over and over. */
int fpr_thread_quiesce(struct fpr_thread *t, fpr_ns until)
{
    int err = 0;
    pthread_mutex_lock(&t->lock);
    t->paused = true;
    fpr_report_cut(t->reporter, true);
    while (t->running && !err) {
        if (!fpr_thread_wait(t, until) && t->running) {
            err = -ETIMEDOUT;
        }
    }
    pthread_mutex_unlock(&t->lock);
    fpr_report_cut(t->reporter, false);
    return err;
}

/* Other threads must not see `device` while this one is changing it: they look only in between
 * fpr_thread_enter() and leave(). */
static int add_device(struct fpr_thread *t, const struct fpr_device *device)
{
    int err = fpr_report_register(t->reporter, t, device);
    if (!err) {
        t->device = device;
    }
    return err;
}

void fpr_thread_remove_device(struct fpr_thread *t)
{
    if (t->device) {
        fpr_report_unregister(t->reporter, t, t->device);
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
    int err = fpr_thread_enter(thread, FPR_FOREVER);
    if (err) {
        return err;
    }
    return fpr_thread_leave(thread, thread->joined ? -EINVAL : add_device(thread, device));
}

int fpr_thread_unregister(struct fpr_thread *thread, const struct fpr_device *device,
                          fpr_ns timeout)
{
    if (!thread || !device) {
        return -EINVAL;
    }
    fpr_ns until = fpr_thread_later(timeout);
    int err = fpr_thread_enter(thread, until);
    if (err) {
        return err;
    }
    if (thread->device != device) {
        return fpr_thread_leave(thread, -EINVAL);
    }
    err = fpr_thread_quiesce(thread, until);
    if (!err) {
        fpr_thread_remove_device(thread);
    }
    return fpr_thread_leave(thread, err);
}

static int exchange(struct fpr_thread *t, const struct fpr_device *to)
{
    int err = fpr_report_exchange(t->reporter, to);
    if (!err) {
        t->device = to;
    }
    return err;
}

int fpr_thread_swap(struct fpr_thread *thread, const struct fpr_device *from,
                    const struct fpr_device *to, fpr_ns timeout)
{
    if (!thread || !from || !to) {
        return -EINVAL;
    }
    fpr_ns until = fpr_thread_later(timeout);
    int err = fpr_thread_enter(thread, until);
    if (err) {
        return err;
    }
    if (thread->device != from) {
        return fpr_thread_leave(thread, -EINVAL);
    }
    err = fpr_thread_quiesce(thread, until);
    return fpr_thread_leave(thread, err ? err : exchange(thread, to));
}
