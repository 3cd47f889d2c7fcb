/* Any bytes as a command line of fpr-bench, a word a line: numbers, lists, words, the model's
 * options. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "fuzz/support/ending.h"
#include "model_args.h"

#define MAX_WORDS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KEY_NUMBER = BENCH_KEY(1), KEY_LARGE, KEY_REAL, KEY_LIST, KEY_WIDE, KEY_OUT = 'o' };

static const struct argp_option argp_options[] = {
    {"number", KEY_NUMBER, "N", 0, "1 to 1024", 1},
    {"large", KEY_LARGE, "N", 0, "Any", 1},
    {"gib-per-cpu", KEY_REAL, "N", 0, "0.001 to 1e6", 1},
    {"orders", KEY_LIST, "LIST", 0, "0 to FPR_MAX_ORDER", 1},
    {"wide", KEY_WIDE, "LIST", 0, "Any", 1},
    {"output", KEY_OUT, "FILE", 0, "A word", 1},
    {0},
};

struct line {
    int argc;
    char *argv[MAX_WORDS + 2];
    struct bench_model model;
    unsigned words;
};

static void check_list(const struct bench_list *list, uint64_t max)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->values[i] > max) {
            abort();
        }
    }
    if (!list->count || list->count > BENCH_LIST_MAX) {
        abort();
    }
}

static void read_list(const char *text, uint64_t max)
{
    struct bench_list list = {.count = 0};
    bench_list("--list", text, 0, max, &list);
    check_list(&list, max);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->model;
        return 0;
    case KEY_NUMBER:
        if (bench_number("--number", arg, 1, 1024) > 1024) {
            abort();
        }
        return 0;
    case KEY_LARGE:
        bench_number("--large", arg, 0, UINT64_MAX);
        return 0;
    case KEY_REAL:
        if (!(bench_real("--gib-per-cpu", arg, 0.001, 1e6) >= 0.001)) {
            abort();
        }
        return 0;
    case KEY_LIST:
        read_list(arg, FPR_MAX_ORDER);
        return 0;
    case KEY_WIDE:
        read_list(arg, UINT64_MAX);
        return 0;
    case KEY_OUT:
        return 0;
    case ARGP_KEY_ARG:
        line->words++;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void parse_line(void *ctx)
{
    static const struct argp_child children[] = {{&bench_model_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {argp_options, parse, "FILE...", "Options.",
                                     children,     NULL,  NULL};
    struct line *line = ctx;
    bench_parse(&argp, line->argc, line->argv, line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int status = 0;
    char *text = malloc(size + 1), *save, name[] = "fuzz";
    struct line line = {.argc = 1, .argv = {name}};
    if (!text) {
        abort();
    }
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *w = strtok_r(text, "\n", &save); w && line.argc <= MAX_WORDS;
         w = strtok_r(NULL, "\n", &save)) {
        line.argv[line.argc++] = w;
    }
    bench_set_quiet(true);
    if (fuzz_run_to_exit(parse_line, &line, &status) && status != BENCH_USAGE &&
        status != BENCH_OK) {
        abort();
    }
    free(text);
    return 0;
}
