/* Reads a sweep or a share of one back from tune's JSON. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "tune.h"

struct place {
    const char *path; /* of the file */
    const char *what; /* object that is being read */
};

static _Noreturn void wrong(const struct place *p, const char *field, const char *why)
{
    bench_die(BENCH_USAGE, "%s: %s: %s: %s", p->path, p->what, field, why);
}

static struct json_object *member(const struct place *p, struct json_object *o, const char *key,
                                  enum json_type type)
{
    struct json_object *value;
    if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, key, &value) ||
        !json_object_is_type(value, type)) {
        wrong(p, key, "is missing or of another type");
    }
    return value;
}

static void text(const struct place *p, struct json_object *o, const char *key, char *to,
                 size_t size)
{
    const char *from = json_object_get_string(member(p, o, key, json_type_string));
    for (const char *c = from; *c; c++) {
        if (iscntrl((unsigned char)*c)) { /* would be a line of its own in the CSV */
            wrong(p, key, "holds a control character");
        }
    }
    snprintf(to, size, "%s", from);
}

static double number(const struct place *p, struct json_object *o, const char *key)
{
    struct json_object *value;
    if (!json_object_object_get_ex(o, key, &value)) {
        wrong(p, key, "is missing");
    }
    if (!value) {
        return NAN;
    }
    if (!json_object_is_type(value, json_type_double) &&
        !json_object_is_type(value, json_type_int)) {
        wrong(p, key, "not a number");
    }
    return json_object_get_double(value);
}

static uint64_t whole(const struct place *p, struct json_object *o, const char *key, uint64_t max)
{
    struct json_object *value = member(p, o, key, json_type_int);
    int64_t v = json_object_get_int64(value);
    if (v < 0 || (uint64_t)v > max) {
        wrong(p, key, "out of range");
    }
    return (uint64_t)v;
}

static uint64_t *numbers(const struct place *p, struct json_object *o, const char *key,
                         size_t *count)
{
    struct json_object *array = member(p, o, key, json_type_array);
    *count = json_object_array_length(array);
    uint64_t *values = tune_alloc(*count, sizeof(*values));
    for (size_t i = 0; i < *count; i++) {
        struct json_object *value = json_object_array_get_idx(array, i);
        if (!json_object_is_type(value, json_type_int)) {
            wrong(p, key, "holds something that is not a whole number");
        }
        values[i] = json_object_get_uint64(value);
    }
    return values;
}

static void read_list(const struct place *p, struct json_object *grid, const char *key,
                      uint64_t max, struct bench_list *list)
{
    size_t count;
    uint64_t *values = numbers(p, grid, key, &count);
    if (!count || count > BENCH_LIST_MAX) {
        wrong(p, key, "1 to 256 values are needed");
    }
    list->count = count;
    for (size_t i = 0; i < count; i++) {
        if (values[i] > max) {
            wrong(p, key, "a value out of range");
        }
        list->values[i] = values[i];
    }
    free(values);
}

static void read_row(const struct place *p, struct json_object *o, size_t points,
                     struct tune_row *row)
{
    for (int m = 0; m < TUNE_NR_METRICS; m++) {
        row->metric[m] = number(p, o, tune_metric_info[m].name);
    }
    row->done = true;
    struct json_object *curve;
    if (!points || !json_object_object_get_ex(o, "curve", &curve)) {
        return;
    }
    for (int s = 0; s < TUNE_NR_SERIES; s++) {
        size_t count;
        row->curve.values[s] = numbers(p, curve, tune_series_names[s], &count);
        if (count != points) {
            wrong(p, tune_series_names[s], "not as many points as time_ms has");
        }
    }
    row->curve.count = points;
}

static size_t find_setting(const struct place *p, const struct tune_sweep *sweep,
                           struct json_object *o)
{
    uint64_t order = whole(p, o, "order", FPR_MAX_ORDER);
    uint64_t budget = whole(p, o, "budget_divisor", 1000000);
    uint64_t capacity = whole(p, o, "capacity", 65536);
    uint64_t delay = whole(p, o, "delay_ms", 3600000);
    for (size_t i = 0; i < sweep->nr_settings; i++) {
        struct tune_setting s = tune_setting_at(sweep, i);
        if (s.order == order && s.budget_divisor == budget && s.capacity == capacity &&
            s.delay_ms == delay) {
            return i;
        }
    }
    wrong(p, "order", "a setting that is not in the grid");
}

