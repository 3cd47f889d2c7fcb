/* A zone from the inside. Frames are numbered by 32-bit indices from `base`, the zone's start
 * rounded down to the largest block, so that an index is aligned as its pfn is. */
#ifndef MM_ZONE_H
#define MM_ZONE_H

#include <fpr/zone.h>

#include "base/atomic.h"
#include "base/check.h"
#include "mm/list.h"
#include "mm/page.h"

#include <pthread.h>

/* "No block": wider than an index, as every 32-bit number may be one. */
#define BLOCK_NONE UINT64_MAX
/* Type of a pageblock without page structures: nothing in it is ever free. */
#define PAGEBLOCK_HOLE 0x7f
#define NO_NOTIFY      255u
/* Most pages of a watermark, a boost or a reserve: sums of a few of them do not overflow. */
#define MAX_MARK ((uint64_t)INT64_MAX / 4)
#define MAX_NODE 1023 /* Linux has no more */

/* All blocks of one order. The largest order has links and tags of its own, indexed by
 * index >> shift; the others share the frames' arrays (shift 0). */
struct area {
    struct list list[FPR_NR_MIGRATETYPES];
    struct link *links;
    uint16_t *tags;
    uint32_t shift;
} __attribute__((aligned(128)));

/* Orders up to this have per-cpu lists for each type that requests can have. */
#define PCP_COSTLY_ORDER 3u
#define PCP_ROWS         (PCP_COSTLY_ORDER + 1)

/* One cpu's lists. The last list of each row stays empty: a request whose type bits make no type
 * finds nothing there, and is looked at more closely. */
struct pcp {
    struct list row[PCP_ROWS][FPR_NR_PCPTYPES + 1];
    struct list huge[FPR_NR_PCPTYPES]; /* of the pageblock order */
    int64_t room;                      /* pages that may come before one drains: high - 1 - count */
    unsigned high;
    unsigned batch;
    unsigned free_factor;
    int expire;
    pthread_spinlock_t lock; /* where several threads use the zone; taken before the zone's */
    struct fpr_zone_stats stats;
} __attribute__((aligned(128)));

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

/* Three groups, each on cache lines of its own, so that threads which look at the first are not
 * slowed by those that change the others. */
struct fpr_zone {
    /* Read by every operation, seldom or never changed. */
    fpr_pfn base;       /* pfn of index 0 */
    uint64_t end;       /* index behind its last frame (≤ 2^32) */
    uint16_t *tags;     /* one a frame */
    struct link *links; /* one a frame */
    uint8_t *pageblock; /* type of each pageblock */
    struct pcp *pcp;    /* one a cpu */
    unsigned cpus;
    unsigned pageblock_order;
    unsigned max_order;
    unsigned notify_order; /* NO_NOTIFY: nobody wants to know */
    /* which operations may take the short ways (quick.c); fpr_zone_quick_changed() sets these */
    unsigned pcp_quick;     /* orders below this go through per-cpu lists: 0 or 1 */
    unsigned direct_first;  /* these orders are taken from and given to the free lists: the first */
    unsigned direct_count;  /* and how many */
    unsigned special_order; /* from here on a free block needs a closer look: it is one of the
                             * largest, or somebody wants to know */
    unsigned merge_limit;   /* from this tag byte on merging must look at pageblock types */
    bool pcp_allowed;       /* pcp_quick may be 1 while no watermark is near */
    bool pcp_through;       /* per-cpu lists pass everything through: skip them */
    bool locked;
    bool nofragment;
    bool pcp_auto; /* high and batch follow from the zone's size and watermarks */
    bool movable_by_type;
    bool shuffle;
    bool boosted;
    bool reclaiming;
    uint32_t first;                          /* index of the zone's first frame */
    unsigned pcp_orders;                     /* bit per order that per-cpu lists hold */
    uint16_t alloc_tag[FPR_NR_MIGRATETYPES]; /* of an allocated block, without its order */
    struct fpr_policy policy;
    struct fpr_event_sink sink; /* event NULL: none */
    uintptr_t caller;           /* atomic: the thread that is in the sink or the source of random
                                 * bits; 0: none */
    void (*notify)(void *ctx, struct fpr_zone *zone, unsigned order);
    void *notify_ctx;
    uint8_t *touched; /* one a largest block: its frames' metadata were used */
    struct link *top_links;
    uint16_t *top_tags;

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
    void *memory;       /* where the zone lies, not aligned */
    void *pcp_memory;   /* where the per-cpu lists lie, likewise */
    struct fpr_mem_ops mem;
    fpr_bits_fn bits;
    void *bits_ctx;
    bool owned; /* by a machine, with which alone it goes */

    pthread_mutex_t lock __attribute__((aligned(128)));
    struct zone_lock_state lock_state; /* by the holder of the lock */

    /* Changed with the lock held. */
    int64_t spare __attribute__((aligned(128))); /* free pages beyond easy_mark; see
                                                  * zone_free_seen() */
    int64_t easy_mark; /* with more free pages left no watermark refuses a request */
    int64_t free_lag;
    int64_t stat_threshold;
    uint32_t nonempty[FPR_NR_MIGRATETYPES]; /* bit per order: that list has blocks */
    struct fpr_zone_stats stats;
    struct area area[FPR_NR_ORDERS];
    uint64_t highatomic;
    uint64_t boost;
    uint64_t watermark[FPR_NR_WMARKS];
    uint64_t lowmem_reserve[FPR_NR_ZONE_INDICES];
    unsigned boost_factor;
    uint64_t managed;
    uint64_t present;
    uint64_t nr_isolated;
    uint64_t held;
    struct capture capture;
    uint64_t bits_left; /* shuffle source: bits not used yet */
    uint64_t bits_word;
};

