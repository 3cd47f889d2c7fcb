/* Reporting in a replay: passes at the recorded instants, inside which the trace goes on while the
 * device works, or passes by the model's own clock. */
#include "replay/run.h"

#include <errno.h>
#include <string.h>

/* The batch reaches the host, unless the caller's own device refuses it. */
static int hand_over(struct run *run, const struct fpr_sg *sg, unsigned nents)
{
    const struct fpr_device *other = run->unwatched ? NULL : run->o->device;
    int err = other ? other->report(other->ctx, sg, nents) : 0;
    if (err) {
        if (!run->r->device_failed++)
            run->r->device_error = err;
        return err;
    }
    for (unsigned i = 0; i < nents; i++)
        run->r->reported_bytes += 1ull << (sg[i].order + run->page_shift);
    return run->host_device.report(run->host_device.ctx, sg, nents);
}

static void compare(struct run *run, const struct op *op, const struct fpr_sg *sg, unsigned nents)
{
    const struct fpr_sg *theirs = &run->p->sgs[op->aux];
    bool same = nents == op->gfp;
    for (unsigned i = 0; same && i < nents; i++)
        same = sg[i].pfn == theirs[i].pfn && sg[i].order == theirs[i].order;
    run->r->batches++;
    run->r->batches_wrong += !same;
    fpr_match_add(run, &run->pass.kernel, theirs, op->gfp);
}

static const struct op *peek(const struct run *run)
{
    static const struct op none = {.kind = OP_NOTHING};
    return run->pc < run->p->nr_ops ? &run->p->ops[run->pc] : &none;
}

/* The model's call stands in for the next recorded one of this pass; the trace runs on to the end
 * of that. A call that the kernel did not make returns at once. */
static int play_call(struct run *run, const struct fpr_sg *sg, unsigned nents)
{
    if (run->pass.active && !run->err)
        run->err = fpr_run_until(run, 1u << OP_REPORT | 1u << OP_PASS_END);
    const struct op *op = peek(run);
    uint64_t failed = run->r->device_failed;
    if (!run->pass.active || run->err || op->kind != OP_REPORT) {
        int err = hand_over(run, sg, nents);
        return run->r->device_failed > failed ? err : 0;
    }
    fpr_run_time(run, op->time);
    run->pc++;
    compare(run, op, sg, nents);
    int err = hand_over(run, sg, nents);
    err = run->r->device_failed > failed ? err : 0;
    run->err = fpr_run_until(run, 1u << OP_REPORT_RET | 1u << OP_PASS_END);
    op = peek(run);
    if (run->err || op->kind != OP_REPORT_RET)
        return err;
    fpr_run_time(run, op->time);
    run->pc++;
    return err ? err : (int)op->aux;
}

static int device_report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct run *run = ctx;
    run->r->report_calls++;
    run->flight = sg;
    run->nr_flight = nents;
    int err;
    if (run->recorded && run->pass.active)
        fpr_match_add(run, &run->pass.model, sg, nents);
    if (run->predict && run->recorded) {
        err = play_call(run, sg, nents);
        run->nr_flight = 0;
    } else {
        err = hand_over(run, sg, nents);
        if (!run->recorded)
            run->nr_flight = 0;
    }
    return err;
}

int fpr_on_pass_begin(struct run *run, const struct op *op)
{
    if (!run->recorded)
        return 0;
    run->pass.active = true;
    run->pass.started = false;
    run->pass.kernel.nr = run->pass.model.nr = 0;
    if (run->reporter)
        fpr_timing_begin(run, op);
    else if (!run->predict)
        run->r->passes++;
    return 0;
}

static int run_pass(struct run *run)
{
    run->pass.started = true;
    int err = run->registered ? 0 : fpr_passes_register(run);
    if (!err)
        err = fpr_reporter_pass(run->reporter, NULL);
    return err == -ENOMEM || err == -EINVAL ? err : run->err;
}

int fpr_on_pass_isolate(struct run *run, const struct op *op)
{
    (void)op;
    if (!run->recorded || !run->reporter || !run->pass.active || run->pass.started)
        return 0;
    return run_pass(run);
}

