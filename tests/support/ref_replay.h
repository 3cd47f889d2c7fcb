/* Replaying a recording (golden file) with the reference model. */
#ifndef TESTS_REF_REPLAY_H
#define TESTS_REF_REPLAY_H

#include "support/ref.h"

#include <zlib.h>

struct ref_replay {
    gzFile in;
    const char *path;
    char *line;
    size_t room;
    unsigned long nr;
    unsigned long ops;
    struct fpr_zone_config config;
    unsigned capacity;
    bool lru;
    bool v16;
    unsigned level; /* 4, 7, 8 */
    struct ref_zone *zone;
    struct ref_reporter reporter;
    bool pcp_on;
    bool notified;
    bool in_callback;
    bool failed;
    unsigned batch;
    uint64_t *words;
    size_t nr_words, next_word;
    fpr_pfn *movable;
    size_t nr_movable;
    char why[400];
};

/* True if every answer, batch and hash of the file is the reference model's too; else says on
 * stdout where they part. */
bool ref_replay_file(const char *path);

void ref_replay_wrong(struct ref_replay *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool ref_replay_line(struct ref_replay *p);
bool ref_replay_header(struct ref_replay *p); /* one line; false: not a header line */
void ref_replay_load(struct ref_replay *p);   /* the first state */
void ref_replay_skip_dump(struct ref_replay *p);

#endif
