/* The allocator's micro benchmarks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <fpr/report.h>

#include "cli.h"
#include "micro/sequence.h"

static int fail(const char *name, int err)
{
    bench_complain("%s: %s", name, strerror(-err));
    return err;
}

static double per_op(uint64_t ns, uint64_t ops)
{
    return (double)ns / (double)ops;
}

/* mixed, uniform, order9 and their driver. */
struct window {
    struct sequence sequence;
    uint64_t ops;
};

static double run_window(void *ctx)
{
    struct window *w = ctx;
    uint64_t start = micro_now();
    sequence_run(&w->sequence, w->ops);
    return per_op(micro_now() - start, w->ops);
}

static int steady(struct micro_run *run, const char *name, const char *variant,
                  enum sequence_orders orders, bool driver)
{
    const struct micro_options *o = micro_options(run);
    struct counted_mem mem;
    struct fpr_zone *zone = NULL;
    struct window w = {.ops = o->ops};
    counted_mem_init(&mem);
    int err = driver ? 0 : micro_zone(o->frames, false, &mem, &zone);
    if (!err) {
        err = sequence_init(&w.sequence, zone, orders, o->frames, o->seed);
    }
    if (err) {
        fpr_zone_destroy(zone);
        return fail(name, err);
    }
    sequence_warm_up(&w.sequence);
    uint64_t moves = zone ? micro_moves(zone, false) : 0;
    uint64_t touched = w.sequence.touched;
    struct micro_result r = {.name = name, .ops = o->ops};
    snprintf(r.case_, sizeof(r.case_), "%s", variant);
    err = micro_measure(run, run_window, &w, &r);
    double all = (double)o->ops * (double)o->runs;
    r.frames_per_op = (double)(w.sequence.touched - touched) / all;
    if (zone) {
        r.moves_per_op = (double)(micro_moves(zone, false) - moves) / all;
        r.bytes_per_frame = (double)mem.bytes / (double)o->frames;
    }
    micro_emit(run, &r);
    sequence_free(&w.sequence);
    fpr_zone_destroy(zone);
    return err;
}

/* pingpong0 and pcp0: one page taken and given back in turn. */
struct pingpong {
    struct fpr_zone *zone;
    uint64_t ops;
    uint64_t sink;
};

static double run_pingpong(void *ctx)
{
    struct pingpong *p = ctx;
    uint64_t start = micro_now();
    for (uint64_t i = 0; i + 1 < p->ops; i += 2) {
        fpr_pfn pfn = i;
        if (p->zone) {
            int err = fpr_zone_alloc(p->zone, 0, FPR_GFP_HIGHUSER_MOVABLE, 0, &pfn);
            if (err) {
                return err;
            }
            fpr_zone_free(p->zone, pfn, 0, 0);
        }
        p->sink += pfn;
    }
    return per_op(micro_now() - start, p->ops);
}

static int pingpong(struct micro_run *run, const char *name, const char *variant, bool pcp,
                    bool driver)
{
    const struct micro_options *o = micro_options(run);
    struct counted_mem mem;
    struct sequence fill = {.pfns = NULL};
    struct pingpong p = {.ops = o->ops < 2 ? 2 : o->ops};
    counted_mem_init(&mem);
    int err = driver ? 0 : micro_zone(o->frames, pcp, &mem, &p.zone);
    if (!err && p.zone) {
        err = sequence_init(&fill, p.zone, SEQUENCE_MIXED, o->frames, o->seed);
    }
    if (err) {
        fpr_zone_destroy(p.zone);
        return fail(name, err);
    }
    if (p.zone) {
        sequence_warm_up(&fill);
    }
    uint64_t moves = p.zone ? micro_moves(p.zone, pcp) : 0;
    struct micro_result r = {.name = name, .ops = p.ops, .frames_per_op = 1};
    snprintf(r.case_, sizeof(r.case_), "%s", variant);
    err = micro_measure(run, run_pingpong, &p, &r);
    if (p.zone) {
        r.moves_per_op =
            (double)(micro_moves(p.zone, pcp) - moves) / ((double)p.ops * (double)o->runs);
        r.bytes_per_frame = (double)mem.bytes / (double)o->frames;
    }
    if (!err) {
        micro_emit(run, &r);
    }
    sequence_free(&fill);
    fpr_zone_destroy(p.zone);
    return err ? fail(name, err) : 0;
}

