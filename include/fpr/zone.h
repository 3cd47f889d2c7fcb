/** @file zone.h
 *  One memory zone: free lists by order and migratetype, per-cpu lists, watermarks.
 *
 *  Thread safety: a zone made with `locked` may be used from several threads at once, each
 *  giving another `cpu` (a cpu that two threads share is safe, too, but slower, as a request goes
 *  round per-cpu lists that are in use); its counters may be read meanwhile. Settings (but for
 *  fpr_zone_set_notify()), walks, validation, saving and loading are for times when no other
 *  thread uses the zone. Otherwise calls on one zone must not overlap. Calls on different zones
 *  never interfere. A caller's mistake returns an error and leaves the zone as it was.
 */
#ifndef FPR_ZONE_H
#define FPR_ZONE_H

#include <fpr/event.h>
#include <fpr/gfp.h>
#include <fpr/mem.h>
#include <fpr/profile.h>
#include <fpr/stats.h>
#include <fpr/types.h>

/** A zone. Opaque. */
struct fpr_zone;

/** Source of random bits for page shuffling: returns the next 64-bit word. Like an event sink it
 *  cannot change the zone that it is called by. */
typedef uint64_t (*fpr_bits_fn)(void *ctx);

/** How to build a zone. Fill with fpr_zone_config_init(), then change. */
struct fpr_zone_config {
    struct fpr_policy policy;  /**< rules; from the profile */
    const char *name;          /**< as in /proc/zoneinfo: printable ASCII without blanks; default
                                    "Normal"; copied, cut to 15 */
    enum fpr_zone_index index; /**< which zone of its node; default FPR_ZONE_NORMAL */
    int node;                  /**< NUMA node, 0..1023; default 0 */
    fpr_pfn start;             /**< first frame, up to 2^62; default 0 */
    uint64_t spanned;          /**< frames from start, holes included; 1..2^32 after rounding
                                    start down and end up to the largest block */
    uint64_t managed;          /**< pages given to the allocator, for reserves and limits, up to
                                    2^32; 0 (default): counted as they are released */
    unsigned page_shift;       /**< log2 of the page size, 10..20; default 12 */
    unsigned max_order;        /**< largest order, ≤ FPR_MAX_ORDER; default 10 */
    unsigned pageblock_order;  /**< 1..max_order; default 9 */
    unsigned cpus;             /**< per-cpu list sets, 1..1024; default 1 */
    bool locked;               /**< may be used by several threads; default false */
    bool empty;                /**< release nothing at creation (a loader will); default false */
    bool nofragment;           /**< the first attempt must not steal below the pageblock order */
    bool movable_by_type;      /**< allocated pages count as movable for stealing if they were
                                    requested movable; default true */
    bool shuffle;              /**< page shuffling at the largest order; default false */
    fpr_bits_fn bits;          /**< random source; needed with shuffle */
    void *bits_ctx;            /**< its argument */
    const struct fpr_range *holes; /**< frames that are not memory or reserved; rising, disjoint */
    size_t nr_holes;               /**< how many */
    uint64_t watermark[FPR_NR_WMARKS]; /**< pages, below 2^61; all 0 (default): computed as the
                                            kernel does, from this zone alone */
    uint64_t lowmem_reserve[FPR_NR_ZONE_INDICES]; /**< pages, below 2^61, by the request's highest
                                                       zone */
    unsigned boost_factor;                        /**< vm.watermark_boost_factor; default 15000 */
    bool pcp_auto;                 /**< compute high and batch as the kernel does; default true */
    unsigned pcp_high;             /**< pages below 2^31, with pcp_auto false; 0: per-cpu lists pass
                                        through */
    unsigned pcp_batch;            /**< pages, with pcp_auto false; 1 to 2^25 - 1 */
    const struct fpr_mem_ops *mem; /**< metadata source; NULL: fpr_mem_default() */
};

/** Fills a configuration with the defaults of a profile.
 *  @param config  out
 *  @param profile which kernel
 *  @return 0, or -EINVAL. Thread safe. */
FPR_API int fpr_zone_config_init(struct fpr_zone_config *config, enum fpr_profile profile);

