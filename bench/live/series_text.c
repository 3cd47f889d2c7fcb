/* The table as the cover letter prints it, and what it did not print. */
#include <inttypes.h>

#include <fpr/version.h>

#include "page/page.h"
#include "series.h"

#define COLUMN(field)                                                                              \
    static double mean_##field(const struct series_result *r, unsigned row, unsigned test,         \
                               unsigned count)                                                     \
    {                                                                                              \
        double v[SERIES_MAX_RUNS];                                                                 \
        for (unsigned run = 0; run < r->runs; run++) {                                             \
            v[run] = r->score[row][test][count][run].field;                                        \
        }                                                                                          \
        return live_mean(v, r->runs);                                                              \
    }
COLUMN(host_faults)
COLUMN(resident_mean)
COLUMN(calls)
COLUMN(reported_mib)
COLUMN(reporter_cpu)

static void rates(const struct series_result *r, unsigned row, unsigned test, unsigned count,
                  double v[SERIES_MAX_RUNS])
{
    for (unsigned run = 0; run < r->runs; run++) {
        v[run] = r->score[row][test][count][run].rate;
    }
}

static void setting(const struct series_result *r, FILE *to)
{
    const struct series_options *o = &r->options;
    const struct fpr_report_config *report = &o->guest.report;
    fprintf(to, "Guest of %" PRIu64 " MiB, huge pages on the host: %s, ", o->guest.mib,
            series_thp[o->guest.thp]);
    if (o->table) {
        fprintf(to, "mappings of %" PRIu64 " MiB a task, ", o->map_mib);
    }
    fprintf(to, "delay %.0f ms, order ", (double)report->delay / 1e6);
    report->order < 0 ? fputs("of the kernel", to) : fprintf(to, "%d", report->order);
    fprintf(to, ", capacity %u, budget divisor %u", report->capacity, report->budget_divisor);
    if (o->table) {
        fprintf(to, ", %u runs of %g s; pages touched a second", r->runs, o->seconds);
    }
    fputs(".\n", to);
}

static void table(const struct series_result *r, FILE *to)
{
    fprintf(to, "%-28s %5s", "", "tasks");
    for (unsigned test = 0; test < LIVE_NR_TESTS; test++) {
        fprintf(to, " %18s %7s", series_tests[test], "dev.");
    }
    fputc('\n', to);
    for (unsigned row = 0; row < SERIES_NR_ROWS; row++) {
        for (unsigned c = 0; c < r->nr_counts && r->options.rows[row]; c++) {
            fprintf(to, "%-28s %5u", c ? "" : series_rows[row].name, r->task_counts[c]);
            for (unsigned test = 0; test < LIVE_NR_TESTS; test++) {
                double v[SERIES_MAX_RUNS];
                rates(r, row, test, c, v);
                fprintf(to, " %18.2f %6.2f%%", live_mean(v, r->runs), live_deviation(v, r->runs));
            }
            fputc('\n', to);
        }
    }
}

static void of_base(const struct series_result *r, unsigned row, unsigned test, unsigned count,
                    FILE *to)
{
    if (r->options.rows[0]) {
        fprintf(to, "%.3f/%.3f\n", series_ratio(r, row, test, count, false),
                series_ratio(r, row, test, count, true));
    } else {
        fprintf(to, "%9s\n", "-");
    }
}

static void more(const struct series_result *r, FILE *to)
{
    fprintf(to, "\n%-28s %5s %-11s %8s %8s %9s %9s %8s %9s %8s %9s\n", "", "tasks", "", "resident",
            "refaults", "calls", "reported", "thread", "pass lock", "waits", "of base");
    fprintf(to, "%-28s %5s %-11s %8s %8s %9s %9s %8s %9s %8s %9s\n", "", "", "", "MiB", "1/s",
            "1/s", "MiB/s", "CPU %", "max us", "max us", "wall/CPU");
    for (unsigned row = 0; row < SERIES_NR_ROWS; row++) {
        for (unsigned c = 0; c < r->nr_counts && r->options.rows[row]; c++) {
            for (unsigned test = 0; test < LIVE_NR_TESTS && r->runs; test++) {
                if (!r->options.tests[test]) {
                    continue;
                }
                const struct fpr_lock_stats *l = &r->score[row][test][c][r->runs - 1].lock;
                fprintf(to, "%-28s %5u %-11s %8.1f %8.1f %9.1f %9.1f %8.2f %9.1f %8.1f ",
                        series_rows[row].name, r->task_counts[c], series_tests[test],
                        mean_resident_mean(r, row, test, c), mean_host_faults(r, row, test, c),
                        mean_calls(r, row, test, c), mean_reported_mib(r, row, test, c),
                        100 * mean_reporter_cpu(r, row, test, c), (double)l->pass_hold_max_ns / 1e3,
                        (double)l->wait_max_ns / 1e3);
                of_base(r, row, test, c, to);
            }
        }
    }
}

