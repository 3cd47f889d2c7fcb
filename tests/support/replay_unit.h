/* A small recording that is replayed. What goes wrong fails the test (CMocka's). */
#ifndef TESTS_REPLAY_UNIT_H
#define TESTS_REPLAY_UNIT_H

#include <fpr/replay.h>

struct replay_unit {
    struct fpr_prepared *prepared;
    struct fpr_replay_options options;
    struct fpr_replay_result result;
    struct fpr_trace_error error;
};

/* Prepares a folder with this state.before (NULL: none), trace.txt and one file more (NULL: none).
 */
void replay_unit_open(struct replay_unit *unit, const char *before, const char *trace,
                      const char *extra, const char *text);
void replay_unit_play(struct replay_unit *unit);
void replay_unit_close(struct replay_unit *unit);

#endif
