/* Experiments in real time: guests whose memory is this process's own. */
#ifndef BENCH_LIVE_H
#define BENCH_LIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <fpr/arena.h>
#include <fpr/host.h>
#include <fpr/thread.h>

#define MIB ((uint64_t)1 << 20)

/* How a guest is built. */
struct live_config {
    uint64_t mib;                    /* its memory */
    unsigned cpus;                   /* tasks that may run in it */
    bool shuffle;                    /* page shuffling */
    bool reporting;                  /* a reporter and its thread exist */
    bool device;                     /* … and a device is registered */
    enum fpr_arena_thp thp;          /* host's huge pages */
    enum fpr_arena_mode mode;        /* how the device gives back */
    struct fpr_report_config report; /* knobs */
    const volatile int *stop;        /* once set, what runs ends early; NULL: never */
};

/* A guest. */
struct live_guest {
    struct live_config config;
    struct fpr_arena *arena;
    struct fpr_machine *machine;
    struct fpr_reporter *reporter; /* NULL: none */
    struct fpr_thread *thread;     /* NULL: none */
    struct fpr_device device;
    uint64_t bits; /* state of the shuffling's random source */
};

/* Makes a guest; ends the program if it cannot. Nothing is registered yet. */
void live_guest_make(struct live_guest *guest, const struct live_config *config);
/* Registers the arena's device, or the one given in its place, if the configuration has one. */
void live_guest_register(struct live_guest *guest, const struct fpr_device *instead);
void live_guest_free(struct live_guest *guest);
/* The machine of such a guest, `locked` or for one thread. */
struct fpr_machine *live_machine_make(const struct live_config *config, bool locked,
                                      uint64_t *bits);
bool live_stopped(const struct live_guest *guest);
/* Waits until no pass runs or is wanted: true; false once stopped, or after `timeout`. */
bool live_settle(struct live_guest *guest, fpr_ns timeout);
/* MiB that this machine can give a program now. */
uint64_t live_memory_mib(void);
uint64_t live_resident(const struct live_guest *guest);
void live_sleep(fpr_ns time);

/* Blocks that somebody holds. */
struct live_blocks {
    fpr_pfn *pfn;
    size_t count;
    size_t room;
};
void live_blocks_make(struct live_blocks *blocks, size_t room);
void live_blocks_free(struct live_blocks *blocks);
/* Takes huge pages until there are none, `room` is used up or it is stopped; writes to all of each.
 */
void live_fill(struct live_guest *guest, struct live_blocks *blocks);
/* Gives all back. */
void live_release(struct live_guest *guest, struct live_blocks *blocks);

/* page_fault1 with huge pages, page_fault2 with small ones. */
enum live_test { LIVE_FAULT1 = 0, LIVE_FAULT2 = 1, LIVE_NR_TESTS };
/* What running a test gave. */
struct live_score {
    double rate;          /* pages faulted a second, of all tasks */
    double cpu_rate;      /* the same a second of the tasks' CPU time */
    double host_faults;   /* page faults on the host, a second */
    double resident_mean; /* MiB */
    double resident_min;  /* MiB */
    double calls;         /* report calls a second */
    double reported_mib;  /* a second */
    double reporter_cpu;  /* CPU time of the reporter's thread, share of the time */
    struct fpr_lock_stats lock;
};
/* Runs `tasks` threads for `seconds`; each maps, touches and unmaps map_mib at a time. */
void live_run_test(struct live_guest *guest, enum live_test test, unsigned tasks, uint64_t map_mib,
                   double seconds, struct live_score *score);

/* Allocates and frees one page, `count` times: for instruction counters, which look for its name.
 */
void live_pairs(struct live_guest *guest, uint64_t count);

/* One point of the memhog curve, or one pass of it. */
struct live_point {
    double time_s; /* after the memory was freed */
    double mib;    /* resident */
};
enum { LIVE_MAX_POINTS = 4096 };
struct live_curve {
    struct live_point point[LIVE_MAX_POINTS];
    size_t count;
    unsigned stride, skipped; /* of samples: 1 in so many is kept (0: all); since the last kept */
};
/* Adds a sample. A curve that is full keeps every second one, so that it reaches the end. */
void live_curve_sample(struct live_curve *curve, double time_s, double mib);
/* The memhog switch, measured and as the model predicts it. */
struct live_memhog {
    bool done;                  /* it was not stopped */
    double filled_mib;          /* resident when full */
    double freed_mib;           /* given back by the task */
    double fill_s;              /* how long filling took */
    double free_s;              /* how long freeing took */
    struct live_curve measured; /* samples */
    struct live_curve passes;   /* after each pass that called the device, measured */
    struct live_curve model;    /* the same as predicted */
    unsigned passes_to_95; /* passes until 95 % of what was freed is back, measured; 0: never */
    unsigned model_to_95;  /* predicted */
};
void live_memhog_run(const struct live_config *config, struct live_memhog *result);

/* One line of a drawing. */
struct live_line {
    const char *name;
    const char *color;
    bool dots; /* points only */
    const struct live_curve *curve;
};
struct json_object;
struct json_object *live_curve_json(const struct live_curve *curve);
/* A drawing of lines over time. */
void live_svg(FILE *to, const char *title, const char *unit, const struct live_line *lines,
              size_t nr_lines);

double live_mean(const double *values, size_t count);
/* Largest distance of an extreme from the mean, in percent of it: as the cover letter gives it. */
double live_deviation(const double *values, size_t count);
/* Standard deviation in percent of the mean. */
double live_sigma(const double *values, size_t count);
double live_median(double *values, size_t count);

#endif
