/* Looking on while a replay goes: its events as text, timeline or probes, and the machine's state
 * at one moment. */
#ifndef BENCH_WATCH_H
#define BENCH_WATCH_H

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>

#include <fpr/replay.h>
#include <fpr/sink.h>

#define BENCH_WATCH_MAX 3 /* text, timeline, probes */

/* A sink that writes to a temporary file without a name. */
struct bench_watch_file {
    const char *path;
    FILE *spool;
    struct fpr_sink *sink;
};

struct bench_watch {
    struct bench_watch_file text, timeline;
    bool usdt;
    const char *views; /* folder */
    bool made;         /* by us */
    int views_status;  /* of writing them */
    double views_at;   /* seconds; negative: the end */

    struct fpr_clock *clock;
    struct fpr_event_sink events[BENCH_WATCH_MAX];
    struct fpr_report_observer observers[2];
    struct fpr_device devices[2]; /* one behind the other */
    unsigned nr_events, nr_sinks;
    struct fpr_event_sink all_events;
    struct fpr_report_observer all_observers;
    struct fpr_replay_watch watch;
};

/* Child parser; its input is a struct bench_watch, which it initialises. */
extern const struct argp bench_watch_argp;

/* Puts what was asked for into the options; `device` is who else hears of reports, or NULL. */
void bench_watch_begin(struct bench_watch *w, struct fpr_replay_options *options);
/* Writes the files. Returns the exit status. */
int bench_watch_end(struct bench_watch *w);
/* Ends without. */
void bench_watch_free(struct bench_watch *w);
/* Whether standard output is taken. */
bool bench_watch_takes_stdout(const struct bench_watch *w);

#endif
