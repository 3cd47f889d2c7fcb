/* Zones from /proc/zoneinfo and /proc/kpageflags. */
#ifndef FPR_REPLAY_PROC_ZONE_H
#define FPR_REPLAY_PROC_ZONE_H

#include "replay/zoneinfo.h"

/* Words of /proc/kpageflags, one a frame. */
struct page_flags {
    const uint64_t *words;
    size_t nr;
};

/* What a frame is. One beyond the words is absent. */
bool fpr_page_absent(const struct page_flags *f, fpr_pfn pfn);
bool fpr_page_unused(const struct page_flags *f,
                     fpr_pfn pfn); /* absent, or never the allocator's */
bool fpr_page_free(const struct page_flags *f, fpr_pfn pfn);
bool fpr_page_on_lru(const struct page_flags *f, fpr_pfn pfn);
bool fpr_page_movable(const struct page_flags *f, fpr_pfn pfn);
bool fpr_page_slab(const struct page_flags *f, fpr_pfn pfn);
/* Order of the largest aligned block of free frames that begins here. */
unsigned fpr_page_block(const struct fpr_zone_info *info, const struct page_flags *f, fpr_pfn pfn);

/* An empty zone as zoneinfo describes it. Returns 0, -EINVAL (an unknown zone name). */
int fpr_proc_zone_configure(struct fpr_zone_config *config, const struct zoneinfo *z,
                            const struct fpr_policy *policy, unsigned cpus);
/* Guesses pageblock types, loads free blocks (exact) and allocated pages. */
int fpr_proc_zone_load_flags(struct fpr_zone *zone, const struct page_flags *f);
/* Watermarks, reserves, boost. */
int fpr_proc_zone_load_counters(struct fpr_zone *zone, const struct zoneinfo *z);

#endif
