/* The series' experiment as JSON and as a page. */
#include <math.h>
#include <stdlib.h>

#include <fpr/version.h>

#include "cli.h"
#include "json.h"
#include "page/page.h"
#include "series.h"

struct json_object *live_curve_json(const struct live_curve *curve)
{
    struct json_object *a = bench_json_array();
    for (size_t k = 0; k < curve->count; k++) {
        struct json_object *p = bench_json_object();
        bench_json_add_double(p, "time_s", curve->point[k].time_s);
        bench_json_add_double(p, "mib", curve->point[k].mib);
        json_object_array_add(a, p);
    }
    return a;
}

static void add_passes(struct json_object *o, const char *key, unsigned passes)
{
    passes ? bench_json_add_u64(o, key, passes) : bench_json_add_null(o, key); /* never */
}

static struct json_object *memhog_json(const struct live_memhog *m)
{
    struct json_object *o = bench_json_object();
    bench_json_add_double(o, "filled_mib", m->filled_mib);
    bench_json_add_double(o, "freed_mib", m->freed_mib);
    bench_json_add_double(o, "fill_s", m->fill_s);
    bench_json_add_double(o, "free_s", m->free_s);
    add_passes(o, "passes_to_95", m->passes_to_95);
    add_passes(o, "model_passes_to_95", m->model_to_95);
    bench_json_add(o, "measured", live_curve_json(&m->measured));
    bench_json_add(o, "measured_passes", live_curve_json(&m->passes));
    bench_json_add(o, "model_passes", live_curve_json(&m->model));
    return o;
}

static struct json_object *score_json(const struct live_score *s)
{
    struct json_object *o = bench_json_object();
    bench_json_add_double(o, "pages_per_s", s->rate);
    bench_json_add_double(o, "pages_per_cpu_s", s->cpu_rate);
    bench_json_add_double(o, "host_faults_per_s", s->host_faults);
    bench_json_add_double(o, "resident_mean_mib", s->resident_mean);
    bench_json_add_double(o, "resident_min_mib", s->resident_min);
    bench_json_add_double(o, "calls_per_s", s->calls);
    bench_json_add_double(o, "reported_mib_per_s", s->reported_mib);
    bench_json_add_double(o, "reporter_cpu", s->reporter_cpu);
#define FPR_X(name, text) bench_json_add_u64(o, "lock_" #name, s->lock.name);
    FPR_LOCK_STATS(FPR_X)
#undef FPR_X
    return o;
}

static struct json_object *cell_json(const struct series_result *r, unsigned row, unsigned test,
                                     unsigned c)
{
    struct json_object *o = bench_json_object(), *runs = bench_json_array();
    double v[SERIES_MAX_RUNS];
    for (unsigned run = 0; run < r->runs; run++) {
        v[run] = r->score[row][test][c][run].rate;
        json_object_array_add(runs, score_json(&r->score[row][test][c][run]));
    }
    bench_json_add_string(o, "row", series_rows[row].word);
    bench_json_add_string(o, "test", series_tests[test]);
    bench_json_add_u64(o, "tasks", r->task_counts[c]);
    bench_json_add_double(o, "mean", live_mean(v, r->runs));
    bench_json_add_double(o, "deviation_percent", live_deviation(v, r->runs));
    bench_json_add_double(o, "sigma_percent", live_sigma(v, r->runs));
    double wall = r->options.rows[0] ? series_ratio(r, row, test, c, false) : NAN; /* null */
    double cpu = r->options.rows[0] ? series_ratio(r, row, test, c, true) : NAN;
    bench_json_add_double(o, "of_baseline", wall);
    bench_json_add_double(o, "of_baseline_cpu", cpu);
    bench_json_add(o, "runs", runs);
    return o;
}

/* Resident after the guest was filled and emptied, a row. */
static struct json_object *after_memhog_json(const struct series_result *r)
{
    struct json_object *all = bench_json_array();
    for (unsigned row = 0; row < SERIES_NR_ROWS; row++) {
        if (!r->options.rows[row]) {
            continue;
        }
        struct json_object *one = bench_json_object(), *mib = bench_json_array();
        for (unsigned run = 0; run < r->runs; run++) {
            json_object_array_add(mib, bench_json_double(r->after_memhog[row][run]));
        }
        bench_json_add_string(one, "row", series_rows[row].word);
        bench_json_add(one, "mib", mib);
        json_object_array_add(all, one);
    }
    return all;
}

struct json_object *series_json(const struct series_result *r)
{
    const struct series_options *op = &r->options;
    struct json_object *o = bench_json_object(), *cells = bench_json_array();
    bench_json_add_string(o, "version", fpr_version());
    bench_json_add_u64(o, "mib", op->guest.mib);
    bench_json_add_u64(o, "map_mib", op->map_mib);
    bench_json_add_u64(o, "runs", r->runs);
    bench_json_add_double(o, "seconds", op->seconds);
    bench_json_add_double(o, "delay_ms", (double)op->guest.report.delay / 1e6);
    op->guest.report.order < 0 ? bench_json_add_null(o, "order") /* the rule of the kernel */
                               : bench_json_add_u64(o, "order", (uint64_t)op->guest.report.order);
    bench_json_add_u64(o, "capacity", op->guest.report.capacity);
    bench_json_add_u64(o, "budget_divisor", op->guest.report.budget_divisor);
    bench_json_add_string(o, "thp", series_thp[op->guest.thp]);
    for (unsigned row = 0; row < SERIES_NR_ROWS && op->table; row++) {
        for (unsigned k = 0; k < LIVE_NR_TESTS * r->nr_counts; k++) {
            if (op->rows[row] && op->tests[k / r->nr_counts]) {
                json_object_array_add(cells, cell_json(r, row, k / r->nr_counts, k % r->nr_counts));
            }
        }
    }
    bench_json_add(o, "cells", cells);
    if (op->table) {
        bench_json_add(o, "after_memhog", after_memhog_json(r));
    }
    if (r->memhog.done) {
        bench_json_add(o, "memhog", memhog_json(&r->memhog));
    }
    return o;
}

void series_html(const struct series_result *r, FILE *to)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    series_text(r, memory);
    if (fclose(memory) || !text) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    page_begin(to, "The patch series' experiment");
    fputs("<h1>The patch series' experiment</h1>\n<p class=lead>page_fault1, page_fault2 and the "
          "memhog switch, on real memory.</p>\n",
          to);
    if (r->memhog.done) {
        series_svg(r, to);
    }
    fputs("<section>\n<h2>In numbers</h2>\n<pre><code>", to);
    page_text(to, text);
    fputs("</code></pre>\n</section>\n", to);
    free(text);
    struct json_object *data = series_json(r);
    fputs("<script id=data type=\"application/json\">", to);
    bench_json_write_in_html(data, to);
    fputs("</script>\n</main>\n</body>\n</html>\n", to);
    json_object_put(data);
}