/** Makes a zone and releases its memory to the free lists as boot does (by
 *  rising addresses, largest aligned blocks first; placed by policy.boot).
 *  @param config how; copied
 *  @param zone   out, untouched on failure
 *  @return 0, -EINVAL (a value out of range), -ENOMEM. O(spanned / largest block). */
FPR_API int fpr_zone_create(const struct fpr_zone_config *config, struct fpr_zone **zone);

/** Frees a zone and all its metadata. A machine's zone is left alone, as it goes with the machine.
 *  NULL is accepted. */
FPR_API void fpr_zone_destroy(struct fpr_zone *zone);

/** Copies a zone with everything in it; hooks and event sink are not copied.
 *  @return 0, -EINVAL, -ENOMEM. O(pages touched). */
FPR_API int fpr_zone_clone(const struct fpr_zone *zone, struct fpr_zone **copy);

/** @name Requests
 *  @{ */

/** Bits of fpr_alloc_pages_flags(). */
enum fpr_alloc_flags {
    FPR_ALLOC_NORMAL = 0,     /**< nothing special */
    FPR_ALLOC_PCP_LOCKED = 1, /**< the per-cpu lists are locked by someone: go round them */
};

/** Allocates 2^order pages from this zone alone (as if it were the whole zonelist): first with
 *  the low watermark, then twice with the min watermark and what the flags allow.
 *  @param zone  the zone
 *  @param order 0..max_order
 *  @param gfp   FPR_GFP_* bits
 *  @param cpu   which per-cpu lists, below `cpus`
 *  @param pfn   out: first frame; untouched on failure
 *  @return 0, -ENOMEM (nothing free), -EINVAL. O(max_order); a steal O(pages of a pageblock).
 *  Models rmqueue() and get_page_from_freelist(). */
FPR_API int fpr_zone_alloc(struct fpr_zone *zone, unsigned order, fpr_gfp gfp, unsigned cpu,
                           fpr_pfn *pfn);

/** Gives back a block of the same order as it was allocated (or split to).
 *  @param pfn   first frame, aligned to the order
 *  @param order as allocated
 *  @param cpu   which per-cpu lists
 *  @return 0, -EINVAL (unaligned, foreign, reserved, not allocated with this order: a double
 *  free is one of these). O(max_order). Models free_unref_page() and __free_pages_ok(). */
FPR_API int fpr_zone_free(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, unsigned cpu);

/** Frees many order-0 blocks; the same result as single frees in this order, faster, as the
 *  next ones are known. Stops at the first that cannot be freed.
 *  @param freed out: how many were freed, may be NULL
 *  @return 0, -EINVAL, or the error of the block that stopped it, as fpr_zone_free().
 *  O(count * max_order). */
FPR_API int fpr_zone_free_bulk(struct fpr_zone *zone, const fpr_pfn *pfns, size_t count,
                               unsigned cpu, size_t *freed);

/** Makes one allocated block into blocks of a lower order, to be freed one by one.
 *  @return 0, -EINVAL. O(pages). Models split_page(). */
FPR_API int fpr_zone_split(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, unsigned to);

/** Empties the per-cpu lists of one cpu into the free lists.
 *  @return 0, -EINVAL. O(pages on them). Models drain_pages_zone(). */
FPR_API int fpr_zone_drain(struct fpr_zone *zone, unsigned cpu);

/** Says whether an allocated block counts as movable (on an LRU list) when a pageblock is
 *  stolen. Every page of the block counts alike.
 *  @return 0, -EINVAL (not an allocated block of that order). */
FPR_API int fpr_zone_set_movable(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, bool movable);
/** @} */

/** @name Isolation
 *  @{ */

/** Takes one free block off its list if the min watermark allows it. The caller holds it then.
 *  @return 0, -EINVAL (no free block of exactly this order there), -EAGAIN (watermark).
 *  O(1). Models __isolate_free_page(). */
FPR_API int fpr_zone_isolate(struct fpr_zone *zone, fpr_pfn pfn, unsigned order);

/** Puts a held block back on the free lists, without notification, placed by policy.putback.
 *  @return 0, -EINVAL (not held with this order). O(max_order).
 *  Models __putback_isolated_page(). */
FPR_API int fpr_zone_putback(struct fpr_zone *zone, fpr_pfn pfn, unsigned order);

/** Turns a held block into an allocated one of the same order (compaction does this).
 *  @return 0, -EINVAL. */
