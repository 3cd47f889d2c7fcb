#include "model_args.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

const char *const bench_mode_words[] = {"auto", "mirror", "predict", NULL};

static const char *const format_words[] = {"auto", "ftrace", "perf", "trace-cmd",
                                           "dat",  "native", NULL};

static const char *const on_off_words[] = {"off", "on", NULL};
static const char *const backing_words[] = {"4k", "2m", "1g", NULL};
static const unsigned backing_shifts[] = {12, 21, 30};

enum {
    KEY_PROFILE = BENCH_KEY(500),
    KEY_MODE,
    KEY_REPAIR,
    KEY_WITHOUT,
    KEY_COST,
    KEY_BACKING,
    KEY_FORMAT,
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "The model:", 5},
    {"profile", KEY_PROFILE, "NAME", 0,
     "Kernel whose rules are used: v16, linux-5.10, linux-5.14, linux-6.1, linux-6.12 (default: "
     "the recorded kernel's, else linux-6.1)",
     5},
    {"mode", KEY_MODE, "MODE", 0,
     "mirror: the kernel's own buddy-level events are applied; predict: the model serves the "
     "requests itself (default: predict where the starting state is known)",
     5},
    {"repair", KEY_REPAIR, "on|off", 0,
     "predict: where nothing tells of bulk allocations, infer them from a first replay (on)", 5},
    {"without", KEY_WITHOUT, "LIST", BENCH_REPEATS,
     "predict: hide knowledge from the model, to see what it is worth; words with commas (may be "
     "repeated)",
     5},
    {"cost", KEY_COST, "NAME=NS", BENCH_REPEATS,
     "Change one cost constant of the host (may be repeated)", 5},
    {"backing", KEY_BACKING, "SIZE", 0, "Host backing pages: 4k, 2m (default, THP) or 1g", 5},
    {"format", KEY_FORMAT, "NAME", 0,
     "Format of the trace: ftrace, perf, trace-cmd, dat, native (default: found out)", 5},
    {0},
};

static void set_profile(struct bench_model *model, const char *name)
{
    if (fpr_profile_from_name(name, &model->replay.profile)) {
        bench_die(BENCH_USAGE,
                  "--profile: '%s' is none of v16, linux-5.10, linux-5.14, linux-6.1, linux-6.12",
                  name);
    }
    model->replay.profile_set = true;
}

/* For the message that names what could have been said. */
static const char *knowledge_words(void)
{
    static const char words[] =
#define FPR_X(bit, word, text) " " word
        FPR_KNOWLEDGE(FPR_X)
#undef FPR_X
        ;
    return words + 1;
}

static void set_without(struct bench_model *model, const char *list)
{
    for (const char *word = list;;) {
        size_t len = strcspn(word, ",");
        int bit = len ? fpr_knowledge_find(word, len) : -EINVAL;
        if (bit < 0) {
            bench_die(BENCH_USAGE, "--without: '%.*s' is none of: %s", (int)len, word,
                      knowledge_words());
        }
        model->replay.without |= (uint32_t)1 << bit;
        word += len;
        if (!*word++) {
            break;
        }
    }
    size_t used = strlen(model->without);
    snprintf(model->without + used, sizeof(model->without) - used, "%s%s", used ? "," : "", list);
}

static void set_cost(struct bench_model *model, const char *text)
{
    struct fpr_host_costs *costs = &model->replay.host.costs;
    const char *equals = strchr(text, '=');
    size_t len = equals ? (size_t)(equals - text) : 0;
#define FPR_X(name, value, meaning)                                                                \
    if (equals && len == strlen(#name) && !strncmp(text, #name, len)) {                            \
        costs->name = bench_number("--cost", equals + 1, 0, 1000000000);                           \
        return;                                                                                    \
    }
    FPR_HOST_COSTS(FPR_X)
#undef FPR_X
    bench_die(BENCH_USAGE,
              "--cost: '%s' is not NAME=NS with NAME one of:"
#define FPR_X(name, value, meaning) " " #name
              FPR_HOST_COSTS(FPR_X)
#undef FPR_X
                  ,
              text);
}

/* What does nothing is refused. */
static void check_mode(const struct bench_model *model)
{
    const char *option = model->replay.resync    ? "--resync"
                         : model->replay.without ? "--without"
                         : model->repair_given   ? "--repair"
                                                 : NULL;
    if (model->replay.mode == FPR_REPLAY_MIRROR && option) {
        bench_die(BENCH_USAGE, "%s: does nothing in mirror mode, only in predict mode", option);
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct bench_model *model = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        memset(model, 0, sizeof(*model));
        if (fpr_replay_options_init(&model->replay)) {
            bench_die(BENCH_FAILED, "the replay's defaults cannot be set");
        }
        return 0;
    case KEY_PROFILE:
        set_profile(model, arg);
        return 0;
    case KEY_MODE:
        model->replay.mode = (enum fpr_replay_mode)bench_word("--mode", arg, bench_mode_words);
        return 0;
    case KEY_REPAIR:
        model->replay.repair = bench_word("--repair", arg, on_off_words) == 1;
        model->repair_given = true;
        return 0;
    case KEY_WITHOUT:
        set_without(model, arg);
        return 0;
    case KEY_COST:
        set_cost(model, arg);
        return 0;
    case KEY_BACKING:
        model->replay.host.backing_shift =
            backing_shifts[bench_word("--backing", arg, backing_words)];
        return 0;
    case KEY_FORMAT:
        model->trace.format = (enum fpr_trace_format)bench_word("--format", arg, format_words);
        return 0;
    case ARGP_KEY_SUCCESS:
        check_mode(model);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp bench_model_argp = {options, parse, NULL, NULL, NULL, NULL, NULL};
