#include <inttypes.h>
#include <math.h>

#include "tune.h"

/* One column for people: fewer digits than the files have. */
struct column {
    const char *head; /* two lines joined by '|' */
    enum tune_metric metric;
    int width;
    int digits;
};

static const struct column columns[] = {
    {"mean|MiB", TUNE_host_mean_mib, 7, 1},
    {"peak|MiB", TUNE_host_peak_mib, 7, 1},
    {"end|MiB", TUNE_host_end_mib, 7, 1},
    {"given back|GiB*min", TUNE_given_back_gib_min, 10, 3},
    {"90 % in|s", TUNE_back_90_s, 7, 1},
    {"report|calls", TUNE_report_calls, 7, 0},
    {"refaults|pages", TUNE_refaults, 9, 0},
    {"extra CPU|ms", TUNE_extra_cost_ms, 10, 1},
    {"gap: below|order", TUNE_gap_below_order_mib, 10, 1},
    {"|delay", TUNE_gap_waiting_delay_mib, 7, 1},
    {"|budget", TUNE_gap_waiting_budget_mib, 7, 1},
    {"|wmark", TUNE_gap_waiting_watermark_mib, 7, 1},
    {"|pcp", TUNE_gap_pcp_mib, 6, 1},
    {"|held", TUNE_gap_reported_held_mib, 7, 1},
};

#define NR_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void heading(FILE *to)
{
    fprintf(to, "%5s %6s %8s %5s ", "", "", "", "delay");
    for (size_t c = 0; c < NR_COLUMNS; c++) {
        const char *bar = columns[c].head;
        int len = 0;
        while (bar[len] && bar[len] != '|') {
            len++;
        }
        fprintf(to, " %*.*s", columns[c].width, len, columns[c].head);
    }
    fprintf(to, "\n%5s %6s %8s %5s ", "order", "budget", "capacity", "ms");
    for (size_t c = 0; c < NR_COLUMNS; c++) {
        const char *below = columns[c].head;
        while (*below++ != '|') {
        }
        fprintf(to, " %*s", columns[c].width, below);
    }
    fputc('\n', to);
}

static void numbers(const struct tune_row *row, FILE *to)
{
    for (size_t c = 0; c < NR_COLUMNS; c++) {
        double value = row->metric[columns[c].metric];
        if (isfinite(value)) {
            fprintf(to, " %*.*f", columns[c].width, columns[c].digits, value);
        } else {
            fprintf(to, " %*s", columns[c].width, "-");
        }
    }
}

/* Whether two settings came to the same. */
static bool alike(const struct tune_sweep *sweep, int a, int b)
{
    const struct tune_total *x = &sweep->totals[a], *y = &sweep->totals[b];
    return x->given_back >= y->given_back && x->given_back <= y->given_back &&
           x->cost_ms >= y->cost_ms && x->cost_ms <= y->cost_ms;
}

/* Of the settings that came to the same only the first is worth a line. */
static bool first_of_set(const struct tune_sweep *sweep, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (sweep->totals[k].pareto && alike(sweep, (int)k, (int)i)) {
            return false;
        }
    }
    return sweep->totals[i].pareto;
}

/* A long table is cut down to the rows that something can be learnt from. */
static bool shown(const struct tune_sweep *sweep, const struct tune_trace *trace, size_t i)
{
    const struct tune_advice *a = &sweep->advice;
    struct tune_setting s = tune_setting_at(sweep, i);
    bool kernels_own = tune_settable(&s) && s.order == TUNE_KERNEL_ORDER;
    return trace->rows[i].done &&
           (sweep->whole_table || sweep->cut_short || sweep->nr_settings <= TUNE_SHORT_TABLE ||
            sweep->shards || kernels_own || first_of_set(sweep, i) || (int)i == a->best ||
            (int)i == trace->today);
}

