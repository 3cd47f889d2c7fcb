#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gen/source.h"
#include "json.h"
#include "stop.h"
#include "tune.h"

enum {
    KEY_ORDERS = BENCH_KEY(1),
    KEY_BUDGETS,
    KEY_CAPACITIES,
    KEY_DELAYS,
    KEY_JOBS,
    KEY_CSV,
    KEY_JSON,
    KEY_HTML,
    KEY_SHARD,
    KEY_WORTH,
    KEY_ALL,
};

#define DEFAULT_ORDERS     "0,3,5,7,9,10"
#define DEFAULT_BUDGETS    "16,4,0"
#define DEFAULT_CAPACITIES "32,256"
#define DEFAULT_DELAYS     "2000,500,100"

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "The settings (lists with commas, ranges such as 0-9):", 1},
    {"orders", KEY_ORDERS, "LIST", 0, "Lowest orders reported, 0 to 13 (" DEFAULT_ORDERS ")", 1},
    {"budget-divisors", KEY_BUDGETS, "LIST", 0,
     "A pass reports 1/N of a list, to 1000000; 0: no budget (" DEFAULT_BUDGETS ")", 1},
    {"capacities", KEY_CAPACITIES, "LIST", 0,
     "Blocks in one report, 1 to 65536 (" DEFAULT_CAPACITIES ")", 1},
    {"delays-ms", KEY_DELAYS, "LIST", 0,
     "From a request to its pass, 0 to 3600000 (" DEFAULT_DELAYS ")", 1},
    {"gib-per-cpu", KEY_WORTH, "N", 0,
     "How many GiB cost as much as one CPU, 0.001 to 1000000 (8): what CPU time may be spent on "
     "memory",
     1},
    {NULL, 0, NULL, 0, "The work:", 2},
    {"jobs", KEY_JOBS, "N", 0, "Replays at the same time, 1 to 1024 (number of CPUs)", 2},
    {"shard", KEY_SHARD, "I/N", 0, "Do only the I-th of N shares, for fpr-bench merge", 2},
    {NULL, 0, NULL, 0, "Results ('-' is standard output):", 3},
    {"csv", KEY_CSV, "FILE", 0, "One row a setting", 3},
    {"json", KEY_JSON, "FILE", 0, "Everything in numbers, curves too", 3},
    {"html", KEY_HTML, "FILE", 0, "A page to read, complete in itself", 3},
    {"all", KEY_ALL, NULL, 0, "Show every setting in the table on standard output", 3},
    {0},
};

struct tune_args {
    struct bench_model model;
    struct tune_grid grid;
    double gib_per_cpu;
    unsigned jobs;
    bool jobs_given;
    unsigned shard, shards;
    bool whole_table;
    struct tune_files files;
    char **paths;
    size_t nr_paths;
};

static void set_defaults(struct tune_args *args)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    args->jobs = cpus > 0 && cpus < 1024 ? (unsigned)cpus : 1;
    args->gib_per_cpu = 8;
    bench_list("--orders", DEFAULT_ORDERS, 0, FPR_MAX_ORDER, &args->grid.orders);
    bench_list("--budget-divisors", DEFAULT_BUDGETS, 0, 1000000, &args->grid.budgets);
    bench_list("--capacities", DEFAULT_CAPACITIES, 1, 65536, &args->grid.capacities);
    bench_list("--delays-ms", DEFAULT_DELAYS, 0, 3600000, &args->grid.delays);
}

static void set_shard(struct tune_args *args, const char *text)
{
    char tail;
    if (sscanf(text, "%u/%u%c", &args->shard, &args->shards, &tail) != 2 || !args->shard ||
        args->shard > args->shards || args->shards > 1000000 || strchr(text, '-')) {
        bench_die(BENCH_USAGE, "--shard: '%s' is not I/N with I from 1 to N", text);
    }
}

static error_t parse_list(int key, char *arg, struct tune_args *args)
{
    switch (key) {
    case KEY_ORDERS:
        bench_list("--orders", arg, 0, FPR_MAX_ORDER, &args->grid.orders);
        return 0;
    case KEY_BUDGETS:
        bench_list("--budget-divisors", arg, 0, 1000000, &args->grid.budgets);
        return 0;
    case KEY_CAPACITIES:
        bench_list("--capacities", arg, 1, 65536, &args->grid.capacities);
        return 0;
    case KEY_DELAYS:
        bench_list("--delays-ms", arg, 0, 3600000, &args->grid.delays);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct tune_args *args = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &args->model;
        return 0;
    case KEY_JOBS:
        args->jobs = (unsigned)bench_number("--jobs", arg, 1, 1024);
        args->jobs_given = true;
        return 0;
    case KEY_SHARD:
        set_shard(args, arg);
        return 0;
    case KEY_WORTH:
        args->gib_per_cpu = bench_real("--gib-per-cpu", arg, 0.001, 1e6);
        return 0;
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
        args->nr_paths = (size_t)(state->argc - state->next);
        return 0;
    case ARGP_KEY_NO_ARGS:
        bench_die(BENCH_USAGE, "no recording given (folders or trace files)");
    default:
        return parse_list(key, arg, args);
    }
}

