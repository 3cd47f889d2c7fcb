/* Splitting and merging: the free lists as a buddy system. */
#ifndef MM_BUDDY_H
#define MM_BUDDY_H

#include "mm/zone.h"

/* A block joins the free lists: merges upwards, is placed, and notifies if asked to. */
void fpr_buddy_free(struct fpr_zone *z, uint32_t i, unsigned order, int mt, enum fpr_place place,
                    bool notify);

/* The same without counting its pages as free; for when that was done. */
void fpr_buddy_settle(struct fpr_zone *z, uint32_t i, unsigned order, int mt, enum fpr_place place,
                      bool notify);

/* Takes the head of the smallest list of `mt` that has at least `order`; the rest of a bigger
 * block goes back half by half. Returns BLOCK_NONE if there is none. */
uint64_t fpr_buddy_take_smallest(struct fpr_zone *z, unsigned order, int mt, bool refill);

/* Cuts the free block (i, from) down to its first 2^to pages; the halves go to mt's heads. */
void fpr_buddy_split(struct fpr_zone *z, uint32_t i, unsigned from, unsigned to, int mt);

/* Does a block that joins its list go to the tail? */
bool fpr_buddy_goes_to_tail(struct fpr_zone *z, uint32_t i, unsigned order, enum fpr_place place);

/* Tells whoever listens that a free made a block this large. */
void fpr_buddy_notify(struct fpr_zone *z, uint32_t i, unsigned order, int mt);

#endif
