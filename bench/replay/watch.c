#include "watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "out.h"
#include "views.h"

enum { KEY_EVENTS = BENCH_KEY(100), KEY_TIMELINE, KEY_USDT, KEY_VIEWS, KEY_VIEWS_AT };

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "Looking on:", 3},
    {"events", KEY_EVENTS, "FILE", 0, "The model's events, as the kernel's ftrace prints them", 3},
    {"timeline", KEY_TIMELINE, "FILE", 0, "The same for Perfetto and chrome://tracing (JSON)", 3},
    {"usdt", KEY_USDT, NULL, 0, "Fire USDT probes (provider fpr), for perf and bpftrace", 3},
    {"views", KEY_VIEWS, "FOLDER", 0,
     "The machine as buddyinfo, pagetypeinfo, unusable_index, extfrag_index, machine.json, "
     "machine.state and a drawing of each zone",
     3},
    {"views-at", KEY_VIEWS_AT, "SECONDS", 0, "When (trace time); default: at the end", 3},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct bench_watch *w = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        *w = (struct bench_watch){.views_at = -1};
        return 0;
    case KEY_EVENTS:
        w->text.path = arg;
        return 0;
    case KEY_TIMELINE:
        w->timeline.path = arg;
        return 0;
    case KEY_USDT:
        w->usdt = true;
        return 0;
    case KEY_VIEWS:
        w->views = arg;
        return 0;
    case KEY_VIEWS_AT:
        w->views_at = bench_real("--views-at", arg, 0, 1e9);
        return 0;
    case ARGP_KEY_SUCCESS:
        if (w->views_at >= 0 && !w->views) {
            bench_die(BENCH_USAGE, "--views-at: needs --views FOLDER");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp bench_watch_argp = {options, parse, NULL, NULL, NULL, NULL, NULL};

bool bench_watch_takes_stdout(const struct bench_watch *w)
{
    return bench_out_is_stdout(w->text.path) || bench_out_is_stdout(w->timeline.path);
}

static int put(void *ctx, const char *text, size_t len)
{
    return fwrite(text, 1, len, ctx) == len ? 0 : -EIO;
}

static void on_event(void *ctx, const struct fpr_event *event)
{
    const struct bench_watch *w = ctx;
    for (unsigned k = 0; k < w->nr_events; k++) {
        w->events[k].event(w->events[k].ctx, event);
    }
}

static void on_begin(void *ctx, fpr_ns now)
{
    const struct bench_watch *w = ctx;
    for (unsigned k = 0; k < w->nr_sinks; k++) {
        w->observers[k].pass_begin(w->observers[k].ctx, now);
    }
}

static void on_end(void *ctx, fpr_ns now, const struct fpr_pass_result *result)
{
    const struct bench_watch *w = ctx;
    for (unsigned k = 0; k < w->nr_sinks; k++) {
        w->observers[k].pass_end(w->observers[k].ctx, now, result);
    }
}

static int look(void *ctx, const struct fpr_machine *machine, fpr_ns now)
{
    struct bench_watch *w = ctx;
    w->views_status = bench_views_write(machine, w->views, now);
    return 0;
}

static void start_file(struct bench_watch *w, struct bench_watch_file *f,
                       enum fpr_sink_format format, struct fpr_replay_options *o)
{
    if (!f->path) {
        return;
    }
    f->spool = bench_out_spool();
    struct fpr_sink_config config = {
        .format = format, .clock = w->clock, .write = put, .ctx = f->spool};
    int err = fpr_sink_create(&config, &f->sink);
    if (err) {
        bench_die(BENCH_FAILED, "%s: %s", f->path, strerror(-err));
    }
    unsigned n = w->nr_sinks++;
    fpr_sink_events(f->sink, &w->events[w->nr_events++]);
    fpr_sink_observer(f->sink, &w->observers[n]);
    fpr_sink_device(f->sink, o->device, &w->devices[n]);
    o->device = &w->devices[n];
}

static void start_probes(struct bench_watch *w)
{
    int err = w->usdt ? fpr_usdt_events(&w->events[w->nr_events]) : 0;
    if (err) {
        bench_die(BENCH_FAILED, "--usdt: built without probes (systemtap-sdt-dev)");
    }
    w->nr_events += w->usdt;
}

void bench_watch_begin(struct bench_watch *w, struct fpr_replay_options *o)
{
    if (fpr_clock_create(0, &w->clock)) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    start_file(w, &w->text, FPR_SINK_FTRACE, o);
    start_file(w, &w->timeline, FPR_SINK_TIMELINE, o);
    start_probes(w);
    if (w->views) {
        w->made = bench_views_folder(w->views);
    }
    w->watch = (struct fpr_replay_watch){
        .clock = w->clock, .look = w->views ? look : NULL, .look_ctx = w, .look_at = UINT64_MAX};
    if (w->views_at >= 0) {
        w->watch.look_at = (fpr_ns)(w->views_at * (double)FPR_NS_PER_S);
    }
    w->all_events = (struct fpr_event_sink){on_event, w};
    w->all_observers =
        (struct fpr_report_observer){.pass_begin = on_begin, .pass_end = on_end, .ctx = w};
    w->watch.events = w->nr_events ? &w->all_events : NULL;
    w->watch.observer = w->nr_sinks ? &w->all_observers : NULL;
    if (w->nr_events || w->views) {
        o->watch = &w->watch;
    }
}

static void copy_spool(FILE *to, const void *file)
{
    const struct bench_watch_file *f = file;
    char part[65536];
    size_t n;
    rewind(f->spool);
    while ((n = fread(part, 1, sizeof(part), f->spool)) && fwrite(part, 1, n, to) == n) {
    }
}

static int finish_file(const struct bench_watch_file *f)
{
    if (!f->path) {
        return BENCH_OK;
    }
    errno = 0;
    int err = fpr_sink_end(f->sink);
    if (fflush(f->spool) || ferror(f->spool) || err) { /* the disk with temporary files */
        err = errno ? errno : err ? -err : EIO;
        bench_complain("%s: the temporary file for it: %s", f->path, strerror(err));
        return BENCH_FAILED;
    }
    return bench_out_write(f->path, copy_spool, f);
}

int bench_watch_end(struct bench_watch *w)
{
    int status = finish_file(&w->text);
    status |= finish_file(&w->timeline);
    return status | w->views_status;
}

void bench_watch_free(struct bench_watch *w)
{
    struct bench_watch_file *files[] = {&w->text, &w->timeline};
    for (int k = 0; k < 2; k++) {
        fpr_sink_destroy(files[k]->sink);
        if (files[k]->spool) {
            fclose(files[k]->spool);
        }
    }
    fpr_clock_destroy(w->clock);
    if (w->made) {
        rmdir(w->views); /* if nothing was put into it */
    }
}
