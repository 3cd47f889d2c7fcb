/* Which setting to recommend.
 *
 * A setting is worth the memory that it gives back less what its CPU time would buy in memory:
 * net = given back - CPU seconds / (60 / gib_per_cpu), in GiB*min. Of the settings whose net is
 * within NEAR of the best, the one that changes least of what the kernel does already wins.
 */
#include <math.h>

#include "tune.h"

#define NEAR 0.01

double tune_net(const struct tune_sweep *sweep, const struct tune_total *total)
{
    return total->given_back - total->cost_ms / 1000.0 * sweep->gib_per_cpu / 60.0;
}

bool tune_settable(const struct tune_setting *setting)
{
    return setting->budget_divisor == TUNE_KERNEL_BUDGET &&
           setting->capacity == TUNE_KERNEL_CAPACITY && setting->delay_ms == TUNE_KERNEL_DELAY_MS;
}

bool tune_order_settable(const struct tune_sweep *sweep)
{
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        enum fpr_profile profile;
        struct fpr_policy policy;
        if (!fpr_profile_from_name(sweep->traces[t].profile, &profile) &&
            !fpr_profile_policy(profile, &policy) && !policy.report_order_settable) {
            return false;
        }
    }
    return true;
}

/* Which knobs may differ from the kernel's. */
enum freedom { FREE_ORDER = 1, FREE_BUDGET = 2, FREE_CAPACITY = 4, FREE_DELAY = 8, FREE_ALL = 15 };

static bool allowed(const struct tune_setting *s, unsigned freedom)
{
    return ((freedom & FREE_ORDER) || s->order == TUNE_KERNEL_ORDER) &&
           ((freedom & FREE_BUDGET) || s->budget_divisor == TUNE_KERNEL_BUDGET) &&
           ((freedom & FREE_CAPACITY) || s->capacity == TUNE_KERNEL_CAPACITY) &&
           ((freedom & FREE_DELAY) || s->delay_ms == TUNE_KERNEL_DELAY_MS);
}

/* Best net among those allowed, the first of equals; -1: there is none. */
static int best_of(const struct tune_sweep *sweep, unsigned freedom)
{
    int best = -1;
    for (size_t i = 0; i < sweep->nr_settings; i++) {
        struct tune_setting s = tune_setting_at(sweep, i);
        if (sweep->totals[i].done && allowed(&s, freedom) &&
            (best < 0 ||
             tune_net(sweep, &sweep->totals[i]) > tune_net(sweep, &sweep->totals[best]))) {
            best = (int)i;
        }
    }
    return best;
}

/* How far a setting is from the kernel's own. Another order can be had without a new kernel, and
 * the nearer it is to the kernel's the less is known to go wrong. */
static unsigned changes(const struct tune_setting *s)
{
    int knobs = (s->budget_divisor != TUNE_KERNEL_BUDGET) + (s->capacity != TUNE_KERNEL_CAPACITY) +
                (s->delay_ms != TUNE_KERNEL_DELAY_MS);
    unsigned order =
        s->order > TUNE_KERNEL_ORDER ? s->order - TUNE_KERNEL_ORDER : TUNE_KERNEL_ORDER - s->order;
    return (unsigned)knobs * (FPR_MAX_ORDER + 1) + order;
}

/* Of those that are nearly as good as the best, the one that changes least, then the best. */
static int choose(const struct tune_sweep *sweep, unsigned freedom)
{
    int chosen = best_of(sweep, freedom);
    if (chosen < 0) {
        return -1;
    }
    double best = tune_net(sweep, &sweep->totals[chosen]);
    struct tune_setting now = tune_setting_at(sweep, (size_t)chosen);
    for (size_t i = 0; i < sweep->nr_settings; i++) {
        struct tune_setting s = tune_setting_at(sweep, i);
        double net = tune_net(sweep, &sweep->totals[i]);
        if (!sweep->totals[i].done || !allowed(&s, freedom) || net < best - NEAR * fabs(best) ||
            changes(&s) > changes(&now)) {
            continue;
        }
        if (changes(&s) < changes(&now) || net > tune_net(sweep, &sweep->totals[chosen])) {
            chosen = (int)i;
            now = s;
        }
    }
    return chosen;
}

/* The cheapest of the Pareto set that gives back more than setting `from`. */
static int next_of(const struct tune_sweep *sweep, int from)
{
    int next = -1;
    for (size_t i = 0; from >= 0 && i < sweep->nr_settings; i++) {
        const struct tune_total *total = &sweep->totals[i];
        if (total->pareto && total->given_back > sweep->totals[from].given_back &&
            (next < 0 || total->cost_ms < sweep->totals[next].cost_ms)) {
            next = (int)i;
        }
    }
    return next;
}

/* -1 for a setting that is not worth its price. */
static int if_worth(const struct tune_sweep *sweep, int i)
{
    return i >= 0 && tune_net(sweep, &sweep->totals[i]) > 0 ? i : -1;
}

void tune_advise_kernel(struct tune_sweep *sweep)
{
    struct tune_advice *a = &sweep->advice;
    unsigned today = tune_order_settable(sweep) ? FREE_ORDER : 0;
    a->best = if_worth(sweep, choose(sweep, FREE_ALL));
    a->top = best_of(sweep, FREE_ALL);
    int there = choose(sweep, today);
    a->today = if_worth(sweep, there);
    a->off_today = there >= 0 && a->today < 0;
    a->next = next_of(sweep, a->best);
    a->with_budget = if_worth(sweep, choose(sweep, today | FREE_BUDGET));
    a->with_capacity = if_worth(sweep, choose(sweep, today | FREE_CAPACITY));
    a->with_delay = if_worth(sweep, choose(sweep, today | FREE_DELAY));
}

void tune_advise(struct tune_sweep *sweep)
{
    struct tune_kernels kernels;
    tune_advise_kernel(sweep);
    tune_kernels_split(sweep, &kernels);
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        sweep->traces[t].today = -1;
    }
    for (size_t k = 0; k < kernels.count; k++) {
        const struct tune_sweep *one = &kernels.each[k];
        for (size_t t = 0; t < sweep->nr_traces; t++) {
            if (tune_same_kernel(&sweep->traces[t], &one->traces[0])) {
                sweep->traces[t].today = one->advice.today;
            }
        }
        if (one->advice.today != kernels.each[0].advice.today) {
            sweep->advice.today = -1;
        } else if (!k) {
            sweep->advice.today = one->advice.today;
        }
    }
    tune_kernels_free(&kernels);
}
