/* Taking a block from the free lists, from another migratetype's if need be. */
#ifndef MM_FALLBACK_H
#define MM_FALLBACK_H

#include "mm/zone.h"

/* What the blocks of one per-cpu refill share; start with zeros. */
struct refill {
    bool stealing; /* 6.12: an earlier block was stolen, so claiming is not tried any more */
};

/* One block of 2^order pages for `mt`, or BLOCK_NONE. `flags`: ATTEMPT_NOFRAGMENT and
 * ATTEMPT_KSWAPD count; `refill` is NULL for a single request. Does not touch NR_FREE_PAGES.
 * Models __rmqueue(). */
uint64_t fpr_rmqueue(struct fpr_zone *z, unsigned order, int mt, unsigned flags,
                     struct refill *refill);

#endif
