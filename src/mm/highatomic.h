/* Pageblocks set aside for high-order requests that cannot wait. */
#ifndef MM_HIGHATOMIC_H
#define MM_HIGHATOMIC_H

#include "mm/zone.h"

/* After such a request was served with this block: its pageblock joins the reserve, up to a limit.
 */
void fpr_highatomic_reserve(struct fpr_zone *z, uint32_t i, unsigned order);

#endif
