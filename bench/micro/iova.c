/* rw64 rw4k rw64k: one read of so many bytes through the map, beside memcpy() of the same bytes
 * from the same addresses in the same run. map: one mapping made and removed.
 *
 * Mappings are 64 KiB each, one apart, over one arena of 4 MiB (so that what is measured is the
 * map and not the memory). "random": another mapping for each call; "same": one mapping, addresses
 * in it at random; "2 readers": two threads with a reader each, time of the slower for all calls
 * of both, beside one such thread by turns (twice its throughput is perfect). The generator's time
 * is in both figures.
 */
#include "micro/iova.h"
#include "micro/pair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <fpr/iova.h>

#define REGION   UINT64_C(0x10000)
#define STRIDE   (2 * REGION)
#define ARENA    UINT64_C(0x400000)
#define IOVA_LOW UINT64_C(0x100000000)

enum { FEW_RUNS = 101 };

/* A space with its mappings and memory. */
struct fixture {
    struct fpr_iova_space *space;
    char *arena;
    uint64_t maps;
    uint64_t ops;
    uint64_t seed;
    volatile size_t len; /* so that memcpy() is a call, as it is in the map's users */
    bool same;
    unsigned run;
    double memcpy_ns[FEW_RUNS];
};

static uint64_t below(uint64_t *state, uint64_t n)
{
    return (micro_random(state) >> 32) * n >> 32; /* n < 2^32 */
}

/* Next address: mapping and 64-byte-aligned offset so that the access fits. */
static inline uint64_t draw(const struct fixture *f, uint64_t *state, size_t len, uint64_t *offset)
{
    uint64_t region = f->same ? f->maps / 2 : below(state, f->maps);
    *offset = below(state, (REGION - len) / 64 + 1) * 64;
    return region;
}

static uint64_t run_memcpy(const struct fixture *f, char *buffer)
{
    uint64_t state = f->seed, offset;
    size_t len = f->len;
    uint64_t start = micro_now();
    for (uint64_t i = 0; i < f->ops; i++) {
        uint64_t region = draw(f, &state, len, &offset);
        memcpy(buffer, f->arena + (region * REGION) % ARENA + offset, len);
        __asm__ volatile("" : : "r"(buffer) : "memory");
    }
    return micro_now() - start;
}

struct worker {
    const struct fixture *f;
    struct fpr_iova_reader *reader;
    char *buffer;
    uint64_t seed;
    uint64_t ns;
    int rc;
};

static void worker_init(struct worker *w, struct fixture *f)
{
    *w = (struct worker){.f = f, .seed = f->seed++};
    w->buffer = aligned_alloc(64, REGION);
    w->rc = w->buffer ? fpr_iova_reader_create(f->space, &w->reader) : -ENOMEM;
    if (w->buffer) {
        memset(w->buffer, 0, REGION);
    }
}

static void worker_free(struct worker *w)
{
    fpr_iova_reader_destroy(w->reader);
    free(w->buffer);
}

static void run_reads(void *arg)
{
    struct worker *w = arg;
    const struct fixture *f = w->f;
    uint64_t state = w->seed, offset;
    size_t len = f->len;
    int rc = w->rc;
    uint64_t start = micro_now();
    for (uint64_t i = 0; i < f->ops && !rc; i++) {
        uint64_t region = draw(f, &state, len, &offset);
        rc = fpr_iova_rw(w->reader, IOVA_LOW + region * STRIDE + offset, w->buffer, len, false);
    }
    w->ns = micro_now() - start;
    w->rc = rc;
}

/* One run of one thread: memcpy and map by turns, so that both see the same machine. */
static double once_alone(void *ctx)
{
    struct fixture *f = ctx;
    struct worker w;
    uint64_t copy_ns = 0, map_ns = 0;
    enum { TURNS = 8 };
    uint64_t ops = f->ops;
    f->ops = ops / TURNS + 1;
    worker_init(&w, f);
    run_reads(&w);
    for (unsigned turn = 0; turn < TURNS && w.rc == 0; turn++) {
        w.seed = f->seed++;
        copy_ns += run_memcpy(f, w.buffer);
        run_reads(&w);
        map_ns += w.ns;
    }
    double calls = (double)f->ops * TURNS;
    f->ops = ops;
    worker_free(&w);
    if (w.rc)
        return w.rc;
    f->memcpy_ns[f->run++ % FEW_RUNS] = (double)copy_ns / calls;
    return (double)map_ns / calls;
}

/* Each warms the tree and its own buffer first. */
static double once_threads(void *ctx, unsigned threads)
{
    struct fixture *f = ctx;
    struct worker w[2];
    worker_init(&w[0], f);
    worker_init(&w[1], f);
    int rc = pair_run(&(struct pair_work){.warm = run_reads, .run = run_reads}, &w[0],
                      threads > 1 ? &w[1] : NULL);
    worker_free(&w[0]);
    worker_free(&w[1]);
    rc = rc ? rc : w[0].rc ? w[0].rc : w[1].rc;
    if (rc)
        return rc;
    uint64_t slower = w[0].ns > w[1].ns ? w[0].ns : w[1].ns;
    return (double)slower / (threads * (double)f->ops);
}

