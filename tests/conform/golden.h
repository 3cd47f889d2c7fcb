/* Golden files (.fpr, version 1): records as they stand in the file, checked for form. */
#ifndef TESTS_CONFORM_GOLDEN_H
#define TESTS_CONFORM_GOLDEN_H

#include <fpr/device.h>
#include <fpr/types.h>

#include "conform/conform.h"

/* What stands before the first state. */
struct golden_header {
    char kernel[96];
    char profile[32]; /* empty: go by the kernel */
    fpr_pfn start;
    uint64_t spanned, present, managed;
    unsigned orders, pageblock_order, mtypes, isolate, capacity, pcp_lists;
    bool nofragment, lru, shuffle;
    unsigned boost_factor;
    bool v16_putback;     /* quirk */
    unsigned patch_level; /* quirk: 4 or 7; 8: none */
    fpr_pfn *movable;     /* m lines */
    size_t nr_movable, movable_capacity;
    unsigned long zone_line, params_line;
    unsigned seen; /* one bit a kind of line that may stand only once */
};

enum golden_kind {
    GOLDEN_COMMENT,
    GOLDEN_ALLOC,   /* A */
    GOLDEN_FREE,    /* F */
    GOLDEN_SPLIT,   /* P */
    GOLDEN_DRAIN,   /* V */
    GOLDEN_PCP,     /* C pcp */
    GOLDEN_REPORT,  /* C report */
    GOLDEN_WMARK,   /* C wmark */
    GOLDEN_BOOST,   /* C boost */
    GOLDEN_SHUFFLE, /* C shuffle */
    GOLDEN_PASS,    /* R */
    GOLDEN_BATCH,   /* B */
    GOLDEN_DONE,    /* E */
    GOLDEN_PASSED,  /* Z */
    GOLDEN_STATE,   /* S: what follows up to "." is golden_state's */
    GOLDEN_QUIT,    /* Q */
};

/* One record. Which members hold depends on the kind. */
struct golden_record {
    enum golden_kind kind;
    unsigned long line;
    char text[96]; /* the line itself, as far as it goes */
    unsigned order, to, type, flags;
    fpr_pfn pfn; /* FPR_PFN_NONE: the request failed */
    char note;   /* 'n', '-' or '.' */
    bool hashed; /* the record has a hash, not "-" */
    uint64_t hash;
    bool on;            /* C pcp */
    uint64_t number[3]; /* C pcp: high, batch; C wmark; C boost: factor, boost; C shuffle: word;
                           Z: batches, requested; S and Q: operations before it */
    unsigned k;         /* B, E: number of the call */
    int error;          /* E */
    struct fpr_sg *sg;  /* B */
    size_t nr_sg, sg_capacity;
};

/* Reads the header up to and including the first S record, which is left in *record.
 * False: the result says why. */
bool golden_read_header(struct lines *in, struct golden_header *header,
                        struct golden_record *record, struct conform_result *result);
/* Reads the next record that is no comment. False: the result says why (the end of the file is a
 * failure here: a complete file has its Q before it). */
bool golden_next(struct lines *in, struct golden_record *record, struct conform_result *result);
/* Takes one line apart. False: error says why. Exposed for tests. */
bool golden_parse(const char *line, struct golden_record *record, char *error, size_t size);

void golden_header_free(struct golden_header *header);
void golden_record_free(struct golden_record *record);
/* Makes room for one element more in a growing array. Returns false when memory is out. */
bool golden_grow(void **array, size_t *capacity, size_t count, size_t size);

#endif
