/* A fragmenting mix. Mansi and Swift ("Characterizing Physical Memory Fragmentation", 2024)
 * describe a machine's memory as a walk of a Markov process over contiguous regions, each of one
 * use and one size; this walks such a process to decide what is asked for next, and frees each use
 * as they saw it freed: file pages one by one as reclaim finds them, process memory region by
 * region, kernel memory hardly ever. */
#include "gen/gen.h"

enum { FILL, PINNED, CHURN, FREE, SECONDS, HUGE };

static const struct gen_param params[] = {
    [FILL] = {"fill-percent", "P", "How full the mix keeps the guest", 5, 80, 70, NULL},
    [PINNED] = {"pinned-percent", "P", "Share of regions that are the kernel's", 0, 50, 6, NULL},
    [CHURN] = {"churn-percent", "P", "Share of what is held that is replaced in a second", 0, 100,
               10, NULL},
    [FREE] = {"free-percent", "P", "Share of process and file pages freed at the end, at random", 0,
              100, 70, NULL},
    [SECONDS] = {"seconds", "S", "How long it churns", 1, 3600, 15, NULL},
    [HUGE] = {"thp", "on|off", "Are huge pages taken where there are any?", 0, 0, 1, gen_on_off},
};

enum use { ANON, FILE_PAGES, KERNEL, NR_USES };

/* From one use to the next, in percent, the kernel's share apart; a use likes to follow itself. */
static const unsigned next_use[NR_USES][2] = {
    [ANON] = {65, 35},
    [FILE_PAGES] = {30, 70},
    [KERNEL] = {50, 50},
};
/* Most a region has of each use, as an order: sizes are uniform in the order. */
static const unsigned most_order[NR_USES] = {[ANON] = 10, [FILE_PAGES] = 8, [KERNEL] = 3};

struct mix {
    const uint64_t *v;
    enum use at;
    struct gen_blocks held[NR_USES];
    uint64_t pages; /* to be held */
};

static uint64_t all(const struct mix *m)
{
    return m->held[ANON].pages + m->held[FILE_PAGES].pages + m->held[KERNEL].pages;
}

static enum use walk(struct gen_guest *g, struct mix *m)
{
    if (gen_chance(g, (unsigned)m->v[PINNED])) {
        m->at = KERNEL;
    } else {
        m->at = gen_chance(g, next_use[m->at][ANON]) ? ANON : FILE_PAGES;
    }
    return m->at;
}

/* One region. False: memory has run out. */
static bool grow(struct gen_guest *g, struct mix *m)
{
    enum use use = walk(g, m);
    unsigned order = (unsigned)gen_below(g, most_order[use] + 1);
    struct gen_blocks *held = &m->held[use];
    if (use == KERNEL) {
        return gen_kernel(g, order, gen_chance(g, 30) ? FPR_GFP_RECLAIMABLE : 0, held);
    }
    if (use == ANON) {
        return gen_touch(g, UINT64_C(1) << order, m->v[HUGE], held);
    }
    for (uint64_t n = UINT64_C(1) << order; n; n--) {
        fpr_pfn pfn;
        if (!gen_alloc(g, 0, FPR_GFP_HIGHUSER_MOVABLE | FPR_GFP_NOWARN, &pfn)) {
            return false;
        }
        gen_blocks_add(held, pfn, 0);
    }
    return true;
}

static void fill(struct gen_guest *g, struct mix *m)
{
    while (all(m) < m->pages && !gen_stopped(g) && grow(g, m)) {
    }
}

/* Process memory goes in runs of neighbours in age, file pages one by one. */
static void shrink(struct gen_guest *g, struct mix *m, uint64_t pages)
{
    uint64_t target = all(m) > pages ? all(m) - pages : 0;
    while (all(m) > target && !gen_stopped(g)) {
        enum use use = gen_chance(g, 1) ? KERNEL : gen_chance(g, 40) ? ANON : FILE_PAGES;
        struct gen_blocks *held = &m->held[use];
        size_t count = gen_blocks_count(held);
        if (!count) {
            if (!gen_blocks_count(&m->held[ANON]) && !gen_blocks_count(&m->held[FILE_PAGES])) {
                return;
            }
            continue;
        }
        size_t from = gen_below(g, count), to = from + (use == ANON ? 1 + gen_below(g, 256) : 1);
        for (size_t i = to < count ? to : count; i-- > from;) {
            gen_free(g, gen_blocks_take(held, i));
        }
    }
}

static void step(struct gen_guest *g, struct gen_task *t, void *ctx)
{
    struct mix *m = ctx;
    fpr_ns began = gen_now(g);
    shrink(g, m, m->pages * m->v[CHURN] / 1000);
    fill(g, m);
    t->next = began + 100 * FPR_NS_PER_MS;
}

static void free_share(struct gen_guest *g, struct mix *m)
{
    for (int use = ANON; use <= FILE_PAGES; use++) {
        struct gen_blocks *held = &m->held[use];
        uint64_t keep = held->pages * (100 - m->v[FREE]) / 100;
        while (held->pages > keep && !gen_stopped(g)) {
            gen_free(g, gen_blocks_take(held, gen_below(g, gen_blocks_count(held))));
        }
    }
}

static void run(struct gen_guest *g, const uint64_t *v)
{
    struct fpr_zone_info info;
    struct mix m = {.v = v, .at = FILE_PAGES};
    struct gen_task *task = gen_tasks_make(g, 1);
    fpr_zone_get_info(fpr_machine_zone(g->machine, 0), &info);
    m.pages = info.managed * v[FILL] / 100;
    g->pid = 100;
    fill(g, &m);
    gen_phase(g, "filled");
    gen_tasks_run(g, task, 1, gen_now(g) + v[SECONDS] * FPR_NS_PER_S, step, &m);
    gen_phase(g, "churned");
    free_share(g, &m);
    gen_phase(g, "freed");
    gen_tasks_end(g, task, 1);
    for (int use = 0; use < NR_USES; use++) {
        gen_blocks_release(&m.held[use]); /* what is left stays in use */
    }
}

static uint64_t needs(const uint64_t *v, const char **option)
{
    (void)v;
    (void)option;
    return 0; /* a share of whatever there is */
}

const struct gen_workload gen_fragment = {
    .name = "fragment",
    .summary = "a fragmenting mix of process, file and kernel memory",
    .doc = "Fills the guest by a walk of a Markov process over regions of process, file and kernel "
           "memory of all sizes, replaces some of it all the time, frees a share at random and "
           "sleeps: free memory that lies in small blocks (after Mansi and Swift, Characterizing "
           "Physical Memory Fragmentation, 2024).",
    .mib = 1024,
    .idle_s = 20,
    .params = params,
    .nr_params = sizeof(params) / sizeof(params[0]),
    .needs = needs,
    .run = run,
};
