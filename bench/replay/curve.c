#include <inttypes.h>

#include <fpr/version.h>

#include "replay.h"

void bench_curve_csv(const struct fpr_replay_result *result, const char *path, FILE *to)
{
    fprintf(to, "# fpr-bench %s replay, %s mode, profile %s\n", fpr_version(),
            result->mode == FPR_REPLAY_PREDICT ? "predict" : "mirror", result->profile);
    fprintf(to, "# trace %s\n", path);
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