static void memhog(const struct series_result *r, FILE *to)
{
    const struct live_memhog *m = &r->memhog;
    fprintf(to,
            "\nmemhog: %.1f MiB resident when full (filled in %.2f s), %.1f MiB freed in %.3f s\n"
            "%6s %12s %12s %12s %12s\n",
            m->filled_mib, m->fill_s, m->freed_mib, m->free_s, "pass", "measured s", "MiB",
            "predicted s", "MiB");
    size_t n = m->passes.count > m->model.count ? m->passes.count : m->model.count;
    for (size_t k = 0; k < n; k++) {
        fprintf(to, "%6zu", k + 1);
        for (int side = 0; side < 2; side++) {
            const struct live_curve *c = side ? &m->model : &m->passes;
            if (k < c->count) {
                fprintf(to, " %12.3f %12.1f", c->point[k].time_s, c->point[k].mib);
            } else {
                fprintf(to, " %12s %12s", "-", "-");
            }
        }
        fputc('\n', to);
    }
    char model[16] = "never";
    m->model_to_95 ? snprintf(model, sizeof(model), "%u", m->model_to_95) : 0;
    if (m->passes_to_95) {
        fprintf(to, "95 %% of what was freed was back after %u passes (predicted: %s)\n",
                m->passes_to_95, model);
    } else {
        fprintf(to, "95 %% of what was freed was never back (predicted: %s)\n", model);
    }
}

void series_text(const struct series_result *r, FILE *to)
{
    setting(r, to);
    if (r->options.table) {
        table(r, to);
        more(r, to);
    }
    if (r->memhog.done) {
        memhog(r, to);
    }
}

void series_csv(const struct series_result *r, FILE *to)
{
    fprintf(to, "# fpr-bench series %s\n# ", fpr_version());
    setting(r, to);
    fputs("row,test,tasks,run,pages_per_s,pages_per_cpu_s,host_faults_per_s,resident_mean_mib,"
          "resident_min_mib,calls_per_s,reported_mib_per_s,reporter_cpu",
          to);
#define FPR_X(name, text) fprintf(to, ",lock_" #name);
    FPR_LOCK_STATS(FPR_X)
#undef FPR_X
    fputc('\n', to);
    for (unsigned row = 0; row < SERIES_NR_ROWS; row++) {
        for (unsigned k = 0; k < LIVE_NR_TESTS * r->nr_counts * r->runs; k++) {
            unsigned run = k % r->runs, c = k / r->runs % r->nr_counts;
            unsigned test = k / r->runs / r->nr_counts;
            if (!r->options.rows[row] || !r->options.tests[test]) {
                continue;
            }
            const struct live_score *s = &r->score[row][test][c][run];
            fprintf(to, "%s,%s,%u,%u,%.2f,%.2f,%.2f,%.2f,%.2f,%.3f,%.2f,%.5f",
                    series_rows[row].word, series_tests[test], r->task_counts[c], run + 1, s->rate,
                    s->cpu_rate, s->host_faults, s->resident_mean, s->resident_min, s->calls,
                    s->reported_mib, s->reporter_cpu);
#define FPR_X(name, text) fprintf(to, ",%" PRIu64, s->lock.name);
            FPR_LOCK_STATS(FPR_X)
#undef FPR_X
            fputc('\n', to);
        }
    }
}

void series_curve_csv(const struct series_result *r, FILE *to)
{
    const struct live_memhog *m = &r->memhog;
    const struct live_curve *curves[] = {&m->measured, &m->passes, &m->model};
    static const char *const names[] = {"measured", "measured_pass", "model_pass"};
    fprintf(to, "# fpr-bench series %s, memhog switch: seconds after the free\n", fpr_version());
    fputs("curve,time_s,resident_mib\n", to);
    for (int c = 0; c < 3; c++) {
        for (size_t k = 0; k < curves[c]->count; k++) {
            fprintf(to, "%s,%.4f,%.3f\n", names[c], curves[c]->point[k].time_s,
                    curves[c]->point[k].mib);
        }
    }
}

void series_svg(const struct series_result *r, FILE *to)
{
    const struct live_line lines[] = {
        {"measured (mincore)", "#1f77b4", false, &r->memhog.measured},
        {"model, after each pass", "#d62728", true, &r->memhog.model},
    };
    live_svg(to, "memhog ends: host memory falls pass by pass", "MiB", lines, 2);
}
