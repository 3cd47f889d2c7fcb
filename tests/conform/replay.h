/* One golden file on its way through the model. */
#ifndef TESTS_CONFORM_REPLAY_H
#define TESTS_CONFORM_REPLAY_H

#include <fpr/fpr.h>

#include "conform/golden.h"
#include "conform/state.h"

struct replay {
    struct lines *in;
    const struct conform_options *options;
    struct conform_result *result;
    struct golden_header header;
    struct golden_record record; /* the one being replayed */
    struct golden_state theirs, ours, before;
    struct fpr_policy policy;
    struct fpr_machine *machine;
    struct fpr_zone *zone;
    struct fpr_reporter *reporter;
    struct fpr_device device;
    bool registered;
    unsigned report_order;
    bool pcp_on;
    bool in_pass;
    uint64_t notified_before; /* notifications when the operation under way began */
    uint64_t notified_events; /* notifications that came as trace events */
    bool failed;              /* nothing more is to be replayed */
    unsigned calls;           /* of the device in this pass */
    uint64_t *words;          /* shuffle source: words not drawn yet start at words_at */
    size_t words_at, nr_words, words_capacity;
    bool starved; /* a word was wanted and none was left */
};

/* setup.c: the rules that the header asks for, then a zone in the state just read. */
bool replay_setup(struct replay *r);
/* The request flags behind an A record; false if the profile has no such flags. */
bool replay_gfp(const struct replay *r, const struct golden_record *record, fpr_gfp *gfp);

/* How often the zone told page reporting of a free. */
uint64_t replay_notifications(const struct replay *r);

/* ops.c: one operation or setting, in a callback or not. False: stop. */
bool replay_operation(struct replay *r);
/* pass.c: a reporting pass, from its R record to its Z record. False: stop. */
bool replay_pass(struct replay *r);
/* pass.c: C report. */
bool replay_register(struct replay *r);

/* Notes that model and file differ at the current record. The first difference is the failure;
 * after a hash that differs the replay goes on to one that shows more, which is added to the
 * detail. Always returns false. */
__attribute__((format(printf, 2, 3))) bool replay_differs(struct replay *r, const char *format,
                                                          ...);
/* Counts a hashed operation and compares its hash. False: stop. */
bool replay_hashed(struct replay *r);
/* Keeps the state for what replay_hashed() tells of the traced line. */
bool replay_before(struct replay *r);

#endif
