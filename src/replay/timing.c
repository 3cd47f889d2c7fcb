/* When passes should come, beside when they came. */
#include "replay/run.h"

/* The traced kernels' tick, and the timer wheel of kernels since 4.8: level n holds timers of at
 * least 63 * 8^(n-1) ticks and fires them at multiples of 8^n ticks. */
#define TICK (4 * FPR_NS_PER_MS)
#define NEAR (60 * FPR_NS_PER_MS)

/* How much later than asked a delayed work runs, on average: the expiry is rounded up to the next
 * multiple of the level's granularity (half of it on average, one tick more), and the request came
 * on average half a tick after the tick that it counts from. */
fpr_ns fpr_timer_slack(fpr_ns delay)
{
    uint64_t ticks = delay / TICK, granularity = 1;
    for (uint64_t start = 63; ticks >= start && granularity < 1ull << 24; start *= 8)
        granularity *= 8;
    return granularity * TICK / 2;
}

static fpr_ns distance(fpr_ns a, fpr_ns b)
{
    return a > b ? a - b : b - a;
}

void fpr_timing_requested(struct run *run)
{
    struct pass_track *t = &run->pass;
    if (t->active || t->requested)
        return; /* in mid-pass: looked at when it ends */
    t->requested = true;
    t->chained = false;
    t->requested_at = run->now;
}

void fpr_timing_begin(struct run *run, const struct op *op)
{
    struct pass_track *t = &run->pass;
    t->begin = op->time;
    run->r->passes++;
    if (!t->requested) {
        t->free_begin = op->time;
        return;
    }
    fpr_ns wait = run->config.delay + run->slack;
    if (distance(t->requested_at + wait, op->time) <= NEAR)
        run->r->passes_within_60ms++;
    t->free_begin = (t->chained ? t->free_begin : t->requested_at) + wait;
    double drift = (double)distance(t->free_begin, op->time) / 1e6;
    if (drift > run->r->pass_drift_max_ms)
        run->r->pass_drift_max_ms = drift;
    t->requested = false;
}

void fpr_timing_end(struct run *run, const struct op *op)
{
    struct pass_track *t = &run->pass;
    t->free_begin += op->time - t->begin; /* now the end of the pass on the model's clock */
    t->requested = fpr_reporter_state(run->reporter) == FPR_REPORT_REQUESTED;
    t->chained = t->requested;
    t->requested_at = op->time;
}
