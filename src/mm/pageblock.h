/* Pageblocks: their types, and moving all free blocks of one to another type's lists. */
#ifndef MM_PAGEBLOCK_H
#define MM_PAGEBLOCK_H

#include "mm/zone.h"

/* What a pageblock holds, in pages. */
struct pageblock_census {
    uint64_t free;    /* in free blocks that begin in it */
    uint64_t movable; /* allocated and counted as movable */
};

/* First frame of the pageblock around `i` if it lies wholly inside the zone. */
bool fpr_pageblock_whole(const struct fpr_zone *z, uint32_t i, uint32_t *start);

/* Counts the pages from `start` to `end` (exclusive). */
struct pageblock_census fpr_pageblock_count(const struct fpr_zone *z, uint32_t start, uint64_t end);

/* Moves every free block of the pageblock around `i` to mt's lists; census of what was found.
 * A pageblock cut by the zone's end moves nothing; one cut by its start moves from `i` on, or,
 * with move_needs_whole_block, nothing. */
struct pageblock_census fpr_pageblock_move(struct fpr_zone *z, uint32_t i, int mt);

/* Sets the type of every pageblock of a block of at least the pageblock order. */
void fpr_pageblock_set_all(struct fpr_zone *z, uint32_t i, unsigned order, int mt);

#endif
