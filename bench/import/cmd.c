#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "import/import.h"
#include "json.h"
#include "out.h"
#include "stop.h"

enum { KEY_OUT = 'o', KEY_JSON = BENCH_KEY(1) };

static const struct argp_option options[] = {
    {"output", KEY_OUT, "FILE.fprt", 0, "The native file to make", 1},
    {"json", KEY_JSON, "FILE", 0, "What was found, as JSON ('-' is standard output)", 1},
    {0},
};

struct import_args {
    const char *path;
    const char *out;
    const char *json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct import_args *args = state->input;
    switch (key) {
    case KEY_OUT:
        args->out = arg;
        return 0;
    case KEY_JSON:
        args->json = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (args->path) {
            bench_die(BENCH_USAGE, "%s: one argument too many", arg);
        }
        args->path = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        bench_die(BENCH_USAGE, "no recording given (a folder or a trace file)");
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

struct job {
    struct fpr_recording *rec;
    struct fpr_trace *trace;
    struct fpr_trace_writer *writer;
    struct fpr_trace_error error;
    const volatile int *stop;
};

/* Ends the job before the program, so that the unfinished file goes. */
static _Noreturn void give_up(struct job *job, int err)
{
    fpr_trace_writer_close(job->writer);
    fpr_trace_close(job->trace);
    if (err == -EINTR) {
        bench_die(BENCH_FAILED, "interrupted: no file was written");
    }
    bench_die_trace(err, &job->error);
}

static void copy(struct job *job, struct import_check *check, struct fpr_trace_summary *summary)
{
    struct fpr_trace_record record;
    int got;
    while ((got = fpr_trace_next(job->trace, &record, &job->error)) > 0) {
        if (*job->stop) {
            give_up(job, -EINTR);
        }
        import_check_record(check, &record);
        int err = record.type == FPR_TRACE_OTHER ? 0 : fpr_trace_writer_put(job->writer, &record);
        if (err) {
            give_up(job, err);
        }
    }
    fpr_trace_get_summary(job->trace, summary);
    got = got < 0 ? got : fpr_trace_writer_lost(job->writer, summary->lost_events);
    if (got < 0) {
        give_up(job, got);
    }
}

static void open_all(struct job *job, const struct import_args *args)
{
    memset(job, 0, sizeof(*job));
    job->stop = bench_stop_install();
    bench_stop_graceful(1);
    int err = fpr_recording_open(args->path, &job->rec, &job->error);
    if (!err) {
        const struct fpr_trace_options trace = {.vmemmap = job->rec->vmemmap};
        err = fpr_trace_open(job->rec->trace_path, &trace, &job->trace, &job->error);
    }
    if (!err) {
        err = fpr_trace_writer_open(args->out, &job->writer, &job->error);
    }
    if (!err) {
        int attached = fpr_recording_attach(job->rec, job->writer, &job->error);
        err = attached < 0 ? attached : 0;
    }
    if (err) {
        give_up(job, err);
    }
}

static void tell(const struct import_args *args, const struct fpr_recording *rec,
                 const struct fpr_trace_summary *summary, const struct import_losses *losses)
{
    struct stat st;
    if (args->json) {
        struct bench_out out;
        struct json_object *json = import_json(summary, losses);
        import_lacks_json(rec, summary, losses, json);
        bench_out_open(&out, args->json);
        bench_json_write(json, out.file);
        bench_out_commit(&out);
        json_object_put(json);
    }
    if (!args->json || strcmp(args->json, "-")) {
        if (rec->command) {
            printf("made by        %.*s\n", (int)strcspn(rec->command, "\n"), rec->command);
        }
        import_report(summary, losses, stdout);
        import_lacks(rec, summary, losses, stdout);
        if (!stat(args->out, &st)) {
            printf("written        %s, %.2f MB\n", args->out, (double)st.st_size / 1e6);
        }
    }
}

int bench_import(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "TRACE",
        "Turns a recording (a folder or a trace file, with what lies beside it) into one native "
        "file, and says what the recording lacks and what that means.",
        NULL,
        NULL,
        NULL};
    struct import_args args = {.path = NULL};
    bench_parse(&argp, argc, argv, &args);
    if (!args.out) {
        bench_die(BENCH_USAGE, "-o: no output file given");
    }
    bench_out_check_file("-o", args.out);
    bench_out_check("--json", args.json);
    struct job job;
    struct fpr_trace_summary summary;
    open_all(&job, &args);
    struct import_check *check = import_check_new(job.rec);
    copy(&job, check, &summary);
    int err = fpr_trace_writer_commit(job.writer);
    if (err) {
        give_up(&job, err);
    }
    if (summary.lost_events < job.rec->lost_events) { /* two counts of the same */
        summary.lost_events = job.rec->lost_events;
    }
    struct import_losses losses;
    import_check_end(check, &summary, &losses);
    tell(&args, job.rec, &summary, &losses);
    fpr_trace_writer_close(job.writer);
    fpr_trace_close(job.trace);
    fpr_recording_close(job.rec);
    return BENCH_OK;
}
