/* Options that say how a trace is read and modelled; shared by replay and tune. */
#ifndef BENCH_MODEL_ARGS_H
#define BENCH_MODEL_ARGS_H

#include <argp.h>

#include <fpr/replay.h>

/* What they fill. */
struct bench_model {
    struct fpr_replay_options replay;
    struct fpr_trace_options trace;
    bool repair_given;
    char without[256]; /* words hidden, as given */
};

/* Child parser; its input is a struct bench_model, which it initialises. */
extern const struct argp bench_model_argp;

/* Words of the mode, in the order of enum fpr_replay_mode. */
extern const char *const bench_mode_words[];

#endif
