/* Taking free blocks away and putting them back. */
#ifndef MM_ISOLATE_H
#define MM_ISOLATE_H

#include "mm/zone.h"

/* Takes the free block (i, order) off its list; false if the min watermark forbids it. Lock held.
 */
bool fpr_isolate_block(struct fpr_zone *z, uint32_t i, unsigned order);

/* Puts a held block back, without notification. True if it did not merge (and so is still a
 * block of its own). Lock held. */
bool fpr_putback_block(struct fpr_zone *z, uint32_t i, unsigned order, enum fpr_place place);

#endif
