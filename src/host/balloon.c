/* virtio-balloon's reporting queue: the guest's driver and what a hypervisor does with a chain. */
#include <fpr/devices.h>

#include "host/gate.h"

#include <errno.h>

#define MAX_RING     32768u /* virtio's limit of a queue */
#define POISON_BYTES 0xaaaaaaaau
#define ALL_FEATURES (FPR_BALLOON_PAGE_POISON | FPR_BALLOON_REPORTING)

struct fpr_balloon {
    struct fpr_balloon_config config;
    unsigned features;
    uint32_t poison;
    struct fpr_gate gate;
    bool in_flight;
    bool inhibited;
    bool stalled;
    bool broken;
    struct fpr_balloon_stats stats;
};

int fpr_balloon_config_init(struct fpr_balloon_config *config, enum fpr_profile profile)
{
    if (config == NULL || (unsigned)profile >= FPR_NR_PROFILES)
        return -EINVAL;
    *config = (struct fpr_balloon_config){
        .profile = profile,
        .offered = ALL_FEATURES,
        .ring_size = 128,
        .capacity = 32,
        .page_shift = 12,
    };
    return 0;
}

/* Poisoning makes sense to tell of only if somebody relies on the content of free pages. From
 * mid-2020 on a guest that does so gives up reporting when the host cannot be told, because pages
 * would come back with other content than they had. */
static unsigned negotiate(const struct fpr_balloon_config *config)
{
    unsigned features = config->offered & ALL_FEATURES;
    bool checked = config->page_poisoning && !config->poison_unchecked;
    if (!config->init_on_free && !checked)
        features &= ~(unsigned)FPR_BALLOON_PAGE_POISON;
    else if (config->profile != FPR_PROFILE_V16 && !(features & FPR_BALLOON_PAGE_POISON))
        features &= ~(unsigned)FPR_BALLOON_REPORTING;
    return features;
}

static uint32_t poison_value(const struct fpr_balloon_config *config, unsigned features)
{
    if (!(features & FPR_BALLOON_PAGE_POISON) || config->init_on_free || config->poison_with_zero)
        return 0;
    return POISON_BYTES;
}

int fpr_balloon_create(const struct fpr_balloon_config *config, struct fpr_balloon **balloon)
{
    if (config == NULL || balloon == NULL || (unsigned)config->profile >= FPR_NR_PROFILES ||
        config->ring_size == 0 || config->ring_size > MAX_RING || config->capacity == 0 ||
        config->capacity > 65536 || (config->host != NULL && config->host->report == NULL))
        return -EINVAL;
    unsigned features = negotiate(config);
    if ((features & FPR_BALLOON_REPORTING) && config->ring_size < config->capacity)
        return -ENOSPC;
    const struct fpr_mem_ops *mem = fpr_mem_default();
    struct fpr_balloon *made = mem->zalloc(mem->ctx, sizeof(*made));
    if (made == NULL)
        return -ENOMEM;
    made->config = *config;
    made->features = features;
    made->poison = poison_value(config, features);
    made->inhibited = config->inhibited;
    fpr_gate_init(&made->gate);
    *balloon = made;
    return 0;
}

void fpr_balloon_destroy(struct fpr_balloon *balloon)
{
    if (balloon == NULL)
        return;
    fpr_gate_destroy(&balloon->gate);
    const struct fpr_mem_ops *mem = fpr_mem_default();
    mem->free(mem->ctx, balloon, sizeof(*balloon));
}

/* The guest puts a chain on the queue. Without indirect descriptors each buffer takes a slot. */
static int add_chain(struct fpr_balloon *balloon, unsigned nents)
{
    if (balloon->in_flight) {
        balloon->stats.busy++;
        return -EBUSY;
    }
    if (balloon->broken || nents > balloon->config.ring_size) {
        balloon->stats.add_failed++;
        return balloon->broken ? -EIO : -ENOSPC;
    }
    balloon->in_flight = true;
    balloon->stats.chains++;
    balloon->stats.buffers += nents;
    return 0;
}

