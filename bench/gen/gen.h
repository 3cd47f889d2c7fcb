/* fpr-bench gen: seeded workloads on a simulated guest, recorded as a trace with its states. */
#ifndef BENCH_GEN_H
#define BENCH_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <fpr/report.h>
#include <fpr/trace.h>

#include "cli.h"

#define GEN_PAGES_PER_MIB UINT64_C(256)
#define GEN_HUGE_ORDER    9u
#define GEN_HUGE_PAGES    (UINT64_C(1) << GEN_HUGE_ORDER)
#define GEN_NEVER         UINT64_MAX

/* A parameter: a whole number, or one of a few words (its value is the word's index). */
struct gen_param {
    const char *name; /* of the option */
    const char *unit; /* as --help shows the value */
    const char *doc;
    uint64_t min, max, preset;
    const char *const *words; /* NULL: a number */
};

/* Parameters of every workload; those of its own follow. */
enum gen_common {
    GEN_MIB = 0,
    GEN_SEED,
    GEN_PROFILE,
    GEN_CPUS,
    GEN_REPORTING,
    GEN_ORDER,
    GEN_IDLE,
    GEN_GUESTS,
    GEN_STAGGER,
    GEN_NR_COMMON,
};
enum { GEN_MAX_PARAMS = 24 };
extern const struct gen_param gen_common_params[GEN_NR_COMMON];
extern const char *const gen_on_off[]; /* words "off" and "on" */

struct gen_guest;

/* A workload. */
struct gen_workload {
    const char *name;
    const char *summary; /* a line for --list */
    const char *doc;     /* what it does, for --help */
    uint64_t mib;        /* preset of --mib */
    uint64_t idle_s;     /* preset of --idle-s */
    const struct gen_param *params;
    size_t nr_params;
    /* The most that it holds at a time, MiB, and the option that says so. */
    uint64_t (*needs)(const uint64_t *values, const char **option);
    void (*run)(struct gen_guest *guest, const uint64_t *values);
};
extern const struct gen_workload gen_compile, gen_memhog, gen_page_fault1, gen_page_fault2, gen_kv,
    gen_fragment;
extern const struct gen_workload *const gen_workloads[]; /* NULL-terminated */

/* What a line asks for. */
struct gen_job {
    const struct gen_workload *workload;
    uint64_t values[GEN_MAX_PARAMS]; /* common ones, then those of the workload */
    const char *out;                 /* NULL: none given */
    const volatile int *stop;        /* set by Ctrl-C */
};
/* The i-th parameter, common ones first; NULL behind the last. */
const struct gen_param *gen_param_at(const struct gen_workload *workload, size_t i);
/* The workload's own values. */
const uint64_t *gen_own(const struct gen_job *job);
/* Everything at its preset. */
void gen_job_init(struct gen_job *job, const struct gen_workload *workload);
/* Sets one value; ends the program if it is wrong. `prefix` stands before its name in the message.
 */
void gen_job_set(struct gen_job *job, size_t i, const char *text, const char *prefix);
/* Ends the program if the values do not go together; `prefix` as above. */
void gen_job_check(const struct gen_job *job, const char *prefix);
/* The line that makes the same file again, whatever presets later versions have. */
void gen_job_line(const struct gen_job *job, const char *out, FILE *to);
/* Ends the program if there is none of that name; `prefix` as above. */
const struct gen_workload *gen_workload_find(const char *name, size_t length, const char *prefix);

/* Blocks that somebody holds, oldest first. */
struct gen_block {
    fpr_pfn pfn;
    unsigned order;
};
struct gen_blocks {
    struct gen_block *block;
    size_t head, tail, room; /* those held are head..tail-1 */
    uint64_t pages;          /* in them */
};
void gen_blocks_add(struct gen_blocks *blocks, fpr_pfn pfn, unsigned order);
size_t gen_blocks_count(const struct gen_blocks *blocks);
struct gen_block gen_blocks_take_oldest(struct gen_blocks *blocks);
struct gen_block gen_blocks_take_newest(struct gen_blocks *blocks);
/* The i-th oldest; the newest takes its place. */
struct gen_block gen_blocks_take(struct gen_blocks *blocks, size_t i);
void gen_blocks_release(struct gen_blocks *blocks);

