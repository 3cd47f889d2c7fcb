/* memhog: tasks fill memory, hold it, and give all of it back at once. */
#include "gen/gen.h"

enum { FILL, TASKS, HOLD, ROUNDS, PAUSE, HUGE };

static const struct gen_param params[] = {
    [FILL] = {"fill-mib", "MIB", "Memory that all tasks together fill", 1, 65536, 1000, NULL},
    [TASKS] = {"tasks", "N", "Tasks that fill it, side by side", 1, 64, 1, NULL},
    [HOLD] = {"hold-s", "S", "Seconds for which they hold it", 0, 3600, 5, NULL},
    [ROUNDS] = {"rounds", "N", "How often that happens", 1, 1000, 1, NULL},
    [PAUSE] = {"pause-s", "S", "Seconds between two rounds", 0, 3600, 10, NULL},
    [HUGE] = {"thp", "on|off", "Are huge pages taken where there are any?", 0, 0, 1, gen_on_off},
};

struct hog {
    const uint64_t *v;
    uint64_t share; /* pages of a task */
    unsigned full, freed;
};

enum { IN_FILL = 0, IN_HOLD, IN_PAUSE };

static void count_phase(struct gen_guest *g, unsigned *done, const uint64_t *v, const char *name)
{
    if (++*done == v[TASKS]) {
        *done = 0;
        gen_phase(g, name);
    }
}

static void fill_more(struct gen_guest *g, struct gen_task *t, struct hog *h)
{
    uint64_t chunk = t->left < GEN_HUGE_PAGES ? t->left : GEN_HUGE_PAGES;
    if (!gen_touch(g, chunk, h->v[HUGE], &t->held)) {
        chunk = t->left; /* no memory is left: hold what there is */
    }
    t->left -= chunk;
    t->next = gen_now(g) + (h->v[TASKS] > 1 ? 0 : 200000);
    if (!t->left) {
        t->state = IN_HOLD;
        t->next = gen_now(g) + h->v[HOLD] * FPR_NS_PER_S;
        count_phase(g, &h->full, h->v, "filled");
    }
}

static void step(struct gen_guest *g, struct gen_task *t, void *ctx)
{
    struct hog *h = ctx;
    if (t->state == IN_PAUSE) {
        t->state = IN_FILL;
        t->left = h->share;
    }
    if (t->state == IN_FILL) {
        fill_more(g, t, h);
        return;
    }
    gen_free_all(g, &t->held);
    t->state = IN_PAUSE;
    count_phase(g, &h->freed, h->v, "freed");
    t->next = ++t->until < h->v[ROUNDS] ? gen_now(g) + h->v[PAUSE] * FPR_NS_PER_S : GEN_NEVER;
}

static void run(struct gen_guest *g, const uint64_t *v)
{
    struct hog h = {.v = v, .share = v[FILL] * GEN_PAGES_PER_MIB / v[TASKS]};
    struct gen_task *tasks = gen_tasks_make(g, v[TASKS]);
    for (size_t i = 0; i < v[TASKS]; i++) {
        tasks[i].state = IN_PAUSE;
    }
    gen_tasks_run(g, tasks, v[TASKS], GEN_NEVER, step, &h);
    gen_tasks_end(g, tasks, v[TASKS]);
}

static uint64_t needs(const uint64_t *v, const char **option)
{
    *option = "fill-mib";
    return v[FILL];
}

const struct gen_workload gen_memhog = {
    .name = "memhog",
    .summary = "tasks fill memory, hold it, give it all back and sleep",
    .doc = "Tasks fill memory, hold it, give all of it back at once and sleep: the plainest case "
           "for reporting, a single fall of the guest's demand.",
    .mib = 1536,
    .idle_s = 20,
    .params = params,
    .nr_params = sizeof(params) / sizeof(params[0]),
    .needs = needs,
    .run = run,
};
