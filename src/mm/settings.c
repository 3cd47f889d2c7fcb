/* Changing a zone's settings. */
#include "mm/freelist.h"
#include "mm/pcp.h"
#include "mm/watermark.h"

#include <errno.h>

int fpr_zone_set_watermarks(struct fpr_zone *zone, uint64_t min, uint64_t low, uint64_t high)
{
    if (!zone_usable(zone) || min > MAX_MARK || low > MAX_MARK || high > MAX_MARK) {
        return -EINVAL;
    }
    zone_lock(zone);
    zone->watermark[FPR_WMARK_MIN] = min;
    zone->watermark[FPR_WMARK_LOW] = low;
    zone->watermark[FPR_WMARK_HIGH] = high;
    fpr_zone_quick_changed(zone);
    zone_unlock(zone);
    return 0;
}

int fpr_zone_set_boost(struct fpr_zone *zone, unsigned factor, uint64_t boost)
{
    if (!zone_usable(zone) || boost > MAX_MARK) {
        return -EINVAL;
    }
    zone_lock(zone);
    zone->boost_factor = factor;
    zone->boost = boost;
    fpr_zone_quick_changed(zone);
    zone_unlock(zone);
    return 0;
}

int fpr_zone_set_lowmem_reserve(struct fpr_zone *zone, enum fpr_zone_index index, uint64_t pages)
{
    if (!zone_usable(zone) || (unsigned)index >= FPR_NR_ZONE_INDICES || pages > MAX_MARK) {
        return -EINVAL;
    }
    zone_lock(zone);
    zone->lowmem_reserve[index] = pages;
    fpr_zone_quick_changed(zone);
    zone_unlock(zone);
    return 0;
}

int fpr_zone_set_pcp(struct fpr_zone *zone, unsigned high, unsigned batch)
{
    if (!zone_usable(zone) || !fpr_pcp_limits_ok(high, batch)) {
        return -EINVAL;
    }
    for (unsigned c = 0; c < zone->cpus; c++) {
        struct pcp *p = &zone->pcp[c];
        fpr_pcp_lock(zone, p);
        fpr_pcp_drain(zone, p);
        fpr_pcp_set_high(p, high);
        p->batch = batch;
        p->free_factor = 0;
        fpr_pcp_unlock(zone, p);
    }
    fpr_pcp_settings_changed(zone);
    return 0;
}

int fpr_zone_set_event_sink(struct fpr_zone *zone, const struct fpr_event_sink *sink)
{
    if (!zone_usable(zone) || (sink && !sink->event)) {
        return -EINVAL;
    }
    zone_lock(zone);
    zone->sink = sink ? *sink : (struct fpr_event_sink){NULL, NULL};
    fpr_zone_quick_changed(zone);
    zone_unlock(zone);
    return 0;
}

int fpr_zone_set_notify(struct fpr_zone *zone, unsigned order,
                        void (*notify)(void *ctx, struct fpr_zone *zone, unsigned order), void *ctx)
{
    if (!zone_usable(zone) || (notify && order > zone->max_order)) {
        return -EINVAL;
    }
    zone_lock(zone);
    zone->notify = notify;
    zone->notify_ctx = ctx;
    zone->notify_order = notify ? order : NO_NOTIFY;
    fpr_zone_quick_changed(zone);
    zone_unlock(zone);
    return 0;
}

int fpr_zone_set_reclaiming(struct fpr_zone *zone, bool on)
{
    if (!zone_usable(zone)) {
        return -EINVAL;
    }
    zone_lock(zone);
    write_relaxed(zone->reclaiming, on);
    fpr_zone_quick_changed(zone);
    zone_unlock(zone);
    return 0;
}

static void fold(struct fpr_zone *z)
{
    zone_set_free(z, zone_free_seen(z) + z->free_lag);
    z->free_lag = 0;
}

int fpr_zone_set_stat_threshold(struct fpr_zone *zone, unsigned threshold)
{
    if (!zone_usable(zone) || threshold > INT32_MAX) {
        return -EINVAL;
    }
    zone_lock(zone);
    zone->stat_threshold = threshold;
    if (zone->free_lag > zone->stat_threshold || zone->free_lag < -zone->stat_threshold) {
        fold(zone);
    }
    fpr_zone_quick_changed(zone);
    zone_unlock(zone);
    return 0;
}

int fpr_zone_fold_stats(struct fpr_zone *zone)
{
    if (!zone_usable(zone)) {
        return -EINVAL;
    }
    zone_lock(zone);
    fold(zone);
    zone_unlock(zone);
    return 0;
}
