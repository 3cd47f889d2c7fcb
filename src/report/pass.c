/* One pass: over all zones, with the knobs as they stood when it began. */
#include "report/reporter.h"

#include <errno.h>

static void run(struct fpr_reporter *r, struct fpr_pass_result *result)
{
    r->calls = 0;
    r->cancelled = false;
    fpr_report_count(&r->stats.passes, 1);
    if (r->clock) {
        fpr_clock_cancel(r->clock, &r->work);
    }
    report_state_set(r, FPR_REPORT_ACTIVE);
    if (r->observer.pass_begin) {
        r->observer.pass_begin(r->observer.ctx, fpr_report_now(r));
    }
    int err = 0;
    for (size_t k = 0; k < r->machine->nr_zones && !err; k++) {
        err = fpr_report_zone(r, r->machine->zones[k]);
    }
    if (r->cancelled) { /* not the device's word: work is left */
        report_state_set(r, FPR_REPORT_REQUESTED);
    }
    bool idle = report_state_turn(r, FPR_REPORT_ACTIVE, FPR_REPORT_IDLE);
    *result = (struct fpr_pass_result){.calls = r->calls, .error = err, .requested = !idle};
}

static int begin(struct fpr_reporter *r, const void *owner)
{
    if (r->owner != owner) {
        return -EBUSY;
    }
    if (!r->device) {
        return -EINVAL;
    }
    if (r->busy) {
        return -EBUSY;
    }
    if (fpr_report_suspended(r)) {
        return -ECANCELED;
    }
    int err = fpr_report_resize(r, r->config.capacity);
    if (err) {
        return err;
    }
    r->pass = r->config;
    r->busy = true;
    r->order = fpr_report_order(r);
    fpr_report_attach(r, true);
    return 0;
}

void fpr_report_cut(struct fpr_reporter *r, bool on)
{
    fpr_race_point();
    __atomic_store_n(&r->cut, on, __ATOMIC_RELEASE);
}

int fpr_reporter_suspend(struct fpr_reporter *reporter, bool on)
{
    struct fpr_reporter *r = reporter;
    if (!r) {
        return -EINVAL;
    }
    pthread_mutex_lock(&r->resume_lock);
    __atomic_store_n(&r->suspended, on, __ATOMIC_RELEASE);
    if (!on && r->resumed) {
        r->resumed(r->owner);
    }
    pthread_mutex_unlock(&r->resume_lock);
    return 0;
}

/* Who is told of the pass's end is still in it; only then may others begin one. */
static void end(struct fpr_reporter *r, const struct fpr_pass_result *done)
{
    if (r->observer.pass_end) {
        r->observer.pass_end(r->observer.ctx, fpr_report_now(r), done);
    }
    pthread_mutex_lock(&r->lock);
    r->busy = false;
    pthread_mutex_unlock(&r->lock);
    if (done->requested) {
        fpr_report_schedule(r);
    }
}

int fpr_report_pass(struct fpr_reporter *r, const void *owner, struct fpr_pass_result *result)
{
    pthread_mutex_lock(&r->lock);
    int err = begin(r, owner);
    pthread_mutex_unlock(&r->lock);
    if (err) {
        return err;
    }
    struct fpr_pass_result done;
    run(r, &done);
    end(r, &done);
    if (result) {
        *result = done;
    }
    return 0;
}

int fpr_reporter_pass(struct fpr_reporter *reporter, struct fpr_pass_result *result)
{
    if (!reporter || fpr_report_barred(reporter)) {
        return -EINVAL;
    }
    return fpr_report_pass(reporter, NULL, result);
}
