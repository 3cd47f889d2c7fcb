/* A tiny locked machine for threads to be played against each other on: who has each frame is
 * written down, and so is what a device has been told of. */
#ifndef TESTS_INTERLEAVE_WORLD_H
#define TESTS_INTERLEAVE_WORLD_H

#include <fpr/fpr.h>

#include "support/interleave.h"

enum { WORLD_PAGES = 64, WORLD_CPUS = 2, WORLD_ORDER = 2 };

struct world {
    struct fpr_machine *machine;
    struct fpr_zone *zone;
    struct fpr_reporter *reporter;
    struct fpr_device device;             /* checks what it is given; see answer */
    uint8_t owner[WORLD_PAGES];           /* 0 nobody, else a thread's mark */
    bool in_report[WORLD_PAGES];          /* the device has it */
    bool told[WORLD_PAGES];               /* reported since it was last allocated */
    int answer;                           /* of the device */
    unsigned frees_more;                  /* than allocations: a block was split */
    bool gone;                            /* the device must not be called any more */
    bool unreported;                      /* world_check() found a free block to report */
    void (*in_call)(struct world *world); /* in the middle of one; or NULL */
};

struct world_block {
    fpr_pfn pfn;
    unsigned order;
};

/* A machine of 64 frames, largest blocks 16, and a reporter of order 2 and two entries a batch.
 * `pcp` pages may wait on each cpu's lists. */
void world_open(struct world *w, enum fpr_profile profile, unsigned pcp);
/* Everything must have been freed and no device registered: validates, counts all pages, checks
 * every Reported flag; then passes must leave nothing to report behind. */
void world_close(struct world *w);
/* Nobody's pages become mine, or mine nobody's; no memory is a failure. */
struct world_block world_take(struct world *w, unsigned order, unsigned cpu, uint8_t mark);
void world_give(struct world *w, struct world_block block, unsigned cpu, uint8_t mark);
/* Flags must be true and nothing lost, whatever `owned` pages are still allocated. */
void world_check(struct world *w, uint64_t owned);

#endif
