/* The knobs of reporting. */
#include "report/reporter.h"

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

bool fpr_report_config_ok(const struct fpr_machine *m, const struct fpr_report_config *c)
{
    return c->order >= -1 && c->order <= (int)least_max_order(m) && c->capacity >= 1 &&
           c->capacity <= MAX_CAPACITY && (unsigned)c->putback <= FPR_PLACE_TAIL &&
           c->delay <= INT64_MAX;
}

unsigned fpr_report_order(const struct fpr_reporter *r)
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

/* A batch of another capacity needs memory of its own. */
int fpr_report_resize(struct fpr_reporter *r, unsigned capacity)
{
    if (capacity == r->batch.capacity) {
        return 0;
    }
    struct fpr_sg *sg = r->mem.zalloc(r->mem.ctx, capacity * sizeof(*sg));
    if (!sg) {
        return -ENOMEM;
    }
    if (r->batch.sg) {
        r->mem.free(r->mem.ctx, r->batch.sg, r->batch.capacity * sizeof(*sg));
    }
    r->batch = (struct batch){sg, capacity, capacity};
    return 0;
}

/* In mid-pass the pass keeps its batch and its order; the next one begins with the new knobs. */
static int change(struct fpr_reporter *r, const struct fpr_report_config *config)
{
    if (r->device && r->device->max_nents && r->device->max_nents < config->capacity) {
        return -ENOSPC;
    }
    if (!r->busy && fpr_report_resize(r, config->capacity)) {
        return -ENOMEM;
    }
    r->config = *config;
    report_delay_set(r, config->delay);
    if (!r->busy) {
        r->order = fpr_report_order(r);
        if (r->enabled) {
            fpr_report_attach(r, true);
        }
    }
    return 0;
}

int fpr_reporter_set_config(struct fpr_reporter *reporter, const struct fpr_report_config *config)
{
    if (!reporter || !config || fpr_report_barred(reporter) ||
        !fpr_report_config_ok(reporter->machine, config)) {
        return -EINVAL;
    }
    pthread_mutex_lock(&reporter->lock);
    int err = change(reporter, config);
    pthread_mutex_unlock(&reporter->lock);
    return err;
}

int fpr_reporter_get_config(const struct fpr_reporter *reporter, struct fpr_report_config *config)
{
    if (!reporter || !config || !fpr_machine_lookable(reporter->machine)) {
        return -EINVAL;
    }
    struct fpr_reporter *r = (struct fpr_reporter *)(uintptr_t)reporter; /* the lock changes */
    pthread_mutex_lock(&r->lock);
    *config = r->config;
    config->order = (int)fpr_report_order(r);
    pthread_mutex_unlock(&r->lock);
    return 0;
}
