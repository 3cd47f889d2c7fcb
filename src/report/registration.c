/* A reporter's device and its waker, and who may change them. */
#include "report/reporter.h"

#include <errno.h>

/* Waits for the frees in other threads that are notifying: they hold their zone's lock. */
static void wait_for_notifiers(const struct fpr_reporter *r)
{
    for (size_t k = 0; k < r->machine->nr_zones; k++) {
        zone_lock(r->machine->zones[k]);
        zone_unlock(r->machine->zones[k]);
    }
}

void fpr_report_detach(struct fpr_reporter *r)
{
    report_device_set(r, NULL);
    wait_for_notifiers(r);
    if (r->clock) {
        fpr_clock_cancel(r->clock, &r->work);
    }
    report_state_set(r, FPR_REPORT_IDLE);
}

static int fits(const struct fpr_reporter *r, const struct fpr_device *device)
{
    return device->max_nents && device->max_nents < r->config.capacity ? -ENOSPC : 0;
}

static void accept_device(struct fpr_reporter *r, const struct fpr_device *device)
{
    report_device_set(r, device);
    r->order = fpr_report_order(r);
    report_state_set(r, FPR_REPORT_IDLE);
}

/* The first pass is asked for, and from now on by frees as well. */
static void begin_reporting(struct fpr_reporter *r)
{
    fpr_reporter_request(r);
    pthread_mutex_lock(&r->lock);
    r->enabled = true;
    fpr_report_attach(r, true);
    pthread_mutex_unlock(&r->lock);
}

int fpr_report_register(struct fpr_reporter *r, const void *owner, const struct fpr_device *device)
{
    if (!device || !device->report) {
        return -EINVAL;
    }
    pthread_mutex_lock(&r->lock);
    int err = r->owner != owner || r->device || r->busy ? -EBUSY : fits(r, device);
    if (!err) {
        accept_device(r, device);
    }
    pthread_mutex_unlock(&r->lock);
    if (!err) {
        begin_reporting(r);
    }
    return err;
}

int fpr_report_unregister(struct fpr_reporter *r, const void *owner,
                          const struct fpr_device *device)
{
    pthread_mutex_lock(&r->lock);
    int err = r->owner != owner ? -EBUSY : r->device != device ? -EINVAL : r->busy ? -EDEADLK : 0;
    if (!err) {
        fpr_report_detach(r);
    }
    pthread_mutex_unlock(&r->lock);
    return err;
}

/* In one hold of the lock: the knobs that the new one must fit cannot change once it does. */
int fpr_report_exchange(struct fpr_reporter *r, const struct fpr_device *device)
{
    if (!device->report) {
        return -EINVAL;
    }
    pthread_mutex_lock(&r->lock);
    int err = fits(r, device);
    if (!err) {
        fpr_report_detach(r);
        accept_device(r, device);
    }
    pthread_mutex_unlock(&r->lock);
    if (!err) {
        begin_reporting(r);
    }
    return err;
}

int fpr_reporter_register(struct fpr_reporter *reporter, const struct fpr_device *device)
{
    if (!reporter || fpr_report_barred(reporter)) {
        return -EINVAL;
    }
    return fpr_report_register(reporter, NULL, device);
}

int fpr_reporter_unregister(struct fpr_reporter *reporter, const struct fpr_device *device)
{
    if (!reporter || !device || fpr_report_barred(reporter)) {
        return -EINVAL;
    }
    return fpr_report_unregister(reporter, NULL, device);
}

static void set_waker(struct fpr_reporter *r, const struct fpr_report_waker *waker)
{
    r->waker = waker ? *waker : (struct fpr_report_waker){0};
}

int fpr_reporter_set_waker(struct fpr_reporter *reporter, const struct fpr_report_waker *waker)
{
    if (!reporter || (waker && reporter->clock) || fpr_report_barred(reporter)) {
        return -EINVAL;
    }
    pthread_mutex_lock(&reporter->lock);
    int err = reporter->owner || reporter->device ? -EBUSY : 0;
    if (!err) {
        set_waker(reporter, waker);
    }
    pthread_mutex_unlock(&reporter->lock);
    return err;
}

static void set_resumed(struct fpr_reporter *r, void (*resumed)(const void *owner))
{
    pthread_mutex_lock(&r->resume_lock);
    r->resumed = resumed;
    pthread_mutex_unlock(&r->resume_lock);
}

int fpr_report_own(struct fpr_reporter *r, const void *owner, const struct fpr_report_waker *waker,
                   void (*resumed)(const void *owner))
{
    pthread_mutex_lock(&r->lock);
    int err = r->owner || r->device || r->busy ? -EBUSY : 0;
    if (!err) {
        r->owner = owner;
        set_waker(r, waker);
    }
    pthread_mutex_unlock(&r->lock);
    if (!err) {
        set_resumed(r, resumed);
    }
    return err;
}

void fpr_report_disown(struct fpr_reporter *r)
{
    set_resumed(r, NULL); /* nobody is in it any more */
    pthread_mutex_lock(&r->lock);
    set_waker(r, NULL);
    r->owner = NULL;
    pthread_mutex_unlock(&r->lock);
}
