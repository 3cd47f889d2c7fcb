#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "tune.h"

static void list(FILE *to, const char *name, const struct bench_list *values)
{
    fprintf(to, " %s=", name);
    for (size_t i = 0; i < values->count; i++) {
        fprintf(to, "%s%" PRIu64, i ? "," : "", values->values[i]);
    }
}

/* A field of text, quoted if it has to be: a row that begins with # would be a comment. */
static void field(FILE *to, const char *text)
{
    if (!strpbrk(text, ",\"") && *text != '#') {
        fputs(text, to);
        return;
    }
    fputc('"', to);
    for (; *text; text++) {
        if (*text == '"') {
            fputc('"', to);
        }
        fputc(*text, to);
    }
    fputc('"', to);
}

static void metrics(FILE *to, const struct tune_row *row)
{
    for (int m = 0; m < TUNE_NR_METRICS; m++) {
        fputc(',', to);
        tune_print_metric(to, (enum tune_metric)m, row->metric[m], "");
    }
}

static void comments(const struct tune_sweep *sweep, FILE *to)
{
    fprintf(to, "# fpr-bench tune %s\n", sweep->version);
    if (sweep->shards) {
        fprintf(to, "# shard: %u/%u\n", sweep->shard, sweep->shards);
    }
    fprintf(to, "# model: %s\n", sweep->model);
    fprintf(to, "# grid:");
    list(to, "orders", &sweep->grid.orders);
    list(to, "budget_divisors", &sweep->grid.budgets);
    list(to, "capacities", &sweep->grid.capacities);
    list(to, "delays_ms", &sweep->grid.delays);
    fprintf(to, "\n# worth: gib_per_cpu=%.6g\n# costs:", sweep->gib_per_cpu);
#define FPR_X(name, value, text) fprintf(to, " " #name "=%" PRIu64, sweep->costs.name);
    FPR_HOST_COSTS(FPR_X)
#undef FPR_X
    fputc('\n', to);
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        const struct tune_trace *trace = &sweep->traces[t];
        fprintf(to, "# trace: %s\n# kernel: %s\n# profile: %s\n# mode: %s\n# start: %s\n",
                trace->path, trace->release, trace->profile, trace->mode, trace->start);
        if (trace->lost) {
            fprintf(to, "# lost_events: %" PRIu64 "\n", trace->lost);
        }
        if (trace->good_for[0]) {
            fprintf(to, "# good_for: %s\n", trace->good_for);
        }
        fprintf(to, "# span_s: %.3f\n# events: %" PRIu64 "\n# baseline: ", trace->span_s,
                trace->events);
        fprintf(to, "reporting off");
        metrics(to, &trace->baseline);
        fputc('\n', to);
    }
}

void tune_csv(const struct tune_sweep *sweep, FILE *to)
{
    comments(sweep, to);
    fprintf(to, "trace,order,budget_divisor,capacity,delay_ms");
    for (int m = 0; m < TUNE_NR_METRICS; m++) {
        fprintf(to, ",%s", tune_metric_info[m].name);
    }
    fprintf(to, ",pareto,recommended\n");
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        for (size_t i = 0; i < sweep->nr_settings; i++) {
            const struct tune_row *row = &sweep->traces[t].rows[i];
            struct tune_setting s = tune_setting_at(sweep, i);
            if (!row->done) {
                continue;
            }
            field(to, sweep->traces[t].path);
            fprintf(to, ",%u,%u,%u,%u", s.order, s.budget_divisor, s.capacity, s.delay_ms);
            metrics(to, row);
            if (sweep->shards) {
                fprintf(to, ",,\n"); /* known when all shares are */
            } else {
                fprintf(to, ",%d,%d\n", row->pareto, (int)i == sweep->advice.best);
            }
        }
    }
}
