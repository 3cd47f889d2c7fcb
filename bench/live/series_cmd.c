#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "json.h"
#include "out.h"
#include "series.h"
#include "stop.h"

enum {
    KEY_MIB = BENCH_KEY(1),
    KEY_MAP,
    KEY_RUNS,
    KEY_TASKS,
    KEY_SECONDS,
    KEY_DELAY,
    KEY_ORDER,
    KEY_CAPACITY,
    KEY_BUDGET,
    KEY_ROWS,
    KEY_TESTS,
    KEY_THP,
    KEY_ONLY,
    KEY_CSV,
    KEY_JSON,
    KEY_HTML,
    KEY_CURVE,
    KEY_SVG,
    KEY_PAIRS,
};

static const struct argp_option options[] = {
    {"mib", KEY_MIB, "N", 0, "Memory of the guest, 128 to 1048576 (512)", 1},
    {"map-mib", KEY_MAP, "N", 0, "What a task maps at a time, 2 to 1048576 (128)", 1},
    {"runs", KEY_RUNS, "N", 0, "Runs of each row, 1 to 101 (5)", 1},
    {"seconds", KEY_SECONDS, "S", 0, "Length of each test in each run, 0.01 to 3600 (0.6)", 1},
    {"tasks", KEY_TASKS, "N", 0, "Tasks beside 1, 1 to 1024 (number of CPUs)", 1},
    {"rows", KEY_ROWS, "LIST", 0, "Of baseline,no-device,enabled,shuffle,free (all)", 1},
    {"tests", KEY_TESTS, "LIST", 0, "Of page_fault1,page_fault2 (both)", 1},
    {"only", KEY_ONLY, "PART", 0, "table or memhog (both)", 1},
    {"delay-ms", KEY_DELAY, "N", 0, "From a request to its pass, 0 to 3600000 (500)", 2},
    {"order", KEY_ORDER, "N", 0, "Lowest order reported, 0 to 10 (9)", 2},
    {"capacity", KEY_CAPACITY, "N", 0, "Blocks of a report, 1 to 65536 (32)", 2},
    {"budget-divisor", KEY_BUDGET, "N", 0, "0: no budget (16)", 2},
    {"thp", KEY_THP, "MODE", 0, "Huge pages on the host: always, never or system (always)", 2},
    {NULL, 0, NULL, 0, "Results ('-' is standard output, in place of the table):", 3},
    {"csv", KEY_CSV, "FILE", 0, "Every run as a line", 3},
    {"json", KEY_JSON, "FILE", 0, "Everything", 3},
    {"html", KEY_HTML, "FILE", 0, "A page that stands alone", 3},
    {"curve", KEY_CURVE, "FILE", 0, "The memhog curves as CSV", 3},
    {"svg", KEY_SVG, "FILE", 0, "The memhog curves as a picture", 3},
    {"pairs", KEY_PAIRS, "N", 0,
     "Only allocate and free one page N times in a guest of the first of --rows, whose reporting "
     "is idle by then; for instruction counters (function live_pairs)",
     4},
    {0},
};

/* Words of a comma-separated list; `on[k]` says whether word k was there. */
static void word_list(const char *option, const char *text, const char *const *words, bool *on,
                      size_t count)
{
    char *copy = strdup(text), *rest = copy;
    if (!copy) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    memset(on, 0, count * sizeof(*on));
    for (char *word = strsep(&rest, ","); word; word = strsep(&rest, ",")) {
        on[bench_word(option, word, words)] = true;
    }
    free(copy);
}

static void rows(struct series_options *o, const char *arg)
{
    const char *words[SERIES_NR_ROWS + 1] = {NULL};
    for (size_t k = 0; k < SERIES_NR_ROWS; k++) {
        words[k] = series_rows[k].word;
    }
    word_list("--rows", arg, words, o->rows, SERIES_NR_ROWS);
}

