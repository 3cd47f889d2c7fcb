/* Importing a machine: what the files tell of each zone, and finding a place for it. */
#ifndef FPR_REPLAY_IMPORT_H
#define FPR_REPLAY_IMPORT_H

#include <fpr/import.h>

#include "replay/proc_zone.h"

/* What pagetypeinfo or buddyinfo say of one zone. */
struct told {
    int node;
    char name[16];
    uint64_t nr_free[FPR_NR_MIGRATETYPES][FPR_NR_ORDERS];
    uint64_t pageblocks[FPR_NR_MIGRATETYPES];
    uint64_t line; /* first about it */
};

/* What one file says. */
struct told_file {
    char path[600];
    struct told zone[MAX_ZONEINFO];
    size_t nr;
    unsigned max_order;
    unsigned pageblock_order; /* 0: not told */
};

/* Reads pagetypeinfo or buddyinfo. Returns 0, -EINVAL with `error` filled. */
int fpr_import_parse_types(const char *text, struct told_file *told, struct fpr_trace_error *error);
int fpr_import_parse_buddyinfo(const char *text, struct told_file *told,
                               struct fpr_trace_error *error);
/* Pages on the free lists. */
uint64_t fpr_import_told_pages(const struct told *told);

/* How many pageblocks types were told for; NULL: none. */
uint64_t fpr_told_pageblocks(const struct told *told);
/* Where the pageblock of `step` frames behind that of frame p begins, or `end` if that is nearer.
 */
fpr_pfn fpr_next_pageblock(fpr_pfn p, fpr_pfn step, fpr_pfn end);

/* Runs of frames of a zone that are not memory, rising. */
struct holes {
    struct fpr_range *run; /* malloc()ed */
    size_t nr, room;
};

/* Where the frames of a zone that are there may be, if of the holes only the number is told (by
 * zoneinfo in frames; by pagetypeinfo, where given, in pageblocks). They are put where no large
 * block can lie anyway, at the start if that is not aligned, else at the end. */
struct fpr_range fpr_import_present(const struct zoneinfo *z, const struct told *told,
                                    unsigned max_order, unsigned pageblock_order);
/* All else of the zone. Return 0, -ENOMEM. */
int fpr_import_holes_by_counts(struct holes *h, const struct zoneinfo *z,
                               const struct fpr_range *present);
/* Frames without a page structure, and pageblocks of which nothing was ever noted down, as many as
 * must be missing. `f` reaches to the end of the zone. */
int fpr_import_holes_by_flags(struct holes *h, const struct zoneinfo *z, const struct told *told,
                              unsigned pageblock_order, const struct page_flags *f);
/* Marks pageblocks that are holes as a whole. Returns 0 or -errno. */
int fpr_import_mark_holes(struct fpr_zone *zone, const struct holes *h);
/* Asked of rising frames; `at` begins at 0. */
bool fpr_import_in_hole(const struct holes *h, size_t *at, fpr_pfn pfn);

/* Gives every block that was told of an address in an empty zone, so that none merges with another.
 * Returns blocks that are in a pageblock of another type, -EINVAL (they do not fit), -ENOMEM. */
int64_t fpr_import_place(struct fpr_zone *zone, const struct told *told,
                         const struct fpr_range *present);
/* Fills an empty zone with what kpageflags says; `told` has the types, if they are known, or is
 * NULL. Returns blocks that are in a pageblock of another type, -EINVAL, -EEXIST, -ENOMEM. */
int64_t fpr_import_by_flags(struct fpr_zone *zone, const struct page_flags *f,
                            const struct told *told, const struct holes *holes);

#endif
