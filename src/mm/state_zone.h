/* One zone of a state dump. */
#ifndef MM_STATE_ZONE_H
#define MM_STATE_ZONE_H

#include "mm/state_text.h"

/* What the dump's header says about all zones. */
struct state_params {
    struct fpr_policy policy;
    const struct fpr_mem_ops *mem;
    unsigned orders;
    unsigned pageblock_order;
    unsigned mtypes;
    unsigned pcp_lists;
    unsigned cpus;
    unsigned boost_factor;
};

/* Reads a zone from behind its `Z` to its `.`. 0, -EINVAL (the cursor says why), -ENOMEM. */
int fpr_state_read_zone(struct cursor *c, const struct state_params *params,
                        struct fpr_zone **zone);

#endif