FPR_API int fpr_zone_adopt(struct fpr_zone *zone, fpr_pfn pfn, unsigned order);

/** Isolates a range of pageblocks. Both ends are aligned to the largest block, as the kernel's
 *  callers see to, or are that of the zone's first or last whole pageblock.
 *  @param mt type to restore if a pageblock refuses: FPR_UNMOVABLE, MOVABLE or RECLAIMABLE
 *  @return 0, -EINVAL (nothing changed), -EBUSY (a pageblock has an unmovable page or is isolated
 *  already; those before it were isolated and given back, as the kernel does: they are of type `mt`
 *  now, their free blocks in another order, and per-cpu lists drained). O(pages of the range and on
 *  per-cpu lists). Models start_isolate_page_range(). */
FPR_API int fpr_zone_isolate_range(struct fpr_zone *zone, fpr_pfn start, fpr_pfn end, int mt);

/** Undoes fpr_zone_isolate_range(): every isolated pageblock of the range becomes `mt` (0..2).
 *  @return 0, -EINVAL. O(pages of the range). Models undo_isolate_page_range(). */
FPR_API int fpr_zone_unisolate_range(struct fpr_zone *zone, fpr_pfn start, fpr_pfn end, int mt);

/** Shuffles the largest free blocks as boot does with page shuffling on.
 *  @param bits random source, one word a try; may differ from the zone's own
 *  @return 0, -EINVAL. O(spanned / largest block). Models shuffle_zone(). */
FPR_API int fpr_zone_shuffle(struct fpr_zone *zone, fpr_bits_fn bits, void *ctx);
/** @} */

/** @name What a recorded guest's kernel did besides requests
 *  Used where a trace is replayed; each is one thing that a kernel does behind its users' backs. @{
 */

/** Takes pages for the bulk allocator: no watermark test of its own, order 0, from the per-cpu
 *  list, free_factor left alone.
 *  @return 0, -ENOMEM, -EINVAL. Models __rmqueue_pcplist() as alloc_pages_bulk calls it. */
FPR_API int fpr_zone_alloc_bulk_page(struct fpr_zone *zone, int mt, unsigned cpu, fpr_pfn *pfn);

/** The pageblock type that a free at this instant would remember; checks like fpr_zone_free().
 *  @return 0..4, or -EINVAL. */
FPR_API int fpr_zone_free_prepare(struct fpr_zone *zone, fpr_pfn pfn, unsigned order);

/** Like fpr_zone_free() with the type remembered earlier, or round the locked per-cpu lists.
 *  @param mt    type from fpr_zone_free_prepare(), or -1: the pageblock's type now
 *  @param flags FPR_ALLOC_PCP_LOCKED or 0
 *  @return 0, -EINVAL. */
FPR_API int fpr_zone_free_as(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, int mt,
                             unsigned cpu, unsigned flags);

/** Takes exactly this block off the free lists, splitting a bigger one that holds it or joining
 *  smaller ones that make it up; it is allocated afterwards.
 *  @return 0, -ENOENT (not wholly free), -EINVAL. O(pages of the block). */
FPR_API int fpr_zone_take(struct fpr_zone *zone, fpr_pfn pfn, unsigned order);

/** Takes one block out of whichever per-cpu list holds it; it is allocated afterwards.
 *  @return 0, -ENOENT (on no per-cpu list with this order), -EINVAL. O(cpus * length of the list).
 */
FPR_API int fpr_zone_pcp_take(struct fpr_zone *zone, fpr_pfn pfn, unsigned order);

/** Puts an allocated block at the head of a per-cpu list without any drain.
 *  @return 0, -EINVAL (also in an isolated pageblock). */
FPR_API int fpr_zone_pcp_push(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, unsigned cpu);

/** Makes a range of wholly allocated pages into one allocated block, whatever blocks it was
 *  allocated in (splitting blocks that reach out of it).
 *  @return 0, -ENOENT (some page is not allocated), -EINVAL. O(pages of the block). */
FPR_API int fpr_zone_regroup(struct fpr_zone *zone, fpr_pfn pfn, unsigned order);

/** Puts the Reported flag on a free block of exactly this order, or takes it off: where a trace
 *  tells which blocks a device was given.
 *  @return 0, -EINVAL (no free block of this order there). */
