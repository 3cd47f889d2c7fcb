#include <stdlib.h>

#include "json.h"
#include "tune.h"

static struct json_object *numbers(const uint64_t *values, size_t count)
{
    struct json_object *array = bench_json_array();
    for (size_t i = 0; i < count; i++) {
        json_object_array_add(array, json_object_new_uint64(values[i]));
    }
    return array;
}

static void add_setting(struct json_object *o, const struct tune_sweep *sweep, size_t i)
{
    struct tune_setting s = tune_setting_at(sweep, i);
    bench_json_add_u64(o, "order", s.order);
    bench_json_add_u64(o, "budget_divisor", s.budget_divisor);
    bench_json_add_u64(o, "capacity", s.capacity);
    bench_json_add_u64(o, "delay_ms", s.delay_ms);
}

void tune_json_row(struct json_object *o, const struct tune_row *row)
{
    for (int m = 0; m < TUNE_NR_METRICS; m++) {
        bench_json_add_double(o, tune_metric_info[m].name, row->metric[m]);
    }
    if (row->curve.count) {
        struct json_object *curve = bench_json_object();
        for (int s = 0; s < TUNE_NR_SERIES; s++) {
            bench_json_add(curve, tune_series_names[s],
                           numbers(row->curve.values[s], row->curve.count));
        }
        bench_json_add(o, "curve", curve);
    }
}

void tune_json_points(struct json_object *o, const struct tune_trace *trace)
{
    if (trace->nr_points) {
        bench_json_add(o, "time_ms", numbers(trace->time_ms, trace->nr_points));
        bench_json_add(o, "measured_kib", numbers(trace->measured_kib, trace->nr_points));
    }
}

static struct json_object *results(const struct tune_sweep *sweep, const struct tune_trace *trace)
{
    struct json_object *array = bench_json_array();
    for (size_t i = 0; i < sweep->nr_settings; i++) {
        const struct tune_row *row = &trace->rows[i];
        if (!row->done) {
            continue;
        }
        struct json_object *o = bench_json_object();
        add_setting(o, sweep, i);
        tune_json_row(o, row);
        if (!sweep->shards) {
            bench_json_add_bool(o, "pareto", row->pareto);
            bench_json_add_bool(o, "recommended", (int)i == sweep->advice.best);
        }
        json_object_array_add(array, o);
    }
    return array;
}

static struct json_object *trace_json(const struct tune_sweep *sweep,
                                      const struct tune_trace *trace)
{
    struct json_object *o = bench_json_object();
    bench_json_add_string(o, "path", trace->path);
    bench_json_add_string(o, "kernel", trace->release);
    bench_json_add_string(o, "profile", trace->profile);
    bench_json_add_string(o, "mode", trace->mode);
    bench_json_add_string(o, "start", trace->start);
    bench_json_add_double(o, "span_s", trace->span_s);
    bench_json_add_u64(o, "events", trace->events);
    if (trace->lost) {
        bench_json_add_u64(o, "lost_events", trace->lost);
    }
    if (trace->good_for[0]) {
        bench_json_add_string(o, "good_for", trace->good_for);
    }
    if (trace->verdict) {
        bench_json_add_string(o, "verdict", trace->verdict);
    }
    tune_json_points(o, trace);
    struct json_object *baseline = bench_json_object();
    tune_json_row(baseline, &trace->baseline);
    bench_json_add(o, "baseline", baseline);
    bench_json_add(o, "results", results(sweep, trace));
    return o;
}

static struct json_object *grid_json(const struct tune_grid *grid)
{
    struct json_object *o = bench_json_object();
    bench_json_add(o, "orders", numbers(grid->orders.values, grid->orders.count));
    bench_json_add(o, "budget_divisors", numbers(grid->budgets.values, grid->budgets.count));
    bench_json_add(o, "capacities", numbers(grid->capacities.values, grid->capacities.count));
    bench_json_add(o, "delays_ms", numbers(grid->delays.values, grid->delays.count));
    return o;
}

