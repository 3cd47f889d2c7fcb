/* Which setting to recommend.
 *
 * A setting is worth the memory that it gives back less what its CPU time would buy in memory:
 * net = given back - CPU seconds / (60 / gib_per_cpu), in GiB*min. The best net wins, unless one
 * that can be had without changing the kernel comes within NEAR of it.
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
static int choose(const struct tune_sweep *sweep, unsigned freedom)
{
    int chosen = -1;
    for (size_t i = 0; i < sweep->nr_settings; i++) {
        struct tune_setting s = tune_setting_at(sweep, i);
        if (sweep->totals[i].done && allowed(&s, freedom) &&
            (chosen < 0 ||
             tune_net(sweep, &sweep->totals[i]) > tune_net(sweep, &sweep->totals[chosen]))) {
            chosen = (int)i;
        }
    }
    return chosen;
}

/* Whether setting a is as good as b, or nearly. */
static bool near(const struct tune_sweep *sweep, int a, int b)
{
    double best = tune_net(sweep, &sweep->totals[b]);
    return tune_net(sweep, &sweep->totals[a]) >= best - NEAR * fabs(best);
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

void tune_advise(struct tune_sweep *sweep)
{
    struct tune_advice *a = &sweep->advice;
    unsigned today = tune_order_settable(sweep) ? FREE_ORDER : 0;
    a->best = choose(sweep, FREE_ALL);
    a->today = choose(sweep, today);
    if (a->today >= 0 && near(sweep, a->today, a->best)) {
        a->best = a->today;
    }
    if (a->best >= 0 && !(tune_net(sweep, &sweep->totals[a->best]) > 0)) {
        a->best = -1; /* nothing is worth its price */
    }
    a->next = next_of(sweep, a->best);
    a->with_budget = choose(sweep, today | FREE_BUDGET);
    a->with_capacity = choose(sweep, today | FREE_CAPACITY);
    a->with_delay = choose(sweep, today | FREE_DELAY);
}
