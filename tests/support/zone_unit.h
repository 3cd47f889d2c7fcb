/* A small zone with a frame of each kind, for tables of misuse. */
#ifndef TESTS_ZONE_UNIT_H
#define TESTS_ZONE_UNIT_H

#include <fpr/zone.h>

enum {
    UNIT_START = 64,
    UNIT_PAGES = 1024,
    UNIT_ORDER = 6, /* max_order; pageblocks are of order 4 */
    UNIT_CPUS = 2,
    UNIT_HOLE = 512,     /* 16 frames */
    UNIT_FOREIGN = 8192, /* a frame that is in no such zone */
};

struct zone_unit {
    struct fpr_zone *zone;
    fpr_pfn one;    /* an allocated page */
    fpr_pfn eight;  /* an allocated block of order 3 */
    fpr_pfn held;   /* an isolated block of order 4 */
    fpr_pfn listed; /* a page on cpu 1's list */
    fpr_pfn unused; /* a free block of order UNIT_ORDER */
};

void zone_unit_configure(struct fpr_zone_config *config, enum fpr_profile profile);
void zone_unit_make(struct zone_unit *unit, const struct fpr_zone_config *config);

#endif
