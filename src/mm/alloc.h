/* From a request to a block: attempts, zones, watermarks. */
#ifndef MM_ALLOC_H
#define MM_ALLOC_H

#include "mm/lend.h"

/* Most zones that one zonelist can have. */
#define MAX_ZONELIST 64

/* A request on its way down a zonelist. */
struct request {
    unsigned order;
    fpr_gfp gfp;
    int mt;
    unsigned cpu;
    unsigned flags;              /* enum fpr_alloc_flags */
    enum fpr_zone_index highest; /* that gfp allows */
    bool any_zone;               /* there is one zone in all: it serves every request */
};

/* Checks the arguments that do not depend on a zone. 0 or -EINVAL. */
int fpr_request_init(struct request *r, unsigned order, fpr_gfp gfp, unsigned cpu, unsigned flags);

/* Serves a request from the first zone that can. 0 or -ENOMEM. */
int fpr_request_serve(struct fpr_zone *const *zones, size_t nr_zones, const struct request *r,
                      fpr_pfn *pfn);

/* What fpr_zone_alloc() and fpr_zone_free() do when the short ways (quick.c) do not fit; the zone
 * is not NULL. */
int fpr_zone_alloc_slowly(struct fpr_zone *zone, unsigned order, fpr_gfp gfp, unsigned cpu,
                          fpr_pfn *pfn);
int fpr_zone_free_slowly(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, unsigned cpu);

/* The block is the caller's now: its frame says so. */
static inline void fpr_mark_allocated(struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    uint16_t tag = (uint16_t)(z->alloc_tag[mt] | order << TAG_ORDER_SHIFT);
    if (tag_load(&z->tags[i]) != tag) { /* as it is where it came back from the per-cpu lists */
        tag_store(&z->tags[i], tag);
    }
    lend(z, i, order);
}

#endif
