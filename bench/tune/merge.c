/* fpr-bench merge: joins the shares of a sweep. */
#include <string.h>

#include "tune.h"

enum { KEY_CSV = BENCH_KEY(1), KEY_JSON, KEY_HTML, KEY_ALL };

struct merge_args {
    char **paths;
    size_t count;
    struct tune_files files;
    bool whole_table;
};

static const struct argp_option options[] = {
    {"csv", KEY_CSV, "FILE", 0, "One row a setting ('-' is standard output)", 1},
    {"json", KEY_JSON, "FILE", 0, "Everything in numbers (from JSON shares)", 1},
    {"html", KEY_HTML, "FILE", 0, "A page to read (from JSON shares)", 1},
    {"all", KEY_ALL, NULL, 0, "Show every setting in the table on standard output", 3},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct merge_args *args = state->input;
    switch (key) {
    case KEY_ALL:
        args->whole_table = true;
        return 0;
    case KEY_CSV:
        args->files.csv = arg;
        return 0;
    case KEY_JSON:
        args->files.json = arg;
        return 0;
    case KEY_HTML:
        args->files.html = arg;
        return 0;
    case ARGP_KEY_ARGS:
        args->paths = &state->argv[state->next];
        args->count = (size_t)(state->argc - state->next);
        return 0;
    case ARGP_KEY_NO_ARGS:
        bench_die(BENCH_USAGE, "no shares given (files of tune --shard)");
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool same_list(const struct bench_list *a, const struct bench_list *b)
{
    return a->count == b->count && !memcmp(a->values, b->values, a->count * sizeof(a->values[0]));
}

static bool same_number(double a, double b)
{
    return a >= b && a <= b;
}

/* What differs between two shares that should be of one sweep; NULL: nothing. */
static const char *difference(const struct tune_sweep *a, const struct tune_sweep *b)
{
    if (strcmp(a->version, b->version) != 0) {
        return "version";
    }
    if (strcmp(a->model, b->model) != 0) {
        return "model";
    }
    if (!same_list(&a->grid.orders, &b->grid.orders) ||
        !same_list(&a->grid.budgets, &b->grid.budgets) ||
        !same_list(&a->grid.capacities, &b->grid.capacities) ||
        !same_list(&a->grid.delays, &b->grid.delays)) {
        return "grid";
    }
    if (!same_number(a->gib_per_cpu, b->gib_per_cpu)) {
        return "worth";
    }
#define FPR_X(name, value, text)                                                                   \
    if (a->costs.name != b->costs.name) {                                                          \
        return "costs";                                                                            \
    }
    FPR_HOST_COSTS(FPR_X)
#undef FPR_X
    if (a->shards != b->shards) {
        return "number of shares";
    }
    bool same = a->nr_traces == b->nr_traces;
    for (size_t t = 0; same && t < a->nr_traces; t++) {
        same = !strcmp(a->traces[t].path, b->traces[t].path) &&
               a->traces[t].events == b->traces[t].events &&
               a->traces[t].nr_points == b->traces[t].nr_points &&
               same_number(a->traces[t].baseline.metric[TUNE_host_gib_min],
                           b->traces[t].baseline.metric[TUNE_host_gib_min]);
    }
    return same ? NULL : "traces";
}

void tune_sweep_take(struct tune_sweep *to, struct tune_sweep *from, const char *path)
{
    for (size_t t = 0; t < to->nr_traces; t++) {
        for (size_t i = 0; i < to->nr_settings; i++) {
            struct tune_row *mine = &to->traces[t].rows[i], *theirs = &from->traces[t].rows[i];
            if (theirs->done && mine->done) {
                bench_die(BENCH_USAGE, "%s: share %u of %u was given already", path, from->shard,
                          from->shards);
            }
            if (theirs->done) {
                *mine = *theirs;
                memset(theirs, 0, sizeof(*theirs));
            }
        }
    }
}

static void check_complete(const struct tune_sweep *sweep)
{
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        for (size_t i = 0; i < sweep->nr_settings; i++) {
            if (!sweep->traces[t].rows[i].done && sweep->shards) {
                bench_die(BENCH_USAGE, "share %zu of %u is missing or not complete",
                          i % sweep->shards + 1, sweep->shards);
            }
            if (!sweep->traces[t].rows[i].done) {
                bench_die(BENCH_USAGE, "%s: setting %zu of the grid is missing",
                          sweep->traces[t].path, i + 1);
            }
        }
    }
}

static void join(const struct merge_args *args, struct tune_sweep *sweep, bool *csv)
{
    tune_read(args->paths[0], sweep, csv);
    for (size_t i = 1; i < args->count; i++) {
        struct tune_sweep share;
        bool share_csv;
        tune_read(args->paths[i], &share, &share_csv);
        const char *differs =
            share_csv == *csv ? difference(sweep, &share) : "format (CSV and JSON)";
        if (differs) {
            bench_die(BENCH_USAGE, "%s: not of the same sweep as %s: %s", args->paths[i],
                      args->paths[0], differs);
        }
        tune_sweep_take(sweep, &share, args->paths[i]);
        tune_sweep_free(&share);
    }
    check_complete(sweep);
}

int bench_merge(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "FILE...",
        "Joins the shares that tune --shard I/N wrote; the result is the same to the byte as that "
        "of the sweep in one process. Without options the joined file goes to standard output, in "
        "the format of the shares.",
        NULL,
        NULL,
        NULL};
    struct merge_args args = {.count = 0};
    bench_parse(&argp, argc, argv, &args);
    tune_files_check(&args.files, args.paths, args.count);
    struct tune_sweep sweep;
    bool csv;
    join(&args, &sweep, &csv);
    if (csv && (args.files.json || args.files.html)) {
        bench_die(BENCH_USAGE,
                  "%s: JSON and HTML need the JSON of the shares: the CSV has no curves",
                  args.files.json ? "--json" : "--html");
    }
    if (!args.files.csv && !args.files.json && !args.files.html) {
        *(csv ? &args.files.csv : &args.files.json) = "-";
    }
    sweep.whole_table = args.whole_table;
    sweep.shard = sweep.shards = 0;
    tune_sweep_mark(&sweep);
    tune_advise(&sweep);
    int status = tune_write(&sweep, &args.files);
    tune_sweep_free(&sweep);
    return status;
}
