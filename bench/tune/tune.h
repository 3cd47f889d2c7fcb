/* fpr-bench tune: a sweep of reporting's settings over recordings.
 *
 * Everything that is written is first rounded to the digits that are printed, so that a share
 * read back from its file gives the same bytes as the sweep in one process.
 */
#ifndef BENCH_TUNE_H
#define BENCH_TUNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <fpr/replay.h>

#include "cli.h"
#include "model_args.h"

struct json_object;

/* One setting of the grid. */
struct tune_setting {
    unsigned order;
    unsigned budget_divisor; /* 0: no budget */
    unsigned capacity;
    unsigned delay_ms;
};

/* What Linux has, and cannot be told otherwise without changing it (but for the order). */
#define TUNE_KERNEL_BUDGET   16u
#define TUNE_KERNEL_CAPACITY 32u
#define TUNE_KERNEL_DELAY_MS 2000u
#define TUNE_KERNEL_ORDER    9u

/* What is known of one replay: X(name, digits, meaning). NaN: not known. */
#define TUNE_METRICS(X)                                                                            \
    X(host_mean_mib, 3, "host memory held, mean (MiB)")                                            \
    X(host_peak_mib, 3, "host memory held, peak (MiB)")                                            \
    X(host_end_mib, 3, "host memory held at the end (MiB)")                                        \
    X(host_gib_min, 6, "host memory held over time (GiB*min)")                                     \
    X(given_back_gib_min, 6, "less than without reporting (GiB*min)")                              \
    X(back_50_s, 2, "after the last peak: half of what came back was back after (s)")              \
    X(back_90_s, 2, "the same for 90 % (s)")                                                       \
    X(back_99_s, 2, "the same for 99 % (s)")                                                       \
    X(passes, 0, "reporting passes")                                                               \
    X(report_calls, 0, "calls of the device")                                                      \
    X(report_entries, 0, "blocks in them")                                                         \
    X(reported_mib, 3, "memory reported (MiB)")                                                    \
    X(walked_blocks, 0, "list entries looked at under the zone lock")                              \
    X(locked_pages, 0, "pages isolated and put back under the zone lock")                          \
    X(refaults, 0, "pages reported, then touched again")                                           \
    X(zeroed_mib, 3, "memory zeroed by host faults (MiB)")                                         \
    X(huge_splits, 0, "host huge pages split")                                                     \
    X(cost_ms, 3, "CPU price by the cost constants (ms)")                                          \
    X(extra_cost_ms, 3, "the same above the price without reporting (ms)")                         \
    X(gap_no_device_mib, 3, "free, yet held: no device is registered (MiB, mean)")                 \
    X(gap_below_order_mib, 3, "free, yet held: below the reporting order (MiB, mean)")             \
    X(gap_waiting_delay_mib, 3, "free, yet held: waiting for the next pass (MiB, mean)")           \
    X(gap_waiting_budget_mib, 3, "free, yet held: the budget ran out (MiB, mean)")                 \
    X(gap_waiting_watermark_mib, 3, "free, yet held: refused by a watermark (MiB, mean)")          \
    X(gap_pcp_mib, 3, "free, yet held: on per-cpu lists (MiB, mean)")                              \
    X(gap_in_flight_mib, 3, "free, yet held: with the device (MiB, mean)")                         \
    X(gap_reported_held_mib, 3, "reported, yet held: the backing page is larger (MiB, mean)")      \
    X(waiting_end_mib, 3, "free, yet held at the end: waiting for further passes (MiB)")

enum tune_metric {
#define TUNE_X(name, digits, text) TUNE_##name,
    TUNE_METRICS(TUNE_X)
#undef TUNE_X
        TUNE_NR_METRICS
};

/* Name, digits and meaning by number. */
struct tune_metric_info {
    const char *name;
    int digits;
    const char *text;
};
extern const struct tune_metric_info tune_metric_info[TUNE_NR_METRICS];

/* Curves, in KiB but for refaults: X(name). The gap parts in the order of FPR_GAP_PARTS. */
#define TUNE_SERIES(X)                                                                             \
    X(host)                                                                                        \
    X(free)                                                                                        \
    X(refaults)                                                                                    \
    X(no_device)                                                                                   \
    X(below_order)                                                                                 \
    X(waiting_delay)                                                                               \
    X(waiting_budget)                                                                              \
    X(waiting_watermark)                                                                           \
    X(pcp)                                                                                         \
    X(in_flight)                                                                                   \
    X(reported_held)

enum tune_series {
#define TUNE_X(name) TUNE_SERIES_##name,
    TUNE_SERIES(TUNE_X)
#undef TUNE_X
        TUNE_NR_SERIES
};
extern const char *const tune_series_names[TUNE_NR_SERIES];

/* Settings up to which the table on stdout is whole. */
#define TUNE_SHORT_TABLE 40

