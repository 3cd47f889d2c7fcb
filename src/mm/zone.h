/* A zone from the inside. Frames are numbered by 32-bit indices from `base`, the zone's start
 * rounded down to the largest block, so that an index is aligned as its pfn is. */
#ifndef MM_ZONE_H
#define MM_ZONE_H

#include <fpr/zone.h>

#include "mm/page.h"

#include <pthread.h>

/* "No block": wider than an index, as every 32-bit number may be one. */
#define BLOCK_NONE UINT64_MAX
#define NO_NOTIFY  255u

/* Neighbours in a ring. */
struct link {
    uint32_t next;
    uint32_t prev;
};

/* A free list: a ring without a sentinel; rotating it is moving `head`. */
struct list {
    uint32_t head;
    uint64_t count;
};

/* All blocks of one order. The largest order has links and tags of its own, indexed by
 * index >> shift; the others share the frames' arrays (shift 0). */
struct area {
    struct link *links;
    uint16_t *tags;
    uint16_t shift;
    uint16_t order;
    struct list list[FPR_NR_MIGRATETYPES];
} __attribute__((aligned(128)));

/* Per-cpu lists: rings over the frames' links. */
#define MAX_PCP_LISTS 15
struct pcp {
    struct list list[MAX_PCP_LISTS];
    unsigned count;
    unsigned high;
    unsigned batch;
    unsigned free_factor;
    int expire;
    pthread_spinlock_t lock; /* of zones that several threads use */
    struct fpr_zone_stats stats;
} __attribute__((aligned(64)));

/* How the lock of a zone fared. */
struct zone_lock_state {
    struct fpr_lock_stats stats;
    uint64_t since; /* when the hold in progress began; 0: it is not measured */
    bool for_pass;  /* it is a reporting pass's */
};

struct capture {
    bool active;
    bool paused;
    unsigned order;
    fpr_pfn pfn; /* FPR_PFN_NONE: nothing yet */
};

struct fpr_zone {
    /* what every operation reads */
    fpr_pfn base;       /* pfn of index 0 */
    uint32_t first;     /* index of the zone's first frame */
    uint64_t end;       /* index behind its last frame (≤ 2^32) */
    uint16_t *tags;     /* one a frame */
    struct link *links; /* one a frame */
    uint8_t *pageblock; /* type of each pageblock */
    unsigned max_order;
    unsigned pageblock_order;
    unsigned pcp_orders; /* bit per order that per-cpu lists hold */
    bool pcp_through;    /* per-cpu lists pass everything through: skip them */
    bool locked;
    bool fast;         /* one thread, nobody listens, no capture: the short ways may be taken */
    unsigned pcp_used; /* pcp_orders, or 0 while everything passes through */
    uint16_t alloc_tag[FPR_NR_MIGRATETYPES]; /* of an allocated block, without its order */
    unsigned notify_order;                   /* NO_NOTIFY: nobody wants to know */
    int64_t easy_mark; /* with more free pages than this no watermark can refuse */
    int64_t calm_mark; /* the same in zones that are not `fast`: read without the lock */
    uint32_t nonempty[FPR_NR_MIGRATETYPES]; /* bit per order: that list has blocks */
    int64_t free;                           /* NR_FREE_PAGES as watermark checks see it */
    int64_t free_lag;
    int64_t stat_threshold;
    uint64_t highatomic;
    uint64_t boost;
    uint64_t watermark[FPR_NR_WMARKS];
    uint64_t lowmem_reserve[FPR_NR_ZONE_INDICES];
    struct area area[FPR_NR_ORDERS];
    struct fpr_zone_stats stats;
    struct pcp *pcp; /* one a cpu */

    /* settings */
    struct fpr_policy policy;
    unsigned cpus;
    unsigned boost_factor;
    bool nofragment;
    bool movable_by_type;
    bool shuffle;
    bool boosted;
    bool reclaiming;
    uint64_t managed;
    uint64_t present;
    uint64_t nr_isolated;
    uint64_t held;
    struct capture capture;
    uint64_t bits_left; /* shuffle source: bits not used yet */
    uint64_t bits_word;
    fpr_bits_fn bits;
    void *bits_ctx;
    struct fpr_event_sink sink; /* event NULL: none */
    void (*notify)(void *ctx, struct fpr_zone *zone, unsigned order);
    void *notify_ctx;

