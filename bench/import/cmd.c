#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "gen/source.h"
#include "import/import.h"
#include "import/salvage.h"
#include "json.h"
#include "out.h"
#include "stop.h"

enum { KEY_OUT = 'o', KEY_JSON = BENCH_KEY(1), KEY_SALVAGE };

static const struct argp_option options[] = {
    {"output", KEY_OUT, "FILE.fprt", 0, "The native file to make", 1},
    {"json", KEY_JSON, "FILE", 0, "What was found, as JSON ('-' is standard output)", 1},
    {"salvage", KEY_SALVAGE, NULL, 0,
     "Keep what is whole of a recording that was cut short or damaged, and say what is lost", 1},
    {0},
};

struct import_args {
    const char *path;
    const char *out;
    const char *json;
    bool salvage;
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
    case KEY_SALVAGE:
        args->salvage = true;
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
    const char *given; /* the recording's name, for messages */
    const char *out;
    bool salvage;
    char *stage; /* --salvage: the folder that stands for it */
    struct import_cut cut;
};

/* Ends the job before the program, so that the unfinished file goes. */
static _Noreturn void give_up(struct job *job, int err)
{
    int why = errno; /* of the writer's -EIO */
    fpr_trace_writer_close(job->writer);
    fpr_trace_close(job->trace);
    import_stage_remove(job->stage);
    if (gen_is_source(job->given) && !strncmp(job->error.file, "/proc/self/fd/", 14)) {
        snprintf(job->error.file, sizeof(job->error.file), "%.255s", job->given);
    }
    if (err == -EINTR) {
        bench_die(BENCH_FAILED, "interrupted: no file was written");
    }
    if (!job->error.file[0]) { /* it is the writer's */
        bench_die(BENCH_FAILED, "%s: %s", job->out, strerror(err == -EIO && why ? why : -err));
    }
    if (job->salvage) {
        bench_die_salvage(err, &job->error);
    }
    bench_die_trace(err, &job->error);
}

static void copy(struct job *job, struct import_check *check, struct fpr_trace_summary *summary)
{
    struct fpr_trace_record record;
    int got = 0;
    uint64_t left = job->cut.cut ? job->cut.records : UINT64_MAX;
    for (; left && (got = fpr_trace_next(job->trace, &record, &job->error)) > 0; left--) {
        if (bench_stopped(job->stop)) {
            give_up(job, -EINTR);
        }
        import_check_record(check, &record);
        int err = record.type == FPR_TRACE_OTHER ? 0 : fpr_trace_writer_put(job->writer, &record);
        if (err) {
            give_up(job, err);
        }
    }
    fpr_trace_get_summary(job->trace, summary);
    got = left && got < 0 ? got : fpr_trace_writer_lost(job->writer, summary->lost_events);
    if (got < 0) {
        give_up(job, got);
    }
}

