/* The experiment of the patch series. */
#ifndef BENCH_LIVE_SERIES_H
#define BENCH_LIVE_SERIES_H

#include "live.h"

enum { SERIES_MAX_RUNS = 101, SERIES_NR_ROWS = 5 };

/* A row of the table. */
struct series_row {
    const char *word; /* for --rows */
    const char *name; /* for the table */
    bool reporting, device, shuffle;
    enum fpr_arena_mode mode;
};
extern const struct series_row series_rows[SERIES_NR_ROWS];
extern const char *const series_tests[LIVE_NR_TESTS];
extern const char *const series_thp[]; /* by enum fpr_arena_thp; NULL at the end */

struct series_options {
    struct live_config guest; /* with reporting's knobs */
    uint64_t map_mib;
    unsigned runs;
    unsigned tasks; /* of the second half of each row */
    double seconds;
    bool rows[SERIES_NR_ROWS];
    bool tests[LIVE_NR_TESTS];
    bool table, memhog;
    uint64_t pairs; /* 0: none, and the experiment runs */
    const char *csv, *json, *html, *curve, *svg;
};

/* All that came out. */
struct series_result {
    struct series_options options;
    unsigned task_counts[2];
    unsigned nr_counts; /* 1 or 2 */
    unsigned runs;      /* complete ones */
    struct live_score score[SERIES_NR_ROWS][LIVE_NR_TESTS][2][SERIES_MAX_RUNS];
    double after_memhog[SERIES_NR_ROWS][SERIES_MAX_RUNS]; /* MiB resident */
    struct live_memhog memhog;
};

/* Runs the table's part; `stop` ends it in the run at hand, which then does not count. */
void series_run(struct series_result *result, const volatile int *stop);
/* Median over the runs of row / baseline, both of the same run; 0 without a baseline. */
double series_ratio(const struct series_result *r, unsigned row, unsigned test, unsigned count,
                    bool cpu);

void series_text(const struct series_result *r, FILE *to);
void series_csv(const struct series_result *r, FILE *to);
void series_curve_csv(const struct series_result *r, FILE *to);
void series_svg(const struct series_result *r, FILE *to);
void series_html(const struct series_result *r, FILE *to);
struct json_object;
struct json_object *series_json(const struct series_result *r);

#endif
