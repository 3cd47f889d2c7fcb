#include "report/reporter.h"

#include "base/atomic.h"

#include <errno.h>

/* Called with the zone's lock held: unregistering waits for it by taking that lock. */
static void notified(void *ctx, struct fpr_zone *zone, unsigned order)
{
    struct fpr_reporter *r = ctx;
    (void)zone;
    (void)order;
    if (report_device(r)) {
        fpr_reporter_request(r);
    }
}

/* Frees notify from the first registration on, whether or not a device is there. */
void fpr_report_attach(struct fpr_reporter *r, bool on)
{
    for (size_t k = 0; k < r->machine->nr_zones; k++) {
        fpr_zone_set_notify(r->machine->zones[k], r->order, on ? notified : NULL, r);
    }
}

fpr_ns fpr_report_now(const struct fpr_reporter *r)
{
    if (r->clock) {
        return fpr_clock_now(r->clock);
    }
    return r->waker.now ? r->waker.now(r->waker.ctx) : 0;
}

static void schedule_in(struct fpr_reporter *r, fpr_ns delay)
{
    if (r->waker.wake) {
        r->waker.wake(r->waker.ctx, delay);
        return;
    }
    fpr_ns now = fpr_report_now(r), due = now + delay;
    if (r->clock) {
        fpr_clock_schedule(r->clock, &r->work, due);
    }
    if (r->observer.requested) {
        r->observer.requested(r->observer.ctx, now, due);
    }
}

void fpr_report_schedule(struct fpr_reporter *r)
{
    schedule_in(r, report_delay(r));
}

void fpr_reporter_request(struct fpr_reporter *r)
{
    if (report_state(r) == FPR_REPORT_REQUESTED) {
        return;
    }
    __atomic_fetch_add(&r->stats.requests, 1, __ATOMIC_RELAXED);
    if (report_state_swap(r, FPR_REPORT_REQUESTED) == FPR_REPORT_IDLE) {
        fpr_report_schedule(r);
    }
}

static void run_work(void *ctx)
{
    fpr_reporter_pass(ctx, NULL);
}

int fpr_reporter_create(struct fpr_machine *machine, struct fpr_clock *clock,
                        const struct fpr_report_config *config, struct fpr_reporter **reporter)
{
    struct fpr_report_config defaults;
    fpr_report_config_init(&defaults);
    config = config ? config : &defaults;
    if (!machine || !reporter || !fpr_report_config_ok(machine, config)) {
        return -EINVAL;
    }
    if (machine->reporter) {
        return -EBUSY;
    }
    struct fpr_reporter *r = machine->mem.zalloc(machine->mem.ctx, sizeof(*r));
    if (!r) {
        return -ENOMEM;
    }
    r->mem = machine->mem;
    r->machine = machine;
    r->clock = clock;
    r->config = *config;
    r->delay = config->delay;
    r->work = (struct fpr_work){.run = run_work, .ctx = r};
    if (fpr_report_resize(r, config->capacity)) {
        machine->mem.free(machine->mem.ctx, r, sizeof(*r));
        return -ENOMEM;
    }
    pthread_mutex_init(&r->lock, NULL);
    fpr_expect_atomics(&r->state, sizeof(r->state));
    fpr_expect_atomics(&r->device, sizeof(r->device));
    fpr_expect_atomics(&r->delay, sizeof(r->delay));
    fpr_expect_atomics(&r->stats, sizeof(r->stats));
    r->order = fpr_report_order(r);
    machine->reporter = r;
    *reporter = r;
    return 0;
}

/* Waits for the frees in other threads that are notifying: they hold their zone's lock. */
static void wait_for_notifiers(const struct fpr_reporter *r)
{
    for (size_t k = 0; k < r->machine->nr_zones; k++) {
        zone_lock(r->machine->zones[k]);
        zone_unlock(r->machine->zones[k]);
    }
}

static void unregister(struct fpr_reporter *r)
{
    report_device_set(r, NULL);
    wait_for_notifiers(r);
    if (r->clock) {
        fpr_clock_cancel(r->clock, &r->work);
    }
    report_state_set(r, FPR_REPORT_IDLE);
}