FPR_API int fpr_zone_set_reported(struct fpr_zone *zone, fpr_pfn pfn, unsigned order,
                                  bool reported);

/** kswapd is (not) balancing: meanwhile a per-cpu list is kept to min(4 * batch, high).
 *  @return 0, -EINVAL. */
FPR_API int fpr_zone_set_reclaiming(struct fpr_zone *zone, bool on);

/** How far NR_FREE_PAGES as watermark checks see it may lag behind (pages below 2^31; 0: exact).
 *  @return 0, -EINVAL. Models the per-cpu vmstat threshold of one cpu. */
FPR_API int fpr_zone_set_stat_threshold(struct fpr_zone *zone, unsigned threshold);

/** Folds that lag into the global count, as the vmstat worker does. @return 0, -EINVAL. */
FPR_API int fpr_zone_fold_stats(struct fpr_zone *zone);

/** Starts compaction's capture: the next block of exactly this order that frees put together is
 *  kept for the capturer (movable pageblocks below the pageblock order excepted).
 *  @return 0, -EINVAL, -EBUSY (one is under way). Models compaction_capture(). */
FPR_API int fpr_zone_capture_begin(struct fpr_zone *zone, unsigned order);

/** Pauses or resumes a capture (frees of interrupts are not captured). @return 0, -EINVAL. */
FPR_API int fpr_zone_capture_pause(struct fpr_zone *zone, bool paused);

/** Ends a capture.
 *  @param pfn out: the captured block, allocated now, or FPR_PFN_NONE
 *  @return 0, -EINVAL (none under way). */
FPR_API int fpr_zone_capture_end(struct fpr_zone *zone, fpr_pfn *pfn);
/** @} */

/** @name Settings
 *  @{ */

/** Sets the watermarks (pages, without boost; any order of size, as sysctl allows).
 *  @return 0, -EINVAL (2^61 or more). */
FPR_API int fpr_zone_set_watermarks(struct fpr_zone *zone, uint64_t min, uint64_t low,
                                    uint64_t high);
/** Sets the boost factor and the boost in force now (pages). @return 0, -EINVAL (2^61 or more). */
FPR_API int fpr_zone_set_boost(struct fpr_zone *zone, unsigned factor, uint64_t boost);
/** Sets lowmem_reserve for requests whose highest zone is `index`.
 *  @return 0, -EINVAL (no such index, 2^61 or more). */
FPR_API int fpr_zone_set_lowmem_reserve(struct fpr_zone *zone, enum fpr_zone_index index,
                                        uint64_t pages);
/** Sets high and batch of the per-cpu lists after draining them; free_factor becomes 0.
 *  @param high  pages, below 2^31; 0: everything passes through
 *  @param batch pages, 1 to 2^25 - 1
 *  @return 0, -EINVAL. O(pages on the lists). */
FPR_API int fpr_zone_set_pcp(struct fpr_zone *zone, unsigned high, unsigned batch);
/** Sets where the zone's events go; NULL: nowhere. Copied. @return 0, -EINVAL. */
FPR_API int fpr_zone_set_event_sink(struct fpr_zone *zone, const struct fpr_event_sink *sink);

/** What reporting attaches to: called after a free whose merged block has at least `order`.
 *  Called with the zone's lock held: leave word, and act later. Calls back are refused as from an
 *  event sink (struct fpr_event_sink).
 *  @param order  lowest order to be told of
 *  @param notify NULL: detach
 *  @return 0, -EINVAL. Models page_reporting_notify_free(). */
FPR_API int fpr_zone_set_notify(struct fpr_zone *zone, unsigned order,
                                void (*notify)(void *ctx, struct fpr_zone *zone, unsigned order),
                                void *ctx);
/** @} */

/** @name Looking
 *  @{ */

/** Facts that do not change. */
struct fpr_zone_info {
    struct fpr_policy policy;  /**< rules in force */
    const char *name;          /**< lives as long as the zone */
    enum fpr_zone_index index; /**< which zone of its node */
    int node;                  /**< NUMA node */
    fpr_pfn start;             /**< first frame */
    uint64_t spanned;          /**< frames */
    uint64_t present;          /**< frames that are not holes */
    uint64_t managed;          /**< pages given to the allocator */
    unsigned page_shift;       /**< log2 of the page size */
    unsigned max_order;        /**< largest order */
    unsigned pageblock_order;  /**< log2 of the pages of a pageblock */
    unsigned cpus;             /**< sets of per-cpu lists */
    unsigned pcp_lists;        /**< lists in each */
};
/** @return 0, -EINVAL. */
FPR_API int fpr_zone_get_info(const struct fpr_zone *zone, struct fpr_zone_info *info);

