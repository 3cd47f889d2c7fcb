/* Splitting and merging: the free lists as a buddy system. */
#ifndef MM_BUDDY_H
#define MM_BUDDY_H

#include "mm/zone.h"

/* A block joins the free lists: merges upwards, is placed, and notifies if asked to. */
void fpr_buddy_free(struct fpr_zone *z, uint32_t i, unsigned order, int mt, enum fpr_place place,
                    bool notify);

/* Takes the head of the smallest list of `mt` that has at least `order`; the rest of a bigger
 * block goes back half by half. Returns BLOCK_NONE if there is none. */
uint64_t fpr_buddy_take_smallest(struct fpr_zone *z, unsigned order, int mt, bool refill);

/* Cuts the free block (i, from) down to its first 2^to pages; the halves go to mt's heads. */
void fpr_buddy_split(struct fpr_zone *z, uint32_t i, unsigned from, unsigned to, int mt);

/* Merging at and above the pageblock order, where buddies may lie in pageblocks of different
 * types. Returns the order reached. */
unsigned fpr_buddy_merge_pageblocks(struct fpr_zone *z, uint32_t *i, unsigned order, int mt);

/* Page shuffling: does the next block of the largest order go to the tail? */
bool fpr_buddy_shuffle_tail(struct fpr_zone *z);

/* Tells whoever listens that a free made a block this large. */
void fpr_buddy_notify(struct fpr_zone *z, uint32_t i, unsigned order, int mt);

#endif
