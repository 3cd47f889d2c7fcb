#include <math.h>

#include <fpr/version.h>

#include "json.h"
#include "model_args.h"
#include "replay.h"

/* A share that is 1 only if nothing is missing. Of nothing: `empty`. */
static double share(uint64_t part, uint64_t whole, double empty)
{
    if (!whole) {
        return empty;
    }
    return part == whole ? 1.0 : (double)part / (double)whole;
}

static struct json_object *gap_json(const struct fpr_gap *gap)
{
    struct json_object *o = bench_json_object();
#define FPR_X(name, text) bench_json_add_u64(o, #name, gap->name);
    FPR_GAP_PARTS(FPR_X)
#undef FPR_X
    return o;
}

static struct json_object *misses_json(const struct fpr_misses *misses)
{
    struct json_object *o = bench_json_object();
#define FPR_X(name, text) bench_json_add_u64(o, #name, misses->name);
    FPR_MISS_KINDS(FPR_X)
#undef FPR_X
    return o;
}

static struct json_object *state_json(const struct fpr_state_diff *diff)
{
    if (!diff->known) {
        return NULL;
    }
    struct json_object *o = bench_json_object();
    bench_json_add_u64(o, "blocks_missing", diff->blocks_missing);
    bench_json_add_u64(o, "blocks_extra", diff->blocks_extra);
    bench_json_add_u64(o, "lists", diff->lists);
    bench_json_add_u64(o, "lists_reordered", diff->lists_reordered);
    bench_json_add_u64(o, "lists_differ", diff->lists_differ);
    bench_json_add_u64(o, "pageblocks", diff->pageblocks);
    bench_json_add_u64(o, "pcp_lists", diff->pcp_lists);
    bench_json_add_u64(o, "flags", diff->flags);
    bench_json_add_u64(o, "counters", diff->counters);
    return o;
}

static void add_prediction(struct json_object *o, const struct fpr_replay_result *r)
{
    if (r->free_set_known) {
        bench_json_add_u64(o, "free_set_missing", r->free_set_missing);
        bench_json_add_u64(o, "free_set_extra", r->free_set_extra);
    } else {
        bench_json_add_null(o, "free_set_missing");
        bench_json_add_null(o, "free_set_extra");
    }
    bench_json_add_u64(o, "allocs", r->allocs);
    bench_json_add_u64(o, "allocs_exact", r->allocs_exact);
    bench_json_add_double(o, "pfn_match", share(r->allocs_exact, r->allocs, NAN));
    if (r->missed) {
        bench_json_add_u64(o, "first_miss", r->first_miss);
        bench_json_add_string(o, "first_miss_cause", r->first_miss_cause);
    } else {
        bench_json_add_null(o, "first_miss");
        bench_json_add_null(o, "first_miss_cause");
    }
    bench_json_add(o, "misses", misses_json(&r->misses));
    bench_json_add_u64(o, "repaired", r->repaired);
    bench_json_add_u64(o, "failed", r->failed);
    bench_json_add_u64(o, "frees_lost", r->frees_lost);
    bench_json_add_u64(o, "device_failed", r->device_failed);
    bench_json_add_u64(o, "buddy_events", r->buddy_events);
    bench_json_add_u64(o, "buddy_wrong", r->buddy_wrong);
    bench_json_add(o, "state_after", state_json(&r->state_after));
}

