#include "report/reporter.h"

#include "base/mutant.h"
#include "mm/machine.h"

#include <errno.h>

#define DEFAULT_CAPACITY       32u
#define DEFAULT_BUDGET_DIVISOR 16u
#define MAX_CAPACITY           65536u

int fpr_report_config_init(struct fpr_report_config *config)
{
    if (!config) {
        return -EINVAL;
    }
    *config = (struct fpr_report_config){.order = -1,
                                         .capacity = DEFAULT_CAPACITY,
                                         .budget_divisor = DEFAULT_BUDGET_DIVISOR,
                                         .delay = 2 * FPR_NS_PER_S,
                                         .rotate = true};
    return 0;
}

int fpr_report_config_patch_level(struct fpr_report_config *config, enum fpr_patch_level level)
{
    if (!config || (unsigned)level > FPR_PATCH_LEVEL_P4) {
        return -EINVAL;
    }
    config->rotate = level != FPR_PATCH_LEVEL_P4;
    config->eager = level == FPR_PATCH_LEVEL_P4;
    config->budget_divisor = level == FPR_PATCH_LEVEL_P8 ? DEFAULT_BUDGET_DIVISOR : 0;
    return 0;
}

static unsigned least_max_order(const struct fpr_machine *m)
{
    unsigned order = FPR_MAX_ORDER;
    for (size_t k = 0; k < m->nr_zones; k++) {
        order = m->zones[k]->max_order < order ? m->zones[k]->max_order : order;
    }
    return order;
}

static bool config_ok(const struct fpr_machine *m, const struct fpr_report_config *c)
{
    return c->order >= -1 && c->order <= (int)least_max_order(m) && c->capacity >= 1 &&
           c->capacity <= MAX_CAPACITY && (unsigned)c->putback <= FPR_PLACE_TAIL &&
           c->delay <= INT64_MAX;
}

static struct fpr_sg *new_sg(struct fpr_reporter *r, unsigned capacity)
{
    return r->mem.zalloc(r->mem.ctx, capacity * sizeof(struct fpr_sg));
}

static void free_sg(struct fpr_reporter *r)
{
    if (r->batch.sg) {
        r->mem.free(r->mem.ctx, r->batch.sg, r->batch.capacity * sizeof(struct fpr_sg));
        r->batch.sg = NULL;
    }
}

/* The order in force: the caller's, else the device's wish where the kernel asks it, else the
 * pageblock order. */
static unsigned resolve_order(const struct fpr_reporter *r)
{
    const struct fpr_zone *z = r->machine->zones[0];
    if (r->config.order >= 0) {
        return (unsigned)r->config.order;
    }
    if (r->device && z->policy.report_order_settable && r->device->order > 0 &&
        r->device->order <= (int)z->max_order) {
        return (unsigned)r->device->order;
    }
    return z->pageblock_order;
}

static void notified(void *ctx, struct fpr_zone *zone, unsigned order)
{
    struct fpr_reporter *r = ctx;
    (void)zone;
    (void)order;
    if (r->device && !(FPR_MUTANT(NO_CB_REQUEST) && r->busy)) {
        fpr_reporter_request(r);
    }
}

/* Frees notify from the first registration on, whether or not a device is there. */
static void attach(struct fpr_reporter *r, bool on)
{
    for (size_t k = 0; k < r->machine->nr_zones; k++) {
        fpr_zone_set_notify(r->machine->zones[k], r->order, on ? notified : NULL, r);
    }
}

static fpr_ns now(const struct fpr_reporter *r)
{
    return r->clock ? fpr_clock_now(r->clock) : 0;
}

static void schedule(struct fpr_reporter *r)
{
    fpr_ns due = now(r) + r->config.delay;
    if (r->clock) {
        fpr_clock_schedule(r->clock, &r->work, due);
    }
    if (r->observer.requested) {
        r->observer.requested(r->observer.ctx, now(r), due);
    }
}

