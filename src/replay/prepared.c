/* fpr_prepare(): reads a recording once. */
#include "replay/prepare.h"
#include "trace/error.h"
#include "trace/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void bad_record(struct fpr_trace_error *error, const char *path, uint64_t line,
                       const struct prep *prep)
{
    snprintf(error->file, sizeof(error->file), "%.255s", path);
    error->line = line;
    snprintf(error->field, sizeof(error->field), "%s", prep->field ? prep->field : "");
    snprintf(error->reason, sizeof(error->reason), "%s", prep->reason ? prep->reason : "refused");
}

/* The span lies between the two dumps if the trace has their marks, else it is the whole trace.
 * What follows it is read too: a damaged end is damage, and a native file tells there what was
 * lost. */
static int read_all(struct prep *prep, struct fpr_trace *trace, struct fpr_trace_error *error)
{
    struct fpr_trace_record rec;
    bool begun = false, ended = false;
    int got;
    while ((got = fpr_trace_next(trace, &rec, error)) == 1) {
        if (ended)
            continue;
        if (rec.type == FPR_TRACE_DUMP_END && rec.nr == 0) {
            fpr_prep_restart(prep);
            prep->p->start = prep->p->end = rec.time;
            prep->p->marked = begun = true;
            continue;
        }
        if (rec.type == FPR_TRACE_DUMP_BEGIN && rec.nr == 1) {
            prep->p->end = rec.time;
            ended = true;
            continue;
        }
        if (!begun) {
            prep->p->start = rec.time;
            begun = true;
        }
        int err = fpr_prep_record(prep, &rec);
        if (err == -EINVAL) {
            struct fpr_trace_summary seen = {0};
            fpr_trace_get_summary(trace, &seen);
            bad_record(error, prep->p->recording->trace_path, seen.lines, prep);
        }
        if (err)
            return err;
    }
    return got;
}

/* A pipe is read once, for the trace: the parts that a native file carries would be lost. */
static int check_whole(const struct fpr_recording *rec, const struct fpr_trace *trace,
                       struct fpr_trace_error *error)
{
    struct fpr_trace_summary s = {.format = FPR_TRACE_AUTO};
    fpr_trace_get_summary(trace, &s);
    if (s.format != FPR_TRACE_NATIVE || strcmp(rec->path, rec->trace_path) != 0 ||
        !fpr_source_is_stream(rec->path))
        return 0;
    return fpr_trace_error_set(error, -EINVAL, rec->path, 0, NULL,
                               "a native file cannot be read from a pipe, only from a file");
}

static int read_trace(struct fpr_prepared *p, const struct fpr_trace_options *options,
                      struct fpr_trace_error *error)
{
    struct fpr_trace *trace;
    struct fpr_trace_options with_base = *options;
    if (!with_base.vmemmap)
        with_base.vmemmap = p->recording->vmemmap;
    int err = fpr_trace_open(p->recording->trace_path, &with_base, &trace, error);
    if (err)
        return err;
    struct prep prep = {.p = p};
    fpr_prep_restart(&prep);
    err = check_whole(p->recording, trace, error);
    if (!err)
        err = read_all(&prep, trace, error);
    if (!err)
        err = fpr_prep_merge_reports(&prep);
    if (!err)
        fpr_trace_get_summary(trace, &p->summary);
    fpr_prep_free(&prep);
    fpr_trace_close(trace);
    if (!err && !p->events) {
        snprintf(error->file, sizeof(error->file), "%.255s", p->recording->trace_path);
        snprintf(error->reason, sizeof(error->reason), "no event that can be replayed");
        return -EINVAL;
    }
    if (!err && p->nr_ops) {
        struct op *fit = realloc(p->ops, p->nr_ops * sizeof(*fit));
        p->ops = fit ? fit : p->ops;
        /* cppcheck-suppress memleak ; it is in p */
    }
    return err;
}

int fpr_prepare(const char *path, const struct fpr_trace_options *options,
                struct fpr_prepared **prepared, struct fpr_trace_error *error)
{
    struct fpr_trace_error local;
    if (!error)
        error = &local;
    memset(error, 0, sizeof(*error));
    if (!path || !prepared)
        return -EINVAL;
    struct fpr_trace_options defaults = {0};
    struct fpr_prepared *p = calloc(1, sizeof(*p));
    int err = p ? fpr_recording_open(path, &p->recording, error) : -ENOMEM;
    if (!err)
        err = read_trace(p, options ? options : &defaults, error);
    if (err == -ENOMEM)
        fpr_trace_error_set(error, err, path, 0, NULL, "out of memory");
    if (err) {
        fpr_prepared_free(p);
        return err;
    }
    *prepared = p;
    return 0;
}

void fpr_prepared_free(struct fpr_prepared *prepared)
{
    if (!prepared)
        return;
    fpr_recording_close(prepared->recording);
    free(prepared->ops);
    free(prepared->sgs);
    free(prepared->passes);
    free(prepared);
}

int fpr_prepared_summary(const struct fpr_prepared *prepared, struct fpr_trace_summary *s)
{
    if (!prepared || !s)
        return -EINVAL;
    *s = prepared->summary;
    return 0;
}

const struct fpr_recording *fpr_prepared_recording(const struct fpr_prepared *prepared)
{
    return prepared ? prepared->recording : NULL;
}
