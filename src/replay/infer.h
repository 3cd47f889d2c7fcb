/* Bulk allocations that no event told of, inferred from what a resynchronising replay had to
 * repair: if the kernel gave out a page from the depth of a per-cpu list, those above it had gone.
 * What is inferred are requests (when, how many, of which type); the model chooses their pages. */
#ifndef FPR_REPLAY_INFER_H
#define FPR_REPLAY_INFER_H

#include "replay/note.h"
#include "replay/op.h"

struct unseen {
    uint32_t op;  /* the request that showed it; NONE32: refuted */
    uint32_t pfn; /* recorded frame: a later free of it names this allocation */
    uint8_t mt;
};

struct unseen_list {
    struct unseen *list;
    size_t nr, room;
};

/* In a second replay: what was inferred, how far it is done, and which frames it got. */
struct unseen_play {
    const struct unseen_list *list;
    size_t at;
    struct note_table frames; /* recorded frame -> id: the model's frame */
};

struct run;

/* Keeps what the rest of the trace bears out: the page is next freed, or never heard of again. */
int fpr_infer_filter(const struct fpr_prepared *p, struct unseen_list *l);
/* Serves what was inferred to come before this operation. */
void fpr_infer_serve(struct run *run, const struct op *op);
/* The model's frame of an inferred allocation that is freed now; FPR_PFN_NONE if there is none. */
fpr_pfn fpr_infer_free(struct run *run, uint32_t pfn);

#endif
