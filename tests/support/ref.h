/* A slow and obvious model of the allocator and of page reporting, to compare the library with.
 *
 * It is written from the rules, not from the library: lists are arrays that are searched and
 * shifted, every page has its own record, and each rule is spelt out where it applies. It trusts
 * its caller: the ref_can_* functions say whether a call is allowed at all. */
#ifndef TESTS_REF_H
#define TESTS_REF_H

#include <fpr/report.h>
#include <fpr/zone.h>

#define REF_TYPES     FPR_NR_MIGRATETYPES
#define REF_PCP_LISTS 15
#define REF_NONE      ((fpr_pfn)-1)

/* An array of block addresses, head first. */
struct ref_list {
    fpr_pfn *pfn;
    size_t n;
    size_t room;
};

enum ref_what { REF_RESERVED = 0, REF_FREE, REF_ALLOCATED, REF_ON_PCP, REF_HELD, REF_INSIDE };

/* One frame. A block is described by its first frame; the others are REF_INSIDE. */
struct ref_page {
    uint8_t what;
    uint8_t order;
    uint8_t type; /* of the free list, or remembered on a per-cpu list */
    bool reported;
    bool movable;
};

struct ref_pcp {
    struct ref_list list[REF_PCP_LISTS];
    int64_t count;
    int64_t high;
    int64_t batch;
    unsigned factor;
};

/* The rules by kernel version. */
struct ref_rules {
    enum fpr_place boot;     /* tail: 5.10 */
    bool move_tail;          /* 5.10 */
    enum fpr_place putback;  /* tail: 5.10 */
    bool shortcut_unusable;  /* 5.9: the order-0 shortcut subtracts the reserve, may wrap */
    bool retry_unboosted;    /* 5.9 */
    bool by_highest_zone;    /* 5.8: lowmem_reserve by the request, not by the preferred zone */
    bool multi_pcp;          /* 5.14 */
    bool pcp_sweep;          /* 5.18: a drain empties list after list */
    unsigned pcp_lists;      /* 3, 15, 14 */
    bool parent_in_zone;     /* recorded on 6.1; v16 recordings say otherwise */
    bool nofragment_small;   /* 5.18: only below the pageblock order */
    bool merge_mergeable;    /* 5.18 */
    bool flags_6_1;          /* 6.1.y: reserves by HIGH and by not blocking */
    bool merge_convert;      /* 6.10 */
    bool claim;              /* 6.12 */
    bool free_in_pieces;     /* 6.10 */
    bool pcp_type_now;       /* 6.10 */
    bool isolate_moves_rest; /* 6.10 */
    bool whole_pageblocks;   /* 6.10 */
    bool highatomic_6_12;    /* 6.12 */
};

struct ref_zone;
typedef void (*ref_notify_fn)(void *ctx, struct ref_zone *z, unsigned order);

struct ref_zone {
    struct ref_rules rules;
    fpr_pfn start;
    uint64_t span;
    uint64_t present;
    uint64_t managed;
    unsigned maxo;
    unsigned pbo;
    unsigned cpus;
    unsigned page_shift;
    unsigned index;
    int node;
    bool nofragment;
    bool movable_by_type;
    bool shuffle;
    bool bit_is_tail;
    fpr_bits_fn bits;
    void *bits_ctx;
    uint64_t word;
    unsigned word_left;

    struct ref_page *page;
    size_t page_bytes;
    uint8_t *block_type;
    uint64_t nr_blocks;
    struct ref_list list[FPR_NR_ORDERS][REF_TYPES];
    uint64_t nr_free[FPR_NR_ORDERS];
    int64_t free;      /* as watermark checks see it */
    int64_t lag;       /* not yet in it */
    int64_t threshold; /* the most that may lag */
    int64_t highatomic;
    int64_t boost;
    int64_t boost_factor;
    int64_t wmark[FPR_NR_WMARKS];
    int64_t reserve[FPR_NR_ZONE_INDICES];
    unsigned isolated;
    uint64_t held; /* pages */
    bool reclaiming;
    struct ref_pcp *pcp;
    struct {
        bool active, paused;
        unsigned order;
        fpr_pfn pfn; /* REF_NONE: nothing yet */
    } capture;