/* Most points of a curve that are kept; longer ones are thinned out evenly. */
#define TUNE_MAX_POINTS 320

struct tune_curve {
    size_t count; /* points; 0: none kept (from a CSV share) */
    uint64_t *values[TUNE_NR_SERIES];
};

/* One replay. */
struct tune_row {
    bool done;
    bool pareto; /* among the settings of its recording */
    double metric[TUNE_NR_METRICS];
    struct tune_curve curve;
};

/* One recording and all its replays. */
struct tune_trace {
    char path[512];
    char release[64]; /* recorded kernel; empty: not known */
    char profile[16];
    char mode[16];
    char start[160];
    double span_s;
    uint64_t events;
    uint64_t lost;            /* events that the kernel lost */
    char good_for[12];        /* import's word for what it is good for; empty: not judged */
    char *verdict;            /* import's text: what it lacks, what it is good for; or NULL */
    int today;                /* best that its kernel can be set to; -1: none */
    struct tune_row baseline; /* reporting off */
    size_t nr_points;
    uint64_t *time_ms;      /* of the curves' points */
    uint64_t *measured_kib; /* from rss.csv; 0: not known */
    struct tune_row *rows;  /* one a setting */
};

/* A setting over all recordings together. */
struct tune_total {
    bool done;
    bool pareto;
    double given_back; /* GiB*min */
    double cost_ms;    /* above no reporting */
};

/* What is recommended; indices of settings, -1: none. */
struct tune_advice {
    int best;        /* of the whole grid; -1: leave reporting off */
    int top;         /* the best by a hair; `best` may be another that changes less */
    int today;       /* with only the order to choose; -1: the grid has no such setting, none of
                        them is worth it, or the recorded kernels differ in it */
    bool off_today;  /* none of those is worth its price */
    int next;        /* the next dearer one of the Pareto set after `best`; -1: none */
    int with_budget; /* best where the budget may be chosen beside the order */
    int with_capacity;
    int with_delay;
};

struct tune_grid {
    struct bench_list orders, budgets, capacities, delays;
};

struct tune_sweep {
    char version[16];
    char model[384]; /* options of the model that are not the default, in one line */
    struct tune_grid grid;
    size_t nr_settings;
    bool cut_short;         /* by Ctrl-C */
    bool whole_table;       /* on stdout, however long */
    unsigned shard, shards; /* 0 of 0: everything */
    double gib_per_cpu;     /* how many GiB cost as much as one CPU */
    struct fpr_host_costs costs;
    struct tune_trace *traces;
    size_t nr_traces;
    struct tune_total *totals; /* one a setting */
    struct tune_advice advice;
};

/* @name sweep.c: making and freeing; out of memory ends the program. @{ */
void tune_sweep_init(struct tune_sweep *sweep);
void tune_sweep_set_grid(struct tune_sweep *sweep, const struct tune_grid *grid);
struct tune_trace *tune_sweep_add_trace(struct tune_sweep *sweep, const char *path);
void tune_sweep_free(struct tune_sweep *sweep);
struct tune_setting tune_setting_at(const struct tune_sweep *sweep, size_t i);
/* Whether this process has to do setting i. */
bool tune_in_shard(const struct tune_sweep *sweep, size_t i);
/* "order 9, budget 16, capacity 32, delay 2000 ms" */
const char *tune_setting_text(const struct tune_setting *setting, char *text, size_t size);
double tune_round(double value, int digits);
void *tune_alloc(size_t count, size_t size);
/* Prints a metric with its digits; NaN as `none`. */
void tune_print_metric(FILE *to, enum tune_metric metric, double value, const char *none);
/** @} */

/* row.c: a replay's result, rounded and thinned. */
void tune_row_fill(struct tune_row *row, const struct fpr_replay_result *result);
void tune_row_free(struct tune_row *row);
void tune_row_compare(struct tune_row *row, const struct tune_row *baseline);
void tune_trace_fill(struct tune_trace *trace, const struct fpr_replay_result *baseline);

/* pareto.c: marks the points that no other point beats (more gain, less cost). */
struct tune_point {
    double gain;
    double cost;
    bool known;
    bool pareto;
};
void tune_pareto(struct tune_point *points, size_t count);
/* Sets the marks and totals of a whole sweep. */
void tune_sweep_mark(struct tune_sweep *sweep);

/* advice.c: pure choice; needs the marks. */
void tune_advise(struct tune_sweep *sweep);
/* The same for recordings of one kernel. */
void tune_advise_kernel(struct tune_sweep *sweep);
/* Worth of a gain minus its cost, in GiB*min. */
double tune_net(const struct tune_sweep *sweep, const struct tune_total *total);
/* Whether budget, capacity and delay are the kernel's own. */
bool tune_settable(const struct tune_setting *setting);
/* Whether the recorded kernels let the order be chosen. */
bool tune_order_settable(const struct tune_sweep *sweep);

