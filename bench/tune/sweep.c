#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <fpr/version.h>

#include "tune.h"

const struct tune_metric_info tune_metric_info[TUNE_NR_METRICS] = {
#define TUNE_X(name, digits, text) {#name, digits, text},
    TUNE_METRICS(TUNE_X)
#undef TUNE_X
};

const char *const tune_series_names[TUNE_NR_SERIES] = {
#define TUNE_X(name) #name,
    TUNE_SERIES(TUNE_X)
#undef TUNE_X
};

void *tune_alloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    return memory;
}

double tune_round(double value, int digits)
{
    if (!isfinite(value)) {
        return NAN;
    }
    char text[64];
    snprintf(text, sizeof(text), "%.*f", digits, value);
    double rounded = strtod(text, NULL);
    return rounded < 0 || rounded > 0 ? rounded : 0.0; /* never -0 */
}

void tune_print_metric(FILE *to, enum tune_metric metric, double value, const char *none)
{
    if (isfinite(value)) {
        fprintf(to, "%.*f", tune_metric_info[metric].digits, value);
    } else {
        fputs(none, to);
    }
}

void tune_sweep_init(struct tune_sweep *sweep)
{
    memset(sweep, 0, sizeof(*sweep));
    snprintf(sweep->version, sizeof(sweep->version), "%s", fpr_version());
    sweep->gib_per_cpu = 8;
}

void tune_sweep_set_grid(struct tune_sweep *sweep, const struct tune_grid *grid)
{
    sweep->grid = *grid;
    sweep->nr_settings =
        grid->orders.count * grid->budgets.count * grid->capacities.count * grid->delays.count;
    free(sweep->totals);
    sweep->totals = tune_alloc(sweep->nr_settings, sizeof(*sweep->totals));
}

struct tune_trace *tune_sweep_add_trace(struct tune_sweep *sweep, const char *path)
{
    struct tune_trace *traces =
        realloc(sweep->traces, (sweep->nr_traces + 1) * sizeof(*sweep->traces));
    if (!traces) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    sweep->traces = traces;
    struct tune_trace *trace = &traces[sweep->nr_traces++];
    memset(trace, 0, sizeof(*trace));
    snprintf(trace->path, sizeof(trace->path), "%s", path);
    trace->rows = tune_alloc(sweep->nr_settings, sizeof(*trace->rows));
    return trace; /* analyzer: malloc-leak; it is in the sweep */
}

void tune_sweep_free(struct tune_sweep *sweep)
{
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        struct tune_trace *trace = &sweep->traces[t];
        for (size_t i = 0; i < sweep->nr_settings; i++) {
            tune_row_free(&trace->rows[i]);
        }
        tune_row_free(&trace->baseline);
        free(trace->rows);
        free(trace->time_ms);
        free(trace->measured_kib);
        free(trace->verdict);
    }
    free(sweep->traces);
    free(sweep->totals);
    memset(sweep, 0, sizeof(*sweep));
}

struct tune_setting tune_setting_at(const struct tune_sweep *sweep, size_t i)
{
    const struct tune_grid *g = &sweep->grid;
    struct tune_setting setting;
    setting.delay_ms = (unsigned)g->delays.values[i % g->delays.count];
    i /= g->delays.count;
    setting.capacity = (unsigned)g->capacities.values[i % g->capacities.count];
    i /= g->capacities.count;
    setting.budget_divisor = (unsigned)g->budgets.values[i % g->budgets.count];
    i /= g->budgets.count;
    setting.order = (unsigned)g->orders.values[i];
    return setting;
}

bool tune_in_shard(const struct tune_sweep *sweep, size_t i)
{
    return !sweep->shards || i % sweep->shards == sweep->shard - 1;
}

const char *tune_setting_text(const struct tune_setting *setting, char *text, size_t size)
{
    char budget[32] = "no budget";
    if (setting->budget_divisor) {
        snprintf(budget, sizeof(budget), "budget 1/%u", setting->budget_divisor);
    }
    snprintf(text, size, "order %u, %s, capacity %u, delay %u ms", setting->order, budget,
             setting->capacity, setting->delay_ms);
    return text;
}
