/* One pass: over all zones, with the knobs as they stood when it began. */
#include "report/reporter.h"

#include <errno.h>

static void run(struct fpr_reporter *r, struct fpr_pass_result *result)
{
    r->calls = 0;
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
    if (err == -ECANCELED && fpr_report_suspended(r)) { /* not the device's word: work is left */
        report_state_set(r, FPR_REPORT_REQUESTED);
    }
    bool idle = report_state_turn(r, FPR_REPORT_ACTIVE, FPR_REPORT_IDLE);
    *result = (struct fpr_pass_result){.calls = r->calls, .error = err, .requested = !idle};
}

static int begin(struct fpr_reporter *r)
{
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

int fpr_reporter_suspend(struct fpr_reporter *reporter, bool on)
{
    if (!reporter) {
        return -EINVAL;
    }
    fpr_race_point();
    __atomic_store_n(&reporter->suspended, on, __ATOMIC_RELEASE);
    return 0;
}

int fpr_reporter_pass(struct fpr_reporter *reporter, struct fpr_pass_result *result)
{
    struct fpr_reporter *r = reporter;
    if (!r) {
        return -EINVAL;
    }
    pthread_mutex_lock(&r->lock);
    int err = begin(r);
    pthread_mutex_unlock(&r->lock);
    if (err) {
        return err;
    }
    struct fpr_pass_result done;
    run(r, &done);
    pthread_mutex_lock(&r->lock);
    r->busy = false;
    pthread_mutex_unlock(&r->lock);
    if (r->observer.pass_end) {
        r->observer.pass_end(r->observer.ctx, fpr_report_now(r), &done);
    }
    if (done.requested) {
        fpr_report_schedule(r);
    }
    if (result) {
        *result = done;
    }
    return 0;
}
