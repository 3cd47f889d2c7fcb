#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "gen/source.h"
#include "model_args.h"
#include "out.h"
#include "replay.h"
#include "stop.h"
#include "views.h"
#include "watch.h"

enum {
    KEY_ORDER = BENCH_KEY(1),
    KEY_CAPACITY,
    KEY_BUDGET,
    KEY_DELAY,
    KEY_LEVEL,
    KEY_OFF,
    KEY_CSV,
    KEY_JSON,
    KEY_HTML,
    KEY_EXPLAIN,
    KEY_DEVICE,
    KEY_RESYNC,
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "Reporting (any of these: by the model's own clock, not as recorded):", 1},
    {"order", KEY_ORDER, "N", 0, "Lowest order reported, 0 to 13", 1},
    {"capacity", KEY_CAPACITY, "N", 0, "Blocks in one report, 1 to 65536 (32)", 1},
    {"budget-divisor", KEY_BUDGET, "N", 0,
     "A pass reports 1/N of a list, rounded up, and one batch, N to 1000000 (16); 0: no budget", 1},
    {"delay-ms", KEY_DELAY, "N", 0, "From a request to its pass, 0 to 3600000 (2000)", 1},
    {"patch-level", KEY_LEVEL, "P4|P7|P8", 0,
     "P4: neither rotation nor budget, full batches at once; P7: rotation; P8: both (the rule)", 1},
    {"reporting", KEY_OFF, "on|off", 0, "off: no device is registered", 1},
    {NULL, 0, NULL, 0, "Results ('-' is standard output):", 2},
    {"csv", KEY_CSV, "FILE", 0, "The curves, a row every half second", 2},
    {"json", KEY_JSON, "FILE", 0, "Everything in numbers", 2},
    {"html", KEY_HTML, "FILE", 0, "A page with the curves", 2},
    {"explain-at", KEY_EXPLAIN, "SECONDS", 0,
     "Say why memory was not returned at this moment (trace time)", 2},
    {"device", KEY_DEVICE, "PLUGIN.so[,ARGUMENT]", 0, "Also hand every report to this device", 2},
    {NULL, 0, NULL, 0, "With reporting as recorded:", 3},
    {"resync", KEY_RESYNC, NULL, 0, "predict: repair the model after each miss", 3},
    {0},
};

struct replay_args {
    struct bench_model model;
    struct bench_watch watch;
    const char *path;
    const char *csv;
    const char *json;
    const char *html;
    const char *device;
    const char *knob;  /* an option that says how to report, if one was given */
    bool off, level_4; /* --reporting off, --patch-level P4 */
    bool budget;       /* --budget-divisor */
};

static struct fpr_report_config *knobs(struct replay_args *args)
{
    args->model.replay.as_recorded = false;
    return &args->model.replay.report;
}

static void set_level(struct replay_args *args, const char *text)
{
    static const char *const words[] = {"P8", "P7", "P4", NULL};
    size_t level = bench_word("--patch-level", text, words);
    args->level_4 = level == 2;
    fpr_report_config_patch_level(knobs(args), (enum fpr_patch_level)level);
}

static void set_reporting(struct replay_args *args, const char *text)
{
    static const char *const words[] = {"off", "on", NULL};
    knobs(args);
    args->off = bench_word("--reporting", text, words) == 0;
    args->model.replay.reporting = bench_word("--reporting", text, words) == 1;
}

