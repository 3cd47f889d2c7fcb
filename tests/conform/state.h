/* A full dump of a zone's state: as a golden file tells it, or as the model's zone has it. */
#ifndef TESTS_CONFORM_STATE_H
#define TESTS_CONFORM_STATE_H

#include <fpr/zone.h>

#include "conform/golden.h"

enum { STATE_PCP_LISTS = 16 };

struct state_block {
    fpr_pfn pfn;
    bool reported;
};

/* A run of `blocks`. */
struct state_list {
    size_t first, count;
    unsigned long line; /* 0: the file has no line for it (it is empty) or it is the model's */
};

struct golden_state {
    unsigned orders, pageblock_order, pcp_lists;
    uint64_t free, highatomic, boost, wmark[FPR_NR_WMARKS];
    uint64_t nr_free[FPR_NR_ORDERS];
    char *types; /* a digit a pageblock, NUL-terminated */
    size_t types_capacity;
    struct state_list lists[FPR_NR_ORDERS][FPR_NR_MIGRATETYPES];
    bool has_pcp;
    uint64_t pcp[4]; /* count, high, batch, free_factor */
    struct state_list pcp_list[STATE_PCP_LISTS];
    struct state_block *blocks;
    size_t nr_blocks, capacity;
    unsigned long z_line, n_line, b_line, p_line; /* line of the record; 0: the model's */
};

/* Empties a state but keeps its memory. */
void state_reset(struct golden_state *state, const struct golden_header *header);
/* Both false when memory is out. */
bool state_reserve_types(struct golden_state *state, size_t count);
bool state_add_block(struct golden_state *state, struct state_list *list, fpr_pfn pfn,
                     bool reported);

/* Number of pageblocks that the zone touches. */
uint64_t state_pageblocks(const struct golden_header *header);

/* Reads what follows an S record up to its ".". False: the result says why. */
bool golden_read_state(struct lines *in, const struct golden_header *header,
                       struct golden_state *state, struct conform_result *result);
/* Takes the state from a zone. False: out of memory. */
bool state_capture(const struct fpr_zone *zone, const struct golden_header *header, bool with_pcp,
                   struct golden_state *state);
void state_free(struct golden_state *state);

/* Titles of the two sides of a comparison. */
struct state_titles {
    const char *left, *right;
    bool all_lists; /* show every list that differs, not only the first */
};
/* Finds the first difference. Returns true if there is none; else the result gets the failure
 * ("expected …, got …" about the file's line) and, side by side, every scalar and the first list
 * that differ. */
bool state_compare(const struct golden_state *left, const struct golden_state *right,
                   const struct state_titles *titles, struct conform_result *result);
/* The same for the blocks of a report. False: they differ, and the detail shows where. */
bool batch_compare(const struct fpr_sg *left, size_t nr_left, const struct fpr_sg *right,
                   size_t nr_right, const struct state_titles *titles,
                   struct conform_result *result, char first[128]);

#endif
