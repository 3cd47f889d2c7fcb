/* The zone's lock, and what it costs. Waits are timed only where there is one, holds of requests
 * only now and then, so that an uncontended lock stays as cheap as it was. */
#include "mm/zone.h"

#include <errno.h>
#include <time.h>

#define SAMPLE_MASK 63u /* every 64th hold is timed */

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void add(uint64_t ns, uint64_t *total, uint64_t *most)
{
    *total += ns;
    *most = ns > *most ? ns : *most;
}

void fpr_zone_lock_shared(struct fpr_zone *z, bool for_pass)
{
    uint64_t asked = 0;
    if (pthread_mutex_trylock(&z->lock)) {
        asked = now_ns();
        fpr_zone_wait(z);
    }
    struct zone_lock_state *s = &z->lock_state;
    s->for_pass = for_pass;
    bool timed = (++s->stats.acquired & SAMPLE_MASK) == 0 || for_pass;
    s->since = asked || timed ? now_ns() : 0;
    if (asked) {
        s->stats.waits++;
        add(s->since - asked, &s->stats.wait_ns, &s->stats.wait_max_ns);
        s->since = timed ? s->since : 0;
    }
}

void fpr_zone_unlock_shared(struct fpr_zone *z)
{
    struct zone_lock_state *s = &z->lock_state;
    if (s->since && s->for_pass) {
        s->stats.pass_holds++;
        add(now_ns() - s->since, &s->stats.pass_hold_ns, &s->stats.pass_hold_max_ns);
    } else if (s->since) {
        s->stats.sampled_holds++;
        add(now_ns() - s->since, &s->stats.sampled_hold_ns, &s->stats.sampled_hold_max_ns);
    }
    pthread_mutex_unlock(&z->lock);
}

int fpr_zone_clear_lock_stats(struct fpr_zone *zone)
{
    if (!zone_usable(zone)) {
        return -EINVAL;
    }
    zone_lock(zone);
    zone->lock_state.stats = (struct fpr_lock_stats){0};
    zone->lock_state.since = 0; /* nor is this hold measured */
    zone_unlock(zone);
    return 0;
}

int fpr_zone_get_lock_stats(const struct fpr_zone *zone, struct fpr_lock_stats *stats)
{
    if (!zone_lookable(zone) || !stats) {
        return -EINVAL;
    }
    struct fpr_zone *z = zone_lock_to_look(zone);
    *stats = z->lock_state.stats;
    zone_unlock(z);
    return 0;
}
