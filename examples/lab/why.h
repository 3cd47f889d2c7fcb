/* What explaining a step is made of. */
#ifndef LAB_WHY_H
#define LAB_WHY_H

#include "lab.h"

struct why {
    struct lab *lab;
    struct fpr_zone *shadow; /* as it was just before the event */
    unsigned told, cpu;      /* cpu: whose per-cpu lists the step meant */
    bool refilling;          /* a per-cpu list, which was told */
    bool cut;                /* there was more to tell than a reader takes in */
    struct fpr_block stolen; /* by the last fallback, until a page of it was taken; or order 0 at
                                FPR_PFN_NONE */
    bool through;            /* per-cpu lists are off: blocks pass through them at once */
};

/* First and last block of lists that were walked. */
struct lab_ends {
    fpr_pfn first, last;
    unsigned n;
};
int lab_note_end(void *ctx, const struct fpr_block *block);

/* Says no more than a reader takes in: false once that was told, but for what the step came to. */
bool lab_may_tell(struct why *y);

/* why_free.c: blocks that come to the free lists; `mt`: -1 for the pageblock's type */
void lab_explain_free(struct why *y, fpr_pfn pfn, unsigned order, int mt);
void lab_on_free(struct why *y, const struct fpr_event *e, const struct fpr_event *next);
/* why_alloc.c: blocks that leave them */
void lab_on_take(struct why *y, const struct fpr_event *e);
void lab_on_steal(struct why *y, const struct fpr_event *e);
void lab_on_alloc(struct why *y, const struct fpr_event *e, bool refilled);

#endif