static void read_results(const struct place *p, const struct tune_sweep *sweep,
                         struct json_object *o, struct tune_trace *trace)
{
    struct json_object *array = member(p, o, "results", json_type_array);
    size_t count = json_object_array_length(array);
    for (size_t n = 0; n < count; n++) {
        struct json_object *result = json_object_array_get_idx(array, n);
        struct tune_row *row = &trace->rows[find_setting(p, sweep, result)];
        if (row->done) {
            wrong(p, "results", "a setting occurs twice");
        }
        read_row(p, result, trace->nr_points, row);
    }
}

static void read_trace(const char *path, struct json_object *o, struct tune_sweep *sweep)
{
    struct place place = {path, "trace"};
    const struct place *p = &place;
    char name[512];
    text(p, o, "path", name, sizeof(name));
    struct tune_trace *trace = tune_sweep_add_trace(sweep, name);
    text(p, o, "kernel", trace->release, sizeof(trace->release));
    text(p, o, "profile", trace->profile, sizeof(trace->profile));
    text(p, o, "mode", trace->mode, sizeof(trace->mode));
    text(p, o, "start", trace->start, sizeof(trace->start));
    trace->span_s = number(p, o, "span_s");
    trace->events = whole(p, o, "events", UINT64_MAX);
    if (json_object_object_get_ex(o, "lost_events", NULL)) {
        trace->lost = whole(p, o, "lost_events", UINT64_MAX);
    }
    if (json_object_object_get_ex(o, "good_for", NULL)) {
        text(p, o, "good_for", trace->good_for, sizeof(trace->good_for));
    }
    struct json_object *verdict;
    if (json_object_object_get_ex(o, "verdict", &verdict) &&
        !(trace->verdict = strdup(json_object_get_string(verdict)))) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    if (json_object_object_get_ex(o, "time_ms", NULL)) {
        size_t count;
        trace->time_ms = numbers(p, o, "time_ms", &trace->nr_points);
        trace->measured_kib = numbers(p, o, "measured_kib", &count);
        if (count != trace->nr_points) {
            wrong(p, "measured_kib", "not as many points as time_ms has");
        }
    }
    read_row(p, member(p, o, "baseline", json_type_object), trace->nr_points, &trace->baseline);
    read_results(p, sweep, o, trace);
}

static void read_head(const struct place *p, struct json_object *o, struct tune_sweep *sweep)
{
    text(p, o, "version", sweep->version, sizeof(sweep->version));
    text(p, o, "model", sweep->model, sizeof(sweep->model));
    sweep->gib_per_cpu = number(p, o, "gib_per_cpu");
    struct json_object *shard, *grid = member(p, o, "grid", json_type_object);
    if (json_object_object_get_ex(o, "shard", &shard)) {
        sweep->shard = (unsigned)whole(p, shard, "index", 1000000);
        sweep->shards = (unsigned)whole(p, shard, "of", 1000000);
        if (!sweep->shard || sweep->shard > sweep->shards) {
            wrong(p, "shard", "not I of N");
        }
    }
    struct json_object *costs = member(p, o, "costs", json_type_object);
#define FPR_X(name, value, text) sweep->costs.name = whole(p, costs, #name, 1000000000);
    FPR_HOST_COSTS(FPR_X)
#undef FPR_X
    struct tune_grid lists;
    read_list(p, grid, "orders", FPR_MAX_ORDER, &lists.orders);
    read_list(p, grid, "budget_divisors", 1000000, &lists.budgets);
    read_list(p, grid, "capacities", 65536, &lists.capacities);
    read_list(p, grid, "delays_ms", 3600000, &lists.delays);
    tune_sweep_set_grid(sweep, &lists);
}

void tune_read_json(const char *path, const char *content, struct tune_sweep *sweep)
{
    struct place place = {path, "sweep"};
    enum json_tokener_error error;
    struct json_object *o = json_tokener_parse_verbose(content, &error);
    if (!o) {
        bench_die(BENCH_USAGE, "%s: not JSON: %s", path, json_tokener_error_desc(error));
    }
    char program[32];
    text(&place, o, "program", program, sizeof(program));
    if (strcmp(program, "fpr-bench tune") != 0) {
        wrong(&place, "program", "not a result of fpr-bench tune");
    }
    read_head(&place, o, sweep);
    struct json_object *traces = member(&place, o, "traces", json_type_array);
    size_t count = json_object_array_length(traces);
    if (!count) {
        wrong(&place, "traces", "there is none");
    }
    for (size_t t = 0; t < count; t++) {
        read_trace(path, json_object_array_get_idx(traces, t), sweep);
    }
    json_object_put(o);
}
