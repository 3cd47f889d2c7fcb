#include "series.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli.h"
#include "stop.h"

const struct series_row series_rows[SERIES_NR_ROWS] = {
    {"baseline", "Baseline", false, false, false, FPR_ARENA_DONTNEED},
    {"no-device", "Reporting, no device", true, false, false, FPR_ARENA_DONTNEED},
    {"enabled", "Reporting enabled", true, true, false, FPR_ARENA_DONTNEED},
    {"shuffle", "Enabled, page shuffle", true, true, true, FPR_ARENA_DONTNEED},
    {"free", "Enabled, shuffle, MADV_FREE", true, true, true, FPR_ARENA_FREE},
};

const char *const series_thp[] = {"system", "always", "never", NULL};
const char *const series_tests[LIVE_NR_TESTS] = {"page_fault1", "page_fault2"};

/* A fresh guest, filled and emptied once as memhog does, then all tests. */
static void run_row(struct series_result *r, unsigned row, unsigned run)
{
    const struct series_options *o = &r->options;
    struct live_config config = o->guest;
    struct live_guest guest;
    struct live_blocks blocks;
    config.reporting = series_rows[row].reporting;
    config.device = series_rows[row].device;
    config.shuffle = series_rows[row].shuffle;
    config.mode = series_rows[row].mode;
    live_guest_make(&guest, &config);
    live_guest_register(&guest, NULL);
    live_blocks_make(&blocks, config.mib / 2);
    live_fill(&guest, &blocks);
    live_release(&guest, &blocks);
    r->after_memhog[row][run] = (double)live_resident(&guest) / (double)MIB;
    for (unsigned test = 0; test < LIVE_NR_TESTS; test++) {
        for (unsigned c = 0; c < r->nr_counts && o->tests[test] && !live_stopped(&guest); c++) {
            live_run_test(&guest, (enum live_test)test, r->task_counts[c], o->map_mib, o->seconds,
                          &r->score[row][test][c][run]);
        }
    }
    live_blocks_free(&blocks);
    live_guest_free(&guest);
}

void series_run(struct series_result *r, const volatile int *stop)
{
    bool terminal = isatty(STDERR_FILENO);
    for (unsigned run = 0; run < r->options.runs && !bench_stopped(stop); run++) {
        for (unsigned k = 0; k < SERIES_NR_ROWS && !bench_stopped(stop); k++) {
            unsigned row = run % 2 ? SERIES_NR_ROWS - 1 - k : k; /* drift hits all alike */
            if (r->options.rows[row]) {
                terminal ? fprintf(stderr, "\rrun %u: %-30s", run + 1, series_rows[row].name) : 0;
                run_row(r, row, run);
            }
        }
        r->runs += !bench_stopped(stop); /* complete ones */
    }
    terminal ? fprintf(stderr, "\r%40s\r", "") : 0;
}

double series_ratio(const struct series_result *r, unsigned row, unsigned test, unsigned count,
                    bool cpu)
{
    double ratio[SERIES_MAX_RUNS];
    for (unsigned run = 0; run < r->runs; run++) {
        const struct live_score *a = &r->score[row][test][count][run];
        const struct live_score *b = &r->score[0][test][count][run];
        double base = cpu ? b->cpu_rate : b->rate;
        if (base <= 0) {
            return 0;
        }
        ratio[run] = (cpu ? a->cpu_rate : a->rate) / base;
    }
    return live_median(ratio, r->runs);
}
