/* A stand-in for the replay engine, for tests of fpr-bench itself: what it says of a setting is a
 * formula, so that every number in tables and files can be foretold, and it can be made slow or
 * made to fail. A "recording" is any file that can be read; one that holds "bad" is malformed.
 *
 * FAKE_SLEEP_MS   every replay takes this long, and looks at the stop flag meanwhile
 * FAKE_FAIL_ORDER a replay with this order fails
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <fpr/replay.h>

#define MIB 1048576u

struct fpr_prepared {
    struct fpr_recording recording;
};

int fpr_prepare(const char *path, const struct fpr_trace_options *options,
                struct fpr_prepared **prepared, struct fpr_trace_error *error)
{
    (void)options;
    char text[256] = "";
    FILE *file = fopen(path, "re");
    snprintf(error->file, sizeof(error->file), "%s", path);
    if (!file) {
        snprintf(error->reason, sizeof(error->reason), "%s", strerror(errno));
        return -ENOENT;
    }
    size_t got = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    if (!got || strstr(text, "bad")) {
        error->line = 3;
        snprintf(error->field, sizeof(error->field), "pfn");
        snprintf(error->reason, sizeof(error->reason), "not a number");
        return -EINVAL;
    }
    *prepared = calloc(1, sizeof(**prepared));
    if (!*prepared) {
        return -ENOMEM;
    }
    snprintf((*prepared)->recording.path, sizeof((*prepared)->recording.path), "%s", path);
    const char *release = strstr(text, "release=");
    if (release) {
        sscanf(release + 8, "%63s", (*prepared)->recording.release);
    }
    return 0;
}

void fpr_prepared_free(struct fpr_prepared *prepared)
{
    free(prepared);
}

const struct fpr_recording *fpr_prepared_recording(const struct fpr_prepared *prepared)
{
    return &prepared->recording;
}

int fpr_prepared_summary(const struct fpr_prepared *prepared, struct fpr_trace_summary *s)
{
    (void)prepared;
    memset(s, 0, sizeof(*s));
    return 0;
}

int fpr_replay_options_init(struct fpr_replay_options *options)
{
    memset(options, 0, sizeof(*options));
    fpr_report_config_init(&options->report);
#define FPR_X(name, value, text) options->host.costs.name = value;
    FPR_HOST_COSTS(FPR_X)
#undef FPR_X
    options->host.backing_shift = 21;
    options->as_recorded = true;
    options->reporting = true;
    options->repair = true;
    options->sample_every = FPR_NS_PER_S / 2;
    return 0;
}

static int take_time(const struct fpr_replay_options *options)
{
    const char *text = getenv("FAKE_SLEEP_MS");
    long left = text ? atol(text) : 0;
    for (; left > 0; left -= 5) {
        if (options->stop && *options->stop) {
            return -EINTR;
        }
        nanosleep(&(struct timespec){0, 5000000}, NULL);
    }
    return 0;
}

/* A lower order gives more back and costs more; a larger budget or a shorter delay too, a little.
 */
