/* Replaying .iova golden files: what a kernel's vfio type1 map answered. */
#ifndef TESTS_CONFORM_IOVA_REPLAY_H
#define TESTS_CONFORM_IOVA_REPLAY_H

#include <fpr/iova.h>

#include "conform.h"

enum { IOVA_WORDS_MAX = 10, IOVA_TOLD_MAX = 256, IOVA_ANSWER_MAX = 8192 };

/* A replay under way. */
struct iova_replay {
    struct conform_result *result;
    enum fpr_iova_profile profile;
    /* Overrides of the profile's switches, for tests; default: as the profile has them. */
    bool exact_dirty;
    char *arena;
    struct fpr_iova_space *space; /* NULL: no container open */
    struct fpr_iova_reader *reader;
    uint64_t locked_limit; /* of the process: outlives containers */
    bool capable;
    unsigned long told; /* unmap notifications since the last "log" */
    struct fpr_iova_range told_range[IOVA_TOLD_MAX];
    /* The line in hand: its words, and the answer being made. */
    char *word[IOVA_WORDS_MAX];
    unsigned words;
    char answer[IOVA_ANSWER_MAX];
    size_t used;
    bool bad;  /* a word is not what it should be: reported */
    bool skip; /* nothing to compare */
    unsigned long line;
};

/* Runs the line in hand. */
void iova_replay_op(struct iova_replay *r);
/* The operations that change the map, and those that touch memory; false: not one of these. */
bool iova_replay_map_op(struct iova_replay *r);
bool iova_replay_memory_op(struct iova_replay *r);
void iova_replay_close(struct iova_replay *r);

/* Appends to the answer. */
__attribute__((format(printf, 2, 3))) void iova_say(struct iova_replay *r, const char *format, ...);
/* "0" or "-ENAME". */
void iova_say_rc(struct iova_replay *r, int rc);
/* Word i as a number of C's syntax; `otherwise` if there is none that far. */
uint64_t iova_number(struct iova_replay *r, unsigned i, uint64_t otherwise);
/* The line is malformed. */
__attribute__((format(printf, 2, 3))) void iova_bad(struct iova_replay *r, const char *format, ...);
bool iova_is(const struct iova_replay *r, const char *op);

/* Replays from where `in` stands. exact_dirty: with the switch for stale dirty bits off. */
struct lines;
void conform_iova_lines(struct lines *in, bool exact_dirty, struct conform_result *result);

#endif
