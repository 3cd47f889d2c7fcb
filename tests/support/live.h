/* A machine with a reporter's thread on real memory, and devices that go wrong, for threads to
 * allocate beside: who has each page is written down, and what a device has been told of. */
#ifndef TESTS_LIVE_H
#define TESTS_LIVE_H

#include <fpr/arena.h>
#include <fpr/devices.h>
#include <fpr/thread.h>

enum { LIVE_PAGES = 16384, LIVE_WORKERS = 4, LIVE_DEVICES = 3, LIVE_TEXT = 80 };

struct live {
    struct fpr_machine *machine;
    struct fpr_reporter *reporter;
    struct fpr_thread *thread;
    struct fpr_arena *arena;
    struct fpr_device back;                 /* the arena */
    struct fpr_device checking;             /* in front of it */
    struct fpr_fault *fault[LIVE_DEVICES];  /* in front of that */
    struct fpr_device device[LIVE_DEVICES]; /* to be registered */
    const struct fpr_device *registered;    /* NULL: none */
    unsigned char owner[LIVE_PAGES];        /* 0: nobody's; atomic, as the next two */
    unsigned char in_report[LIVE_PAGES];    /* a device has it now */
    unsigned char told[LIVE_PAGES];         /* it was given back since it was last allocated */
    int stop;                               /* workers are to end */
    char wrong[LIVE_TEXT];                  /* what was wrong first */
    int nr_wrong;
};

/* Random profile, per-cpu lists, knobs, backing and faults. */
struct live *live_open(uint64_t *seed);
void live_close(struct live *w);
/* Random knobs. */
struct fpr_report_config live_config(uint64_t *seed);
uint64_t live_below(uint64_t *seed, uint64_t bound);
/* Something is: the first time is kept. */
void live_wrong(struct live *w, const char *what, fpr_pfn pfn);

#endif
