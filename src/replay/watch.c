/* Those who look on: they are told, and change nothing. */
#include "replay/run.h"

static const struct fpr_replay_watch *watch_of(const struct run *run)
{
    static const struct fpr_replay_watch nobody = {.clock = NULL};
    return run->o->watch && !run->unwatched ? run->o->watch : &nobody;
}

static void set_clock(const struct run *run, const struct fpr_replay_watch *watch)
{
    if (watch->clock)
        fpr_clock_advance(watch->clock, run->now);
}

bool fpr_watch_wants_events(const struct run *run)
{
    return watch_of(run)->events != NULL;
}

void fpr_watch_event(struct run *run, const struct fpr_event *event)
{
    const struct fpr_replay_watch *watch = watch_of(run);
    if (!watch->events)
        return;
    set_clock(run, watch);
    watch->events->event(watch->events->ctx, event);
}

void fpr_watch_pass(struct run *run, const struct fpr_pass_result *result)
{
    const struct fpr_replay_watch *watch = watch_of(run);
    const struct fpr_report_observer *o = watch->observer;
    if (!o)
        return;
    set_clock(run, watch);
    if (result && o->pass_end)
        o->pass_end(o->ctx, run->now, result);
    else if (!result && o->pass_begin)
        o->pass_begin(o->ctx, run->now);
}

int fpr_watch_look(struct run *run)
{
    const struct fpr_replay_watch *watch = watch_of(run);
    bool over = run->looked;
    run->look_at = UINT64_MAX;
    run->looked = true;
    return watch->look && !over ? watch->look(watch->look_ctx, run->machine, run->now) : 0;
}