    int notify_order; /* -1: nobody listens */
    ref_notify_fn notify;
    void *notify_ctx;
};

/* lists (ref_list.c) */
void ref_list_insert(struct ref_list *l, size_t at, fpr_pfn pfn);
void ref_list_add(struct ref_list *l, fpr_pfn pfn, bool tail);
size_t ref_list_find(const struct ref_list *l, fpr_pfn pfn); /* l->n if it is not there */
void ref_list_remove_at(struct ref_list *l, size_t at);
void ref_list_rotate(struct ref_list *l, size_t first);
void ref_list_clear(struct ref_list *l);

/* zone (ref_zone.c) */
void ref_rules_of(struct ref_rules *r, enum fpr_profile profile);
struct ref_zone *ref_zone_create(const struct fpr_zone_config *c);
void ref_zone_destroy(struct ref_zone *z);
bool ref_in_zone(const struct ref_zone *z, fpr_pfn pfn);
struct ref_page *ref_page(const struct ref_zone *z, fpr_pfn pfn);
bool ref_is_free(const struct ref_zone *z, fpr_pfn pfn, unsigned order);
unsigned ref_type(const struct ref_zone *z, fpr_pfn pfn); /* of its pageblock */
void ref_set_type(struct ref_zone *z, fpr_pfn pfn, unsigned type);
void ref_mark(struct ref_zone *z, fpr_pfn pfn, unsigned order, enum ref_what what, bool movable);
void ref_load_free(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned type, bool reported);
void ref_account(struct ref_zone *z, int64_t pages);
uint64_t ref_hash(const struct ref_zone *z, bool with_pcp);

/* watermarks and sizes (ref_wmark.c) */
enum ref_flags {
    REF_F_MIN = 1, /* min watermark instead of low */
    REF_F_NOFRAGMENT = 2,
    REF_F_HIGH = 4,        /* v16: HIGH; 6.1: MIN_RESERVE */
    REF_F_HARDER = 8,      /* v16 */
    REF_F_NON_BLOCK = 16,  /* 6.1 */
    REF_F_HIGHATOMIC = 32, /* 6.1 */
    REF_F_NO_WATERMARKS = 64,
    REF_F_ATOMIC_GFP = 128, /* the request was atomic */
    REF_F_PCP_LOCKED = 256, /* someone holds the per-cpu lists */
};
bool ref_watermark_ok(const struct ref_zone *z, unsigned order, int64_t mark, unsigned index,
                      unsigned flags);
bool ref_watermark_fast(const struct ref_zone *z, unsigned order, int64_t mark, unsigned index,
                        unsigned flags);
void ref_compute_sizes(struct ref_zone *z, const struct fpr_zone_config *c);
void ref_boost(struct ref_zone *z);
void ref_compute_machine(struct ref_zone **zones, size_t n, bool thp);
void ref_compute_pcp(struct ref_zone *z);

/* freeing (ref_free.c) */
void ref_add_free(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned type, bool tail);
void ref_del_free(struct ref_zone *z, fpr_pfn pfn);
void ref_move_free(struct ref_zone *z, fpr_pfn pfn, unsigned type);
/* notify: tell the listener */
void ref_free_one(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned type,
                  enum fpr_place place, bool notify);
void ref_free_pages(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned cpu);
bool ref_can_free(const struct ref_zone *z, fpr_pfn pfn, unsigned order);
void ref_split(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned to);

/* per-cpu lists (ref_pcp.c) */
bool ref_pcp_order(const struct ref_zone *z, unsigned order);
fpr_pfn ref_pcp_alloc(struct ref_zone *z, unsigned order, unsigned type, unsigned cpu,
                      unsigned flags);
void ref_pcp_free(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned type, unsigned cpu);
bool ref_pcp_push(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned cpu);
bool ref_pcp_take(struct ref_zone *z, fpr_pfn pfn, unsigned order);
fpr_pfn ref_pcp_bulk_page(struct ref_zone *z, unsigned type, unsigned cpu);
void ref_drain(struct ref_zone *z, unsigned cpu);
void ref_drain_all(struct ref_zone *z);
void ref_set_pcp(struct ref_zone *z, unsigned high, unsigned batch);

