/* What import says of a recording, beside the advice. */
#include <errno.h>
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
