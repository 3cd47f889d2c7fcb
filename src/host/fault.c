#include <fpr/devices.h>

#include "base/hash.h"
#include "host/gate.h"

#include <errno.h>

struct fpr_fault {
    struct fpr_fault_config config;
    struct fpr_gate gate;
    uint64_t seed;
    bool released;
    struct fpr_fault_stats stats;
};

int fpr_fault_config_init(struct fpr_fault_config *config)
{
    if (config == NULL)
        return -EINVAL;
    *config = (struct fpr_fault_config){.error = -EIO};
    return 0;
}

int fpr_fault_create(const struct fpr_fault_config *config, struct fpr_fault **fault)
{
    if (config == NULL || fault == NULL || config->error == 0 ||
        !(config->fail_probability >= 0 && config->fail_probability <= 1) ||
        (config->next != NULL && config->next->report == NULL))
        return -EINVAL;
    const struct fpr_mem_ops *mem = fpr_mem_default();
    struct fpr_fault *made = mem->zalloc(mem->ctx, sizeof(*made));
    if (made == NULL)
        return -ENOMEM;
    made->config = *config;
    made->seed = config->seed;
    fpr_gate_init(&made->gate);
    *fault = made;
    return 0;
}

void fpr_fault_destroy(struct fpr_fault *fault)
{
    if (fault == NULL)
        return;
    fpr_gate_destroy(&fault->gate);
    const struct fpr_mem_ops *mem = fpr_mem_default();
    mem->free(mem->ctx, fault, sizeof(*fault));
}

static bool draw(struct fpr_fault *fault)
{
    double unit = (double)(fpr_random_next(&fault->seed) >> 11) * 0x1p-53; /* 0 <= unit < 1 */
    return unit < fault->config.fail_probability;
}

static bool is_bad(struct fpr_fault *fault, uint64_t call)
{
    const struct fpr_fault_config *config = &fault->config;
    bool drawn = draw(fault);
    return drawn || call == config->fail_nth ||
           (config->fail_every > 0 && call % config->fail_every == 0);
}

static void hang(struct fpr_fault *fault)
{
    fault->stats.stuck++;
    fault->stats.hanging = true;
    if (fault->config.on_stuck != NULL) {
        fpr_gate_unlock(&fault->gate);
        fault->config.on_stuck(fault->config.on_stuck_ctx);
        fpr_gate_lock(&fault->gate);
    }
    while (!fault->released)
        fpr_gate_wait(&fault->gate);
    fault->stats.hanging = false;
}

/* What happens before the call is passed on or refused; returns whether it is to fail. */
static bool suffer(struct fpr_fault *fault)
{
    const struct fpr_fault_config *config = &fault->config;
    fpr_gate_lock(&fault->gate);
    uint64_t call = ++fault->stats.calls;
    bool bad = is_bad(fault, call);
    if (!fault->released)
        fpr_gate_pause(&fault->gate, config->clock, config->slow, &fault->released);
    if (!fault->released && config->stuck_from > 0 && call >= config->stuck_from)
        hang(fault);
    fault->stats.failed += bad;
    fpr_gate_unlock(&fault->gate);
    return bad;
}

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct fpr_fault *fault = ctx;
    const struct fpr_device *next = fault->config.next;
    bool bad = suffer(fault);
    int result = 0;
    if (next != NULL && (!bad || fault->config.fail_late))
        result = next->report(next->ctx, sg, nents);
    return bad ? fault->config.error : result;
}

int fpr_fault_device(struct fpr_fault *fault, struct fpr_device *device)
{
    if (fault == NULL || device == NULL)
        return -EINVAL;
    *device = (struct fpr_device){.name = "fault", .report = report, .ctx = fault};
    if (fault->config.next != NULL) {
        device->order = fault->config.next->order;
        device->max_nents = fault->config.next->max_nents;
    }
    return 0;
}

void fpr_fault_release(struct fpr_fault *fault)
{
    if (fault == NULL)
        return;
    fpr_gate_lock(&fault->gate);
    fault->released = true;
    fpr_gate_wake(&fault->gate);
    fpr_gate_unlock(&fault->gate);
}

int fpr_fault_get(struct fpr_fault *fault, struct fpr_fault_stats *stats)
{
    if (fault == NULL || stats == NULL)
        return -EINVAL;
    fpr_gate_lock(&fault->gate);
    *stats = fault->stats;
    fpr_gate_unlock(&fault->gate);
    return 0;
}
