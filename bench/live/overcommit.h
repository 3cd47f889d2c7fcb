/* Several guests on one host that is smaller than all of them. */
#ifndef BENCH_LIVE_OVERCOMMIT_H
#define BENCH_LIVE_OVERCOMMIT_H

#include "live.h"

enum { OVERCOMMIT_MAX_GUESTS = 64, OVERCOMMIT_NR_SETTINGS = 6 };

/* A setting of reporting. */
struct overcommit_setting {
    const char *name;
    bool reporting;
    int order;
    unsigned budget_divisor;
};
extern const struct overcommit_setting overcommit_settings[OVERCOMMIT_NR_SETTINGS];

struct overcommit_options {
    struct live_config guest;
    unsigned guests;
    unsigned rounds;
    double slot_s;     /* how long each demand lasts */
    double demand;     /* share of its memory that a guest uses then */
    uint64_t host_mib; /* what the host has */
    const char *csv, *json, *html;
};

/* What one setting gave. */
struct overcommit_score {
    double peak_mib;   /* host memory of all guests, by mincore */
    double mean_mib;   /* over the run */
    double over_s;     /* time above what the host has, by mincore (lag of the sampling) */
    double waited_s;   /* guests waited so long for host memory, all together */
    uint64_t denied;   /* blocks not had: a guest ends its turn when it waited a slot's length */
    uint64_t calls;    /* reports */
    uint64_t refaults; /* huge pages that came back after a report */
    double work_mib;   /* memory that guests touched */
    struct live_curve host;
};

void overcommit_run(const struct overcommit_options *o, const struct overcommit_setting *setting,
                    struct overcommit_score *score, const volatile int *stop);

#endif
