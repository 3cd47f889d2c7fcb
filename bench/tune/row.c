#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tune.h"

#define MIB 1048576.0

static double seconds_or_none(double seconds)
{
    return seconds < 0 ? NAN : seconds;
}

/* Which of the result's samples is point i of at most TUNE_MAX_POINTS; the ends are kept. */
static size_t sample_of(size_t i, size_t points, size_t samples)
{
    return points < 2 ? 0 : i * (samples - 1) / (points - 1);
}

static size_t points_of(const struct fpr_replay_result *result)
{
    return result->nr_samples < TUNE_MAX_POINTS ? result->nr_samples : TUNE_MAX_POINTS;
}

static void fill_curve(struct tune_curve *curve, const struct fpr_replay_result *result)
{
    curve->count = points_of(result);
    for (int s = 0; s < TUNE_NR_SERIES; s++) {
        curve->values[s] = tune_alloc(curve->count, sizeof(uint64_t));
    }
    for (size_t i = 0; i < curve->count; i++) {
        const struct fpr_replay_sample *sample =
            &result->samples[sample_of(i, curve->count, result->nr_samples)];
        curve->values[TUNE_SERIES_host][i] = sample->host_bytes / 1024;
        curve->values[TUNE_SERIES_free][i] = sample->free_bytes / 1024;
        curve->values[TUNE_SERIES_refaults][i] = sample->refaults;
#define FPR_X(name, text) curve->values[TUNE_SERIES_##name][i] = sample->gap.name / 1024;
        FPR_GAP_PARTS(FPR_X)
#undef FPR_X
    }
}

void tune_row_fill(struct tune_row *row, const struct fpr_replay_result *r)
{
    double *m = row->metric;
    m[TUNE_host_mean_mib] = r->host_mean_mib;
    m[TUNE_host_peak_mib] = r->host_peak_mib;
    m[TUNE_host_end_mib] = r->host_end_mib;
    m[TUNE_host_gib_min] = r->host_gib_min;
    m[TUNE_given_back_gib_min] = 0;
    m[TUNE_back_50_s] = seconds_or_none(r->back_50_s);
    m[TUNE_back_90_s] = seconds_or_none(r->back_90_s);
    m[TUNE_back_99_s] = seconds_or_none(r->back_99_s);
    m[TUNE_passes] = (double)r->report.passes;
    m[TUNE_report_calls] = (double)r->report_calls;
    m[TUNE_report_entries] = (double)r->report.entries;
    m[TUNE_reported_mib] = (double)r->reported_bytes / MIB;
    m[TUNE_walked_blocks] = (double)r->report.walked_blocks;
    m[TUNE_locked_pages] = (double)r->report.pages;
    m[TUNE_refaults] = (double)r->host.refaults;
    m[TUNE_zeroed_mib] = (double)r->host.zeroed_bytes / MIB;
    m[TUNE_huge_splits] = (double)r->host.huge_splits;
    m[TUNE_cost_ms] = (double)r->cost_ns / 1e6;
    m[TUNE_extra_cost_ms] = 0;
#define FPR_X(name, text) m[TUNE_gap_##name##_mib] = (double)r->gap_mean.name / MIB;
    FPR_GAP_PARTS(FPR_X)
#undef FPR_X
    m[TUNE_waiting_end_mib] = (double)(r->gap_end.waiting_delay + r->gap_end.waiting_budget) / MIB;
    for (int i = 0; i < TUNE_NR_METRICS; i++) {
        m[i] = tune_round(m[i], tune_metric_info[i].digits);
    }
    fill_curve(&row->curve, r);
    row->done = true;
}

void tune_row_compare(struct tune_row *row, const struct tune_row *baseline)
{
    double back = baseline->metric[TUNE_host_gib_min] - row->metric[TUNE_host_gib_min];
    double cost = row->metric[TUNE_cost_ms] - baseline->metric[TUNE_cost_ms];
    row->metric[TUNE_given_back_gib_min] =
        tune_round(back, tune_metric_info[TUNE_given_back_gib_min].digits);
    row->metric[TUNE_extra_cost_ms] = tune_round(cost, tune_metric_info[TUNE_extra_cost_ms].digits);
}

void tune_trace_fill(struct tune_trace *trace, const struct fpr_replay_result *r)
{
    snprintf(trace->profile, sizeof(trace->profile), "%s", r->profile);
    snprintf(trace->mode, sizeof(trace->mode), "%s", bench_mode_words[r->mode]);
    snprintf(trace->start, sizeof(trace->start), "%s", r->start);
    trace->span_s = tune_round((double)r->span / (double)FPR_NS_PER_S, 3);
    trace->events = r->events;
    trace->nr_points = points_of(r);
    trace->time_ms = tune_alloc(trace->nr_points, sizeof(uint64_t));
    trace->measured_kib = tune_alloc(trace->nr_points, sizeof(uint64_t));
    for (size_t i = 0; i < trace->nr_points; i++) {
        const struct fpr_replay_sample *sample =
            &r->samples[sample_of(i, trace->nr_points, r->nr_samples)];
        trace->time_ms[i] = sample->time / FPR_NS_PER_MS;
        trace->measured_kib[i] = sample->measured_bytes / 1024;
    }
}

void tune_row_free(struct tune_row *row)
{
    for (int i = 0; i < TUNE_NR_SERIES; i++) {
        free(row->curve.values[i]);
    }
    memset(row, 0, sizeof(*row));
}
