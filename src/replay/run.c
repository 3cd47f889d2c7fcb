/* fpr_replay(): one replay from the first operation to the last. */
#include "replay/run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STOP_EVERY 4096

int fpr_replay_options_init(struct fpr_replay_options *options)
{
    if (!options)
        return -EINVAL;
    memset(options, 0, sizeof(*options));
    options->as_recorded = true;
    options->reporting = true;
    options->repair = true;
    options->sample_every = FPR_NS_PER_S / 2;
    int err = fpr_report_config_init(&options->report);
    return err ? err : fpr_host_config_init(&options->host);
}

static void find_next_timer(struct run *run)
{
    fpr_ns next = run->next_sample, due;
    if (run->next_grid < next)
        next = run->next_grid;
    if (run->explain_at < next)
        next = run->explain_at;
    if (run->look_at < next)
        next = run->look_at;
    if (run->register_at < next)
        next = run->register_at;
    if (run->clock && fpr_clock_next(run->clock, &due) && due < next)
        next = due;
    run->next_timer = next;
}

/* Everything that falls due at one instant: passes first, then the looks at the result. */
static void fire(struct run *run, fpr_ns at)
{
    if (at > run->now)
        run->now = at;
    if (run->clock)
        fpr_clock_advance(run->clock, run->now);
    if (run->register_at <= at)
        run->err |= fpr_passes_register(run);
    if (run->next_sample <= at) {
        run->err |= fpr_curve_sample(run, at);
        run->next_sample += run->o->sample_every;
    }
    if (run->next_grid <= at) {
        fpr_curve_grid(run, at);
        run->next_grid += FPR_NS_PER_S / 2;
    }
    if (run->explain_at <= at) {
        run->err |= fpr_explain_now(run, at);
        run->explain_at = UINT64_MAX;
    }
    if (run->look_at <= at)
        run->err |= fpr_watch_look(run);
    find_next_timer(run);
}

void fpr_run_time(struct run *run, fpr_ns to)
{
    while (run->next_timer <= to)
        fire(run, run->next_timer);
    if (to > run->now)
        run->now = to;
}

int fpr_run_until(struct run *run, unsigned stops)
{
    const struct op *ops = run->p->ops;
    const op_fn *handlers = run->predict ? fpr_predict_ops : fpr_mirror_ops;
    const size_t nr = run->p->nr_ops;
    while (run->pc < nr) {
        const struct op *op = &ops[run->pc];
        if (stops >> op->kind & 1)
            return 0;
        if (!(++run->pc % STOP_EVERY) && run->o->stop &&
            __atomic_load_n(run->o->stop, __ATOMIC_RELAXED))
            return -EINTR;
        if (op->time > run->now) {
            if (op->time >= run->next_timer)
                fpr_run_time(run, op->time);
            run->now = op->time;
            if (run->clock)
                fpr_clock_advance(run->clock, op->time);
        }
        if (run->behind.capturing)
            fpr_zone_capture_pause(run->behind.zone, op->flags & OP_F_IRQ);
        op_fn handler = handlers[op->kind];
        int err = handler ? handler(run, op) : 0;
        if (err || run->err)
            return err ? err : run->err;
    }
    return 0;
}

int fpr_run_refuse(struct fpr_trace_error *error, const char *field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    snprintf(error->field, sizeof(error->field), "%s", field);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): the analyser does not see va_start */
    vsnprintf(error->reason, sizeof(error->reason), format, args);
    va_end(args);
    return -EINVAL;
}

static int check_options(const struct fpr_replay_options *o, struct fpr_trace_error *error)
{
    if ((unsigned)o->mode > FPR_REPLAY_PREDICT)
        return fpr_run_refuse(error, "mode", "not a mode");
    if (o->without >> FPR_NR_KNOWLEDGE)
        return fpr_run_refuse(error, "without", "unknown bits");
    if (o->sample_every < FPR_NS_PER_MS)
        return fpr_run_refuse(error, "sample_every", "must be at least 1 ms");
    if (o->sample_every > (fpr_ns)INT64_MAX / 2)
        return fpr_run_refuse(error, "sample_every", "must be below 146 years");
    if (o->profile_set && (unsigned)o->profile >= FPR_NR_PROFILES)
        return fpr_run_refuse(error, "profile", "not a profile");
    if (o->mode == FPR_REPLAY_MIRROR && (o->resync || o->without))
        return fpr_run_refuse(error, o->resync ? "resync" : "without",
                              "does nothing in mirror mode, only in predict mode");
    if (o->device && !o->device->report)
        return fpr_run_refuse(error, "device", "has no report function");
    if (o->as_recorded)
        return 0;
    if (o->report.delay > (fpr_ns)INT64_MAX / 2) /* a timer's slack is added */
        return fpr_run_refuse(error, "delay", "must be below 146 years");
    if (o->report.order < -1 || o->report.order > FPR_MAX_ORDER)
        return fpr_run_refuse(error, "order", "must be -1 (as recorded) to the largest order");
    if (o->report.capacity < 1 || o->report.capacity > 65536)
        return fpr_run_refuse(error, "capacity", "must be 1 to 65536");
    if (o->resync)
        return fpr_run_refuse(error, "resync", "needs reporting as recorded: answers are compared");
    return 0;
}

