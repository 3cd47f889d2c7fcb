#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "json.h"
#include "micro/micro.h"

static const struct micro_case *const families[] = {
    &micro_alloc_case,
    &micro_threads_case,
#ifdef FPR_BENCH_IOVA
    &micro_iova_case,
#endif
};

#define NR_FAMILIES (sizeof(families) / sizeof(families[0]))

struct micro_run {
    struct micro_options options;
    struct json_object *results; /* with --json */
    size_t emitted;
};

const struct micro_options *micro_options(const struct micro_run *run)
{
    return &run->options;
}

bool micro_wanted(const struct micro_run *run, const char *name, const char *variant)
{
    const char *only = run->options.only;
    if (!only) {
        return true;
    }
    const char *slash = strchr(only, '/');
    size_t length = slash ? (size_t)(slash - only) : strlen(only);
    if (strlen(name) != length || strncmp(only, name, length)) {
        return false;
    }
    return !slash || !variant || !strcmp(slash + 1, variant);
}

static double or_nothing(double value)
{
    return value > 0 ? value : 0;
}

static struct json_object *result_json(const struct micro_result *r)
{
    struct json_object *o = bench_json_object();
    bench_json_add_string(o, "name", r->name);
    bench_json_add_string(o, "case", r->case_);
    bench_json_add_double(o, "ns_median", r->ns_median);
    bench_json_add_double(o, "ns_min", r->ns_min);
    bench_json_add_double(o, "ns_max", r->ns_max);
    bench_json_add_u64(o, "ops", r->ops);
    bench_json_add_double(o, "speedup", or_nothing(r->speedup));
    bench_json_add_double(o, "memcpy_ns", or_nothing(r->memcpy_ns));
    bench_json_add_double(o, "bytes_per_frame", or_nothing(r->bytes_per_frame));
    bench_json_add_double(o, "moves_per_op", or_nothing(r->moves_per_op));
    bench_json_add_double(o, "frames_per_op", or_nothing(r->frames_per_op));
    bench_json_add_double(o, "resident_mib", or_nothing(r->resident_mib));
    return o;
}

void micro_emit(struct micro_run *run, const struct micro_result *r)
{
    run->emitted++;
    if (run->options.json) {
        json_object_array_add(run->results, result_json(r));
        return;
    }
    printf("%-10s %-14s %10.2f ns/op  (%.2f-%.2f)  %llu ops", r->name, r->case_, r->ns_median,
           r->ns_min, r->ns_max, (unsigned long long)r->ops);
    if (r->speedup > 0) {
        printf("  %.2f times one", r->speedup);
    }
    if (r->memcpy_ns > 0) {
        printf("  memcpy %.2f ns", r->memcpy_ns);
    }
    if (r->frames_per_op > 0) {
        printf("  %.2f frames/op", r->frames_per_op);
    }
    if (r->moves_per_op > 0) {
        printf("  %.2f list moves/op", r->moves_per_op);
    }
    if (r->bytes_per_frame > 0) {
        printf("  %.3f bytes/frame", r->bytes_per_frame);
    }
    if (r->resident_mib > 0) {
        printf("  %.1f MiB resident", r->resident_mib);
    }
    putchar('\n');
    fflush(stdout);
}

uint64_t micro_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t micro_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

enum { MOST_RUNS = 101 };

