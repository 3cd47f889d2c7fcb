/* What the parts of fpr-conform share: the result of replaying one golden file. */
#ifndef TESTS_CONFORM_H
#define TESTS_CONFORM_H

#include <stdbool.h>
#include <stddef.h>

#include <fpr/profile.h>

/* What came of one file. */
struct conform_result {
    bool ok;
    unsigned long line;      /* where it failed, 0: not about a line */
    char reason[1024];       /* one line: "expected …, got …", or what is malformed */
    char detail[8192];       /* further lines, each ending with a newline; may be empty */
    bool hash_only;          /* the failure is a hash that differs, which shows no cause */
    unsigned long ops;       /* operations replayed */
    unsigned long skipped;   /* operations that a replayer may skip */
    char skipped_names[256]; /* their names, joined by ", " */
};

struct conform_options {
    bool profile_given;       /* use `profile` whatever the header says */
    enum fpr_profile profile; /* see profile_given */
    bool hash;                /* compare state hashes */
    bool events;              /* take notes from trace events instead of counters: the library has
                                 shorter ways through when nobody listens */
    bool brief;               /* stop at the first difference, whatever it shows */
    bool verbose;             /* add what is not needed for every failure */
    /* Not 0: stop after the record of this line and put into the detail what it changed. */
    unsigned long trace_line;
};

/* Puts a failure into the result; the first one stays. Always returns false. */
__attribute__((format(printf, 3, 4))) bool
conform_fail(struct conform_result *result, unsigned long line, const char *format, ...);
/* Adds a line (newline included by the caller) to the detail, as far as there is room. */
__attribute__((format(printf, 2, 3))) void conform_detail(struct conform_result *result,
                                                          const char *format, ...);

struct lines;

/* Replays a .fpr file from where `in` stands: its first line. */
void conform_fpr_lines(struct lines *in, const struct conform_options *options,
                       struct conform_result *result);
/* Replays one file of that kind.
 * Returns 0 whatever the result, or a negative errno if the file cannot be opened. */
int conform_fpr_file(const char *path, const struct conform_options *options,
                     struct conform_result *result);
int conform_iova_file(const char *path, struct conform_result *result);

#endif