/** Numbers that change. */
struct fpr_zone_counters {
    uint64_t free;                     /**< NR_FREE_PAGES as watermark checks see it */
    int64_t free_lag;                  /**< what is not folded in yet; free + free_lag is exact */
    unsigned stat_threshold;           /**< see fpr_zone_set_stat_threshold() */
    uint64_t nr_free[FPR_NR_ORDERS];   /**< free blocks of all types by order */
    uint64_t highatomic;               /**< pages in high-atomic reserves */
    uint64_t boost;                    /**< watermark boost now, pages */
    unsigned boost_factor;             /**< see fpr_zone_config */
    bool boosted;                      /**< a steal raised the boost and kswapd was not woken yet */
    bool reclaiming;                   /**< see fpr_zone_set_reclaiming() */
    uint64_t watermark[FPR_NR_WMARKS]; /**< without the boost */
    uint64_t lowmem_reserve[FPR_NR_ZONE_INDICES]; /**< pages */
    uint64_t nr_isolated_pageblocks;              /**< pageblocks of type ISOLATE */
    uint64_t held;                                /**< pages isolated and not put back */
};
/** @return 0, -EINVAL. */
FPR_API int fpr_zone_get_counters(const struct fpr_zone *zone, struct fpr_zone_counters *c);

/** Counters of events since creation. @return 0, -EINVAL. O(cpus). */
FPR_API int fpr_zone_get_stats(const struct fpr_zone *zone, struct fpr_zone_stats *stats);

/** How the zone's lock fared since creation, or since this was cleared; all 0 without a lock.
 *  @return 0, -EINVAL. */
FPR_API int fpr_zone_get_lock_stats(const struct fpr_zone *zone, struct fpr_lock_stats *stats);
/** Sets these to 0, so that they (the longest wait and hold above all) tell of what comes.
 *  @return 0, -EINVAL. */
FPR_API int fpr_zone_clear_lock_stats(struct fpr_zone *zone);

/** A block as a list holds it. */
struct fpr_block {
    fpr_pfn pfn;     /**< first frame */
    unsigned order;  /**< log2 of its pages */
    int migratetype; /**< of the free list; on a per-cpu list: the type remembered */
    bool reported;   /**< Reported flag */
};

/** Walks one free list from head to tail. Stops when the visitor returns non-zero.
 *  @return 0, what the visitor returned, -EINVAL. Must not change the zone meanwhile. O(blocks of
 *  the list). */
FPR_API int fpr_zone_walk_free(const struct fpr_zone *zone, unsigned order, int mt,
                               int (*visit)(void *ctx, const struct fpr_block *block), void *ctx);

/** Walks one per-cpu list from head to tail, as fpr_zone_walk_free().
 *  @param list index: 3 * order + type for orders 0..3; then the pageblock order's lists
 *  @return as fpr_zone_walk_free(). */
FPR_API int fpr_zone_walk_pcp(const struct fpr_zone *zone, unsigned cpu, unsigned list,
                              int (*visit)(void *ctx, const struct fpr_block *block), void *ctx);

/** Numbers of one cpu's lists. */
struct fpr_pcp_counters {
    unsigned count;       /**< pages on the lists */
    unsigned high;        /**< a free at or above it drains */
    unsigned batch;       /**< pages of a refill */
    unsigned free_factor; /**< drain grows by 2^this */
    int expire;           /**< rounds until the vmstat worker would drain a remote node's lists */
};
/** @return 0, -EINVAL. */
FPR_API int fpr_zone_get_pcp(const struct fpr_zone *zone, unsigned cpu, struct fpr_pcp_counters *p);

/** Type of the pageblock that holds a frame.
 *  @return 0..4, -ENOENT (a hole, by fpr_zone_load_pageblock()), -EINVAL (outside the zone). */
FPR_API int fpr_zone_pageblock_type(const struct fpr_zone *zone, fpr_pfn pfn);

