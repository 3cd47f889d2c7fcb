/* The curves over time, and the comparison with what the host really held. */
#include "replay/prepare.h"
#include "replay/run.h"

#include <errno.h>

#define MIB (1024.0 * 1024.0)

int fpr_curve_start(struct run *run)
{
    struct fpr_host_config config = run->o->host;
    config.pages = run->frames;
    config.page_shift = run->page_shift;
    int err = fpr_host_create(&config, &run->host);
    if (err)
        return err == -EINVAL ? fpr_run_refuse(run->error, "host", "cannot be made so") : err;
    err = fpr_host_device(run->host, &run->host_device);
    if (!err)
        err = fpr_host_start(run);
    if (!err && !run->predict)
        err = fpr_start_limbo(run);
    run->next_sample = run->p->start;
    run->next_grid = run->p->recording->nr_rss ? run->p->start : UINT64_MAX;
    return err;
}

static uint64_t resident_bytes(const struct run *run)
{
    return fpr_host_resident_pages(run->host) << run->page_shift;
}

/* The last measurement at or before an instant. */
static uint64_t measured(struct run *run, fpr_ns at)
{
    const struct fpr_recording *rec = run->p->recording;
    while (run->rss_at < rec->nr_rss && rec->rss[run->rss_at].time <= at)
        run->rss_at++;
    return run->rss_at ? rec->rss[run->rss_at - 1].bytes : 0;
}

static uint64_t free_pages(const struct run *run)
{
    uint64_t pages = 0;
    for (size_t i = 0; i < run->nr_zones; i++) {
        const struct fpr_zone *zone = fpr_machine_zone(run->machine, i);
        struct fpr_zone_counters c;
        fpr_zone_get_counters(zone, &c);
        pages += (uint64_t)((int64_t)c.free + c.free_lag);
        for (unsigned cpu = 0; cpu < run->header.cpus; cpu++) {
            struct fpr_pcp_counters pcp;
            if (!fpr_zone_get_pcp(zone, cpu, &pcp))
                pages += pcp.count;
        }
    }
    return pages;
}

int fpr_curve_sample(struct run *run, fpr_ns at)
{
    struct fpr_replay_result *r = run->r;
    if (!fpr_prep_room((void **)&r->samples, &run->samples_room, r->nr_samples,
                       sizeof(*r->samples)))
        return -ENOMEM;
    struct fpr_replay_sample *s = &r->samples[r->nr_samples++];
    struct fpr_host_stats stats = {0};
    *s = (struct fpr_replay_sample){.time = at,
                                    .host_bytes = resident_bytes(run),
                                    .measured_bytes = measured(run, at),
                                    .free_bytes = free_pages(run) << run->page_shift};
    if (!run->predict)
        for (fpr_pfn w = 0; w < run->frames / 64 + 1; w++)
            s->free_bytes += (uint64_t)__builtin_popcountll(run->limbo[w]) << run->page_shift;
    fpr_gap_measure(run, &s->gap);
    fpr_host_get_stats(run->host, &stats);
    s->refaults = stats.refaults;
    return 0;
}

static double size_of(double x)
{
    return x < 0 ? -x : x;
}

void fpr_curve_grid(struct run *run, fpr_ns at)
{
    double off = ((double)resident_bytes(run) - (double)measured(run, at)) / MIB;
    if (!run->nr_grid)
        run->err_first = off;
    run->nr_grid++;
    run->err_sum += size_of(off);
    run->err_centred += size_of(off - run->err_first);
    if (size_of(off) > run->r->rss_max_mib)
        run->r->rss_max_mib = size_of(off);
}

/* After the last peak: seconds until this share of what came back had come back. */
static double time_back(const struct fpr_replay_result *r, size_t peak, double share)
{
    uint64_t top = r->samples[peak].host_bytes, low = top;
    for (size_t i = peak; i < r->nr_samples; i++)
        if (r->samples[i].host_bytes < low)
            low = r->samples[i].host_bytes;
    if (low == top)
        return -1;
    double goal = (double)top - share * (double)(top - low);
    size_t i = peak;
    while ((double)r->samples[i].host_bytes > goal)
        i++;
    return (double)(r->samples[i].time - r->samples[peak].time) / 1e9;
}

/* Each sample stands for the time up to the next one. */
static double weight(const struct fpr_replay_result *r, size_t i)
{
    if (!r->span)
        return 1.0 / (double)r->nr_samples;
    fpr_ns until = i + 1 < r->nr_samples ? r->samples[i + 1].time : r->samples[i].time;
    return (double)(until - r->samples[i].time) / (double)r->span;
}

static void average(struct fpr_replay_result *r)
{
    size_t peak = 0;
    double mean = 0;
    struct {
#define FPR_X(name, text) double name;
        FPR_GAP_PARTS(FPR_X)
#undef FPR_X
    } gap = {0};
    for (size_t i = 0; i < r->nr_samples; i++) {
        double w = weight(r, i);
        mean += (double)r->samples[i].host_bytes * w;
        if (r->samples[i].host_bytes >= r->samples[peak].host_bytes)
            peak = i;
#define FPR_X(name, text) gap.name += (double)r->samples[i].gap.name * w;
        FPR_GAP_PARTS(FPR_X)
#undef FPR_X
    }
#define FPR_X(name, text) r->gap_mean.name = (uint64_t)gap.name;
    FPR_GAP_PARTS(FPR_X)
#undef FPR_X
    r->gap_end = r->samples[r->nr_samples - 1].gap;
    r->host_mean_mib = mean / MIB;
    r->host_peak_mib = (double)r->samples[peak].host_bytes / MIB;
    r->host_gib_min = r->host_mean_mib / 1024 * ((double)r->span / 60e9);
    r->back_50_s = time_back(r, peak, 0.5);
    r->back_90_s = time_back(r, peak, 0.9);
    r->back_99_s = time_back(r, peak, 0.99);
}

int fpr_curve_finish(struct run *run)
{
    struct fpr_replay_result *r = run->r;
    if (!r->nr_samples || r->samples[r->nr_samples - 1].time < run->p->end) {
        int err = fpr_curve_sample(run, run->p->end);
        if (err)
            return err;
    }
    fpr_host_get_stats(run->host, &r->host);
    r->cost_ns = fpr_host_cost_ns(run->host, r->report.entries, r->report.walked_blocks);
    r->host_end_mib = (double)resident_bytes(run) / MIB;
    average(r);
    r->rss_known = run->nr_grid > 0;
    if (r->rss_known) {
        r->rss_mae_mib = run->err_sum / (double)run->nr_grid;
        r->rss_mae_centred_mib = run->err_centred / (double)run->nr_grid;
    }
    return 0;
}