static error_t parse_knob(int key, char *arg, struct replay_args *args)
{
    switch (key) {
    case KEY_ORDER:
        args->knob = "--order";
        knobs(args)->order = (int)bench_number("--order", arg, 0, FPR_MAX_ORDER);
        return 0;
    case KEY_CAPACITY:
        args->knob = "--capacity";
        knobs(args)->capacity = (unsigned)bench_number("--capacity", arg, 1, 65536);
        return 0;
    case KEY_BUDGET:
        args->knob = "--budget-divisor";
        args->budget = true;
        knobs(args)->budget_divisor = (unsigned)bench_number("--budget-divisor", arg, 0, 1000000);
        return 0;
    case KEY_DELAY:
        args->knob = "--delay-ms";
        knobs(args)->delay = bench_number("--delay-ms", arg, 0, 3600000) * FPR_NS_PER_MS;
        return 0;
    case KEY_LEVEL:
        args->knob = "--patch-level";
        set_level(args, arg);
        return 0;
    case KEY_OFF:
        set_reporting(args, arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct replay_args *args = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &args->model;
        state->child_inputs[1] = &args->watch;
        return 0;
    case KEY_CSV:
        args->csv = arg;
        return 0;
    case KEY_JSON:
        args->json = arg;
        return 0;
    case KEY_HTML:
        args->html = arg;
        return 0;
    case KEY_RESYNC:
        args->model.replay.resync = true;
        return 0;
    case KEY_DEVICE:
        args->device = arg;
        return 0;
    case KEY_EXPLAIN:
        args->model.replay.explain = true;
        args->model.replay.explain_at =
            (fpr_ns)(bench_real("--explain-at", arg, 0, 1e9) * (double)FPR_NS_PER_S);
        return 0;
    case ARGP_KEY_ARG:
        if (args->path) {
            bench_die(BENCH_USAGE, "%s: one argument too many", arg);
        }
        args->path = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        bench_die(BENCH_USAGE, "no recording given (a folder or a trace file)");
    default:
        return parse_knob(key, arg, args);
    }
}

/* What does nothing is refused. */
static void check_knobs(const struct replay_args *args)
{
    if (args->off && args->knob) {
        bench_die(BENCH_USAGE, "%s: does nothing with --reporting off", args->knob);
    }
    if (args->level_4 && args->budget) {
        bench_die(BENCH_USAGE, "--budget-divisor: --patch-level P4 has no budget");
    }
}

static struct bench_origin origin_of(const struct replay_args *args,
                                     const struct fpr_prepared *prepared)
{
    const struct fpr_recording *rec = fpr_prepared_recording(prepared);
    struct bench_origin origin = {
        .path = args->path, .lost = bench_lost(prepared), .options = &args->model.replay};
    if (rec) {
        origin.command = rec->command;
        origin.has_end = rec->state_after != NULL;
    }
    return origin;
}

static int write_files(const struct replay_args *args, const struct fpr_prepared *prepared,
                       const struct fpr_replay_result *result)
{
    const struct bench_origin origin = origin_of(args, prepared);
    const struct bench_replayed all = {result, &origin};
    int status = bench_out_write(args->csv, bench_replay_csv, &all);
    status |= bench_out_write(args->json, bench_replay_json, &all);
    status |= bench_out_write(args->html, bench_replay_html, &all);
    if (!bench_out_is_stdout(args->csv) && !bench_out_is_stdout(args->json) &&
        !bench_out_is_stdout(args->html) && !bench_watch_takes_stdout(&args->watch)) {
        bench_result_text(result, &origin, stdout);
    }
    return status;
}

static int replay(struct replay_args *args)
{
    struct fpr_trace_error error;
    memset(&error, 0, sizeof(error));
    args->model.replay.stop = bench_stop_install();
    struct fpr_prepared *prepared;
    int err = bench_prepare(args->path, &args->model.trace, &prepared, &error);
    if (err) {
        bench_die_trace(err, &error);
    }
    int status = BENCH_OK;
    struct fpr_replay_result result;
    memset(&result, 0, sizeof(result));
    memset(&error, 0, sizeof(error));
    bench_stop_graceful(1);
    bench_watch_begin(&args->watch, &args->model.replay);
    err = fpr_replay(prepared, &args->model.replay, &result, &error);
    if (gen_is_source(args->path) && error.file[0]) { /* a nameless file */
        snprintf(error.file, sizeof(error.file), "%.255s", args->path);
    }
    if (!err) {
        status = bench_watch_end(&args->watch);
        if (result.device_failed) {
            bench_complain("--device: %" PRIu64 " of %" PRIu64 " calls failed, the first with %d",
                           result.device_failed, result.report_calls, result.device_error);
        }
        status |= write_files(args, prepared, &result);
        fpr_replay_result_free(&result);
    }
    bench_watch_free(&args->watch);
    fpr_prepared_free(prepared);
    if (err == -EINTR) {
        bench_die(BENCH_FAILED, "interrupted: nothing was finished, no file was written");
    }
    if (err) {
        bench_die_trace(err, &error);
    }
    return status;
}

int bench_replay(int argc, char **argv)
{
    static const struct argp_child children[] = {
        {&bench_model_argp, 0, NULL, 0}, {&bench_watch_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        "RECORDING",
        "Replays a recorded trace through the model of the allocator with free page reporting and "
        "says what the host would have held, and how right the model was.",
        children,
        NULL,
        NULL};
    struct replay_args args = {.path = NULL};
    bench_parse(&argp, argc, argv, &args);
    check_knobs(&args);
    const struct bench_out_file files[] = {{"--csv", args.csv},
                                           {"--json", args.json},
                                           {"--html", args.html},
                                           {"--events", args.watch.text.path},
                                           {"--timeline", args.watch.timeline.path}};
    const size_t nr_files = sizeof(files) / sizeof(files[0]);
    bench_out_check_all(files, nr_files);
    for (size_t i = 0; i < nr_files && args.watch.views; i++) {
        if (files[i].path && !strcmp(files[i].path, args.watch.views)) {
            bench_die(BENCH_USAGE, "--views: %s is taken by %s", args.watch.views, files[i].option);
        }
    }
    const struct bench_out_file views = {"--views", args.watch.views};
    bench_views_check(args.watch.views);
    bench_out_check_input(files, nr_files, args.path);
    bench_out_check_input(&views, 1, args.path);
    struct bench_plugin plugin = {.loaded = NULL};
    if (args.device) {
        bench_plugin_open(&plugin, args.device);
        args.model.replay.device = &plugin.device;
    }
    int status = replay(&args);
    bench_plugin_close(&plugin);
    return status;
}