static double once_map(void *ctx)
{
    struct fixture *f = ctx;
    uint64_t state = f->seed++;
    int rc = 0;
    uint64_t start = micro_now();
    for (uint64_t i = 0; i < f->ops; i++) {
        uint64_t iova = IOVA_LOW + below(&state, f->maps) * STRIDE + REGION;
        rc |= fpr_iova_map(f->space, iova, REGION, (uintptr_t)f->arena,
                           FPR_IOVA_READ | FPR_IOVA_WRITE);
        rc |= fpr_iova_unmap(f->space, iova, REGION, NULL);
    }
    uint64_t ns = micro_now() - start;
    return rc ? -EINVAL : (double)ns / (double)f->ops;
}

static int fixture_open(struct fixture *f, uint64_t maps)
{
    struct fpr_iova_config config;
    fpr_iova_config_init(&config, FPR_IOVA_MERGED);
    config.entry_limit = maps + 1;
    config.guard = FPR_IOVA_GUARD_SIGNAL;
    *f = (struct fixture){.maps = maps};
    f->arena = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (f->arena == MAP_FAILED)
        return -errno;
    memset(f->arena, 1, ARENA);
    int rc = fpr_iova_space_create(&config, &f->space);
    for (uint64_t i = 0; i < maps && rc == 0; i++)
        rc = fpr_iova_map(f->space, IOVA_LOW + i * STRIDE, REGION,
                          (uintptr_t)f->arena + i * REGION % ARENA, FPR_IOVA_READ | FPR_IOVA_WRITE);
    return rc;
}

static void fixture_close(struct fixture *f)
{
    fpr_iova_space_destroy(f->space);
    if (f->arena != MAP_FAILED)
        munmap(f->arena, ARENA);
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Is it wanted? Then the fixture is ready for it. */
static bool prepare(const struct micro_run *run, struct fixture *f, struct micro_result *r,
                    const char *how)
{
    snprintf(r->case_, sizeof(r->case_), "%llu%s", (unsigned long long)f->maps, how);
    f->ops = r->ops;
    f->seed = micro_options(run)->seed;
    f->run = 0;
    return micro_wanted(run, r->name, r->case_);
}

static int measure_readers(struct micro_run *run, struct fixture *f, const char *name, uint64_t ops)
{
    struct micro_result r = {.name = name, .ops = ops};
    if (!prepare(run, f, &r, f->same ? " same 2 readers" : " random 2 readers"))
        return 0;
    int rc = micro_measure_both(run, once_threads, f, NULL, &r);
    if (rc == 0)
        micro_emit(run, &r);
    return rc;
}

static int measure(struct micro_run *run, struct fixture *f, const char *name, const char *how,
                   double (*once)(void *), uint64_t ops)
{
    struct micro_result r = {.name = name, .ops = ops};
    if (!prepare(run, f, &r, how))
        return 0;
    int rc = micro_measure(run, once, f, &r);
    if (rc)
        return rc;
    if (f->run > 0) {
        qsort(f->memcpy_ns, f->run, sizeof(f->memcpy_ns[0]), rising);
        r.memcpy_ns = f->memcpy_ns[f->run / 2];
    }
    micro_emit(run, &r);
    return 0;
}

static int measure_all(struct micro_run *run, struct fixture *f)
{
    static const struct {
        const char *name;
        size_t len;
        unsigned divisor; /* fewer calls of longer copies */
    } sizes[] = {{"rw64", 64, 1}, {"rw4k", 4096, 8}, {"rw64k", 65536, 64}};
    uint64_t ops = micro_options(run)->ops;
    int rc = 0;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && rc == 0; i++) {
        uint64_t n = ops / sizes[i].divisor + 1;
        f->len = sizes[i].len;
        f->same = false;
        rc = measure(run, f, sizes[i].name, " random", once_alone, n);
        if (rc == 0)
            rc = measure_readers(run, f, sizes[i].name, n);
        f->same = true;
        if (rc == 0)
            rc = measure(run, f, sizes[i].name, " same", once_alone, n);
        if (rc == 0)
            rc = measure_readers(run, f, sizes[i].name, n);
    }
    return rc ? rc : measure(run, f, "map", "", once_map, ops / 4 + 1);
}

/* Is a case of so many mappings asked for? One that is named needs no other's fixture. */
static bool asks_for(const struct micro_run *run, uint64_t maps)
{
    const char *only = micro_options(run)->only, *slash = only ? strchr(only, '/') : NULL;
    return !slash || strtoull(slash + 1, NULL, 10) == maps;
}

int micro_iova(struct micro_run *run)
{
    static const uint64_t usual[] = {1, 64, 4096, 60000, 1000000};
    const uint64_t asked = micro_options(run)->maps;
    bool all = asked == 60000;
    int rc = fpr_iova_guard_install();
    if (rc)
        return rc;
    for (size_t i = 0; i < (all ? sizeof(usual) / sizeof(usual[0]) : 1) && rc == 0; i++) {
        struct fixture f;
        uint64_t maps = all ? usual[i] : asked;
        if (!asks_for(run, maps))
            continue;
        rc = fixture_open(&f, maps);
        if (rc == 0)
            rc = measure_all(run, &f);
        fixture_close(&f);
    }
    fpr_iova_guard_remove();
    return rc;
}

const struct micro_case micro_iova_case = {"rw64 rw4k rw64k map", micro_iova};
