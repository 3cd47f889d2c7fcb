/* Runs a sweep: recording after recording, so that only one is in memory, and its settings side
 * by side. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "gen/source.h"
#include "stop.h"
#include "tune.h"

struct job {
    struct tune_sweep *sweep;
    struct tune_trace *trace;
    const struct bench_model *model;
    const struct fpr_prepared *prepared;
    const volatile int *stop;
    struct tune_progress *progress;
    size_t *settings; /* those of this share */
    struct fpr_trace_error error;
    pthread_mutex_t lock; /* of error */
};

static int replay(struct job *job, const struct fpr_replay_options *options,
                  struct fpr_replay_result *result)
{
    struct fpr_trace_error error;
    memset(&error, 0, sizeof(error));
    memset(result, 0, sizeof(*result));
    int err = fpr_replay(job->prepared, options, result, &error);
    if (err && err != -EINTR) {
        pthread_mutex_lock(&job->lock);
        job->error = error;
        pthread_mutex_unlock(&job->lock);
    }
    return err;
}

static int run_setting(void *ctx, size_t n)
{
    struct job *job = ctx;
    size_t i = job->settings[n];
    struct tune_setting setting = tune_setting_at(job->sweep, i);
    struct fpr_replay_options options = job->model->replay;
    options.as_recorded = false;
    options.reporting = true;
    options.stop = job->stop;
    options.report.order = (int)setting.order;
    options.report.capacity = setting.capacity;
    options.report.budget_divisor = setting.budget_divisor;
    options.report.delay = setting.delay_ms * FPR_NS_PER_MS;
    struct fpr_replay_result result;
    int err = replay(job, &options, &result);
    if (!err) {
        tune_row_fill(&job->trace->rows[i], &result);
        tune_row_compare(&job->trace->rows[i], &job->trace->baseline);
        fpr_replay_result_free(&result);
    }
    return err;
}

static int run_baseline(struct job *job)
{
    struct fpr_replay_options options = job->model->replay;
    options.as_recorded = false;
    options.reporting = false;
    options.stop = job->stop;
    struct fpr_replay_result result;
    int err = replay(job, &options, &result);
    if (!err) {
        tune_trace_fill(job->trace, &result);
        tune_row_fill(&job->trace->baseline, &result);
        fpr_replay_result_free(&result);
    }
    return err;
}

static void tick(void *ctx, size_t done)
{
    struct job *job = ctx;
    (void)done;
    tune_progress_step(job->progress, job->trace->path);
}

static size_t share_of(const struct tune_sweep *sweep, size_t *settings)
{
    size_t count = 0;
    for (size_t i = 0; i < sweep->nr_settings; i++) {
        if (tune_in_shard(sweep, i)) {
            settings[count++] = i;
        }
    }
    return count;
}

static int run_trace(struct job *job, unsigned jobs, size_t count)
{
    struct fpr_prepared *prepared = NULL;
    int err = bench_prepare(job->trace->path, &job->model->trace, &prepared, &job->error);
    if (err) {
        return err;
    }
    job->prepared = prepared;
    const struct fpr_recording *rec = fpr_prepared_recording(prepared);
    job->trace->lost = bench_lost(prepared);
    if (rec) {
        snprintf(job->trace->release, sizeof(job->trace->release), "%s", rec->release);
    }
    err = run_baseline(job);
    if (!err) {
        tune_judge(job->trace, &job->model->trace, job->stop);
        tick(job, 0);
        struct tune_pool pool = {.task = run_setting,
                                 .tick = tick,
                                 .ctx = job,
                                 .count = count,
                                 .threads = jobs,
                                 .stop = job->stop};
        err = tune_pool_run(&pool);
    }
    fpr_prepared_free(prepared);
    return err;
}

int tune_run(struct tune_sweep *sweep, const struct bench_model *model, unsigned jobs,
             const volatile int *stop)
{
    struct tune_progress progress;
    size_t *settings = tune_alloc(sweep->nr_settings, sizeof(*settings));
    size_t count = share_of(sweep, settings);
    tune_progress_begin(&progress, sweep->nr_traces * (count + 1));
    int err = 0;
    for (size_t t = 0; !err && t < sweep->nr_traces; t++) {
        struct job job = {.sweep = sweep,
                          .trace = &sweep->traces[t],
                          .model = model,
                          .stop = stop,
                          .progress = &progress,
                          .settings = settings};
        pthread_mutex_init(&job.lock, NULL);
        bench_stop_graceful(1);
        err = bench_stopped(stop) ? -EINTR : run_trace(&job, jobs, count);
        pthread_mutex_destroy(&job.lock);
        if (err && err != -EINTR) {
            tune_progress_end(&progress);
            if (!job.error.file[0]) {
                snprintf(job.error.file, sizeof(job.error.file), "%.255s", job.trace->path);
            }
            bench_die_trace(err, &job.error);
        }
    }
    tune_progress_end(&progress);
    free(settings);
    return err;
}
