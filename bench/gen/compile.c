/* A build: many short processes that read files, grow, write a file and end. */
#include "gen/gen.h"

enum { JOBS, JOB_MIB, CACHE, SECONDS };

static const struct gen_param params[] = {
    [JOBS] = {"jobs", "N", "Compilers at the same time (make -j)", 1, 64, 4, NULL},
    [JOB_MIB] = {"job-mib", "MIB", "Memory of a compiler at its end, on average", 1, 4096, 40,
                 NULL},
    [CACHE] = {"cache-mib", "MIB", "Most that sources and objects take in the page cache", 0, 65536,
               256, NULL},
    [SECONDS] = {"seconds", "S", "How long", 1, 3600, 20, NULL},
};

#define STEP_PAGES 64u /* a compiler grows by so much at a time */
#define STEP_NS    (20 * FPR_NS_PER_MS)

struct build {
    const uint64_t *v;
    struct gen_blocks slab; /* inodes and directory entries, which outlive the processes */
};

enum { WAITS = 0, RUNS };

/* exec: stack, page tables, descriptors; then the sources are read. */
static void begin(struct gen_guest *g, struct gen_task *t, struct build *b)
{
    t->state = RUNS;
    t->left = gen_around(g, b->v[JOB_MIB] * GEN_PAGES_PER_MIB);
    gen_kernel(g, 2, FPR_GFP_ACCOUNT | FPR_GFP_ZERO, &t->tables);
    for (uint64_t n = 8 + gen_below(g, 16); n; n--) {
        gen_kernel(g, gen_chance(g, 10), FPR_GFP_ACCOUNT, &t->tables);
    }
    gen_read_file(g, 16 + gen_around(g, 120));
}

static void end(struct gen_guest *g, struct gen_task *t, struct build *b)
{
    gen_read_file(g, 4 + gen_around(g, 48)); /* the object file, written */
    gen_free_all(g, &t->held);
    gen_free_all(g, &t->tables);
    for (uint64_t n = gen_below(g, 3); n; n--) {
        gen_kernel(g, 0, FPR_GFP_RECLAIMABLE, &b->slab);
    }
    while (gen_blocks_count(&b->slab) > 2048) {
        gen_free(g, gen_blocks_take(&b->slab, gen_below(g, gen_blocks_count(&b->slab))));
    }
    t->state = WAITS;
    t->next = gen_now(g) + gen_below(g, 5) * FPR_NS_PER_MS;
}

static void step(struct gen_guest *g, struct gen_task *t, void *ctx)
{
    struct build *b = ctx;
    if (t->state == WAITS) {
        begin(g, t, b);
    }
    uint64_t chunk = t->left < STEP_PAGES ? t->left : STEP_PAGES;
    bool grown = gen_touch(g, chunk, false, &t->held);
    t->left -= chunk;
    t->next = gen_now(g) + STEP_NS;
    if (gen_chance(g, 20)) { /* a header */
        gen_read_file(g, 1 + gen_below(g, 16));
    }
    /* Now and then the allocator of the C library trims its heap. */
    if (gen_chance(g, 5)) {
        for (uint64_t n = gen_below(g, 128); n && gen_blocks_count(&t->held); n--) {
            gen_free(g, gen_blocks_take_newest(&t->held));
        }
    }
    if (!t->left || !grown) {
        end(g, t, b);
    }
}

static void run(struct gen_guest *g, const uint64_t *v)
{
    struct build b = {.v = v};
    struct gen_task *tasks = gen_tasks_make(g, v[JOBS]);
    g->cache_limit = v[CACHE] * GEN_PAGES_PER_MIB;
    gen_tasks_run(g, tasks, v[JOBS], gen_now(g) + v[SECONDS] * FPR_NS_PER_S, step, &b);
    gen_tasks_end(g, tasks, v[JOBS]);
    gen_phase(g, "built");
    gen_blocks_release(&b.slab); /* it stays in use */
}

static uint64_t needs(const uint64_t *v, const char **option)
{
    *option = v[CACHE] > v[JOBS] * v[JOB_MIB] * 2 ? "cache-mib" : "job-mib";
    return v[CACHE] + v[JOBS] * v[JOB_MIB] * 2;
}

const struct gen_workload gen_compile = {
    .name = "compile",
    .summary = "compilers in parallel: short processes, a growing page cache",
    .doc = "A build: compilers in parallel read sources into the page cache, grow page by page to "
           "a size left to chance, write an object and end; slab objects outlive them. The page "
           "cache stays after the build.",
    .mib = 1024,
    .idle_s = 20,
    .params = params,
    .nr_params = sizeof(params) / sizeof(params[0]),
    .needs = needs,
    .run = run,
};