void fpr_reporter_destroy(struct fpr_reporter *reporter)
{
    if (!reporter || reporter->busy || reporter->owner) {
        return;
    }
    unregister(reporter);
    fpr_report_attach(reporter, false);
    reporter->machine->reporter = NULL;
    pthread_mutex_destroy(&reporter->lock);
    struct fpr_mem_ops mem = reporter->mem;
    mem.free(mem.ctx, reporter->batch.sg, reporter->batch.capacity * sizeof(struct fpr_sg));
    mem.free(mem.ctx, reporter, sizeof(*reporter));
}

static int accept_device(struct fpr_reporter *r, const struct fpr_device *device)
{
    if (r->device || r->busy) {
        return -EBUSY;
    }
    if (device->max_nents && device->max_nents < r->config.capacity) {
        return -ENOSPC;
    }
    report_device_set(r, device);
    r->order = fpr_report_order(r);
    report_state_set(r, FPR_REPORT_IDLE);
    return 0;
}

int fpr_reporter_register(struct fpr_reporter *reporter, const struct fpr_device *device)
{
    if (!reporter || !device || !device->report) {
        return -EINVAL;
    }
    pthread_mutex_lock(&reporter->lock);
    int err = accept_device(reporter, device);
    pthread_mutex_unlock(&reporter->lock);
    if (err) {
        return err;
    }
    fpr_reporter_request(reporter);
    pthread_mutex_lock(&reporter->lock);
    reporter->enabled = true;
    fpr_report_attach(reporter, true);
    pthread_mutex_unlock(&reporter->lock);
    return 0;
}

int fpr_reporter_unregister(struct fpr_reporter *reporter, const struct fpr_device *device)
{
    if (!reporter || !device) {
        return -EINVAL;
    }
    pthread_mutex_lock(&reporter->lock);
    int err = reporter->device != device ? -EINVAL : reporter->busy ? -EDEADLK : 0;
    if (!err) {
        unregister(reporter);
    }
    pthread_mutex_unlock(&reporter->lock);
    return err;
}

int fpr_report_set_waker(struct fpr_reporter *r, const struct fpr_report_waker *waker)
{
    if (waker && r->clock) {
        return -EINVAL;
    }
    if (r->device) {
        return -EBUSY;
    }
    r->waker = waker ? *waker : (struct fpr_report_waker){0};
    return 0;
}

int fpr_reporter_set_waker(struct fpr_reporter *reporter, const struct fpr_report_waker *waker)
{
    if (!reporter) {
        return -EINVAL;
    }
    return reporter->owner ? -EBUSY : fpr_report_set_waker(reporter, waker);
}

int fpr_reporter_state(const struct fpr_reporter *reporter)
{
    return reporter ? report_state(reporter) : -EINVAL;
}

int fpr_reporter_load_state(struct fpr_reporter *reporter, enum fpr_report_state state, fpr_ns due)
{
    if (!reporter || !reporter->device || (unsigned)state > FPR_REPORT_REQUESTED ||
        reporter->busy) {
        return -EINVAL;
    }
    report_state_set(reporter, (int)state);
    if (reporter->clock) {
        fpr_clock_cancel(reporter->clock, &reporter->work);
        if (state == FPR_REPORT_REQUESTED) {
            fpr_clock_schedule(reporter->clock, &reporter->work, due);
        }
    } else if (state == FPR_REPORT_REQUESTED && reporter->waker.wake) {
        fpr_ns now = fpr_report_now(reporter);
        reporter->waker.wake(reporter->waker.ctx, due > now ? due - now : 0);
    }
    return 0;
}

int fpr_reporter_get_stats(const struct fpr_reporter *reporter, struct fpr_report_stats *stats)
{
    if (!reporter || !stats) {
        return -EINVAL;
    }
#define FPR_X(name, text) stats->name = __atomic_load_n(&reporter->stats.name, __ATOMIC_RELAXED);
    FPR_REPORT_STATS(FPR_X)
#undef FPR_X
    return 0;
}

int fpr_reporter_set_observer(struct fpr_reporter *reporter,
                              const struct fpr_report_observer *observer)
{
    if (!reporter) {
        return -EINVAL;
    }
    reporter->observer = observer ? *observer : (struct fpr_report_observer){0};
    return 0;
}
