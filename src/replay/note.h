/* A sparse table of two words a page frame, for tying trace lines together. */
#ifndef FPR_REPLAY_NOTE_H
#define FPR_REPLAY_NOTE_H

#include "replay/op.h"

/* What is known of a frame while a trace is read. */
struct note {
    uint32_t id;      /* allocation that it belongs to now, NONE32: none known */
    uint32_t free_op; /* its last free that may still be batched, NONE32: none */
};

#define NOTE_SHIFT 12

struct note_table {
    struct note **chunks;
    size_t nr_chunks;
};

/* The note of a frame below 2^32 - 1; NULL if memory is short. */
struct note *fpr_note_get(struct note_table *table, uint32_t pfn);
void fpr_note_table_free(struct note_table *table);

#endif