/** What a frame is. */
enum fpr_page_kind {
    FPR_PAGE_RESERVED = 0, /**< hole or never released */
    FPR_PAGE_FREE,         /**< in a free block */
    FPR_PAGE_ALLOCATED,    /**< handed out */
    FPR_PAGE_PCP,          /**< on a per-cpu list */
    FPR_PAGE_HELD,         /**< isolated */
};
/** The block that a frame belongs to.
 *  @param kind out: what it is; for RESERVED the block is the frame alone
 *  @param block out: may be NULL
 *  @return 0, -EINVAL (outside the zone). O(max_order). */
FPR_API int fpr_zone_page(const struct fpr_zone *zone, fpr_pfn pfn, enum fpr_page_kind *kind,
                          struct fpr_block *block);

/** Recomputes everything and names the first rule of docs/invariants.md that does not hold. Not
 *  from a callback that is called in the middle of what the zone does, where they need not
 *  (-EINVAL).
 *  @param rule   out: number of the rule, 0 if all hold; may be NULL
 *  @param reason out: text with both numbers; may be NULL
 *  @param size   bytes of reason, 0 without
 *  @return 0, -EUCLEAN (a rule is violated), -EINVAL. O(pages touched). */
FPR_API int fpr_zone_validate(const struct fpr_zone *zone, int *rule, char *reason, size_t size);

/** 64-bit hash (FNV-1a) of the state, as golden files have it (free counts, reserves, boost, lists
 *  in order with Reported flags, pageblock types and, if asked, cpu 0's per-cpu lists).
 *  @return the hash. O(blocks). */
FPR_API uint64_t fpr_zone_hash(const struct fpr_zone *zone, bool with_pcp);
/** @} */

/** @name Loading a state into a zone made with `empty`
 *  Each appends at the tail of its list, so a dump read in order gives the lists in order. All
 *  return 0, -EINVAL (unaligned, outside, bad type), -EEXIST (overlaps what is there). @{ */
/** A free block at the tail of list [order][mt]. Load the types of pageblocks first: FPR_ISOLATE is
 *  for memory of isolated pageblocks, and for that alone.
 *  @return 0, -EINVAL (not in the zone, not aligned, isolated or not as its pageblocks), -EEXIST (a
 * frame of it is something already). O(pages of the block). */
FPR_API int fpr_zone_load_free(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, int mt,
                               bool reported);
/** A block at the tail of a per-cpu list.
 *  @param mt type remembered, 0..3 @return as fpr_zone_load_free(). */
FPR_API int fpr_zone_load_pcp(struct fpr_zone *zone, unsigned cpu, unsigned list, fpr_pfn pfn,
                              int mt);
/** An allocated block. @return as fpr_zone_load_free(). */
FPR_API int fpr_zone_load_allocated(struct fpr_zone *zone, fpr_pfn pfn, unsigned order,
                                    bool movable);
/** Every frame of the range that is nothing yet becomes an allocated single page.
 *  @return 0, -EINVAL (not in the zone). O(pages). */
FPR_API int fpr_zone_load_allocated_rest(struct fpr_zone *zone, fpr_pfn start, uint64_t pages,
                                         bool movable);
/** "Type" of a pageblock without page structures. */
#define FPR_PAGEBLOCK_HOLE (-1)
/** Type of the pageblock that holds the frame, or FPR_PAGEBLOCK_HOLE: nothing can be in it.
 *  @return 0, -EINVAL, -EEXIST (a hole where something is; isolated or no longer where free memory
 *  is). */
FPR_API int fpr_zone_load_pageblock(struct fpr_zone *zone, fpr_pfn pfn, int mt);
/** The counters that lists do not tell: free and free_lag (their sum must be what was loaded),
 *  threshold, highatomic, boost, flags, watermarks and reserves.
 *  @return 0, -EINVAL (the sum is another). */
FPR_API int fpr_zone_load_counters(struct fpr_zone *zone, const struct fpr_zone_counters *c);
/** high, batch, free_factor and expire; count must be what was loaded.
 *  @return 0, -EINVAL (it is not). */
FPR_API int fpr_zone_load_pcp_counters(struct fpr_zone *zone, unsigned cpu,
                                       const struct fpr_pcp_counters *p);
/** @} */

#endif