/* Sorts them. */
static double median(double *values, unsigned count)
{
    qsort(values, count, sizeof(values[0]), rising);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void summarize(double *ns, unsigned runs, struct micro_result *result)
{
    result->ns_median = median(ns, runs);
    result->ns_min = ns[0];
    result->ns_max = ns[runs - 1];
}

int micro_measure(const struct micro_run *run, double (*once)(void *ctx), void *ctx,
                  struct micro_result *result)
{
    double ns[MOST_RUNS];
    unsigned runs = run->options.runs;
    for (unsigned i = 0; i < runs; i++) {
        ns[i] = once(ctx);
        if (ns[i] < 0) {
            return (int)ns[i];
        }
    }
    summarize(ns, runs, result);
    return 0;
}

int micro_measure_both(const struct micro_run *run, double (*once)(void *ctx, unsigned threads),
                       void *ctx, struct micro_result *one, struct micro_result *two)
{
    double alone[MOST_RUNS], both[MOST_RUNS], times[MOST_RUNS] = {0};
    unsigned runs = run->options.runs;
    for (unsigned i = 0; i < runs; i++) {
        alone[i] = once(ctx, 1);
        both[i] = once(ctx, 2);
        if (alone[i] < 0 || both[i] < 0) {
            return (int)(alone[i] < 0 ? alone[i] : both[i]);
        }
        times[i] = alone[i] / both[i];
    }
    if (one) {
        summarize(alone, runs, one);
    }
    summarize(both, runs, two);
    two->speedup = median(times, runs);
    return 0;
}

enum { KEY_ONLY = BENCH_KEY(1), KEY_FRAMES, KEY_OPS, KEY_MAPS, KEY_SEED, KEY_RUNS, KEY_JSON };

static const struct argp_option options[] = {
    {"only", KEY_ONLY, "NAME", 0, "One benchmark, or NAME/CASE (default: all)", 1},
    {"frames", KEY_FRAMES, "N", 0, "Frames of the zone (262144)", 1},
    {"ops", KEY_OPS, "N", 0, "Operations in one run (1000000)", 1},
    {"maps", KEY_MAPS, "N", 0, "Mappings of the IOVA cases (60000)", 1},
    {"seed", KEY_SEED, "N", 0, "Of every sequence (1)", 1},
    {"runs", KEY_RUNS, "N", 0, "Runs of each; fewer than 5 only for profilers (5)", 1},
    {"json", KEY_JSON, NULL, 0, "One JSON document on standard output", 1},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct micro_options *o = state->input;
    switch (key) {
    case KEY_ONLY:
        o->only = arg;
        return 0;
    case KEY_FRAMES:
        o->frames = bench_number("--frames", arg, 4096, (uint64_t)1 << 32);
        return 0;
    case KEY_OPS:
        o->ops = bench_number("--ops", arg, 1, (uint64_t)1 << 40);
        return 0;
    case KEY_MAPS:
        o->maps = bench_number("--maps", arg, 1, (uint64_t)1 << 28);
        return 0;
    case KEY_SEED:
        o->seed = bench_number("--seed", arg, 0, UINT64_MAX);
        return 0;
    case KEY_RUNS:
        o->runs = (unsigned)bench_number("--runs", arg, 1, MOST_RUNS);
        return 0;
    case KEY_JSON:
        o->json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Whether any family has the name before the slash; names are separated by blanks. */
static bool is_name(const char *only)
{
    size_t length = strcspn(only, "/");
    for (size_t f = 0; f < NR_FAMILIES; f++) {
        for (const char *n = families[f]->names; *n;) {
            size_t word = strcspn(n, " ");
            if (word == length && !strncmp(n, only, length)) {
                return true;
            }
            n += word + (n[word] == ' ');
        }
    }
    return false;
}

static void check_only(const char *only)
{
    char names[512] = "";
    for (size_t f = 0; f < NR_FAMILIES; f++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof(names) - used, " %s", families[f]->names);
    }
    if (!is_name(only)) {
        bench_die(BENCH_USAGE, "--only: '%s' is none of:%s", only, names);
    }
}

int bench_micro(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Measures the library's own speed: nanoseconds of CPU time per operation, median and "
        "range of several runs, and what an operation did.",
        NULL,
        NULL,
        NULL};
    struct micro_run run = {
        .options = {.frames = 262144, .ops = 1000000, .maps = 60000, .seed = 1, .runs = 5}};
    bench_parse(&argp, argc, argv, &run.options);
    if (run.options.only) {
        check_only(run.options.only);
    }
    run.results = run.options.json ? bench_json_array() : NULL;
    for (size_t f = 0; f < NR_FAMILIES; f++) {
        if (families[f]->run(&run)) {
            return BENCH_FAILED;
        }
    }
    if (!run.emitted) {
        bench_die(BENCH_USAGE, "--only: '%s': the benchmark has no such case", run.options.only);
    }
    if (run.options.json) {
        struct json_object *o = bench_json_object();
        bench_json_add(o, "results", run.results);
        bench_json_write(o, stdout);
        json_object_put(o);
    }
    return BENCH_OK;
}