static void one_trace(const struct tune_sweep *sweep, const struct tune_trace *trace, FILE *to)
{
    if (!trace->baseline.done) {
        return; /* interrupted before it */
    }
    fprintf(to, "%s: kernel %s, profile %s, %s mode, %.1f s, %" PRIu64 " events\n", trace->path,
            trace->release[0] ? trace->release : "not known", trace->profile, trace->mode,
            trace->span_s, trace->events);
    fprintf(to, "start: %s\n", trace->start);
    if (trace->verdict) {
        fputs(trace->verdict, to);
    }
    if (trace->lost) {
        fprintf(to,
                "lost events: %" PRIu64 ": what follows the first gap is not as it was; compare "
                "settings, do not trust amounts\n",
                trace->lost);
    }
    heading(to);
    fprintf(to, "%-27s ", "reporting off");
    numbers(&trace->baseline, to);
    fputc('\n', to);
    for (size_t i = 0; i < sweep->nr_settings; i++) {
        const struct tune_row *row = &trace->rows[i];
        struct tune_setting s = tune_setting_at(sweep, i);
        if (!shown(sweep, trace, i)) {
            continue;
        }
        char budget[16] = "none";
        if (s.budget_divisor) {
            snprintf(budget, sizeof(budget), "1/%u", s.budget_divisor);
        }
        fprintf(to, "%5u %6s %8u %5u%s", s.order, budget, s.capacity, s.delay_ms,
                row->pareto ? "*" : " ");
        numbers(row, to);
        fprintf(to, "%s\n",
                !sweep->cut_short && (int)i == sweep->advice.best ? "  <- recommended" : "");
    }
    if (!sweep->whole_table && !sweep->cut_short && sweep->nr_settings > TUNE_SHORT_TABLE &&
        !sweep->shards) {
        fprintf(to,
                "(%zu settings were tried; these are the Pareto set over all recordings and the "
                "kernel's own; --all shows all)\n",
                sweep->nr_settings);
    }
    fputc('\n', to);
}

/* The Pareto set from the cheapest to the dearest. */
static int next_in_set(const struct tune_sweep *sweep, int after)
{
    int next = -1;
    for (size_t i = 0; i < sweep->nr_settings; i++) {
        const struct tune_total *t = &sweep->totals[i];
        bool later = after < 0 || t->cost_ms > sweep->totals[after].cost_ms ||
                     (t->cost_ms >= sweep->totals[after].cost_ms && (int)i > after);
        if (t->pareto && later && (next < 0 || t->cost_ms < sweep->totals[next].cost_ms)) {
            next = (int)i;
        }
    }
    return next;
}

static void pareto_set(const struct tune_sweep *sweep, FILE *to)
{
    fprintf(to, "Pareto set%s (no other setting gives back as much for less CPU):\n",
            sweep->nr_traces > 1 ? " over all recordings" : "");
    char text[96];
    for (int i = next_in_set(sweep, -1), next; i >= 0; i = next) {
        struct tune_setting s = tune_setting_at(sweep, (size_t)i);
        unsigned more = 0;
        for (next = next_in_set(sweep, i); next >= 0 && alike(sweep, i, next);
             next = next_in_set(sweep, next)) {
            more++;
        }
        fprintf(to, "  %-50s %10.3f GiB*min back %10.1f ms of CPU",
                tune_setting_text(&s, text, sizeof(text)), sweep->totals[i].given_back,
                sweep->totals[i].cost_ms);
        if (more) {
            fprintf(to, "  (%u more came to the same)", more);
        }
        fputc('\n', to);
    }
    fputc('\n', to);
}

static void costs(const struct tune_sweep *sweep, FILE *to)
{
    fprintf(to, "Cost constants (ns):");
#define FPR_X(name, value, text) fprintf(to, " " #name "=%" PRIu64, sweep->costs.name);
    FPR_HOST_COSTS(FPR_X)
#undef FPR_X
    fprintf(to, "\n\n");
}

void tune_table(const struct tune_sweep *sweep, FILE *to)
{
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        one_trace(sweep, &sweep->traces[t], to);
    }
    costs(sweep, to);
    if (sweep->shards) {
        fprintf(to, "This is share %u of %u; fpr-bench merge joins them and recommends.\n",
                sweep->shard, sweep->shards);
        return;
    }
    if (sweep->cut_short) {
        fprintf(to, "The sweep is not complete: nothing is recommended.\n");
        return;
    }
    if (next_in_set(sweep, -1) >= 0) {
        pareto_set(sweep, to);
    }
    tune_words(sweep, to);
}
