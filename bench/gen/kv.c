/* A key-value store: loads, serves with churn and snapshots, flushes, loads again. */
#include "gen/gen.h"

enum { SET, CHURN, SNAPSHOT, FLUSH, CACHE, SECONDS, HUGE };

static const struct gen_param params[] = {
    [SET] = {"set-mib", "MIB", "Memory of the data set", 1, 65536, 400, NULL},
    [CHURN] = {"churn-pages", "N", "Pages of it replaced in a second", 0, 1000000, 2000, NULL},
    [SNAPSHOT] = {"snapshot-s", "S", "Seconds between two snapshots by a forked child; 0: none", 0,
                  3600, 15, NULL},
    [FLUSH] = {"flush-percent", "P", "Share of the data set that is dropped at half time", 0, 100,
               80, NULL},
    [CACHE] = {"cache-mib", "MIB", "Most that snapshot files take in the page cache", 0, 65536, 64,
               NULL},
    [SECONDS] = {"seconds", "S", "How long it serves", 1, 3600, 40, NULL},
    [HUGE] = {"thp", "on|off", "Are huge pages taken where there are any?", 0, 0, 0, gen_on_off},
};

#define TICK        (10 * FPR_NS_PER_MS)
#define TICKS_IN_S  100u
#define CHILD_TICKS (2 * TICKS_IN_S) /* a snapshot takes two seconds */

struct store {
    const uint64_t *v;
    uint64_t owed;            /* hundredths of a page to replace */
    uint64_t child;           /* ticks until it ends; 0: there is none */
    struct gen_blocks shared; /* pages that the child still sees in their old version */
    struct gen_blocks tables; /* the child's */
    struct gen_blocks sockets;
    uint64_t tick, flush_at;
};

/* Loads up to the whole set, at most so many pages. */
static void load(struct gen_guest *g, struct gen_task *t, const struct store *s, uint64_t most)
{
    uint64_t set = s->v[SET] * GEN_PAGES_PER_MIB;
    uint64_t missing = set > t->held.pages ? set - t->held.pages : 0;
    gen_touch(g, missing < most ? missing : most, s->v[HUGE], &t->held);
}

/* A value is replaced: the old page is free, unless the child still needs it. */
static void replace(struct gen_guest *g, struct gen_task *t, struct store *s)
{
    fpr_pfn pfn;
    if (!gen_blocks_count(&t->held)) {
        return;
    }
    struct gen_block old = gen_blocks_take(&t->held, gen_below(g, gen_blocks_count(&t->held)));
    if (old.order || !gen_alloc(g, 0, FPR_GFP_HIGHUSER_MOVABLE | FPR_GFP_ZERO, &pfn)) {
        gen_blocks_add(&t->held, old.pfn, old.order); /* written in place */
        return;
    }
    gen_blocks_add(&t->held, pfn, 0);
    if (s->child) {
        gen_blocks_add(&s->shared, old.pfn, old.order);
    } else {
        gen_free(g, old);
    }
}

/* Requests come in, answers go out. */
static void serve(struct gen_guest *g, struct store *s)
{
    gen_free_all(g, &s->sockets);
    for (uint64_t n = 1 + gen_below(g, 8); n; n--) {
        gen_kernel(g, gen_chance(g, 25) ? 3 : 0, FPR_GFP_NOWARN | FPR_GFP_NORETRY, &s->sockets);
    }
}

static void snapshot(struct gen_guest *g, const struct gen_task *t, struct store *s)
{
    uint64_t every = s->v[SNAPSHOT] * TICKS_IN_S;
    if (s->child) {
        gen_read_file(g, t->held.pages / CHILD_TICKS / 2 + 1); /* written, half as large */
        if (!--s->child) {
            gen_free_all(g, &s->shared);
            gen_free_all(g, &s->tables);
        }
    } else if (every && s->tick % every == every - 1) {
        s->child = CHILD_TICKS;
        for (uint64_t n = t->held.pages / GEN_HUGE_PAGES + 8; n; n--) {
            gen_kernel(g, 0, FPR_GFP_ACCOUNT | FPR_GFP_ZERO, &s->tables);
        }
        gen_phase(g, "snapshot");
    }
}

static void flush(struct gen_guest *g, struct gen_task *t, const struct store *s)
{
    uint64_t drop = gen_blocks_count(&t->held) * s->v[FLUSH] / 100;
    while (drop--) {
        gen_free(g, gen_blocks_take(&t->held, gen_below(g, gen_blocks_count(&t->held))));
    }
    gen_phase(g, "flushed");
}

static void step(struct gen_guest *g, struct gen_task *t, void *ctx)
{
    struct store *s = ctx;
    fpr_ns began = gen_now(g);
    serve(g, s);
    snapshot(g, t, s);
    if (s->tick == s->flush_at) {
        flush(g, t, s);
        t->until = s->tick + 5 * TICKS_IN_S; /* clients come back after a while */
    }
    if (s->tick >= t->until) {
        load(g, t, s, 2000);
    }
    for (s->owed += s->v[CHURN]; s->owed >= TICKS_IN_S; s->owed -= TICKS_IN_S) {
        replace(g, t, s);
    }
    s->tick++;
    t->next = began + TICK;
}

static void run(struct gen_guest *g, const uint64_t *v)
{
    struct store s = {.v = v, .flush_at = v[SECONDS] * TICKS_IN_S / 2};
    struct gen_task *server = gen_tasks_make(g, 1);
    g->cache_limit = v[CACHE] * GEN_PAGES_PER_MIB;
    gen_tasks_run(g, server, 1, gen_now(g) + v[SECONDS] * FPR_NS_PER_S, step, &s);
    gen_free_all(g, &s.shared);
    gen_free_all(g, &s.tables);
    gen_free_all(g, &s.sockets);
    gen_tasks_end(g, server, 1);
    gen_blocks_release(&s.shared);
    gen_blocks_release(&s.tables);
    gen_blocks_release(&s.sockets);
}

/* While there is a child, what is replaced is held twice. */
static uint64_t needs(const uint64_t *v, const char **option)
{
    uint64_t twice = v[SNAPSHOT] ? 2 * v[CHURN] / GEN_PAGES_PER_MIB + 1 : 0;
    *option = "set-mib";
    return v[SET] + v[CACHE] + (twice < v[SET] ? twice : v[SET]);
}

const struct gen_workload gen_kv = {
    .name = "kv",
    .summary = "a key-value store: load, churn, snapshots by fork, a flush, load again",
    .doc = "A key-value store loads its data set page by page, replaces pages all the time, "
           "writes snapshots from a forked child (which keeps the old version of what is replaced "
           "meanwhile), drops most of its data in no order at half time, is quiet about it for "
           "five seconds, loads again and ends.",
    .mib = 1024,
    .idle_s = 10,
    .params = params,
    .nr_params = sizeof(params) / sizeof(params[0]),
    .needs = needs,
    .run = run,
};
