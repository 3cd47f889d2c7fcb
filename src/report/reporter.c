#include "report/reporter.h"

#include "base/atomic.h"
#include "base/clock.h"

#include <errno.h>

#define RETRY_NS (100 * FPR_NS_PER_MS) /* after a pass that was due but could not begin */

/* Is a pass to be queued? Then it is asked for from now on. */
static bool ask(struct fpr_reporter *r)
{
    if (report_state(r) == FPR_REPORT_REQUESTED) {
        return false;
    }
    __atomic_fetch_add(&r->stats.requests, 1, __ATOMIC_RELAXED);
    return report_state_swap(r, FPR_REPORT_REQUESTED) == FPR_REPORT_IDLE;
}

static void schedule_in(struct fpr_reporter *r, fpr_ns delay);

/* Called with the zone's lock held: unregistering waits for it by taking that lock. */
static void notified(void *ctx, struct fpr_zone *zone, unsigned order)
{
    struct fpr_reporter *r = ctx;
    (void)zone;
    (void)order;
    if (report_device(r) && ask(r)) {
        schedule_in(r, report_delay(r));
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

/* So much later, but not behind the end of time. */
static fpr_ns later(fpr_ns now, fpr_ns delay)
{
    return delay < UINT64_MAX - now ? now + delay : UINT64_MAX;
}

static void schedule_in(struct fpr_reporter *r, fpr_ns delay)
{
    if (r->waker.wake) {
        r->waker.wake(r->waker.ctx, delay);
        return;
    }
    fpr_ns now = fpr_report_now(r), due = later(now, delay);
    if (r->clock) {
        fpr_clock_schedule(r->clock, &r->work, due);
    }
    if (r->observer.requested) {
        r->observer.requested(r->observer.ctx, now, due);
    }
}

bool fpr_report_barred(const struct fpr_reporter *r)
{
    return read_relaxed(r->caller) == (uintptr_t)pthread_self() ||
           fpr_machine_in_callback(r->machine);
}

static void call_begin(struct fpr_reporter *r)
{
    write_relaxed(r->caller, (uintptr_t)pthread_self());
}

static void call_end(struct fpr_reporter *r)
{
    write_relaxed(r->caller, 0);
}

void fpr_report_schedule(struct fpr_reporter *r)
{
    call_begin(r);
    schedule_in(r, report_delay(r));
    call_end(r);
}

void fpr_reporter_request(struct fpr_reporter *r)
{
    if (ask(r)) {
        fpr_report_schedule(r);
    }
}

/* A pass that is due while none may begin is not forgotten, as long as there is a later moment. */
static void run_work(void *ctx)
{
    struct fpr_reporter *r = ctx;
    int err = fpr_reporter_pass(r, NULL);
    fpr_ns now = fpr_clock_now(r->clock);
    if (err && r->device && now < UINT64_MAX) {
        fpr_clock_schedule(r->clock, &r->work, later(now, RETRY_NS));
    }
}

int fpr_reporter_create(struct fpr_machine *machine, struct fpr_clock *clock,
                        const struct fpr_report_config *config, struct fpr_reporter **reporter)
{
    struct fpr_report_config defaults;
    fpr_report_config_init(&defaults);
    config = config ? config : &defaults;
    if (!machine || !reporter || fpr_machine_in_callback(machine) ||
        !fpr_report_config_ok(machine, config)) {
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
    pthread_mutex_init(&r->resume_lock, NULL);
    fpr_expect_atomics(&r->state, sizeof(r->state));
    fpr_expect_atomics(&r->device, sizeof(r->device));
    fpr_expect_atomics(&r->delay, sizeof(r->delay));
    fpr_expect_atomics(&r->stats, sizeof(r->stats));
    fpr_expect_atomics(&r->caller, sizeof(r->caller));
    fpr_expect_atomics(&r->suspended, sizeof(r->suspended));
    fpr_expect_atomics(&r->cut, sizeof(r->cut));
    r->order = fpr_report_order(r);
    machine->reporter = r;
    fpr_clock_hold(clock);
    *reporter = r;
    return 0;
}

bool fpr_report_destroy(struct fpr_reporter *r)
{
    if (fpr_report_barred(r)) {
        return false;
    }
    pthread_mutex_lock(&r->lock);
    bool free = !r->owner && !r->busy;
    if (free) {
        fpr_report_detach(r);
    }
    pthread_mutex_unlock(&r->lock);
    if (!free) {
        return false;
    }
    fpr_report_attach(r, false);
    r->machine->reporter = NULL;
    fpr_clock_release(r->clock);
    pthread_mutex_destroy(&r->lock);
    pthread_mutex_destroy(&r->resume_lock);
    struct fpr_mem_ops mem = r->mem;
    mem.free(mem.ctx, r->batch.sg, r->batch.capacity * sizeof(struct fpr_sg));
    mem.free(mem.ctx, r, sizeof(*r));
    return true;
}

void fpr_reporter_destroy(struct fpr_reporter *reporter)
{
    if (reporter && !reporter->part) {
        fpr_report_destroy(reporter);
    }
}

int fpr_reporter_state(const struct fpr_reporter *reporter)
{
    return reporter ? report_state(reporter) : -EINVAL;
}

/* A pass was requested, and is due then. */
static void load_request(struct fpr_reporter *r, fpr_ns due)
{
    if (r->clock) {
        fpr_clock_schedule(r->clock, &r->work, due);
    } else if (r->waker.wake) {
        call_begin(r);
        fpr_ns now = fpr_report_now(r);
        schedule_in(r, due > now ? due - now : 0);
        call_end(r);
    }
}

int fpr_reporter_load_state(struct fpr_reporter *reporter, enum fpr_report_state state, fpr_ns due)
{
    struct fpr_reporter *r = reporter;
    if (!r || (unsigned)state > FPR_REPORT_REQUESTED || fpr_report_barred(r)) {
        return -EINVAL;
    }
    pthread_mutex_lock(&r->lock);
    int err = r->owner ? -EBUSY : !r->device || r->busy ? -EINVAL : 0;
    if (!err) {
        report_state_set(r, (int)state);
        if (r->clock) {
            fpr_clock_cancel(r->clock, &r->work);
        }
    }
    pthread_mutex_unlock(&r->lock);
    if (!err && state == FPR_REPORT_REQUESTED) {
        load_request(r, due);
    }
    return err;
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
    if (!reporter || fpr_report_barred(reporter)) {
        return -EINVAL;
    }
    pthread_mutex_lock(&reporter->lock);
    int err = reporter->busy ? -EBUSY : 0; /* of one pass the same sees begin and end */
    if (!err) {
        reporter->observer = observer ? *observer : (struct fpr_report_observer){0};
    }
    pthread_mutex_unlock(&reporter->lock);
    return err;
}