void fpr_reporter_request(struct fpr_reporter *r)
{
    if (__atomic_load_n(&r->state, __ATOMIC_RELAXED) == FPR_REPORT_REQUESTED) {
        return;
    }
    r->stats.requests++;
    if (__atomic_exchange_n(&r->state, FPR_REPORT_REQUESTED, __ATOMIC_ACQ_REL) == FPR_REPORT_IDLE) {
        schedule(r);
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
    if (!machine || !reporter || !config_ok(machine, config)) {
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
    r->work = (struct fpr_work){.run = run_work, .ctx = r};
    r->batch.capacity = config->capacity;
    r->batch.sg = new_sg(r, config->capacity);
    if (!r->batch.sg) {
        machine->mem.free(machine->mem.ctx, r, sizeof(*r));
        return -ENOMEM;
    }
    r->batch.offset = r->batch.capacity;
    r->order = resolve_order(r);
    machine->reporter = r;
    *reporter = r;
    return 0;
}

static void unregister(struct fpr_reporter *r)
{
    if (r->clock) {
        fpr_clock_cancel(r->clock, &r->work);
    }
    r->device = NULL;
    __atomic_store_n(&r->state, FPR_REPORT_IDLE, __ATOMIC_RELAXED);
}

void fpr_reporter_destroy(struct fpr_reporter *reporter)
{
    if (!reporter) {
        return;
    }
    unregister(reporter);
    attach(reporter, false);
    reporter->machine->reporter = NULL;
    free_sg(reporter);
    struct fpr_mem_ops mem = reporter->mem;
    mem.free(mem.ctx, reporter, sizeof(*reporter));
}

int fpr_reporter_register(struct fpr_reporter *reporter, const struct fpr_device *device)
{
    if (!reporter || !device || !device->report) {
        return -EINVAL;
    }
    if (reporter->device || reporter->busy) {
        return -EBUSY;
    }
    if (device->max_nents && device->max_nents < reporter->config.capacity) {
        return -ENOSPC;
    }
    reporter->device = device;
    reporter->order = resolve_order(reporter);
    __atomic_store_n(&reporter->state, FPR_REPORT_IDLE, __ATOMIC_RELAXED);
    fpr_reporter_request(reporter);
    reporter->enabled = true;
    attach(reporter, true);
    return 0;
}

int fpr_reporter_unregister(struct fpr_reporter *reporter, const struct fpr_device *device)
{
    if (!reporter || !device || reporter->device != device) {
        return -EINVAL;
    }
    if (reporter->busy) {
        return -EDEADLK;
    }
    unregister(reporter);
    return 0;
}

int fpr_reporter_set_config(struct fpr_reporter *reporter, const struct fpr_report_config *config)
{
    if (!reporter || !config || !config_ok(reporter->machine, config)) {
        return -EINVAL;
    }
    if (reporter->device && reporter->device->max_nents &&
        reporter->device->max_nents < config->capacity) {
        return -ENOSPC;
    }
    if (config->capacity != reporter->batch.capacity && !reporter->busy) {
        struct fpr_sg *sg = new_sg(reporter, config->capacity);
        if (!sg) {
            return -ENOMEM;
        }
        free_sg(reporter);
        reporter->batch = (struct batch){sg, config->capacity, config->capacity};
    }
    reporter->config = *config;
    if (!reporter->busy) {
        reporter->order = resolve_order(reporter);
        if (reporter->enabled) {
            attach(reporter, true);
        }
    }
    return 0;
}

int fpr_reporter_get_config(const struct fpr_reporter *reporter, struct fpr_report_config *config)
{
    if (!reporter || !config) {
        return -EINVAL;
    }
    *config = reporter->config;
    config->order = (int)resolve_order(reporter);
    return 0;
}

int fpr_reporter_state(const struct fpr_reporter *reporter)
{
    return reporter ? __atomic_load_n(&reporter->state, __ATOMIC_RELAXED) : -EINVAL;
}

int fpr_reporter_load_state(struct fpr_reporter *reporter, enum fpr_report_state state, fpr_ns due)
{
    if (!reporter || !reporter->device || (unsigned)state > FPR_REPORT_REQUESTED ||
        reporter->busy) {
        return -EINVAL;
    }
    if (reporter->clock) {
        fpr_clock_cancel(reporter->clock, &reporter->work);
        if (state == FPR_REPORT_REQUESTED) {
            fpr_clock_schedule(reporter->clock, &reporter->work, due);
        }
    }
    __atomic_store_n(&reporter->state, (int)state, __ATOMIC_RELAXED);
    return 0;
}

int fpr_reporter_get_stats(const struct fpr_reporter *reporter, struct fpr_report_stats *stats)
{
    if (!reporter || !stats) {
        return -EINVAL;
    }
    *stats = reporter->stats;
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

/* The pass's own view of the knobs: a capacity changed in the last pass needs memory first. */
static int begin_pass(struct fpr_reporter *r)
{
    if (r->config.capacity != r->batch.capacity) {
        struct fpr_sg *sg = new_sg(r, r->config.capacity);
        if (!sg) {
            return -ENOMEM;
        }
        free_sg(r);
        r->batch.sg = sg;
        r->batch.capacity = r->config.capacity;
    }
    r->pass = r->config;
    r->batch.offset = r->batch.capacity;
    r->calls = 0;
    r->busy = true;
    r->stats.passes++;
    r->order = resolve_order(r);
    attach(r, true);
    return 0;
}

static void end_pass(struct fpr_reporter *r, int err, struct fpr_pass_result *result)
{
    r->busy = false;
    int was = FPR_REPORT_ACTIVE;
    bool idle = __atomic_compare_exchange_n(&r->state, &was, FPR_REPORT_IDLE, false,
                                            __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    *result = (struct fpr_pass_result){.calls = r->calls, .error = err, .requested = !idle};
    if (r->observer.pass_end) {
        r->observer.pass_end(r->observer.ctx, now(r), result);
    }
    if (!idle) {
        schedule(r);
    }
}

int fpr_reporter_pass(struct fpr_reporter *reporter, struct fpr_pass_result *result)
{
    if (!reporter || !reporter->device) {
        return -EINVAL;
    }
    if (reporter->busy) {
        return -EBUSY;
    }
    int err = begin_pass(reporter);
    if (err) {
        return err;
    }
    if (reporter->clock) {
        fpr_clock_cancel(reporter->clock, &reporter->work);
    }
    __atomic_store_n(&reporter->state, FPR_REPORT_ACTIVE, __ATOMIC_RELEASE);
    if (reporter->observer.pass_begin) {
        reporter->observer.pass_begin(reporter->observer.ctx, now(reporter));
    }
    int device_err = 0;
    for (size_t k = 0; k < reporter->machine->nr_zones && !device_err; k++) {
        device_err = fpr_report_zone(reporter, reporter->machine->zones[k]);
    }
    struct fpr_pass_result done;
    end_pass(reporter, device_err, &done);
    if (result) {
        *result = done;
    }
    return 0;
}
