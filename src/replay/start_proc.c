/* A starting state from kpageflags and zoneinfo. */
#include "replay/proc_zone.h"
#include "replay/run.h"

#include <errno.h>
#include <stdio.h>

static int load_zone(struct run *run, const struct zoneinfo *zones, size_t nr, size_t at,
                     const struct page_flags *f)
{
    struct fpr_zone *zone = fpr_machine_zone(run->machine, at);
    struct fpr_zone_info info;
    int err = fpr_zone_get_info(zone, &info);
    if (!err)
        err = fpr_proc_zone_load_flags(zone, f);
    for (size_t i = 0; i < nr && !err; i++)
        if (zones[i].start == info.start)
            err = fpr_proc_zone_load_counters(zone, &zones[i]);
    return err;
}

int fpr_start_from_flags(struct run *run, const struct fpr_policy *policy)
{
    const struct fpr_recording *rec = run->p->recording;
    struct page_flags f = {rec->kpageflags_before, rec->kpageflags_before_pages};
    struct zoneinfo zones[MAX_ZONEINFO];
    struct fpr_zone_config configs[MAX_ZONEINFO];
    struct fpr_machine_config config;
    int found = fpr_zoneinfo_parse(rec->zoneinfo_before, zones, MAX_ZONEINFO);
    size_t nr = found > 0 ? (size_t)found : 0;
    int err = found < 0 ? found : found ? fpr_machine_config_init(&config) : -EINVAL;
    for (size_t i = 0; i < nr && !err; i++)
        err = fpr_proc_zone_configure(&configs[i], &zones[i], policy, run->header.cpus);
    if (!err) {
        config.zones = configs;
        config.nr_zones = nr;
        config.compute_watermarks = false;
        err = fpr_machine_create(&config, &run->machine);
    }
    for (size_t i = 0; i < nr && !err; i++)
        err = load_zone(run, zones, nr, i, &f);
    if (err == -EINVAL || err == -EEXIST) {
        snprintf(run->error->file, sizeof(run->error->file), "%.240s", rec->path);
        snprintf(run->error->reason, sizeof(run->error->reason),
                 "kpageflags and zoneinfo do not describe one machine");
        err = -EINVAL;
    }
    snprintf(run->r->start, sizeof(run->r->start),
             "kpageflags and zoneinfo: list order, per-cpu lists and pageblock types are guessed, "
             "so few frames match");
    return err;
}
