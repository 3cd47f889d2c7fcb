/* Any bytes as what lies beside a trace: samples, reports, markers, losses, release. */
#include <stdint.h>
#include <stdlib.h>

#include <fpr/trace.h>

#include "fuzz/support/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct fpr_recording *r)
{
    for (size_t i = 1; i < r->nr_rss; i++) {
        if (r->rss[i].time < r->rss[i - 1].time) {
            abort();
        }
    }
    for (size_t i = 0; i < r->nr_reports; i++) {
        const struct fpr_report_call *call = &r->reports[i];
        if (i && call->time < r->reports[i - 1].time) {
            abort();
        }
        for (unsigned k = 0; k < call->nents; k++) {
            if (call->sg[k].order > FPR_MAX_ORDER) {
                abort();
            }
        }
    }
    for (size_t i = 1; i < r->nr_phases; i++) {
        if (r->phases[i].time < r->phases[i - 1].time) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"reports.txt",   "rss.csv", "phases.txt",
                                        "ringbuf.stats", "uname",   "state.before",
                                        "trace.txt",     NULL};
    struct fpr_recording *recording;
    struct fpr_trace_error error;
    const char *folder = fuzz_write_parts(data, size, names);
    if (fpr_recording_open(folder, &recording, &error) == 0) {
        check(recording);
        fpr_recording_close(recording);
    }
    return 0;
}