/* What a run leaves besides its records. */
struct gen_text {
    char *data;
    size_t size;
};
void gen_text_free(struct gen_text *text);
struct gen_outcome {
    struct gen_text before, after, phases;
    uint64_t records;
    uint64_t failures; /* requests that were refused */
    fpr_ns span;
};
void gen_outcome_free(struct gen_outcome *outcome);

/* A guest at work. */
struct gen_guest {
    struct fpr_machine *machine;
    struct fpr_clock *clock;
    struct fpr_reporter *reporter; /* NULL: reporting is off */
    struct fpr_device device;
    uint64_t random;
    unsigned cpus, cpu; /* how many; which one the running task is on */
    uint32_t pid;       /* of the running task */
    int reporting_order;
    const char *release;
    struct fpr_trace_writer *writer; /* NULL: a rehearsal, or not begun */
    bool recording;
    bool in_pass;
    int error; /* first one of the writer */
    const volatile int *stop;
    fpr_ns next_noise;
    struct gen_blocks noise; /* what the kernel uses for itself for a moment */
    struct gen_blocks cache; /* file pages: given up when memory is short */
    struct gen_blocks boot;  /* what was there before */
    uint64_t cache_limit;    /* pages */
    struct gen_outcome *outcome;
};
/* Runs the job's workload as the n-th of its guests (from 0). With a writer the records go there,
 * behind the attachments of `rehearsed`. 0, -EINTR, or what the writer says. */
int gen_guest_run(const struct gen_job *job, unsigned n, const struct gen_outcome *rehearsed,
                  struct fpr_trace_writer *writer, struct gen_outcome *outcome);

/* For workloads. Every request takes virtual time; a long enough one lets passes run. */
fpr_ns gen_now(const struct gen_guest *guest);
void gen_wait_until(struct gen_guest *guest, fpr_ns time);
/* One request by the running task. When memory is short file pages are given up first; false:
 * refused even so. */
bool gen_alloc(struct gen_guest *guest, unsigned order, fpr_gfp gfp, fpr_pfn *pfn);
void gen_free(struct gen_guest *guest, struct gen_block block);
void gen_free_all(struct gen_guest *guest, struct gen_blocks *blocks);
/* User memory, touched: huge pages where wanted and to be had, else small ones with their page
 * tables. False: it ran out. */
bool gen_touch(struct gen_guest *guest, uint64_t pages, bool huge, struct gen_blocks *blocks);
/* Pages of files, which stay until the cache is above its limit. */
void gen_read_file(struct gen_guest *guest, uint64_t pages);
/* A kernel object of 2^order pages. */
bool gen_kernel(struct gen_guest *guest, unsigned order, fpr_gfp more, struct gen_blocks *blocks);
void gen_phase(struct gen_guest *guest, const char *name);
bool gen_stopped(const struct gen_guest *guest);
/* 0..n-1; 0 for n = 0. */
uint64_t gen_below(struct gen_guest *guest, uint64_t n);
/* About `mean`: a sum of draws, from a third of it to some times as much. */
uint64_t gen_around(struct gen_guest *guest, uint64_t mean);
bool gen_chance(struct gen_guest *guest, unsigned percent);

/* Tasks that take turns: whoever is due next takes a step. */
struct gen_task {
    unsigned id;
    int state;
    fpr_ns next;  /* due; GEN_NEVER: it has ended */
    fpr_ns until; /* for the step's own use, as is what follows */
    uint64_t left;
    struct gen_blocks held, tables;
};
/* Runs until all have ended or `end`. The step sets `next`. */
void gen_tasks_run(struct gen_guest *guest, struct gen_task *tasks, size_t count, fpr_ns end,
                   void (*step)(struct gen_guest *guest, struct gen_task *task, void *ctx),
                   void *ctx);
struct gen_task *gen_tasks_make(const struct gen_guest *guest, size_t count);
/* All memory back, task by task. */
void gen_tasks_end(struct gen_guest *guest, struct gen_task *tasks, size_t count);

/* Recording (record.c). */
void gen_record_begin(struct gen_guest *guest);
void gen_record_mark(struct gen_guest *guest, enum fpr_trace_type type, bool after);
int gen_record_attach(const struct gen_job *job, unsigned n, const struct gen_outcome *rehearsed,
                      struct fpr_trace_writer *writer);
void gen_save_state(struct gen_guest *guest, const char *slot, struct gen_text *text);

#endif
