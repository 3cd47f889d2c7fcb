/* Workers that allocate, free, hand over, split and drain on one locked zone, for stress tests:
 * every page has its owner's stamp, so a page in two hands is seen at once. */
#ifndef TESTS_WORKER_H
#define TESTS_WORKER_H

#include <fpr/fpr.h>

#include <pthread.h>

#define WORKERS 4u
#define FRAMES  16384u
#define BLOCKS  2048u /* most that one worker owns */
#define OPS     4000u /* of one worker in one round */
#define CONTEST 256u  /* blocks that everybody frees at once */
#define SLOTS   64u

struct block {
    fpr_pfn pfn;
    unsigned order;
};

struct arena {
    struct fpr_machine *machine;
    struct fpr_zone *zone;
    struct fpr_reporter *reporter;
    pthread_barrier_t barrier;
    uint8_t *owner; /* of each frame: 0 nobody, else worker + 1; atomic */
    pthread_mutex_t post;
    struct block slots[SLOTS]; /* blocks that anybody may take over; order ~0: empty */
    struct block contest[CONTEST];
    unsigned contests;
    unsigned won;    /* frees of contested blocks that succeeded; atomic */
    unsigned wakes;  /* atomic */
    unsigned broken; /* pages in two hands; atomic */
    bool stop;       /* atomic */
};

struct worker {
    struct arena *arena;
    unsigned cpu;
    uint64_t random;
    struct block own[BLOCKS];
    unsigned count;
};

/* The pages' owner changes; whoever finds another one counts it as broken. */
void worker_stamp(struct arena *a, const struct block *b, uint8_t from, uint8_t to);
/* Takes one of its blocks out of its hands, stamped still. It has some. */
struct block worker_pick(struct worker *w);
/* Frees one of its blocks. */
void worker_give(struct worker *w);
/* Does one thing or another. */
void worker_act(struct worker *w);

#endif
