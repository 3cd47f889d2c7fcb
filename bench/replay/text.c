#include <inttypes.h>
#include <string.h>

#include "replay.h"

#define MIB 1048576.0

static const char *yes_no(uint64_t wrong)
{
    return wrong ? "no" : "yes";
}

/* Recorded reports say nothing about reporting that was not recorded. */
static void reports(const struct fpr_replay_result *r, bool what_if, FILE *to)
{
    fprintf(to, "reports        %" PRIu64 " calls of the model, %.1f MiB", r->report_calls,
            (double)r->reported_bytes / MIB);
    if (!what_if) {
        fprintf(to, "; %" PRIu64 " recorded, %" PRIu64 " of them not as the model's", r->batches,
                r->batches_wrong);
    }
    fputc('\n', to);
}

static void prediction(const struct fpr_replay_result *r, bool what_if, FILE *to)
{
    if (r->allocs) {
        fprintf(to, "page frames    %" PRIu64 " of %" PRIu64 "%s (%.3f %%)\n", r->allocs_exact,
                r->allocs,
                r->mode == FPR_REPLAY_PREDICT
                    ? " requests got the kernel's page"
                    : " recorded pages were off the model's free lists (they are given, not "
                      "predicted)",
                r->allocs_exact == r->allocs ? 100.0
                                             : 100.0 * (double)r->allocs_exact / (double)r->allocs);
    }
    if (r->missed) {
        fprintf(to, "first miss     request %" PRIu64 ": %s\n", r->first_miss, r->first_miss_cause);
        fprintf(to, "misses        ");
#define FPR_X(name, text)                                                                          \
    if (r->misses.name) {                                                                          \
        fprintf(to, " %" PRIu64 " %s;", r->misses.name, text);                                     \
    }
        FPR_MISS_KINDS(FPR_X)
#undef FPR_X
        fputc('\n', to);
    }
    if (r->buddy_events) {
        fprintf(to, "buddy events   %" PRIu64 ", not predicted %" PRIu64 "\n", r->buddy_events,
                r->buddy_wrong);
    }
    if (r->batches || r->report_calls) {
        reports(r, what_if, to);
    }
    if (r->passes && r->mode == FPR_REPLAY_PREDICT) {
        fprintf(to,
                "passes         %" PRIu64 ", instant predicted within 60 ms: %" PRIu64
                "; largest drift %.0f ms\n",
                r->passes, r->passes_within_60ms, r->pass_drift_max_ms);
    }
}

/* What had to be guessed, and what could not be done. */
static void repairs(const struct fpr_replay_result *r, FILE *to)
{
    if (r->repaired) {
        fprintf(to,
                "repaired       %" PRIu64
                " pages of bulk allocations, which no event told of, were inferred\n",
                r->repaired);
    }
    if (r->failed) {
        fprintf(
            to,
            "not served     %" PRIu64
            " requests that the kernel served (it may have reclaimed) and the model could not\n",
            r->failed);
    }
    if (r->frees_lost) {
        fprintf(to, "frees lost     %" PRIu64 " frees of pages that the model has not allocated\n",
                r->frees_lost);
    }
}

static void end_state(const struct fpr_replay_result *r, bool has_end, FILE *to)
{
    fprintf(to, "free at end    %" PRIu64 " pages", r->free_pages_end);
    if (r->free_set_known) {
        fprintf(to, "; against the kernel's: %" PRIu64 " missing, %" PRIu64 " too many",
                r->free_set_missing, r->free_set_extra);
    }
    fputc('\n', to);
    if (has_end && !r->state_after.known) {
        fprintf(to, "final state    not compared: state.after cannot be read (see import)\n");
    }
    const struct fpr_state_diff *d = &r->state_after;
    if (d->known) {
        fprintf(to,
                "final state    same blocks: %s (%" PRIu64 " missing, %" PRIu64
                " extra); lists in another order: %" PRIu64 " of %" PRIu64
                "; that differ: pageblock types %" PRIu64 ", per-cpu lists %" PRIu64
                ", Reported flags %" PRIu64 ", counters %" PRIu64 "\n",
                yes_no(d->blocks_missing + d->blocks_extra), d->blocks_missing, d->blocks_extra,
                d->lists_reordered, d->lists, d->pageblocks, d->pcp_lists, d->flags, d->counters);
    }
}

static void host(const struct fpr_replay_result *r, FILE *to)
{
    fprintf(to, "host memory    mean %.1f MiB, peak %.1f, end %.1f; %.3f GiB*min\n",
            r->host_mean_mib, r->host_peak_mib, r->host_end_mib, r->host_gib_min);
    if (r->rss_known) {
        fprintf(to,
                "against rss    mean error %.2f MiB, %.2f without the constant offset; "
                "largest %.1f\n",
                r->rss_mae_mib, r->rss_mae_centred_mib, r->rss_max_mib);
    }
    if (r->back_50_s >= 0) {
        fprintf(to,
                "given back     after the last peak: half in %.1f s, 90 %% in %.1f s, 99 %% in "
                "%.1f s\n",
                r->back_50_s, r->back_90_s, r->back_99_s);
    }
    fprintf(to,
            "price          %.1f ms of CPU; %" PRIu64
            " refaults (%.1f MiB), %.1f MiB zeroed, %" PRIu64 " huge pages split\n",
            (double)r->cost_ns / 1e6, r->host.refaults, (double)r->host.refault_bytes / MIB,
            (double)r->host.zeroed_bytes / MIB, r->host.huge_splits);
    fprintf(to, "the gap        free in the guest, yet held by the host (mean and end, MiB):\n");
#define FPR_X(name, text)                                                                          \
    fprintf(to, "  %8.1f %8.1f  %s\n", (double)r->gap_mean.name / MIB,                             \
            (double)r->gap_end.name / MIB, text);
    FPR_GAP_PARTS(FPR_X)
#undef FPR_X
}

void bench_result_text(const struct fpr_replay_result *r, const struct bench_origin *origin,
                       FILE *to)
{
    fprintf(to, "recording      ");
    for (const char *c = origin->path; *c; c++) {
        fputc(*c == '\n' || *c == '\r' ? ' ' : *c, to);
    }
    fputc('\n', to);
    if (origin->command) {
        fprintf(to, "made by        %.*s\n", (int)strcspn(origin->command, "\n"), origin->command);
    }
    if (origin->lost) {
        fprintf(to,
                "lost events    %" PRIu64
                ": nothing after the first gap can be as it was (see import)\n",
                origin->lost);
    }
    fprintf(to, "model          %s, profile %s\n",
            r->mode == FPR_REPLAY_PREDICT ? "predict" : "mirror", r->profile);
    fprintf(to, "start          %s\n", r->start);
    fprintf(to,
            "replayed       %" PRIu64
            " events, %.1f s of the guest, in %.3f s of CPU (%.2f million a second)\n",
            r->events, (double)r->span / (double)FPR_NS_PER_S, r->seconds,
            r->seconds > 0 ? (double)r->events / r->seconds / 1e6 : 0.0);
    if (bench_what_if(origin)) {
        fprintf(to, "what if        ");
        bench_settings_text(to, origin->options);
        fprintf(to, ", not as recorded, so pages differ for that, too\n");
    }
    prediction(r, bench_what_if(origin), to);
    repairs(r, to);
    end_state(r, origin->has_end, to);
    host(r, to);
    if (r->explanation) {
        fprintf(to, "\n%s\n", r->explanation);
    }
}