static struct json_object *chosen(const struct tune_sweep *sweep, int i)
{
    if (i < 0) {
        return NULL;
    }
    struct json_object *o = bench_json_object();
    add_setting(o, sweep, (size_t)i);
    bench_json_add_double(o, "given_back_gib_min", sweep->totals[i].given_back);
    bench_json_add_double(o, "extra_cost_ms", sweep->totals[i].cost_ms);
    return o;
}

static void add_words(struct json_object *o, const char *key, const struct tune_sweep *sweep,
                      void (*words)(const struct tune_sweep *, FILE *))
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    words(sweep, to);
    if (fclose(to) || !text) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    bench_json_add_string(o, key, text);
    free(text);
}

/* What each recorded kernel can be set to. */
static struct json_object *kernels_json(const struct tune_sweep *sweep)
{
    struct json_object *array = bench_json_array();
    struct tune_kernels kernels;
    tune_kernels_split(sweep, &kernels);
    for (size_t k = 0; k < kernels.count; k++) {
        const struct tune_sweep *one = &kernels.each[k];
        struct json_object *o = bench_json_object();
        char command[128];
        tune_words_command(one, command, sizeof(command));
        bench_json_add_string(o, "kernel", one->traces[0].release);
        bench_json_add_string(o, "profile", one->traces[0].profile);
        bench_json_add_bool(o, "order_settable", tune_order_settable(one));
        bench_json_add(o, "settable_today", chosen(one, one->advice.today));
        bench_json_add(o, "command", command[0] ? json_object_new_string(command) : NULL);
        json_object_array_add(array, o);
    }
    tune_kernels_free(&kernels);
    return array;
}

static void add_advice(struct json_object *o, const struct tune_sweep *sweep)
{
    struct json_object *set = bench_json_array();
    for (size_t i = 0; i < sweep->nr_settings; i++) {
        if (sweep->totals[i].pareto) {
            json_object_array_add(set, chosen(sweep, (int)i));
        }
    }
    bench_json_add(o, "pareto", set);
    bench_json_add(o, "recommended", chosen(sweep, sweep->advice.best));
    bench_json_add(o, "settable_today", chosen(sweep, sweep->advice.today));
    char command[128];
    tune_words_command(sweep, command, sizeof(command));
    bench_json_add(o, "command", command[0] ? json_object_new_string(command) : NULL);
    bench_json_add(o, "kernels", kernels_json(sweep));
    add_words(o, "reason", sweep, tune_words_reason);
    add_words(o, "today", sweep, tune_words_today);
    add_words(o, "changes", sweep, tune_words_changes);
}

struct json_object *tune_json(const struct tune_sweep *sweep)
{
    struct json_object *o = bench_json_object();
    bench_json_add_string(o, "program", "fpr-bench tune");
    bench_json_add_string(o, "version", sweep->version);
    if (sweep->shards) {
        struct json_object *shard = bench_json_object();
        bench_json_add_u64(shard, "index", sweep->shard);
        bench_json_add_u64(shard, "of", sweep->shards);
        bench_json_add(o, "shard", shard);
    }
    bench_json_add_string(o, "model", sweep->model);
    bench_json_add(o, "grid", grid_json(&sweep->grid));
    bench_json_add_double(o, "gib_per_cpu", sweep->gib_per_cpu);
    struct json_object *costs = bench_json_object();
#define FPR_X(name, value, text) bench_json_add_u64(costs, #name, sweep->costs.name);
    FPR_HOST_COSTS(FPR_X)
#undef FPR_X
    bench_json_add(o, "costs", costs);
    struct json_object *traces = bench_json_array();
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        json_object_array_add(traces, trace_json(sweep, &sweep->traces[t]));
    }
    bench_json_add(o, "traces", traces);
    if (!sweep->shards) {
        add_advice(o, sweep);
    }
    return o;
}