    /* identity and memory */
    char name[16];
    enum fpr_zone_index index;
    int node;
    fpr_pfn start;
    uint64_t spanned;
    unsigned page_shift;
    uint64_t frames;    /* length of tags and links */
    uint64_t nr_top;    /* length of the largest order's arrays */
    uint64_t nr_blocks; /* length of pageblock */
    struct link *top_links;
    uint16_t *top_tags;
    uint8_t *touched; /* one a largest block: its frames' metadata were used */
    const struct fpr_mem_ops *mem_ops;
    struct fpr_mem_ops mem;
    pthread_mutex_t lock;
    struct zone_lock_state lock_state; /* by the holder of the lock */
    bool has_reporter; /* a reporter is attached */
};

/* Must be called when what `fast` depends on has changed. */
void fpr_zone_fast_changed(struct fpr_zone *z);

static inline fpr_pfn zone_pfn(const struct fpr_zone *z, uint32_t i)
{
    return z->base + i;
}

/* Index of a pfn; false when it lies outside the zone. */
static inline bool zone_index(const struct fpr_zone *z, fpr_pfn pfn, uint32_t *i)
{
    uint64_t offset = pfn - z->start;
    if (offset >= z->spanned) {
        return false;
    }
    *i = (uint32_t)(pfn - z->base);
    return true;
}

/* The lock of a zone that several threads use; it measures itself. */
void fpr_zone_lock_shared(struct fpr_zone *z, bool for_pass);
void fpr_zone_unlock_shared(struct fpr_zone *z);

static inline void zone_lock(struct fpr_zone *z)
{
    if (z->locked) {
        fpr_zone_lock_shared(z, false);
    }
}

/* The same for a reporting pass, whose every hold is measured. */
static inline void zone_lock_for_pass(struct fpr_zone *z)
{
    if (z->locked) {
        fpr_zone_lock_shared(z, true);
    }
}

static inline void zone_unlock(struct fpr_zone *z)
{
    if (z->locked) {
        fpr_zone_unlock_shared(z);
    }
}

/* Functions that only look take the lock too; that changes nothing that they could see. */
static inline struct fpr_zone *zone_lock_to_look(const struct fpr_zone *zone)
{
    struct fpr_zone *z = (struct fpr_zone *)(uintptr_t)zone;
    zone_lock(z);
    return z;
}

/* Counts what happened without the lock held. */
static inline void zone_count(struct fpr_zone *z, uint64_t *counter)
{
    zone_lock(z);
    ++*counter;
    zone_unlock(z);
}

static inline uint64_t zone_pageblock_pages(const struct fpr_zone *z)
{
    return 1ull << z->pageblock_order;
}

static inline int pageblock_get(const struct fpr_zone *z, uint32_t i)
{
    return __atomic_load_n(&z->pageblock[i >> z->pageblock_order], __ATOMIC_RELAXED);
}

static inline void pageblock_set(struct fpr_zone *z, uint32_t i, int mt)
{
    __atomic_store_n(&z->pageblock[i >> z->pageblock_order], (uint8_t)mt, __ATOMIC_RELAXED);
}

/* The frames' metadata around `i` are about to be used. */
static inline void zone_touch(struct fpr_zone *z, uint32_t i)
{
    z->touched[i >> z->max_order] = 1;
}

/* NR_FREE_PAGES changes by n. With a threshold the change is visible only when it has grown
 * beyond it, as with the kernel's per-cpu counters. */
static inline void zone_account(struct fpr_zone *z, int64_t n)
{
    if (z->stat_threshold == 0) {
        __atomic_store_n(&z->free, z->free + n, __ATOMIC_RELAXED);
        return;
    }
    int64_t lag = z->free_lag + n;
    if (lag > z->stat_threshold || lag < -z->stat_threshold) {
        __atomic_store_n(&z->free, z->free + lag, __ATOMIC_RELAXED);
        lag = 0;
    }
    z->free_lag = lag;
}

static inline int64_t zone_free_seen(const struct fpr_zone *z)
{
    return __atomic_load_n(&z->free, __ATOMIC_RELAXED);
}

static inline uint64_t area_nr_free(const struct area *a)
{
    return a->list[0].count + a->list[1].count + a->list[2].count + a->list[3].count +
           a->list[4].count;
}

#endif
