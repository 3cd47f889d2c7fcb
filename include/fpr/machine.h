/** @file machine.h
 *  A simulated guest's memory: zones in nodes, and the zonelist that requests go down.
 *  Thread safety: as for its zones.
 */
#ifndef FPR_MACHINE_H
#define FPR_MACHINE_H

#include <fpr/zone.h>

/** A machine. Opaque. */
struct fpr_machine;

/** How to build a machine. */
struct fpr_machine_config {
    const struct fpr_zone_config *zones; /**< any order; start and index must make sense together */
    size_t nr_zones;                     /**< at least 1 */
    bool compute_watermarks; /**< compute watermarks, lowmem_reserve and NOFRAGMENT of all zones
                                  together as the kernel does; default true */
    bool thp_min_free;       /**< raise min_free_kbytes as khugepaged does; default false */
    const struct fpr_mem_ops *mem; /**< NULL: fpr_mem_default() */
};

/** Fills a configuration for one zone or for none yet. @return 0, -EINVAL. */
FPR_API int fpr_machine_config_init(struct fpr_machine_config *config);

/** Makes a machine and its zones. @param machine out, untouched on failure
 *  @return 0, -EINVAL (overlapping zones, two of one index and node), -ENOMEM. */
FPR_API int fpr_machine_create(const struct fpr_machine_config *config,
                               struct fpr_machine **machine);

/** Makes a machine of one zone with a profile's defaults and `pages` pages from frame 0.
 *  @return 0, -EINVAL, -ENOMEM. */
FPR_API int fpr_machine_create_simple(enum fpr_profile profile, uint64_t pages,
                                      struct fpr_machine **machine);

/** Frees a machine and its zones. Does nothing while it has a reporter. NULL is accepted. */
FPR_API void fpr_machine_destroy(struct fpr_machine *machine);

/** Copies a machine. @return 0, -EINVAL, -ENOMEM. O(pages touched). */
FPR_API int fpr_machine_clone(const struct fpr_machine *machine, struct fpr_machine **copy);

/** Number of zones. NULL has none. */
FPR_API size_t fpr_machine_nr_zones(const struct fpr_machine *machine);
/** The i-th zone, in rising order of node and index; NULL if there is none. */
FPR_API struct fpr_zone *fpr_machine_zone(const struct fpr_machine *machine, size_t i);
/** The zone that holds a frame; NULL if none does. O(zones). */
FPR_API struct fpr_zone *fpr_machine_zone_of(const struct fpr_machine *machine, fpr_pfn pfn);

/** Allocates 2^order pages, going down the zonelist from the highest zone that gfp allows: low
 *  watermark first, then min. Where there is one zone in all it serves every request, whatever its
 *  index, also for FPR_GFP_DMA and DMA32; where there are several, a request that none of them may
 *  serve is -ENOMEM. Direct reclaim is not modelled: what it would be needed for fails.
 *  @param node preferred, 0..1023; its zones come first, then other nodes by rising distance in
 *              number
 *  @param pfn  out, untouched on failure
 *  @return 0, -ENOMEM, -EINVAL. In each zone that is asked as fpr_zone_alloc(). Models
 *  __alloc_pages(). */
FPR_API int fpr_alloc_pages_node(struct fpr_machine *machine, int node, unsigned order, fpr_gfp gfp,
                                 unsigned cpu, fpr_pfn *pfn);
/** fpr_alloc_pages_node() on node 0 and cpu 0. @return as fpr_alloc_pages_node(). */
FPR_API int fpr_alloc_pages(struct fpr_machine *machine, unsigned order, fpr_gfp gfp, fpr_pfn *pfn);
/** fpr_alloc_pages_node() with enum fpr_alloc_flags, on node 0.
 *  @return as fpr_alloc_pages_node(). */
FPR_API int fpr_alloc_pages_flags(struct fpr_machine *machine, unsigned order, fpr_gfp gfp,
                                  unsigned cpu, unsigned flags, fpr_pfn *pfn);
/** One page for the bulk allocator: the first zone above its low watermark with `bulk` pages to
 *  spare gives it from its per-cpu list.
 *  @return 0, -ENOMEM, -EINVAL (also: no zone has that cpu). */
FPR_API int fpr_alloc_pages_bulk_one(struct fpr_machine *machine, fpr_gfp gfp, unsigned bulk,
                                     unsigned cpu, fpr_pfn *pfn);
/** Gives a block back; see fpr_zone_free(). @return 0, -EINVAL. O(zones + max_order). */
FPR_API int fpr_free_pages(struct fpr_machine *machine, fpr_pfn pfn, unsigned order);
/** fpr_free_pages() on a given cpu. @return as fpr_free_pages(); -EINVAL also for the cpu. */
FPR_API int fpr_free_pages_cpu(struct fpr_machine *machine, fpr_pfn pfn, unsigned order,
                               unsigned cpu);
/** Drains the per-cpu lists of every zone and cpu, rising. @return 0, -EINVAL. O(pages on
 *  them). */
FPR_API int fpr_machine_drain(struct fpr_machine *machine);

/** @name State as text
 *  The format of `state.before` in a recording (docs/recording.md): what one machine wrote, another
 *  reads back to the same hash. @{ */

/** What is wrong with a text: line (from 1) and reason. */
struct fpr_text_error {
    unsigned line;    /**< 0: not about a line */
    char reason[200]; /**< one line, no trailing newline */
};

/** Facts of a state's header that are not the machine's own. */
struct fpr_state_header {
    char kernel[64];          /**< release; empty: none given */
    char slot[16];            /**< "before", "after", … */
    uint64_t time_ns;         /**< CLOCK_MONOTONIC of the guest */
    uint64_t vmemmap;         /**< address of the page structure of frame 0 */
    int reporting_order;      /**< -1: not given; max_order + 1: not set yet */
    int reporting_state;      /**< 0 idle, 1 requested, 2 in a pass; -1: no device registered */
    int reporting_pending;    /**< 1: the delayed work is queued */
    int64_t reporting_due_ms; /**< until it is due; -1: not queued */
    unsigned cpus;            /**< sets of per-cpu lists */
};

/** Reads a machine from text.
 *  @param text    the whole dump, need not be NUL-terminated
 *  @param len     its bytes
 *  @param profile rules to use; NULL: from the `kernel` line
 *  @param mem     metadata source; NULL: default
 *  @param machine out, untouched on failure
 *  @param header  out, may be NULL
 *  @param error   out on -EINVAL, may be NULL
 *  @return 0, -EINVAL (malformed or impossible), -ENOMEM. */
FPR_API int fpr_machine_load(const char *text, size_t len, const struct fpr_policy *profile,
                             const struct fpr_mem_ops *mem, struct fpr_machine **machine,
                             struct fpr_state_header *header, struct fpr_text_error *error);

/** Writes a machine as text, piece by piece.
 *  @param header facts to put in the header; NULL: none
 *  @param write  gets each piece; a non-zero result ends the writing
 *  @return 0, what write returned, -EINVAL. */
FPR_API int fpr_machine_save(const struct fpr_machine *machine,
                             const struct fpr_state_header *header,
                             int (*write)(void *ctx, const char *text, size_t len), void *ctx);
/** @} */

#endif
