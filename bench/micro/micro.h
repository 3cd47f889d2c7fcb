/* Micro benchmarks: one result a line, all from seeded sequences.
 *
 * A case is a function in a table; it asks micro_wanted() for each of its variants, measures with
 * micro_measure() and hands the result to micro_emit(). Times are CPU time of the calling thread,
 * so that a busy machine disturbs them little.
 */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include <stdbool.h>
#include <stdint.h>

/* What the command line asks for. */
struct micro_options {
    const char *only; /* "name" or "name/case"; NULL: everything */
    uint64_t frames;  /* frames of the zone */
    uint64_t ops;     /* operations in one run */
    uint64_t maps;    /* mappings in the IOVA cases */
    uint64_t seed;    /* of every sequence */
    unsigned runs;    /* runs of each case; median, min and max are taken over them */
    bool json;        /* one document instead of lines */
};

/* One result. Numbers that mean nothing for a case stay 0. */
struct micro_result {
    const char *name;       /* as DESIGN gives it: "mixed", "rw64", … */
    char case_[64];         /* variant, for example "60000 random"; empty: none */
    double ns_median;       /* per operation */
    double ns_min;          /* fastest run */
    double ns_max;          /* slowest run */
    uint64_t ops;           /* operations in one run */
    double speedup;         /* one thread's time over two threads', by turns in the same run */
    double memcpy_ns;       /* memcpy of the same bytes in the same run, per operation */
    double bytes_per_frame; /* metadata of the library */
    double moves_per_op;    /* blocks put on, taken off or moved between lists */
    double frames_per_op;   /* frames handed out or taken back */
    double resident_mib;    /* memory that the library made resident */
};

/* A run of the program: options and where results go. Opaque. */
struct micro_run;

/* A family of cases. Returns 0 or a negative errno (with a line on stderr). */
struct micro_case {
    const char *names;                 /* for --help and for checking --only: "rw64 rw4k map" */
    int (*run)(struct micro_run *run); /* asks micro_wanted() itself */
};

const struct micro_options *micro_options(const struct micro_run *run);
/* Whether a result of this name and variant (may be NULL: any) is asked for. */
bool micro_wanted(const struct micro_run *run, const char *name, const char *variant);
/* Takes one finished result; prints it at once unless JSON was asked for. */
void micro_emit(struct micro_run *run, const struct micro_result *result);

/* Runs `once` as often as the options say; it returns nanoseconds per operation, or a negative
 * errno. Fills the three ns fields. Returns 0 or that errno. */
int micro_measure(const struct micro_run *run, double (*once)(void *ctx), void *ctx,
                  struct micro_result *result);

/* The same for one thread and for two, by turns, so that both see the same machine: how many times
 * one's throughput two have is the median over the runs. `one` may be NULL: not asked for. */
int micro_measure_both(const struct micro_run *run, double (*once)(void *ctx, unsigned threads),
                       void *ctx, struct micro_result *one, struct micro_result *two);

/* CPU time of this thread in nanoseconds. */
uint64_t micro_now(void);
/* splitmix64. */
uint64_t micro_random(uint64_t *state);

/* The tables: alloc.c and threads.c always, iova.c where the IOVA map is built. */
extern const struct micro_case micro_alloc_case;
extern const struct micro_case micro_threads_case;
extern const struct micro_case micro_iova_case;

/* pass.c, called by alloc.c. */
int micro_pass_and_init(struct micro_run *run);

#endif