/* bulk: every frame taken singly, then given back in random order. */
struct bulk {
    const struct micro_options *options;
    struct counted_mem mem;
    fpr_pfn *pfns;
    size_t count;
    bool ahead; /* one call that knows the next ones */
    bool frees_only;
    double bytes_per_frame;
};

static void shuffle(struct bulk *b)
{
    uint64_t random = b->options->seed;
    for (size_t i = b->count; i > 1; i--) {
        size_t k = (size_t)((micro_random(&random) >> 32) * i >> 32);
        fpr_pfn swap = b->pfns[k];
        b->pfns[k] = b->pfns[i - 1];
        b->pfns[i - 1] = swap;
    }
}

static void free_all(const struct bulk *b, struct fpr_zone *zone)
{
    if (b->ahead) {
        fpr_zone_free_bulk(zone, b->pfns, b->count, 0, NULL);
        return;
    }
    for (size_t i = 0; i < b->count; i++) {
        fpr_zone_free(zone, b->pfns[i], 0, 0);
    }
}

static double run_bulk(void *ctx)
{
    struct bulk *b = ctx;
    struct fpr_zone *zone = NULL;
    int err = micro_zone(b->options->frames, false, &b->mem, &zone);
    if (err) {
        return err;
    }
    b->bytes_per_frame = (double)b->mem.bytes / (double)b->options->frames;
    b->count = 0;
    uint64_t start = micro_now();
    while (b->count < b->options->frames &&
           !fpr_zone_alloc(zone, 0, FPR_GFP_HIGHUSER_MOVABLE, 0, &b->pfns[b->count])) {
        b->count++;
    }
    uint64_t taking = micro_now() - start;
    shuffle(b);
    start = micro_now();
    free_all(b, zone);
    uint64_t giving = micro_now() - start;
    fpr_zone_destroy(zone);
    return b->frees_only ? per_op(giving, b->count) : per_op(taking + giving, 2 * b->count);
}

static int bulk(struct micro_run *run, const char *variant, bool ahead, bool frees_only)
{
    if (!micro_wanted(run, "bulk", variant)) {
        return 0;
    }
    struct bulk b = {.options = micro_options(run), .ahead = ahead, .frees_only = frees_only};
    counted_mem_init(&b.mem);
    b.pfns = malloc((size_t)b.options->frames * sizeof(*b.pfns));
    if (!b.pfns) {
        return fail("bulk", -ENOMEM);
    }
    struct micro_result r = {.name = "bulk", .frames_per_op = 1};
    snprintf(r.case_, sizeof(r.case_), "%s", variant);
    int err = micro_measure(run, run_bulk, &b, &r);
    r.ops = b.count * (frees_only ? 1 : 2);
    r.bytes_per_frame = b.bytes_per_frame;
    free(b.pfns);
    if (!err) {
        micro_emit(run, &r);
    }
    return err ? fail("bulk", err) : 0;
}

static int driver(struct micro_run *run)
{
    static const char *const names[] = {"mixed", "uniform", "order9"};
    int err = 0;
    for (unsigned i = 0; !err && i < 3; i++) {
        if (micro_wanted(run, "driver", names[i])) {
            err = steady(run, "driver", names[i], (enum sequence_orders)i, true);
        }
    }
    if (!err && micro_wanted(run, "driver", "pingpong0")) {
        err = pingpong(run, "driver", "pingpong0", false, true);
    }
    return err;
}

static int run_all(struct micro_run *run)
{
    int err = driver(run);
    if (!err && micro_wanted(run, "mixed", NULL)) {
        err = steady(run, "mixed", "", SEQUENCE_MIXED, false);
    }
    if (!err && micro_wanted(run, "uniform", NULL)) {
        err = steady(run, "uniform", "", SEQUENCE_UNIFORM, false);
    }
    if (!err && micro_wanted(run, "order9", NULL)) {
        err = steady(run, "order9", "", SEQUENCE_ORDER9, false);
    }
    if (!err && micro_wanted(run, "pingpong0", NULL)) {
        err = pingpong(run, "pingpong0", "", false, false);
    }
    if (!err && micro_wanted(run, "pcp0", NULL)) {
        err = pingpong(run, "pcp0", "", true, false);
    }
    err = err ? err : bulk(run, "alloc+free", false, false);
    err = err ? err : bulk(run, "free", false, true);
    err = err ? err : bulk(run, "free ahead", true, true);
    return err ? err : micro_pass_and_init(run);
}

const struct micro_case micro_alloc_case = {
    "driver mixed uniform order9 pingpong0 pcp0 bulk pass init1t", run_all};
