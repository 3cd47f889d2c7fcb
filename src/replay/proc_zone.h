/* Zones from /proc/zoneinfo and /proc/kpageflags. */
#ifndef FPR_REPLAY_PROC_ZONE_H
#define FPR_REPLAY_PROC_ZONE_H

#include "replay/zoneinfo.h"

/* Words of /proc/kpageflags, one a frame. */
struct page_flags {
    const uint64_t *words;
    size_t nr;
};

/* An empty zone as zoneinfo describes it. Returns 0, -EINVAL (an unknown zone name). */
int fpr_proc_zone_configure(struct fpr_zone_config *config, const struct zoneinfo *z,
                            const struct fpr_policy *policy, unsigned cpus);
/* Guesses pageblock types, loads free blocks (exact) and allocated pages. */
int fpr_proc_zone_load_flags(struct fpr_zone *zone, const struct page_flags *f);
/* Watermarks, reserves, boost. */
int fpr_proc_zone_load_counters(struct fpr_zone *zone, const struct zoneinfo *z);

#endif
