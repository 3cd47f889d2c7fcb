#include "base/clock.h"

#include <errno.h>
#include <limits.h>

struct fpr_clock {
    fpr_ns now;
    struct fpr_work *first; /* by rising due, then by order of queueing */
    bool advancing;         /* an advance is on the stack */
    unsigned holders;       /* atomic: who may have work here, and keep the clock's address */
};

int fpr_clock_create(fpr_ns now, struct fpr_clock **clock)
{
    if (clock == NULL)
        return -EINVAL;
    const struct fpr_mem_ops *mem = fpr_mem_default();
    struct fpr_clock *made = mem->zalloc(mem->ctx, sizeof(*made));
    if (made == NULL)
        return -ENOMEM;
    made->now = now;
    *clock = made;
    return 0;
}

void fpr_clock_destroy(struct fpr_clock *clock)
{
    if (clock == NULL || clock->advancing || __atomic_load_n(&clock->holders, __ATOMIC_ACQUIRE) > 0)
        return;
    for (struct fpr_work *work = clock->first; work != NULL; work = work->next)
        work->queued = false;
    const struct fpr_mem_ops *mem = fpr_mem_default();
    mem->free(mem->ctx, clock, sizeof(*clock));
}

void fpr_clock_hold(struct fpr_clock *clock)
{
    if (clock != NULL)
        __atomic_fetch_add(&clock->holders, 1, __ATOMIC_RELAXED);
}

void fpr_clock_release(struct fpr_clock *clock)
{
    if (clock != NULL)
        __atomic_fetch_sub(&clock->holders, 1, __ATOMIC_RELEASE);
}

fpr_ns fpr_clock_now(const struct fpr_clock *clock)
{
    return clock == NULL ? 0 : clock->now;
}

int fpr_clock_schedule(struct fpr_clock *clock, struct fpr_work *work, fpr_ns due)
{
    if (clock == NULL || work == NULL || work->run == NULL)
        return -EINVAL;
    if (work->queued)
        return -EBUSY;
    struct fpr_work **link = &clock->first;
    while (*link != NULL && (*link)->due <= due)
        link = &(*link)->next;
    work->due = due;
    work->queued = true;
    work->next = *link;
    *link = work;
    return 0;
}

int fpr_clock_cancel(struct fpr_clock *clock, struct fpr_work *work)
{
    if (clock == NULL || work == NULL)
        return -EINVAL;
    for (struct fpr_work **link = &clock->first; *link != NULL; link = &(*link)->next) {
        if (*link != work)
            continue;
        *link = work->next;
        work->queued = false;
        return 1;
    }
    return 0;
}

bool fpr_clock_next(const struct fpr_clock *clock, fpr_ns *due)
{
    if (clock == NULL || clock->first == NULL)
        return false;
    if (due != NULL)
        *due = clock->first->due;
    return true;
}

/* Work may move the clock itself (a slow device). What falls due meanwhile runs late, after it, as
 * a single-threaded work queue would run it; hence the limit is looked at anew each time. */
static int run_due(struct fpr_clock *clock, fpr_ns to)
{
    int count = 0;
    while (clock->first != NULL && clock->first->due <= (clock->now > to ? clock->now : to)) {
        struct fpr_work *work = clock->first;
        clock->first = work->next;
        work->queued = false;
        if (clock->now < work->due)
            clock->now = work->due;
        work->run(work->ctx);
        count += count < INT_MAX;
    }
    return count;
}

int fpr_clock_advance(struct fpr_clock *clock, fpr_ns to)
{
    if (clock == NULL || to < clock->now)
        return -EINVAL;
    int count = 0;
    if (!clock->advancing) {
        clock->advancing = true;
        count = run_due(clock, to);
        clock->advancing = false;
    }
    if (clock->now < to)
        clock->now = to;
    return count;
}
