/* A machine from the inside. */
#ifndef MM_MACHINE_H
#define MM_MACHINE_H

#include <fpr/machine.h>

#include "mm/alloc.h"

struct fpr_machine {
    size_t nr_zones;
    struct fpr_zone *zones[MAX_ZONELIST];    /* by node, then index, rising */
    struct fpr_zone *zonelist[MAX_ZONELIST]; /* node 0's zonelist: highest zone first */
    const void *reporter;                    /* who reports; NULL: nobody */
    struct fpr_mem_ops mem;
};

/* Puts zones in order and makes the zonelist. -EINVAL if zones overlap or two are alike. */
int fpr_machine_arrange(struct fpr_machine *m);
/* Zones in the order in which a request from `node` tries them. Returns how many. */
size_t fpr_machine_zonelist(const struct fpr_machine *m, int node, struct fpr_zone **list);
/* Does a callback of one of its zones call? That zone's lock is taken: whoever waits for another's
 * may wait for somebody who waits for it. */
bool fpr_machine_in_callback(const struct fpr_machine *m);
/* The same for calls that only look, which take locks where there are any. */
bool fpr_machine_lookable(const struct fpr_machine *m);
/* An empty machine. NULL: no memory. */
struct fpr_machine *fpr_machine_new(const struct fpr_mem_ops *mem);

#endif