static void add_reports(struct json_object *o, const struct fpr_replay_result *r)
{
    bench_json_add_u64(o, "report_calls", r->report_calls);
    bench_json_add_u64(o, "reported_bytes", r->reported_bytes);
    bench_json_add_u64(o, "recorded_report_bytes", r->recorded_report_bytes);
    /* Nothing recorded: right if the model reported nothing either, else there is no share. */
    bench_json_add_double(
        o, "report_bytes_match",
        share(r->matched_report_bytes, r->recorded_report_bytes, r->reported_bytes ? NAN : 1.0));
    bench_json_add_u64(o, "batches", r->batches);
    bench_json_add_u64(o, "batches_wrong", r->batches_wrong);
    bench_json_add_u64(o, "notifications", r->notifications);
    if (r->notifications_recorded == UINT64_MAX) {
        bench_json_add_null(o, "notifications_recorded");
    } else {
        bench_json_add_u64(o, "notifications_recorded", r->notifications_recorded);
    }
    bench_json_add_u64(o, "passes", r->passes);
    bench_json_add_u64(o, "passes_within_60ms", r->passes_within_60ms);
    bench_json_add_double(o, "pass_instants_within_60ms",
                          r->mode == FPR_REPLAY_PREDICT
                              ? share(r->passes_within_60ms, r->passes, NAN)
                              : NAN); /* a mirror runs them when the kernel did */
    bench_json_add_double(o, "pass_drift_max_ms", r->pass_drift_max_ms);
}

static void add_host(struct json_object *o, const struct fpr_replay_result *r)
{
    bench_json_add_double(o, "rss_mae_mib", r->rss_known ? r->rss_mae_mib : NAN);
    bench_json_add_double(o, "rss_mae_centred_mib", r->rss_known ? r->rss_mae_centred_mib : NAN);
    bench_json_add_double(o, "rss_max_mib", r->rss_known ? r->rss_max_mib : NAN);
    bench_json_add_double(o, "host_mean_mib", r->host_mean_mib);
    bench_json_add_double(o, "host_peak_mib", r->host_peak_mib);
    bench_json_add_double(o, "host_end_mib", r->host_end_mib);
    bench_json_add_double(o, "host_gib_min", r->host_gib_min);
    bench_json_add_double(o, "back_50_s", r->back_50_s < 0 ? NAN : r->back_50_s);
    bench_json_add_double(o, "back_90_s", r->back_90_s < 0 ? NAN : r->back_90_s);
    bench_json_add_double(o, "back_99_s", r->back_99_s < 0 ? NAN : r->back_99_s);
    bench_json_add_u64(o, "refaults", r->host.refaults);
    bench_json_add(o, "gap", gap_json(&r->gap_mean));
    bench_json_add(o, "gap_end", gap_json(&r->gap_end));
    bench_json_add_u64(o, "cost_ns", r->cost_ns);
    struct json_object *host = bench_json_object();
#define FPR_X(name, text) bench_json_add_u64(host, #name, r->host.name);
    FPR_HOST_STATS(FPR_X)
#undef FPR_X
    bench_json_add(o, "host", host);
    struct json_object *report = bench_json_object();
#define FPR_X(name, text) bench_json_add_u64(report, #name, r->report.name);
    FPR_REPORT_STATS(FPR_X)
#undef FPR_X
    bench_json_add(o, "report", report);
}

static struct json_object *result_json(const struct fpr_replay_result *r)
{
    struct json_object *o = bench_json_object();
    bench_json_add_string(o, "mode", bench_mode_words[r->mode]);
    bench_json_add_string(o, "profile", r->profile);
    bench_json_add_string(o, "start", r->start);
    bench_json_add_u64(o, "events", r->events);
    bench_json_add_double(o, "seconds", r->seconds);
    bench_json_add_double(o, "span_s", (double)r->span / (double)FPR_NS_PER_S);
    bench_json_add_u64(o, "free_pages_end", r->free_pages_end);
    add_prediction(o, r);
    add_reports(o, r);
    add_host(o, r);
    return o;
}

void bench_replay_json(FILE *to, const void *replayed)
{
    const struct bench_replayed *r = replayed;
    struct json_object *json = result_json(r->result);
    bench_json_add_string(json, "version", fpr_version());
    bench_json_add_string(json, "trace", r->origin->path);
    bench_settings_json(json, r->origin->options);
    bench_json_add_u64(json, "lost_events", r->origin->lost);
    if (r->origin->command) {
        bench_json_add_string(json, "command", r->origin->command);
    }
    bench_json_write(json, to);
    json_object_put(json);
}