/* The whole run; everything that it needs is in place. */
static int play(struct run *run)
{
    struct timespec from, to;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    if ((run->predict && run->recorded) || fpr_watch_wants_events(run))
        fpr_score_listen(run, true);
    find_next_timer(run);
    int err = fpr_run_until(run, 0);
    if (!err) {
        fpr_run_time(run, run->p->end);
        fpr_log_check(run);
        err = run->err;
        if (!err)
            err = fpr_watch_look(run);
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    run->r->seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    return err;
}

static int set_up(struct run *run)
{
    const struct fpr_prepared *p = run->p;
    int err = fpr_start_machine(run);
    if (err)
        return err;
    run->map = malloc((p->nr_ids ? p->nr_ids : 1) * sizeof(*run->map));
    run->types = malloc(p->nr_slots ? p->nr_slots : 1);
    run->limbo = calloc(run->frames / 64 + 1, sizeof(uint64_t));
    if (!run->map || !run->types || !run->limbo)
        return -ENOMEM;
    memset(run->map, 0xff, (p->nr_ids ? p->nr_ids : 1) * sizeof(*run->map));
    memset(run->types, 0xff, p->nr_slots ? p->nr_slots : 1);
    run->now = p->start;
    run->follows_free = run->resync && p->nr[FPR_TRACE_ZONE_LOCKED];
    if (run->follows_free)
        fpr_start_kernel_free(run);
    err = fpr_curve_start(run);
    return err ? err : fpr_passes_start(run);
}

static void tear_down(struct run *run)
{
    fpr_reporter_destroy(run->reporter);
    fpr_clock_destroy(run->clock);
    fpr_host_destroy(run->host);
    fpr_machine_destroy(run->machine);
    free(run->map);
    free(run->types);
    free(run->limbo);
    free(run->free_at_start);
    fpr_note_table_free(&run->unseen.frames);
    free(run->mine.keys);
    free(run->theirs.keys);
    free(run->pass.kernel.sgs);
    free(run->pass.model.sgs);
}

static int finish(struct run *run)
{
    struct fpr_replay_result *r = run->r;
    r->mode = run->predict ? FPR_REPLAY_PREDICT : FPR_REPLAY_MIRROR;
    r->events = run->p->events;
    r->frees_lost = run->frees_lost + run->silent_frees;
    r->span = run->p->end - run->p->start;
    for (size_t i = 0; i < run->nr_zones; i++) {
        struct fpr_zone_counters c;
        fpr_zone_get_counters(fpr_machine_zone(run->machine, i), &c);
        r->free_pages_end += (uint64_t)((int64_t)c.free + c.free_lag);
    }
    fpr_passes_finish(run);
    int err = fpr_curve_finish(run);
    return err ? err : fpr_diff_after(run);
}

static int play_through(struct run *run)
{
    int err = set_up(run);
    if (!err)
        err = play(run);
    if (!err)
        err = finish(run);
    tear_down(run);
    if (err)
        fpr_replay_result_free(run->r);
    return err;
}

/* A first replay, resynchronising, that only finds what went unseen. */
static int find_unseen(const struct run *run, struct unseen_list *unseen)
{
    struct fpr_replay_result result = {0};
    struct run first = *run;
    first.r = &result;
    first.recorded = first.resync = true;
    first.scout = unseen;
    first.explain_at = first.look_at = UINT64_MAX;
    first.unwatched = true;
    int err = play_through(&first);
    fpr_replay_result_free(&result);
    return err ? err : fpr_infer_filter(run->p, unseen);
}

/* Frames that come out right as it was recorded, with those unseen allocations. */
static int count_exact(const struct run *run, struct unseen_list *unseen, uint64_t *exact)
{
    struct fpr_replay_result result = {0};
    struct run trial = *run;
    trial.r = &result;
    trial.recorded = true;
    trial.unseen.list = unseen;
    trial.explain_at = trial.look_at = UINT64_MAX;
    trial.unwatched = true;
    int err = play_through(&trial);
    *exact = result.allocs_exact;
    fpr_replay_result_free(&result);
    return err;
}

/* Bulk allocations are inferred if they are not known, and believed if that makes the recording
 * itself come out better; what else is asked for is replayed accordingly. */
static int play_repaired(struct run *run)
{
    struct unseen_list unseen = {0};
    uint64_t plain = 0, repaired = 0;
    int err = find_unseen(run, &unseen);
    if (!err)
        err = count_exact(run, NULL, &plain);
    if (!err)
        err = count_exact(run, &unseen, &repaired);
    bool better = repaired >= plain;
    if (!err) {
        run->unseen.list = better ? &unseen : NULL;
        err = play_through(run);
    }
    if (!err)
        run->r->repaired = better ? unseen.nr : 0;
    run->unseen.list = NULL;
    free(unseen.list);
    return err;
}

/* Nothing tells of bulk allocations: hidden, or a trace without probes of their kind. */
static bool lacks_bulk(const struct run *run)
{
    const struct fpr_prepared *p = run->p;
    return !(p->nr[FPR_TRACE_BULK] || p->has_got) || !run_knows(run, FPR_KNOW_BIT_BULK);
}

/* Is a moment to look at one of the replay? */
static int check_moment(const struct fpr_prepared *p, fpr_ns at, const char *field,
                        struct fpr_trace_error *error)
{
    if (at >= p->start && at <= p->end)
        return 0;
    return fpr_run_refuse(error, field, "%.3f s is outside of the replay, %.3f to %.3f s",
                          (double)at / 1e9, (double)p->start / 1e9, (double)p->end / 1e9);
}

static fpr_ns looks(const struct fpr_replay_options *options)
{
    return options->watch && options->watch->look ? options->watch->look_at : UINT64_MAX;
}

/* A mirror can only repeat reports, not passes of which nothing but the instants are known; and
 * some options are about predictions. */
static bool wants_prediction(const struct fpr_prepared *p, const struct fpr_replay_options *o)
{
    return p->recording->state_before || (p->nr_passes && !p->nr[FPR_TRACE_REPORT]) || o->resync ||
           o->without;
}

/* What depends on the recording. */
static int check_fit(const struct fpr_prepared *p, const struct fpr_replay_options *o,
                     struct fpr_trace_error *error)
{
    int err = o->explain ? check_moment(p, o->explain_at, "explain_at", error) : 0;
    if (!err && looks(o) != UINT64_MAX)
        err = check_moment(p, looks(o), "look_at", error);
    return err;
}

int fpr_replay(const struct fpr_prepared *prepared, const struct fpr_replay_options *options,
               struct fpr_replay_result *result, struct fpr_trace_error *error)
{
    struct fpr_trace_error local;
    if (!error)
        error = &local;
    memset(error, 0, sizeof(*error));
    if (!prepared || !options || !result)
        return -EINVAL;
    memset(result, 0, sizeof(*result));
    int err = check_options(options, error);
    if (!err)
        err = check_fit(prepared, options, error);
    if (err)
        return err;
    struct run run = {.p = prepared,
                      .o = options,
                      .r = result,
                      .error = error,
                      .without = options->without,
                      .recorded = options->as_recorded,
                      .resync = options->resync,
                      .explain_at = options->explain ? options->explain_at : UINT64_MAX,
                      .look_at = looks(options),
                      .behind = {.captured = FPR_PFN_NONE, .balancing = -1}};
    run.predict = options->mode == FPR_REPLAY_PREDICT ||
                  (options->mode == FPR_REPLAY_AUTO && wants_prediction(prepared, options));
    run.lacks_bulk = lacks_bulk(&run);
    bool repair = options->repair && run.lacks_bulk && run.predict && !run.resync &&
                  prepared->recording->state_before;
    err = repair ? play_repaired(&run) : play_through(&run);
    if (err == -ENOMEM && !error->reason[0])
        snprintf(error->reason, sizeof(error->reason), "out of memory");
    return err;
}

void fpr_replay_result_free(struct fpr_replay_result *result)
{
    if (!result)
        return;
    free(result->samples);
    free(result->explanation);
    memset(result, 0, sizeof(*result));
}