/* The model's options in one line, so that shares of other sweeps cannot be joined. */
static void describe_model(const struct tune_args *args, char *text, size_t size)
{
    const struct fpr_replay_options *o = &args->model.replay;
    snprintf(text, size, "mode=%s profile=%s resync=%d%s without=%s backing_shift=%u",
             bench_mode_words[o->mode], o->profile_set ? fpr_profile_name(o->profile) : "recorded",
             o->resync, o->repair ? "" : " repair=0",
             args->model.without[0] ? args->model.without : "-", o->host.backing_shift);
}

/* Also by two names. */
static bool same_recording(const char *a, const char *b)
{
    struct stat x, y;
    if (gen_is_source(a) || gen_is_source(b) || stat(a, &x) || stat(b, &y)) {
        return !strcmp(a, b);
    }
    return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static void check_paths(const struct tune_args *args)
{
    for (size_t i = 0; i < args->nr_paths; i++) {
        const char *path = args->paths[i];
        if (strlen(path) >= sizeof(((struct tune_trace *)0)->path) || strpbrk(path, "\n\r")) {
            bench_die(BENCH_USAGE, "%.40s…: the name is too long or has line breaks", path);
        }
        if (gen_is_source(path)) {
            gen_source_check(path);
        } else if (access(path, R_OK)) {
            bench_die(BENCH_USAGE, "%s: %s", path, strerror(errno));
        }
        for (size_t k = 0; k < i; k++) {
            if (same_recording(path, args->paths[k])) {
                bench_die(BENCH_USAGE, "%s: the recording is given twice", path);
            }
        }
    }
}

static void build(const struct tune_args *args, struct tune_sweep *sweep)
{
    tune_sweep_init(sweep);
    describe_model(args, sweep->model, sizeof(sweep->model));
    tune_sweep_set_grid(sweep, &args->grid);
    sweep->gib_per_cpu = args->gib_per_cpu;
    sweep->whole_table = args->whole_table;
    sweep->shard = args->shard;
    sweep->shards = args->shards;
    sweep->costs = args->model.replay.host.costs;
    for (size_t i = 0; i < args->nr_paths; i++) {
        tune_sweep_add_trace(sweep, args->paths[i]);
    }
}

/* After Ctrl-C: what there is, on stdout; no files. */
static int interrupted(struct tune_sweep *sweep)
{
    sweep->cut_short = true;
    size_t done = 0;
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        for (size_t i = 0; i < sweep->nr_settings; i++) {
            done += sweep->traces[t].rows[i].done;
        }
    }
    if (done) {
        tune_table(sweep, stdout);
    }
    bench_complain("interrupted: %zu of %zu replays were finished%s; no file was written", done,
                   sweep->nr_settings * sweep->nr_traces, done ? " (shown above)" : "");
    return BENCH_FAILED;
}

static void parse_line(int argc, char **argv, struct tune_args *args)
{
    static const struct argp_child children[] = {{&bench_model_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        "RECORDING...",
        "Replays recordings with every setting of free page reporting in a grid, shows what each "
        "gives back and at what price, and recommends one.",
        children,
        NULL,
        NULL};
    memset(args, 0, sizeof(*args));
    set_defaults(args);
    bench_parse(&argp, argc, argv, args);
    tune_files_check(&args->files, args->paths, args->nr_paths);
    check_paths(args);
}

/* Done by all of a team together: every member does its share and hands it to the first. Returns
 * whether this member has the whole. */
static bool join_team(struct tune_sweep *sweep, const struct tune_team *team)
{
    if (!team) {
        return true;
    }
    sweep->shard = team->rank + 1;
    sweep->shards = team->size;
    if (team->rank) {
        struct json_object *json = tune_json(sweep);
        team->send(team->ctx, json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
        json_object_put(json);
        return false;
    }
    for (unsigned rank = 1; rank < team->size; rank++) {
        char name[32];
        struct tune_sweep share;
        char *text = team->receive(team->ctx, rank);
        snprintf(name, sizeof(name), "rank %u", rank);
        tune_sweep_init(&share);
        tune_read_json(name, text, &share);
        free(text);
        tune_sweep_take(sweep, &share, name);
        tune_sweep_free(&share);
    }
    sweep->shard = sweep->shards = 0;
    return true;
}

int tune_main(int argc, char **argv, const struct tune_team *team)
{
    struct tune_args args;
    parse_line(argc, argv, &args);
    if (team) {
        if (args.shards) {
            bench_die(BENCH_USAGE, "--shard: the ranks share the work already");
        }
        *team->working = 1;
        bench_set_quiet(false);                      /* what all ranks would say has been said */
        args.jobs = args.jobs_given ? args.jobs : 1; /* mpirun says how many there are */
        args.shard = team->rank + 1;
        args.shards = team->size;
    }
    struct tune_sweep sweep;
    build(&args, &sweep);
    const volatile int *stop = bench_stop_install();
    int err = tune_run(&sweep, &args.model, args.jobs, stop);
    int status = BENCH_OK;
    if (err == -EINTR) {
        tune_sweep_mark(&sweep);
        tune_advise(&sweep);
        status = interrupted(&sweep);
    } else if (join_team(&sweep, team)) {
        tune_sweep_mark(&sweep);
        tune_advise(&sweep);
        status = tune_write(&sweep, &args.files);
    }
    tune_sweep_free(&sweep);
    return status;
}

int bench_tune(int argc, char **argv)
{
    return tune_main(argc, argv, NULL);
}
