/* What import says of a recording, beside the advice. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "gen/source.h"
#include "import/import.h"
#include "tune.h"

bool tune_counts(const struct tune_trace *trace)
{
    return strcmp(trace->good_for, "nothing") != 0;
}

const struct tune_trace *tune_shape_only(const struct tune_sweep *sweep)
{
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        if (!strcmp(sweep->traces[t].good_for, "shape")) {
            return &sweep->traces[t];
        }
    }
    return NULL;
}

enum { DELAYS = 5 };   /* as long as settles that passes could show what they do */
#define MUCH (1.0 / 4) /* of what the host holds at the end settles that they had not yet */

static bool is_short(const struct tune_sweep *sweep, const struct tune_trace *trace)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < sweep->grid.delays.count; i++) {
        least = sweep->grid.delays.values[i] < least ? sweep->grid.delays.values[i] : least;
    }
    return trace->events > 0 && trace->span_s * 1000 < DELAYS * (double)least;
}

double tune_waiting_mib(const struct tune_sweep *sweep, const struct tune_trace *trace)
{
    double least = INFINITY;
    for (size_t i = 0; i < sweep->nr_settings; i++) {
        const double *m = trace->rows[i].metric;
        if (trace->rows[i].done && !(m[TUNE_waiting_end_mib] > MUCH * m[TUNE_host_end_mib])) {
            return 0;
        }
        if (trace->rows[i].done && m[TUNE_waiting_end_mib] < least) {
            least = m[TUNE_waiting_end_mib];
        }
    }
    return isfinite(least) ? least : 0;
}

const struct tune_trace *tune_ends_early(const struct tune_sweep *sweep)
{
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        const struct tune_trace *trace = &sweep->traces[t];
        if (tune_counts(trace) && (is_short(sweep, trace) || tune_waiting_mib(sweep, trace) > 0)) {
            return trace;
        }
    }
    return NULL;
}

bool tune_is_sure(const struct tune_sweep *sweep)
{
    return !tune_shape_only(sweep) && !tune_ends_early(sweep);
}

void tune_judge(struct tune_trace *trace, const struct fpr_trace_options *options,
                const volatile int *stop)
{
    if (gen_is_source(trace->path)) {
        return; /* made here and now: it lacks nothing */
    }
    struct import_verdict verdict = {.good_for = ""};
    int err = import_judge(trace->path, options, stop, &verdict);
    if (err == -ESPIPE) { /* the replays have read it */
        trace->verdict = strdup("what it lacks  not known: it came through a pipe, which can be "
                                "read once (of a file, import tells)\n");
        if (!trace->verdict) {
            bench_die(BENCH_FAILED, "out of memory");
        }
    } else if (!err) {
        snprintf(trace->good_for, sizeof(trace->good_for), "%s", verdict.good_for);
        trace->verdict = verdict.text;
    }
}