/* kernels.c: the recordings that count, one sweep for each kernel, marked and advised. They point
 * into `sweep`, which must outlive them. */
struct tune_kernels {
    size_t count;
    struct tune_sweep *each;
};
void tune_kernels_split(const struct tune_sweep *sweep, struct tune_kernels *kernels);
void tune_kernels_free(struct tune_kernels *kernels);
bool tune_same_kernel(const struct tune_trace *a, const struct tune_trace *b);
/* Release, or the rules if that is not known. */
const char *tune_kernel_name(const struct tune_trace *trace);

/* verdict.c: what import says of a recording. */
void tune_judge(struct tune_trace *trace, const struct fpr_trace_options *options,
                const volatile int *stop);
/* Whether it is good for something. */
bool tune_counts(const struct tune_trace *trace);
/* The first that counts and is good for the shape of curves alone; NULL: none. */
const struct tune_trace *tune_shape_only(const struct tune_sweep *sweep);
/* The first that ends before the passes had shown what they do: it lasts less than a few delays, or
 * much waits for further passes, whatever the setting. NULL: none. */
const struct tune_trace *tune_ends_early(const struct tune_sweep *sweep);
/* How much waits then at least (MiB); 0: not much. */
double tune_waiting_mib(const struct tune_sweep *sweep, const struct tune_trace *trace);
/* Whether the advice is more than a hint: no recording is of either kind. */
bool tune_is_sure(const struct tune_sweep *sweep);

/* words.c: the advice in words; each line ends with a newline. `tick` is put round commands. */
void tune_words(const struct tune_sweep *sweep, FILE *to);
void tune_words_reason(const struct tune_sweep *sweep, FILE *to);
void tune_words_today(const struct tune_sweep *sweep, FILE *to);
void tune_words_changes(const struct tune_sweep *sweep, FILE *to);
/* The command that sets today's best order; empty if it cannot be set. */
void tune_words_command(const struct tune_sweep *sweep, char *text, size_t size);

/* run.c: does the replays. Returns 0, or -EINTR after Ctrl-C. */
int tune_run(struct tune_sweep *sweep, const struct bench_model *model, unsigned jobs,
             const volatile int *stop);

/* pool.c: calls task(ctx, i) for i below count on several threads; a negative result ends it.
 * Returns the first negative result, or 0. `tick` is called under a lock after each. */
struct tune_pool {
    int (*task)(void *ctx, size_t i);
    void (*tick)(void *ctx, size_t done);
    void *ctx;
    size_t count;
    unsigned threads;
    const volatile int *stop;
};
int tune_pool_run(const struct tune_pool *pool);

/* progress.c: a bar on a terminal, else nothing. */
struct tune_progress {
    bool on;
    size_t total;
    size_t done;
    uint64_t start_ns;
};
void tune_progress_begin(struct tune_progress *progress, size_t total);
void tune_progress_step(struct tune_progress *progress, const char *what);
void tune_progress_end(struct tune_progress *progress);

/* Results: table.c, csv.c, doc.c, html.c. */
void tune_table(const struct tune_sweep *sweep, FILE *to);
void tune_csv(const struct tune_sweep *sweep, FILE *to);
void tune_json_row(struct json_object *o, const struct tune_row *row);
void tune_json_points(struct json_object *o, const struct tune_trace *trace);
struct json_object *tune_json(const struct tune_sweep *sweep);
void tune_html(const struct tune_sweep *sweep, FILE *to);

/* Where results go; NULL: nowhere. */
struct tune_files {
    const char *csv;
    const char *json;
    const char *html;
};
/* Ends the program if they cannot be made, or would overwrite one of the inputs. */
void tune_files_check(const struct tune_files *files, char *const *inputs, size_t nr_inputs);
/* Writes them; the table goes to stdout unless one of them does. Those that cannot be written are
 * told of. Returns the exit status. */
int tune_write(const struct tune_sweep *sweep, const struct tune_files *files);

/* merge.c: moves the rows that `from` has done; `name` is for messages. */
void tune_sweep_take(struct tune_sweep *to, struct tune_sweep *from, const char *name);

/* Several processes that do one sweep together (MPI). */
struct tune_team {
    unsigned rank, size;
    int *working;                               /* set when the command line was found right */
    void (*send)(void *ctx, const char *text);  /* to rank 0 */
    char *(*receive)(void *ctx, unsigned rank); /* on rank 0; to be freed */
    void *ctx;
};
/* cmd.c: the subcommand; team may be NULL. */
int tune_main(int argc, char **argv, const struct tune_team *team);

/* read_csv.c, read_json.c: a share or a whole sweep back from a file; anything wrong ends the
 * program with file and line. */
void tune_read(const char *path, struct tune_sweep *sweep, bool *csv);
void tune_read_csv(const char *path, const char *text, struct tune_sweep *sweep);
void tune_read_json(const char *path, const char *text, struct tune_sweep *sweep);

#endif