bool import_is_stream(const char *path)
{
    struct stat st;
    return !stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* What a replay would refuse is refused here, in the same words: it is begun, and told to stop. */
static int check_replay(struct job *job, const char *path)
{
    static const volatile int stop = 1;
    struct fpr_prepared *prepared = NULL;
    struct fpr_replay_options wanted;
    struct fpr_replay_result result;
    if (job->cut.cut || import_is_stream(job->rec->trace_path)) {
        return 0;
    }
    int err = fpr_prepare(path, NULL, &prepared, &job->error);
    fpr_replay_options_init(&wanted);
    wanted.stop = &stop;
    wanted.repair = false;
    if (!err && !(err = fpr_replay(prepared, &wanted, &result, &job->error))) {
        fpr_replay_result_free(&result);
    }
    fpr_prepared_free(prepared);
    return err == -EINTR ? 0 : err;
}

/* Everything but the trace; with --salvage what of it is whole. */
static int open_recording(struct job *job, const struct import_args *args, const char *path)
{
    if (args->salvage && import_is_stream(path)) {
        bench_die(BENCH_USAGE, "--salvage: %s: a pipe can be read only once, save it as a file",
                  path);
    }
    if (args->salvage) {
        job->stage = import_stage(path);
        path = job->stage ? job->stage : path;
    }
    int err = fpr_recording_open(path, &job->rec, &job->error);
    if (!err && args->salvage && import_is_stream(job->rec->trace_path)) {
        import_stage_remove(job->stage);
        bench_die(BENCH_USAGE, "--salvage: %s: the trace is a pipe, which can be read only once",
                  args->path);
    }
    if (!err && args->salvage) {
        err = import_find_cut(job->rec, &job->cut, &job->error);
        if (!err && job->stage && job->cut.cut) {
            import_stage_drop_end(job->stage);
            fpr_recording_close(job->rec);
            err = fpr_recording_open(path, &job->rec, &job->error);
        }
    }
    return err ? err : check_replay(job, path);
}

/* A native file's parts lie beside its records. */
static int check_native(struct job *job, const char *path)
{
    struct fpr_trace_summary summary;
    if (!import_is_stream(path) || fpr_trace_get_summary(job->trace, &summary) ||
        summary.format != FPR_TRACE_NATIVE) {
        return 0;
    }
    snprintf(job->error.file, sizeof(job->error.file), "%.255s", path);
    snprintf(job->error.reason, sizeof(job->error.reason),
             "a native file cannot be read from a pipe, only from a file");
    return -EINVAL;
}

static void open_all(struct job *job, const struct import_args *args)
{
    memset(job, 0, sizeof(*job));
    char nameless[32];
    const char *path = args->path;
    job->given = path;
    job->out = args->out;
    job->salvage = args->salvage;
    if (gen_is_source(path)) {
        snprintf(nameless, sizeof(nameless), "/proc/self/fd/%d", gen_source_open(path));
        path = nameless;
    }
    job->stop = bench_stop_install();
    bench_stop_graceful(1);
    int err = open_recording(job, args, path);
    if (!err) {
        const struct fpr_trace_options trace = {.vmemmap = job->rec->vmemmap};
        err = fpr_trace_open(job->rec->trace_path, &trace, &job->trace, &job->error);
    }
    if (!err) {
        err = check_native(job, path);
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

struct findings {
    const struct fpr_recording *rec;
    struct fpr_trace_summary summary;
    struct import_losses losses;
};

static void put_json(FILE *to, const void *findings)
{
    const struct findings *f = findings;
    struct json_object *json = import_json(&f->summary, &f->losses);
    import_lacks_json(f->rec, &f->summary, &f->losses, json);
    bench_json_write(json, to);
    json_object_put(json);
}

static int tell(const struct import_args *args, const struct findings *f)
{
    struct stat st;
    char size[32];
    int status = bench_out_write(args->json, put_json, f);
    if (!bench_out_is_stdout(args->json)) {
        if (f->rec->command) {
            printf("made by        %.*s\n", (int)strcspn(f->rec->command, "\n"), f->rec->command);
        }
        import_report(&f->summary, &f->losses, stdout);
        import_lacks(f->rec, &f->summary, &f->losses, stdout);
        if (!stat(args->out, &st)) {
            printf("written        %s, %s\n", args->out,
                   bench_size_text((uint64_t)st.st_size, size, sizeof(size)));
        }
    }
    return status;
}

int bench_import(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "RECORDING",
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
    const struct bench_out_file files[] = {{"-o", args.out}, {"--json", args.json}};
    bench_out_check_all(files, 2);
    bench_out_check_input(files, 2, args.path);
    struct job job;
    struct findings found;
    open_all(&job, &args);
    found.rec = job.rec;
    struct import_check *check = import_check_new(job.rec);
    copy(&job, check, &found.summary);
    int err = fpr_trace_writer_commit(job.writer);
    if (err) {
        give_up(&job, err);
    }
    import_check_end(check, &found.summary, &found.losses);
    int status = tell(&args, &found);
    fpr_trace_writer_close(job.writer);
    fpr_trace_close(job.trace);
    fpr_recording_close(job.rec);
    import_stage_remove(job.stage);
    return status;
}