/* Must be called when anything has changed that decides which operations may take the short ways:
 * settings, flags, watermarks and what is added to them. */
void fpr_zone_quick_changed(struct fpr_zone *z);

/* A word, as states and views write it. */
bool fpr_zone_name_ok(const char *name);
/* None is above MAX_MARK. */
bool fpr_zone_marks_ok(const uint64_t watermark[FPR_NR_WMARKS],
                       const uint64_t reserve[FPR_NR_ZONE_INDICES]);

/* Releases a new zone's memory, unless it is to stay empty, and counts it. */
void fpr_zone_boot(struct fpr_zone *z, const struct fpr_zone_config *c);

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

/* Around a callback, with the lock held. */
static inline void zone_call_begin(struct fpr_zone *z)
{
    write_relaxed(z->caller, (uintptr_t)pthread_self());
}

static inline void zone_call_end(struct fpr_zone *z)
{
    write_relaxed(z->caller, 0);
}

/* The same around a callback that there may be while the short ways are open, which do not ask who
 * calls: they are closed meanwhile. In a locked zone they always are. */
struct zone_ways {
    unsigned pcp_quick;
    unsigned direct_count;
};

static inline struct zone_ways zone_call_out_begin(struct fpr_zone *z)
{
    struct zone_ways open = {0, 0};
    zone_call_begin(z);
    if (!z->locked) {
        open = (struct zone_ways){z->pcp_quick, z->direct_count};
        z->pcp_quick = z->direct_count = 0;
    }
    return open;
}

static inline void zone_call_out_end(struct fpr_zone *z, struct zone_ways open)
{
    if (!z->locked) {
        z->pcp_quick = open.pcp_quick;
        z->direct_count = open.direct_count;
    }
    zone_call_end(z);
}

/* Does a callback call back? The zone is in the middle of something then, and its lock taken. */
static inline bool zone_reentered(const struct fpr_zone *z)
{
    uintptr_t caller = read_relaxed(z->caller);
    return fpr_unlikely(caller != 0) && caller == (uintptr_t)pthread_self();
}

/* May a caller change the zone? */
static inline bool zone_usable(const struct fpr_zone *z)
{
    return z && !zone_reentered(z);
}

/* May a caller name that block, aligned and within the zone? Then *i is its index. */
static inline bool zone_block_ok(const struct fpr_zone *z, fpr_pfn pfn, unsigned order, uint32_t *i)
{
    return zone_usable(z) && order <= z->max_order && !(pfn & ((1ull << order) - 1)) &&
           zone_index(z, pfn, i) && *i + (1ull << order) <= z->end;
}

/* May it look at what the lock is taken for? */
static inline bool zone_lookable(const struct fpr_zone *z)
{
    return z && !(z->locked && zone_reentered(z));
}

/* Takes the lock that somebody else has. */
void fpr_zone_wait(struct fpr_zone *z);

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

/* Counts what happens without the lock. */
static inline void zone_count(struct fpr_zone *z, uint64_t *counter)
{
    zone_lock(z);
    ++*counter;
    zone_unlock(z);
}

/* The list of that order and type has blocks, or has none any more. Written as a value that is
 * read without the lock. */
static inline void zone_mask_add(struct fpr_zone *z, int mt, uint32_t bits)
{
    write_relaxed(z->nonempty[mt], z->nonempty[mt] | bits);
}

static inline void zone_mask_drop(struct fpr_zone *z, int mt, uint32_t bits)
{
    write_relaxed(z->nonempty[mt], z->nonempty[mt] & ~bits);
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
    uint8_t *touched = &z->touched[i >> z->max_order];
    if (!*touched) { /* looking costs other threads less than writing */
        *touched = 1;
    }
}

/* NR_FREE_PAGES as watermark checks see it. It is kept as its distance from easy_mark, because
 * what nearly every request asks is whether that is positive. */
static inline int64_t zone_free_seen(const struct fpr_zone *z)
{
    return z->spare + z->easy_mark;
}

static inline void zone_set_free(struct fpr_zone *z, int64_t pages)
{
    int64_t spare = pages - z->easy_mark;
    write_relaxed(z->spare, spare);
    if (!z->locked) {
        z->pcp_quick = z->pcp_allowed && spare >= 0;
    }
}

/* NR_FREE_PAGES changes by n. With a threshold the change is visible only when it has grown
 * beyond it, as with the kernel's per-cpu counters. */
static inline void zone_account(struct fpr_zone *z, int64_t n)
{
    int64_t lag = z->free_lag + n;
    if (lag > z->stat_threshold || lag < -z->stat_threshold) {
        zone_set_free(z, zone_free_seen(z) + lag);
        lag = 0;
    }
    z->free_lag = lag;
}

static inline uint64_t area_nr_free(const struct area *a)
{
    uint64_t n = 0;
    for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++) {
        n += a->list[mt].count;
    }
    return n;
}

#endif
