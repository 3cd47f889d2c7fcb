/* Random scripts. */
#ifndef TESTS_SCRIPT_MAKE_H
#define TESTS_SCRIPT_MAKE_H

#include "support/script.h"

/* What a kind of test wants of its scripts. */
struct make_options {
    int profile;    /* -1: any */
    unsigned size;  /* 0: tiny zones, 1: middling, 2: pageblock 3..10 with max order
                            10..13, 3: nearly 2^32 frames, most of them a hole */
    unsigned zones; /* 1..3 */
    unsigned operations;
    bool ranges;     /* isolate and unisolate pageblock ranges, aligned to the largest block */
    bool any_ranges; /* ranges aligned to the pageblock only */
    bool reports;
    bool shuffles;
    bool misuse;
    bool compute; /* watermarks of all zones together, sometimes; and two nodes, sometimes */
    bool behind;  /* what replays of traces need */
};

void make_script(struct script *s, uint64_t seed, const struct make_options *options);

#endif
