#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "json.h"
#include "page/page.h"
#include "tune.h"

static void words(const struct tune_sweep *sweep, FILE *to,
                  void (*write)(const struct tune_sweep *, FILE *))
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    write(sweep, memory);
    if (fclose(memory) || !text) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    page_words(to, text);
    free(text);
}

static void advice(const struct tune_sweep *sweep, FILE *to)
{
    fputs("<section class=advice>\n<h2>What to set</h2>\n", to);
    words(sweep, to, tune_words_reason);
    fputs("<h3>What you can do today</h3>\n", to);
    words(sweep, to, tune_words_today);
    fputs("<h3>What a changed kernel would add</h3>\n", to);
    words(sweep, to, tune_words_changes);
    fputs("</section>\n", to);
}

struct column {
    const char *head;
    enum tune_metric metric;
    int digits;
};

static const struct column columns[] = {
    {"mean MiB", TUNE_host_mean_mib, 1},
    {"peak MiB", TUNE_host_peak_mib, 1},
    {"end MiB", TUNE_host_end_mib, 1},
    {"held GiB·min", TUNE_host_gib_min, 3},
    {"given back GiB·min", TUNE_given_back_gib_min, 3},
    {"half back in s", TUNE_back_50_s, 1},
    {"90 % in s", TUNE_back_90_s, 1},
    {"99 % in s", TUNE_back_99_s, 1},
    {"report calls", TUNE_report_calls, 0},
    {"refaults", TUNE_refaults, 0},
    {"zeroed MiB", TUNE_zeroed_mib, 1},
    {"huge pages split", TUNE_huge_splits, 0},
    {"extra CPU ms", TUNE_extra_cost_ms, 1},
    {"gap: below order MiB", TUNE_gap_below_order_mib, 1},
    {"delay", TUNE_gap_waiting_delay_mib, 1},
    {"budget", TUNE_gap_waiting_budget_mib, 1},
    {"watermark", TUNE_gap_waiting_watermark_mib, 1},
    {"per-cpu", TUNE_gap_pcp_mib, 1},
    {"backing page", TUNE_gap_reported_held_mib, 1},
};

static void cells(const struct tune_row *row, FILE *to)
{
    for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++) {
        double value = row->metric[columns[c].metric];
        if (isfinite(value)) {
            fprintf(to, "<td>%.*f</td>", columns[c].digits, value);
        } else {
            fputs("<td>–</td>", to);
        }
    }
    fputs("</tr>\n", to);
}

static void table(const struct tune_sweep *sweep, const struct tune_trace *trace, FILE *to)
{
    char text[96];
    fputs("<h3>", to);
    page_text(to, trace->path);
    fputs("</h3>\n<div class=scroll tabindex=0><table>\n<thead><tr><th>setting</th>", to);
    for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++) {
        fprintf(to, "<th>%s</th>", columns[c].head);
    }
    fputs("</tr></thead>\n<tbody>\n<tr><td>reporting off</td>", to);
    cells(&trace->baseline, to);
    for (size_t i = 0; i < sweep->nr_settings; i++) {
        const struct tune_row *row = &trace->rows[i];
        if (row->done) {
            struct tune_setting s = tune_setting_at(sweep, i);
            fprintf(to, "<tr class=\"%s%s\"><td>%s</td>", row->pareto ? "pareto " : "",
                    (int)i == sweep->advice.best ? "best" : "",
                    tune_setting_text(&s, text, sizeof(text)));
            cells(row, to);
        }
    }
    fputs("</tbody></table></div>\n", to);
}

static void tables(const struct tune_sweep *sweep, FILE *to)
{
    fputs("<section>\n<h2>All settings</h2>\n<p>&#9670; marks the Pareto set of the recording; the "
          "recommended setting is shaded. GiB·min is memory times time: one GiB held for a "
          "minute. The gap columns are means over the recording.</p>\n",
          to);
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        table(sweep, &sweep->traces[t], to);
    }
    fputs("</section>\n", to);
}

static void term(FILE *to, const char *name, const char *value)
{
    fprintf(to, "<dt>%s</dt><dd>", name);
    page_text(to, value[0] ? value : "not known");
    fputs("</dd>\n", to);
}

static void how(const struct tune_sweep *sweep, FILE *to)
{
    fputs("<section>\n<h2>How this was found</h2>\n"
          "<p>Each recording was replayed through a model of the kernel's page allocator with free "
          "page reporting, once for every setting. The CPU price is counted with the constants "
          "below; it does not slow the replayed guest down, so a real guest with a dear setting "
          "would also run longer.</p>\n",
          to);
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        const struct tune_trace *trace = &sweep->traces[t];
        fputs("<dl>\n", to);
        term(to, "recording", trace->path);
        term(to, "kernel", trace->release);
        term(to, "rules", trace->profile);
        term(to, "mode", trace->mode);
        term(to, "start", trace->start);
        if (trace->verdict) {
            fputs("<dt>import says</dt><dd><pre>", to);
            page_text(to, trace->verdict);
            fputs("</pre></dd>\n", to);
        }
        if (trace->lost) {
            fprintf(to,
                    "<dt>lost events</dt><dd>%" PRIu64 ": what follows the first gap is not as it "
                    "was; compare settings, do not trust amounts</dd>\n",
                    trace->lost);
        }
        fprintf(to, "<dt>length</dt><dd>%.1f s, %" PRIu64 " events</dd>\n</dl>\n", trace->span_s,
                trace->events);
    }
    fputs("<h3>Cost constants</h3>\n<dl>\n", to);
#define FPR_X(name, value, text)                                                                   \
    fprintf(to, "<dt>" #name "</dt><dd>%" PRIu64 " ns: " text "</dd>\n", sweep->costs.name);
    FPR_HOST_COSTS(FPR_X)
#undef FPR_X
    fprintf(to, "<dt>worth</dt><dd>%.6g GiB cost as much as one CPU</dd>\n</dl>\n</section>\n",
            sweep->gib_per_cpu);
}

void tune_html(const struct tune_sweep *sweep, FILE *to)
{
    page_begin(to, "Free page reporting: what to set");
    fputs("<h1>Free page reporting: what to set</h1>\n<p class=lead>A guest that tells its host "
          "which pages are free lets the host use them. This page compares settings of that "
          "mechanism on recorded guests: how much host memory each gives back, how fast, and at "
          "what price.</p>\n",
          to);
    if (sweep->shards) {
        fprintf(to, "<p class=note>Share %u of %u: without recommendation.</p>\n", sweep->shard,
                sweep->shards);
    } else {
        advice(sweep, to);
    }
    page_chart_host(to, NULL);
    page_chart_pareto(to);
    page_chart_gap(to, NULL);
    page_chart_refaults(to, NULL);
    tables(sweep, to);
    how(sweep, to);
    struct json_object *data = tune_json(sweep);
    page_end(to, data);
    json_object_put(data);
}