/* A recorded call for which the model had none ready. */
int fpr_on_report(struct run *run, const struct op *op)
{
    if (!run->recorded || !run->reporter)
        return 0;
    compare(run, op, NULL, 0);
    return run->err;
}

int fpr_on_pass_end(struct run *run, const struct op *op)
{
    if (!run->recorded || !run->pass.active)
        return 0;
    int err = 0;
    run->pass.active = false; /* whatever the model still reports has no counterpart */
    if (run->reporter && !run->pass.started)
        err = run_pass(run);
    fpr_match_pass(run);
    if (run->reporter)
        fpr_timing_end(run, op);
    return err;
}

static void observe_begin(void *ctx, fpr_ns now)
{
    (void)now;
    fpr_gap_pass_begin(ctx);
    fpr_watch_pass(ctx, NULL);
}

static void observe_end(void *ctx, fpr_ns now, const struct fpr_pass_result *result)
{
    (void)now;
    fpr_gap_pass_end(ctx);
    fpr_watch_pass(ctx, result);
}

static void observe_request(void *ctx, fpr_ns now, fpr_ns due)
{
    struct run *run = ctx;
    (void)now;
    if (run->recorded)
        fpr_timing_requested(run);
    else if (due < run->next_timer)
        run->next_timer = due;
}

int fpr_passes_register(struct run *run)
{
    run->registered = true;
    run->register_at = UINT64_MAX;
    return fpr_reporter_register(run->reporter, &run->device);
}

/* A number of a state's header; -1 if it has none. */
static long header_number(const char *text, const char *word)
{
    long value = -1;
    size_t len = strlen(word);
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (*line == 'Z' || !*line)
            break;
        if (!strncmp(line, word, len) && line[len] == ' ' && line[len + 1] >= '0' &&
            line[len + 1] <= '9') {
            value = 0;
            for (const char *c = line + len + 1; *c >= '0' && *c <= '9' && value < 1000; c++)
                value = value * 10 + (*c - '0');
        }
    }
    return value;
}

int fpr_passes_order(const struct run *run)
{
    long order = header_number(run->p->recording->state_after, "reporting_order");
    if (order < 0 || order > FPR_MAX_ORDER || order == 11)
        order = run->header.reporting_order;
    if (order < 0 || order > FPR_MAX_ORDER || order == 11)
        order = run->p->min_report_order < FPR_NR_ORDERS ? (long)run->p->min_report_order : -1;
    return (int)order;
}

/* When the recorded guest's device registered: its marker; else from its first pass. */
static fpr_ns registration(const struct run *run, fpr_ns wait)
{
    const struct fpr_prepared *p = run->p;
    fpr_ns at = UINT64_MAX;
    for (size_t i = 0; i < p->recording->nr_phases; i++)
        if (!strcmp(p->recording->phases[i].name, "balloon-loaded"))
            at = p->recording->phases[i].time;
    if (at == UINT64_MAX && p->nr_passes)
        at = p->passes[0].begin > wait ? p->passes[0].begin - wait : 0;
    if (at > p->first_notify)
        at = p->first_notify;
    if (!run->recorded && at == UINT64_MAX)
        at = p->start;
    return at < p->start ? p->start : at;
}

/* A device that was there before the recording is in the state that the dump tells. */
static int resume(struct run *run)
{
    int err = fpr_passes_register(run);
    if (err)
        return err;
    bool due = run->header.reporting_state == FPR_REPORT_REQUESTED;
    fpr_ns wait =
        run->header.reporting_due_ms > 0 ? (fpr_ns)run->header.reporting_due_ms * FPR_NS_PER_MS : 0;
    fpr_ns at = run->p->start + wait + run->slack;
    if (run->recorded) {
        run->pass.requested = due;
        run->pass.requested_at = run->p->start + wait - run->config.delay;
    }
    return fpr_reporter_load_state(run->reporter, due ? FPR_REPORT_REQUESTED : FPR_REPORT_IDLE, at);
}

static bool wants_reporter(const struct run *run)
{
    const struct fpr_prepared *p = run->p;
    if (!run->recorded)
        return run->o->reporting;
    if (!run->predict || !run_knows(run, FPR_KNOW_BIT_REPORT))
        return false;
    return p->nr_passes || p->first_notify != UINT64_MAX || run->header.reporting_state >= 0;
}