static error_t parse_knob(struct series_options *o, int key, char *arg)
{
    struct fpr_report_config *report = &o->guest.report;
    switch (key) {
    case KEY_DELAY:
        report->delay = bench_number("--delay-ms", arg, 0, 3600000) * FPR_NS_PER_MS;
        return 0;
    case KEY_ORDER:
        report->order = (int)bench_number("--order", arg, 0, 10);
        return 0;
    case KEY_CAPACITY:
        report->capacity = (unsigned)bench_number("--capacity", arg, 1, 65536);
        return 0;
    case KEY_BUDGET:
        report->budget_divisor = (unsigned)bench_number("--budget-divisor", arg, 0, UINT32_MAX);
        return 0;
    case KEY_THP:
        o->guest.thp = (enum fpr_arena_thp)bench_word("--thp", arg, series_thp);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_output(struct series_options *o, int key, char *arg)
{
    static const char *const only[] = {"table", "memhog", NULL};
    switch (key) {
    case KEY_ONLY:
        o->memhog = bench_word("--only", arg, only) == 1;
        o->table = !o->memhog;
        return 0;
    case KEY_PAIRS:
        o->pairs = bench_number("--pairs", arg, 1, UINT64_MAX);
        return 0;
    case KEY_CSV:
        o->csv = arg;
        return 0;
    case KEY_JSON:
        o->json = arg;
        return 0;
    case KEY_HTML:
        o->html = arg;
        return 0;
    case KEY_CURVE:
        o->curve = arg;
        return 0;
    case KEY_SVG:
        o->svg = arg;
        return 0;
    default:
        return parse_knob(o, key, arg);
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    static const char *const tests[] = {"page_fault1", "page_fault2", NULL};
    struct series_options *o = state->input;
    switch (key) {
    case KEY_MIB:
        o->guest.mib = bench_number("--mib", arg, 128, 1 << 20);
        return 0;
    case KEY_MAP:
        o->map_mib = bench_number("--map-mib", arg, 2, 1 << 20);
        return 0;
    case KEY_RUNS:
        o->runs = (unsigned)bench_number("--runs", arg, 1, SERIES_MAX_RUNS);
        return 0;
    case KEY_SECONDS:
        o->seconds = bench_real("--seconds", arg, 0.01, 3600);
        return 0;
    case KEY_TASKS:
        o->tasks = (unsigned)bench_number("--tasks", arg, 1, 1024);
        return 0;
    case KEY_ROWS:
        rows(o, arg);
        return 0;
    case KEY_TESTS:
        word_list("--tests", arg, tests, o->tests, LIVE_NR_TESTS);
        return 0;
    default:
        return parse_output(o, key, arg);
    }
}

static void defaults(struct series_options *o)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    *o = (struct series_options){.map_mib = 128,
                                 .runs = 5,
                                 .tasks = cpus > 0 ? (unsigned)cpus : 1,
                                 .seconds = 0.6,
                                 .table = true,
                                 .memhog = true};
    o->guest.mib = 512;
    o->guest.thp = FPR_ARENA_THP_ALWAYS;
    fpr_report_config_init(&o->guest.report);
    o->guest.report.delay = 500 * FPR_NS_PER_MS;
    memset(o->rows, true, sizeof(o->rows));
    memset(o->tests, true, sizeof(o->tests));
}

static void check(const struct series_options *o)
{
    const struct bench_out_file files[] = {{"--csv", o->csv},
                                           {"--json", o->json},
                                           {"--html", o->html},
                                           {"--curve", o->curve},
                                           {"--svg", o->svg}};
    bench_out_check_all(files, sizeof(files) / sizeof(files[0]));
    if ((o->curve || o->svg) && !o->memhog) {
        bench_die(BENCH_USAGE, "--curve and --svg: draw memhog, which --only table leaves out");
    }
    if (o->csv && !o->table) {
        bench_die(BENCH_USAGE, "--csv: holds the table, which --only memhog leaves out");
    }
    uint64_t here = live_memory_mib(), used = o->guest.mib + o->guest.mib / 32; /* its books, too */
    if (used > here && !o->pairs) {                                             /* it is filled */
        bench_die(BENCH_USAGE, "--mib: a guest of %llu MiB, and this machine has %llu available",
                  (unsigned long long)o->guest.mib, (unsigned long long)here);
    }
    if (o->map_mib * o->tasks > o->guest.mib - o->guest.mib / 16) {
        bench_die(BENCH_USAGE,
                  "--map-mib: %u tasks of %llu MiB do not fit a guest of %llu MiB (see --mib)",
                  o->tasks, (unsigned long long)o->map_mib, (unsigned long long)o->guest.mib);
    }
}

static void put_csv(FILE *to, const void *result)
{
    series_csv(result, to);
}

static void put_json(FILE *to, const void *result)
{
    struct json_object *o = series_json(result);
    bench_json_write(o, to);
    json_object_put(o);
}

static void put_html(FILE *to, const void *result)
{
    series_html(result, to);
}

static void put_curve(FILE *to, const void *result)
{
    series_curve_csv(result, to);
}

static void put_svg(FILE *to, const void *result)
{
    series_svg(result, to);
}

static int write_all(const struct series_result *r)
{
    const struct series_options *o = &r->options;
    if (!bench_out_is_stdout(o->csv) && !bench_out_is_stdout(o->json) &&
        !bench_out_is_stdout(o->html) && !bench_out_is_stdout(o->curve) &&
        !bench_out_is_stdout(o->svg)) {
        series_text(r, stdout);
    }
    int status = bench_out_write(o->csv, put_csv, r);
    status |= bench_out_write(o->json, put_json, r);
    status |= bench_out_write(o->html, put_html, r);
    status |= bench_out_write(o->curve, put_curve, r);
    return status | bench_out_write(o->svg, put_svg, r);
}

static void memhog(struct series_result *r)
{
    struct live_config config = r->options.guest;
    config.reporting = config.device = true;
    live_memhog_run(&config, &r->memhog);
}

static int pairs(const struct series_options *o)
{
    struct live_guest guest;
    struct live_config config = o->guest;
    unsigned row = 0;
    while (row + 1 < SERIES_NR_ROWS && !o->rows[row]) {
        row++;
    }
    config.reporting = series_rows[row].reporting;
    config.device = series_rows[row].device;
    live_guest_make(&guest, &config);
    live_guest_register(&guest, NULL);
    if (guest.thread) {
        fpr_thread_settle(guest.thread, FPR_FOREVER);
    }
    live_pairs(&guest, o->pairs);
    live_guest_free(&guest);
    return BENCH_OK;
}

/* After Ctrl-C: the runs that are complete, on stdout; no files. */
static int interrupted(struct series_result *r)
{
    r->options.memhog = false;
    if (r->runs) {
        series_text(r, stdout);
        bench_complain(
            "interrupted: %u of %u runs were finished (shown above); no file was written", r->runs,
            r->options.runs);
    } else {
        bench_complain("interrupted: nothing was finished; no file was written");
    }
    free(r);
    return BENCH_FAILED;
}

int bench_series(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Repeats the experiment of the patch series in this process: page_fault1 (2 MiB pages) "
        "and page_fault2 (4 KiB) with and without reporting, on memory that reporting really "
        "gives back, and the fall of host memory after a task that used all of it.",
        NULL,
        NULL,
        NULL};
    struct series_result *r = calloc(1, sizeof(*r));
    if (!r) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    defaults(&r->options);
    bench_parse(&argp, argc, argv, &r->options);
    check(&r->options);
    r->options.guest.cpus = r->options.tasks;
    if (r->options.pairs) {
        int status = pairs(&r->options);
        free(r);
        return status;
    }
    r->task_counts[0] = 1;
    r->task_counts[1] = r->options.tasks;
    r->nr_counts = r->options.tasks > 1 ? 2 : 1;
    const volatile int *stop = bench_stop_install();
    r->options.guest.stop = stop;
    bench_stop_graceful(1);
    if (r->options.table) {
        series_run(r, stop);
    }
    if (r->options.memhog && !bench_stopped(stop)) {
        memhog(r);
    }
    if (bench_stopped(stop)) {
        return interrupted(r);
    }
    int status = write_all(r);
    free(r);
    return status;
}
