/* Importing a machine: what the files tell of each zone, and finding a place for it. */
#ifndef FPR_REPLAY_IMPORT_H
#define FPR_REPLAY_IMPORT_H

#include <fpr/import.h>

#include "replay/zoneinfo.h"

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
/* Where the frames of a zone that are there may be: of the holes only the number is told. They are
 * put where no large block can lie anyway, at the start if that is not aligned, else at the end. */
struct fpr_range fpr_import_present(const struct zoneinfo *z, unsigned max_order);
/* Gives every block that was told of an address in an empty zone, so that none merges with another.
 * Returns blocks that are in a pageblock of another type, -EINVAL (they do not fit), -ENOMEM. */
int64_t fpr_import_place(struct fpr_zone *zone, const struct told *told,
                         const struct fpr_range *present);

#endif