static void wait_while_stalled(struct fpr_balloon *balloon)
{
    if (!balloon->stalled || balloon->broken)
        return;
    balloon->stats.stalls++;
    if (balloon->config.on_stall != NULL) {
        fpr_gate_unlock(&balloon->gate);
        balloon->config.on_stall(balloon->config.on_stall_ctx);
        fpr_gate_lock(&balloon->gate);
    }
    while (balloon->stalled && !balloon->broken)
        fpr_gate_wait(&balloon->gate);
}

/* The hypervisor's half. It acknowledges whatever came of the discards: the guest has no way to
 * learn of an error. */
static void handle_chain(struct fpr_balloon *balloon, const struct fpr_sg *sg, unsigned nents)
{
    const struct fpr_device *host = balloon->config.host;
    if (balloon->inhibited || balloon->poison != 0) {
        balloon->stats.skipped++;
        return;
    }
    if (host == NULL)
        return;
    fpr_gate_unlock(&balloon->gate);
    int error = host->report(host->ctx, sg, nents);
    fpr_gate_lock(&balloon->gate);
    balloon->stats.discard_errors += error != 0;
}

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct fpr_balloon *balloon = ctx;
    const struct fpr_balloon_config *config = &balloon->config;
    fpr_gate_lock(&balloon->gate);
    int error = add_chain(balloon, nents);
    if (error == 0) {
        wait_while_stalled(balloon);
        if (!balloon->broken)
            handle_chain(balloon, sg, nents);
        if (!balloon->broken)
            fpr_gate_pause(&balloon->gate, config->clock, config->latency, &balloon->broken);
        error = balloon->broken ? -EIO : 0;
        balloon->stats.acked += error == 0;
        balloon->in_flight = false;
    }
    fpr_gate_unlock(&balloon->gate);
    return error;
}

int fpr_balloon_device(struct fpr_balloon *balloon, struct fpr_device *device)
{
    if (balloon == NULL || device == NULL)
        return -EINVAL;
    if (!(balloon->features & FPR_BALLOON_REPORTING))
        return -ENODEV;
    *device = (struct fpr_device){.name = "virtio-balloon",
                                  .report = report,
                                  .ctx = balloon,
                                  .max_nents = balloon->config.ring_size};
    if (balloon->config.page_shift == 16 && balloon->config.profile >= FPR_PROFILE_LINUX_5_14)
        device->order = 5;
    return 0;
}

unsigned fpr_balloon_features(const struct fpr_balloon *balloon)
{
    return balloon == NULL ? 0 : balloon->features;
}

uint32_t fpr_balloon_poison(const struct fpr_balloon *balloon)
{
    return balloon == NULL ? 0 : balloon->poison;
}

static void set_flag(struct fpr_balloon *balloon, bool *flag, bool value)
{
    fpr_gate_lock(&balloon->gate);
    *flag = value;
    fpr_gate_wake(&balloon->gate);
    fpr_gate_unlock(&balloon->gate);
}

void fpr_balloon_inhibit(struct fpr_balloon *balloon, bool inhibited)
{
    if (balloon != NULL)
        set_flag(balloon, &balloon->inhibited, inhibited);
}

void fpr_balloon_stall(struct fpr_balloon *balloon, bool stalled)
{
    if (balloon != NULL)
        set_flag(balloon, &balloon->stalled, stalled);
}

void fpr_balloon_break(struct fpr_balloon *balloon)
{
    if (balloon != NULL)
        set_flag(balloon, &balloon->broken, true);
}

int fpr_balloon_get_stats(struct fpr_balloon *balloon, struct fpr_balloon_stats *stats)
{
    if (balloon == NULL || stats == NULL)
        return -EINVAL;
    fpr_gate_lock(&balloon->gate);
    *stats = balloon->stats;
    fpr_gate_unlock(&balloon->gate);
    return 0;
}
