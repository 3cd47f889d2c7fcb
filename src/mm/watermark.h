/* Watermark checks and what they are computed from. */
#ifndef MM_WATERMARK_H
#define MM_WATERMARK_H

#include "mm/zone.h"

/* How an attempt to allocate may go about it. */
enum attempt_flags {
    ATTEMPT_NOFRAGMENT = 1,  /* no steals below the pageblock order */
    ATTEMPT_KSWAPD = 2,      /* kswapd may be woken */
    ATTEMPT_HIGH = 4,        /* __GFP_HIGH: half of the min watermark */
    ATTEMPT_HARDER = 8,      /* v16–5.17: a quarter more, and the reserves */
    ATTEMPT_NON_BLOCK = 16,  /* 6.1+: the caller cannot wait */
    ATTEMPT_HIGHATOMIC = 32, /* may look in, and grow, the high-atomic reserve */
    ATTEMPT_NO_WATERMARKS = 64,
    ATTEMPT_ATOMIC = 128, /* __GFP_ATOMIC, whatever else the request gives up */
};

/* What the checks need to know of a request. */
struct attempt {
    unsigned order;
    unsigned flags;              /* enum attempt_flags */
    enum fpr_watermark mark;     /* which watermark */
    enum fpr_zone_index reserve; /* whose lowmem_reserve */
};

/* Does the zone stay above the attempt's watermark? Lock not held. */
bool fpr_watermark_allows(struct fpr_zone *z, const struct attempt *a);

/* With this many pages left before an order-0 request, or after a bigger one, no watermark
 * refuses it. */
int64_t fpr_watermark_easy(const struct fpr_zone *z);

/* Order-0 check against any mark, without flags, as for zone DMA: for reporting and isolation. */
bool fpr_watermark_plain(const struct fpr_zone *z, uint64_t mark);

/* A steal in a pageblock raises the watermarks for a while. True if it did. */
bool fpr_watermark_boost(struct fpr_zone *z);

/* Watermarks of one zone from min_free (pages), as init does. */
void fpr_watermark_compute(struct fpr_zone *z, uint64_t min_free_pages, uint64_t lowmem_pages);

#endif
