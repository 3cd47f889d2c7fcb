/* page_fault1 and page_fault2 of will-it-scale: map, touch each page, unmap, over and over. The
 * first maps anonymous memory, the second a file, privately: each write copies a file page. */
#include "gen/gen.h"

enum { MAP, TASKS, SECONDS, PAUSE, HUGE };

#define COMMON_PARAMS(map, pause)                                                                  \
    [MAP] = {"map-mib", "MIB", "What a task maps at a time", 1, 65536, map, NULL},                 \
    [TASKS] = {"tasks", "N", "Tasks", 1, 64, 1, NULL}, [SECONDS] = {"seconds", "S", "How long", 1, \
                                                                    3600,      10,  NULL},         \
    [PAUSE] = {"pause-ms", "MS", "Rest after each unmapping, milliseconds", 0, 60000, pause, NULL}

static const struct gen_param params1[] = {
    COMMON_PARAMS(128, 100),
    [HUGE] = {"thp", "on|off", "Are huge pages taken where there are any?", 0, 0, 1, gen_on_off},
};
static const struct gen_param params2[] = {COMMON_PARAMS(64, 500)};

struct fault {
    const uint64_t *v;
    bool huge;
};

enum { UNMAPPED = 0, MAPPED };

static void step(struct gen_guest *g, struct gen_task *t, void *ctx)
{
    const struct fault *f = ctx;
    uint64_t pages = f->v[MAP] * GEN_PAGES_PER_MIB;
    if (t->state == UNMAPPED) {
        t->state = MAPPED;
        t->left = pages;
    }
    if (t->left) {
        uint64_t chunk = t->left < GEN_HUGE_PAGES ? t->left : GEN_HUGE_PAGES;
        t->left = gen_touch(g, chunk, f->huge, &t->held) ? t->left - chunk : 0;
        t->next = gen_now(g); /* the others' turn */
        return;
    }
    gen_free_all(g, &t->held);
    t->state = UNMAPPED;
    t->next = gen_now(g) + f->v[PAUSE] * FPR_NS_PER_MS;
}

static void run_test(struct gen_guest *g, const uint64_t *v, bool huge, bool file)
{
    struct fault f = {.v = v, .huge = huge};
    struct gen_task *tasks = gen_tasks_make(g, v[TASKS]);
    fpr_ns end = gen_now(g) + v[SECONDS] * FPR_NS_PER_S;
    if (file) { /* each task has a file of its own, read once */
        g->cache_limit = v[TASKS] * v[MAP] * GEN_PAGES_PER_MIB;
        gen_read_file(g, g->cache_limit);
        gen_phase(g, "files-read");
    }
    gen_tasks_run(g, tasks, v[TASKS], end, step, &f);
    gen_tasks_end(g, tasks, v[TASKS]);
    if (file) {
        gen_free_all(g, &g->cache); /* the files are removed */
    }
}

static void run1(struct gen_guest *g, const uint64_t *v)
{
    run_test(g, v, v[HUGE], false);
}

static void run2(struct gen_guest *g, const uint64_t *v)
{
    run_test(g, v, false, true);
}

static uint64_t needs1(const uint64_t *v, const char **option)
{
    *option = "map-mib";
    return v[MAP] * v[TASKS];
}

static uint64_t needs2(const uint64_t *v, const char **option)
{
    *option = "map-mib";
    return 2 * v[MAP] * v[TASKS];
}

const struct gen_workload gen_page_fault1 = {
    .name = "page_fault1",
    .summary = "tasks map, touch and unmap anonymous memory (will-it-scale)",
    .doc = "Tasks map anonymous memory, touch each page and unmap it, over and over, as "
           "will-it-scale's page_fault1 does: what was freed is soon wanted again.",
    .mib = 1024,
    .idle_s = 10,
    .params = params1,
    .nr_params = sizeof(params1) / sizeof(params1[0]),
    .needs = needs1,
    .run = run1,
};

const struct gen_workload gen_page_fault2 = {
    .name = "page_fault2",
    .summary = "tasks map a file privately, write each page and unmap (will-it-scale)",
    .doc = "Tasks map a file privately, write to each page, which copies it, and unmap it, over "
           "and over, as will-it-scale's page_fault2 does: small pages only, beside a page cache "
           "that stays until the end.",
    .mib = 1024,
    .idle_s = 10,
    .params = params2,
    .nr_params = sizeof(params2) / sizeof(params2[0]),
    .needs = needs2,
    .run = run2,
};
