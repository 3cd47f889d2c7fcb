/* How it is decided: all schedules with few decisions against the usual course, one after another
 * (the last decision that has an alternative left is changed, what follows it is as usual); then
 * seeded ones, by turns with a coin at each decision and with priorities that change at a few
 * random moments; or one that is given. A schedule is written as its decisions against the usual
 * course: "12=1,40=2" is: at decision 12 thread 1, at decision 40 thread 2. */
#include "support/interleave_core.h"

#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/support.h"

enum mode { ALL, COIN, PRIORITIES, GIVEN };
enum { CHANGES = 3 };

struct decision {
    struct inter_choice choice;
    unsigned taken;
};

static struct {
    enum mode mode;
    const char *name;
    struct decision step[INTER_STEPS];
    unsigned steps;  /* of this run so far */
    unsigned prefix; /* these are as in the run before */
    unsigned bound;
    uint64_t random;
    unsigned lowest;          /* priority */
    unsigned length;          /* of the longest run so far */
    unsigned change[CHANGES]; /* when the running thread goes behind the others */
    const char *given;
} play;

static unsigned taken_cost(unsigned steps)
{
    unsigned cost = 0;
    for (unsigned k = 0; k < steps; k++)
        cost += play.step[k].choice.cost[play.step[k].taken];
    return cost;
}

static unsigned by_coin(const struct inter_choice *c)
{
    uint64_t r = test_random(&play.random);
    return r % 4 == 0 ? (unsigned)(r >> 8) % c->n : 0;
}

static unsigned by_priority(const struct inter_choice *c)
{
    if (!c->threads)
        return test_random(&play.random) % 2;
    for (unsigned k = 0; k < CHANGES; k++)
        if (play.change[k] == play.steps)
            inter_lower(inter_self);
    unsigned best = 0;
    for (unsigned k = 1; k < c->n; k++)
        if (inter_run.thread[c->value[k]].priority > inter_run.thread[c->value[best]].priority)
            best = k;
    return best;
}

/* The given schedule's value at this decision, or that of the usual course. */
static unsigned as_given(const struct inter_choice *c)
{
    unsigned long at, value;
    for (const char *s = play.given; s; s = strchr(s, ',') ? strchr(s, ',') + 1 : NULL)
        if (sscanf(s, "%lu=%lu", &at, &value) == 2 && at == play.steps)
            for (unsigned k = 0; k < c->n; k++)
                if (c->value[k] == value)
                    return k;
    return 0;
}

unsigned inter_choose(const struct inter_choice *c)
{
    if (c->n == 1)
        return 0;
    inter_check(play.steps < INTER_STEPS);
    struct decision *d = &play.step[play.steps];
    unsigned taken = play.mode == COIN          ? by_coin(c)
                     : play.mode == PRIORITIES  ? by_priority(c)
                     : play.mode == GIVEN       ? as_given(c)
                     : play.steps < play.prefix ? d->taken
                                                : 0;
    /* a scenario that does not do the same each time cannot be explored */
    inter_check(play.mode != ALL || play.steps >= play.prefix || d->choice.n == c->n);
    d->choice = *c;
    d->taken = taken;
    play.steps++;
    return taken;
}

void inter_lower(struct inter_thread *thread)
{
    thread->priority = --play.lowest;
}

void inter_raise_new(struct inter_thread *thread)
{
    thread->priority = 1000000 + (unsigned)(test_random(&play.random) % 1000000);
}

/* Changes the last decision that can be; false when all have been tried. */
static bool next_schedule(void)
{
    for (unsigned k = play.steps; k-- > 0;) {
        struct decision *d = &play.step[k];
        unsigned before = taken_cost(k);
        while (++d->taken < d->choice.n)
            if (before + d->choice.cost[d->taken] <= play.bound) {
                play.prefix = k + 1;
                return true;
            }
    }
    return false;
}

void inter_print_schedule(void)
{
    const char *between = "";
    dprintf(STDERR_FILENO, "FPR_SCHEDULE='%s:", play.name);
    for (unsigned k = 0; k < play.steps; k++) {
        const struct decision *d = &play.step[k];
        if (d->taken) {
            dprintf(STDERR_FILENO, "%s%u=%u", between, k, d->choice.value[d->taken]);
            between = ",";
        }
    }
    dprintf(STDERR_FILENO, "'\n");
}

/* The library's own checks abort, and what is destroyed faults. */
static void on_signal(int number)
{
    dprintf(STDERR_FILENO, "signal %d\n", number);
    inter_print_schedule();
    signal(number, SIG_DFL);
    raise(number);
}

static void run(const struct inter_scenario *s, enum mode mode)
{
    play.mode = mode;
    play.steps = 0;
    play.lowest = 1000000;
    inter_run_body(s->body);
    play.length = play.steps > play.length ? play.steps : play.length;
}

/* The few decisions first, so that those are all there where the many are too many. */
static unsigned run_all(const struct inter_scenario *s, unsigned bound, unsigned most)
{
    unsigned n = 0;
    bool more = true;
    for (play.bound = 1; play.bound <= bound && more; play.bound++) {
        play.prefix = 0;
        do {
            run(s, ALL);
            n++;
            more = n < most;
        } while (more && next_schedule());
    }
    return n;
}

static void run_seeds(const struct inter_scenario *s, unsigned seeds)
{
    for (unsigned k = 0; k < seeds; k++) {
        play.random = UINT64_C(0x9e3779b97f4a7c15) * (k + 1);
        for (unsigned c = 0; c < CHANGES; c++)
            play.change[c] = (unsigned)(test_random(&play.random) % (play.length + 1));
        run(s, k % 2 ? PRIORITIES : COIN);
    }
}

/* Handing over is much faster on one processor. */
static void stay_here(void)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((unsigned)sched_getcpu(), &one);
    sched_setaffinity(0, sizeof(one), &one);
}

void inter_explore(const struct inter_scenario *s)
{
    const char *deep = getenv("FPR_INTERLEAVE"), *schedule = getenv("FPR_SCHEDULE");
    bool is_deep = deep && strcmp(deep, "deep") == 0;
    size_t len = strlen(s->name);
    unsigned times = is_deep ? 8 : 1;
    stay_here();
    signal(SIGABRT, on_signal);
    signal(SIGSEGV, on_signal);
    play.name = s->name;
    unsigned bound = s->bound + is_deep;
    if (schedule) {
        if (strncmp(schedule, s->name, len) == 0 && schedule[len] == ':') {
            play.given = schedule + len + 1;
            run(s, GIVEN);
        }
        return;
    }
    unsigned most = test_times(s->runs * times, 50);
    unsigned all = run_all(s, bound, most), seeds = test_times(s->seeds * times, 50);
    run_seeds(s, seeds);
    printf(
        "%s: %u schedules with at most %u decisions against the usual course%s, %u at random; at "
        "most %u decisions\n",
        s->name, all, bound, all == most ? " (not all)" : "", seeds, play.length);
}