static void invent(const struct fpr_replay_options *options, struct fpr_replay_result *r)
{
    unsigned order = options->report.order < 0 ? 9 : (unsigned)options->report.order;
    double share = options->reporting ? 0.9 - 0.05 * (double)order : 0;
    double speed = options->report.budget_divisor ? 1.0 / options->report.budget_divisor : 1.0;
    double delay = (double)options->report.delay / (double)FPR_NS_PER_S;
    share *= 1 - 0.05 * (1 - speed) - 0.02 * delay;
    r->host_mean_mib = 1000 * (1 - share);
    r->host_peak_mib = 1200;
    r->host_end_mib = 800 * (1 - share);
    r->host_gib_min = r->host_mean_mib / 1024;
    r->back_50_s = share > 0 ? delay : -1;
    r->back_90_s = share > 0 ? 2 * delay : -1;
    r->back_99_s = share > 0 ? 3 * delay : -1;
    r->cost_ns = (uint64_t)(1e6 * (10 + share * 1000 / (1 << order)) * (1 + speed / 100));
    r->report_calls = options->reporting ? 10u << (9 - (order > 9 ? 9 : order)) : 0;
    r->reported_bytes = (uint64_t)(share * 1000) * MIB;
    r->host.refaults = (uint64_t)(share * 10000);
    r->gap_mean.below_order = (uint64_t)order * 10 * MIB;
    r->nr_samples = 400;
    r->samples = calloc(r->nr_samples, sizeof(*r->samples));
    for (size_t i = 0; r->samples && i < r->nr_samples; i++) {
        struct fpr_replay_sample *s = &r->samples[i];
        s->time = 5 * FPR_NS_PER_S + i * options->sample_every;
        double rise = i < 100 ? (double)i / 100 : 1;
        double fall = i < 200 ? 0 : 1 - 1 / (1 + (double)(i - 200) / 20 / (delay + 0.1));
        s->host_bytes = (uint64_t)(1200 * rise * (1 - share * fall)) * MIB;
        s->measured_bytes = (uint64_t)(1180 * rise * (1 - 0.4 * fall)) * MIB;
        s->free_bytes = (uint64_t)(1000 * (1 - rise + (i > 200))) * MIB;
        s->gap.below_order = i > 200 ? (uint64_t)order * 20 * MIB : 0;
        s->gap.waiting_delay = i > 200 && i < 260 ? (260 - i) * 2 * MIB : 0;
        s->gap.waiting_budget = i > 220 && i < 300 && speed < 1 ? (300 - i) * MIB : 0;
        s->gap.pcp = 3 * MIB / 2;
        s->refaults = (uint64_t)(share * (double)i * 25);
    }
}

int fpr_replay(const struct fpr_prepared *prepared, const struct fpr_replay_options *options,
               struct fpr_replay_result *result, struct fpr_trace_error *error)
{
    const char *fail = getenv("FAKE_FAIL_ORDER");
    memset(result, 0, sizeof(*result));
    if (take_time(options)) {
        return -EINTR;
    }
    if (fail && options->reporting && atoi(fail) == options->report.order) {
        snprintf(error->file, sizeof(error->file), "%.255s", prepared->recording.path);
        snprintf(error->field, sizeof(error->field), "order");
        snprintf(error->reason, sizeof(error->reason), "above the recorded zone's largest");
        return -EINVAL;
    }
    result->mode = options->mode == FPR_REPLAY_MIRROR ? FPR_REPLAY_MIRROR : FPR_REPLAY_PREDICT;
    enum fpr_profile profile = options->profile_set ? options->profile : FPR_PROFILE_LINUX_6_1;
    snprintf(result->profile, sizeof(result->profile), "%s", fpr_profile_name(profile));
    snprintf(result->start, sizeof(result->start), "made up for a test <&>");
    result->events = 1000;
    result->seconds = 0.001;
    result->span = 200 * FPR_NS_PER_S;
    result->allocs = result->allocs_exact = 500;
    result->notifications_recorded = UINT64_MAX;
    result->rss_known = true;
    invent(options, result);
    if (options->explain) {
        result->explanation = strdup("because it is a test");
    }
    return result->samples ? 0 : -ENOMEM;
}

void fpr_replay_result_free(struct fpr_replay_result *result)
{
    free(result->samples);
    free(result->explanation);
    memset(result, 0, sizeof(*result));
}

int fpr_knowledge_find(const char *word, size_t len)
{
    static const char *const words[] = {
#define FPR_X(bit, name, text) name,
        FPR_KNOWLEDGE(FPR_X)
#undef FPR_X
    };
    for (int i = 0; i < FPR_NR_KNOWLEDGE; i++) {
        if (strlen(words[i]) == len && !strncmp(words[i], word, len)) {
            return i;
        }
    }
    return -EINVAL;
}