static void nothing(void *ctx, struct fpr_zone *zone, unsigned order)
{
    (void)ctx;
    (void)zone;
    (void)order;
}

/* A mirror has no reporter; its zones still count the frees that would tell one. */
static void listen_mirror(struct run *run)
{
    int order = fpr_passes_order(run);
    for (size_t i = 0; order >= 0 && i < run->nr_zones; i++)
        fpr_zone_set_notify(fpr_machine_zone(run->machine, i), (unsigned)order, nothing, run);
}

/* A reporter takes an order that no zone has only when its device comes; better to know at once. */
static int check_order(const struct run *run, int order)
{
    struct fpr_zone_info info;
    if (run->recorded || order < 0)
        return 0;
    fpr_zone_get_info(fpr_machine_zone(run->machine, 0), &info);
    if ((unsigned)order <= info.max_order)
        return 0;
    return fpr_run_refuse(run->error, "order", "must be at most %u, this kernel's largest",
                          info.max_order);
}

/* A device gets no batch that it has no room for: neither one of the model nor, mirrored, one of
 * the recording. */
static int check_room(const struct run *run)
{
    const struct fpr_device *other = run->o->device;
    struct fpr_report_config usual;
    if (!other || !other->max_nents)
        return 0;
    fpr_report_config_init(&usual);
    unsigned largest = usual.capacity;
    if (!run->recorded)
        largest = run->o->reporting ? run->o->report.capacity : 0;
    for (size_t i = 0; run->recorded && i < run->p->nr_ops; i++)
        if (run->p->ops[i].kind == OP_REPORT && run->p->ops[i].gfp > largest)
            largest = run->p->ops[i].gfp;
    if (largest <= other->max_nents)
        return 0;
    return fpr_run_refuse(run->error, "device",
                          "takes %u blocks at once, and reports have up to %u (the capacity)",
                          other->max_nents, largest);
}

int fpr_passes_start(struct run *run)
{
    int err = check_room(run);
    if (err)
        return err;
    run->device = (struct fpr_device){.name = "replay", .report = device_report, .ctx = run};
    run->register_at = UINT64_MAX;
    if (!run->predict && run->recorded)
        listen_mirror(run);
    if (!wants_reporter(run))
        return 0;
    struct fpr_report_config config = run->o->report;
    if (run->recorded)
        fpr_report_config_init(&config);
    if (run->o->device && !run->recorded)
        run->device.order = run->o->device->order;
    if (run->recorded || (config.order < 0 && run->device.order <= 0))
        config.order = fpr_passes_order(run);
    err = check_order(run, config.order);
    if (err)
        return err;
    run->slack = fpr_timer_slack(config.delay);
    if (!run->recorded)
        config.delay += run->slack;
    if (!run->recorded)
        err = fpr_clock_create(run->p->start, &run->clock);
    if (!err)
        err = fpr_reporter_create(run->machine, run->clock, &config, &run->reporter);
    if (err)
        return err;
    struct fpr_report_observer observer = {observe_begin, observe_end, observe_request, run};
    fpr_reporter_set_observer(run->reporter, &observer);
    fpr_reporter_get_config(run->reporter, &run->config);
    if (run->header.reporting_state >= 0)
        return resume(run);
    run->register_at = registration(run, config.delay + run->slack);
    return 0;
}

void fpr_passes_finish(struct run *run)
{
    struct fpr_replay_result *r = run->r;
    if (run->reporter)
        fpr_reporter_get_stats(run->reporter, &r->report);
    for (size_t i = 0; i < run->nr_zones; i++) {
        struct fpr_zone_stats stats = {0};
        fpr_zone_get_stats(fpr_machine_zone(run->machine, i), &stats);
        r->notifications += stats.notifications;
    }
    const uint64_t *nr = run->p->nr;
    bool told = nr[FPR_TRACE_NOTIFY] || nr[FPR_TRACE_GOT] || nr[FPR_TRACE_PASS_BEGIN];
    r->notifications_recorded = told ? nr[FPR_TRACE_NOTIFY] : UINT64_MAX;
    r->recorded_report_bytes = run->p->report_bytes;
}