/* allocating (ref_alloc.c) */
enum ref_mode { REF_MODE_NORMAL, REF_MODE_STEAL }; /* 6.12: remembered within a refill */
fpr_pfn ref_smallest(struct ref_zone *z, unsigned order, unsigned type);
fpr_pfn ref_rmqueue(struct ref_zone *z, unsigned order, unsigned type, unsigned flags,
                    enum ref_mode *mode);
/* One go at one zone, watermark included; REF_NONE if it gives nothing. */
fpr_pfn ref_try_zone(struct ref_zone *z, unsigned order, unsigned type, unsigned cpu,
                     unsigned index, unsigned flags);
unsigned ref_slow_flags(const struct ref_rules *r, unsigned order, fpr_gfp gfp);
fpr_pfn ref_alloc(struct ref_zone *z, unsigned order, fpr_gfp gfp, unsigned cpu);
/* The same down a zonelist: zones in rising order of node and index. */
fpr_pfn ref_alloc_zones(struct ref_zone **zones, size_t n, int node, unsigned order, fpr_gfp gfp,
                        unsigned cpu, bool pcp_locked);

/* fallback (ref_fallback.c) */
uint64_t ref_move_pageblock(struct ref_zone *z, fpr_pfn pfn, unsigned type, uint64_t *movable);
bool ref_whole_pageblock(const struct ref_zone *z, fpr_pfn pfn);
bool ref_steal(struct ref_zone *z, unsigned order, unsigned type, unsigned flags);
fpr_pfn ref_claim(struct ref_zone *z, unsigned order, unsigned type, unsigned flags);
fpr_pfn ref_steal_one(struct ref_zone *z, unsigned order, unsigned type);
fpr_pfn ref_take_split(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned type);
void ref_reserve_highatomic(struct ref_zone *z, fpr_pfn pfn, unsigned order);

/* isolation (ref_isolate.c) */
int ref_isolate(struct ref_zone *z, fpr_pfn pfn, unsigned order);
void ref_putback(struct ref_zone *z, fpr_pfn pfn, unsigned order, enum fpr_place place);
int ref_isolate_range(struct ref_zone *z, fpr_pfn start, fpr_pfn end, unsigned type);
void ref_unisolate_range(struct ref_zone *z, fpr_pfn start, fpr_pfn end, unsigned type);
void ref_shuffle_zone(struct ref_zone *z, fpr_bits_fn bits, void *ctx);

/* what a kernel does behind its users' backs (ref_behind.c) */
void ref_free_as(struct ref_zone *z, fpr_pfn pfn, unsigned order, int type, unsigned cpu,
                 bool pcp_locked);
int ref_take(struct ref_zone *z, fpr_pfn pfn, unsigned order);
int ref_regroup(struct ref_zone *z, fpr_pfn pfn, unsigned order);

/* reporting (ref_report.c) */
struct ref_reporter {
    struct ref_zone **zone; /* in rising order of node and index */
    size_t nr_zones;
    unsigned order;
    unsigned capacity;
    unsigned divisor;
    bool rotate;
    bool eager;
    bool registered;
    bool putback_set; /* instead of the zone's rule */
    enum fpr_place putback;
    bool (*may_report)(void *ctx, fpr_pfn pfn, unsigned order);
    void *may_report_ctx;
    int state; /* enum fpr_report_state */
    bool queued;
    fpr_ns due;
    fpr_ns delay;
    fpr_ns now;
    int (*report)(void *ctx, const struct fpr_sg *sg, unsigned nents);
    void *ctx;
    unsigned calls;
    struct fpr_sg *batch; /* as the device sees it: newest first */
    unsigned used;
};
void ref_register(struct ref_reporter *r);
void ref_unregister(struct ref_reporter *r);
int ref_pass(struct ref_reporter *r); /* what the device returned when it ended the pass, else 0 */
void ref_advance(struct ref_reporter *r, fpr_ns to);

#endif
