#include <inttypes.h>
#include <string.h>

#include <fpr/version.h>

#include "replay.h"

/* On one line: what follows a line break would be taken for data. */
static void comment(FILE *to, const char *name, const char *text)
{
    fprintf(to, "# %s ", name);
    for (; *text; text++) {
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, to);
    }
    fputc('\n', to);
}

void bench_replay_csv(FILE *to, const void *replayed)
{
    const struct bench_origin *origin = ((const struct bench_replayed *)replayed)->origin;
    const struct fpr_replay_result *result = ((const struct bench_replayed *)replayed)->result;
    fprintf(to, "# fpr-bench %s replay, %s mode, profile %s\n", fpr_version(),
            result->mode == FPR_REPLAY_PREDICT ? "predict" : "mirror", result->profile);
    comment(to, "trace", origin->path);
    bench_settings_csv(to, origin->options);
    fprintf(to, "# lost_events: %" PRIu64 "\n", origin->lost);
    if (origin->command) {
        fprintf(to, "# command: %.*s\n", (int)strcspn(origin->command, "\r\n"), origin->command);
    }
    fprintf(to, "time_s,host_bytes,measured_bytes,free_bytes,refaults");
#define FPR_X(name, text) fprintf(to, ",gap_" #name "_bytes");
    FPR_GAP_PARTS(FPR_X)
#undef FPR_X
    fputc('\n', to);
    for (size_t i = 0; i < result->nr_samples; i++) {
        const struct fpr_replay_sample *s = &result->samples[i];
        fprintf(to, "%.3f,%" PRIu64 ",", (double)s->time / (double)FPR_NS_PER_S, s->host_bytes);
        if (s->measured_bytes) {
            fprintf(to, "%" PRIu64, s->measured_bytes);
        }
        fprintf(to, ",%" PRIu64 ",%" PRIu64, s->free_bytes, s->refaults);
#define FPR_X(name, text) fprintf(to, ",%" PRIu64, s->gap.name);
        FPR_GAP_PARTS(FPR_X)
#undef FPR_X
        fputc('\n', to);
    }
}
