/* The public reader: finds the format, hands out the work, counts. */
#include <fpr/trace.h>

#include "trace/error.h"
#include "trace/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct fpr_trace {
    const struct fpr_reader_ops *ops;
    struct fpr_reader *self;
    struct fpr_trace_summary summary;
    bool any;                     /* a record was read */
    int failed;                   /* once wrong, always wrong */
    struct fpr_trace_error error; /* of the failure */
};

const char *fpr_trace_type_name(enum fpr_trace_type type)
{
    static const char *const names[] = {
#define FPR_X(symbol, name) [symbol] = (name),
        FPR_TRACE_TYPES(FPR_X)
#undef FPR_X
    };
    return (unsigned)type < FPR_NR_TRACE_TYPES ? names[type] : NULL;
}

static enum fpr_trace_format find_format(const struct fpr_input *in)
{
    static const char native[] = "\x89"
                                 "FPRT\r\n";
    static const char dat[] = "\x17\x08\x44tracing";
    const unsigned char *head = in->buf + in->begin;
    size_t have = in->end - in->begin;
    if (have >= sizeof(native) - 1 && memcmp(head, native, sizeof(native) - 1) == 0)
        return FPR_TRACE_NATIVE;
    if (have >= sizeof(dat) - 1 && memcmp(head, dat, sizeof(dat) - 1) == 0)
        return FPR_TRACE_DAT;
    return FPR_TRACE_AUTO;
}

static const char *format_name(enum fpr_trace_format format)
{
    return format == FPR_TRACE_NATIVE ? "a native (.fprt) file"
           : format == FPR_TRACE_DAT  ? "a trace.dat file"
                                      : "a text trace";
}

static bool is_text(enum fpr_trace_format format)
{
    return format != FPR_TRACE_NATIVE && format != FPR_TRACE_DAT;
}

static int open_format(struct fpr_trace *t, struct fpr_input *in,
                       const struct fpr_trace_options *options, struct fpr_trace_error *error)
{
    int rc = fpr_input_need(in, 16, error);
    if (rc < 0)
        return rc;
    enum fpr_trace_format found = find_format(in);
    if (options->format != FPR_TRACE_AUTO && options->format != found &&
        (!is_text(options->format) || found != FPR_TRACE_AUTO))
        return fpr_trace_error_set(error, -EINVAL, in->path, 0, NULL, "is %s, not %s",
                                   format_name(found), format_name(options->format));
    t->summary.format = found == FPR_TRACE_AUTO ? options->format : found;
    if (found == FPR_TRACE_NATIVE)
        return fpr_native_open(in, &t->summary, &t->ops, &t->self, error);
    if (found == FPR_TRACE_DAT)
        return fpr_dat_open(in, options, &t->ops, &t->self, error);
    return fpr_text_open(in, options, &t->ops, &t->self, error);
}

int fpr_trace_open(const char *path, const struct fpr_trace_options *options,
                   struct fpr_trace **trace, struct fpr_trace_error *error)
{
    static const struct fpr_trace_options defaults;
    if (!options)
        options = &defaults;
    if (!path || !trace || (unsigned)options->format > FPR_TRACE_NATIVE)
        return fpr_trace_error_set(error, -EINVAL, path ? path : "", 0, NULL,
                                   "bad argument to fpr_trace_open");
    struct fpr_trace *t = calloc(1, sizeof(*t));
    if (!t)
        return fpr_trace_error_set(error, -ENOMEM, path, 0, NULL, "out of memory");
    struct fpr_input in;
    int rc = fpr_input_open(path, &in, error);
    if (rc == 0) {
        rc = open_format(t, &in, options, error);
        if (rc < 0)
            fpr_input_close(&in);
    }
    if (rc < 0) {
        free(t);
        return rc;
    }
    *trace = t;
    return 0;
}

void fpr_trace_close(struct fpr_trace *t)
{
    if (!t)
        return;
    t->ops->close(t->self);
    free(t);
}

int fpr_trace_next(struct fpr_trace *t, struct fpr_trace_record *record,
                   struct fpr_trace_error *error)
{
    if (!t || !record)
        return fpr_trace_error_set(error, -EINVAL, "", 0, NULL, "bad argument to fpr_trace_next");
    int rc = t->failed;
    if (rc == 0)
        rc = t->ops->next(t->self, &t->summary, record, &t->error);
    if (rc < 0) {
        t->failed = rc;
        if (error)
            *error = t->error;
        return rc;
    }
    if (rc == 0)
        return 0;
    struct fpr_trace_summary *s = &t->summary;
    s->records[record->type]++;
    if (record->cpu >= s->cpus_seen)
        s->cpus_seen = record->cpu + 1u;
    if (!t->any)
        s->first = record->time;
    t->any = true;
    s->last = record->time;
    return 1;
}

int fpr_trace_get_summary(const struct fpr_trace *t, struct fpr_trace_summary *s)
{
    if (!t || !s)
        return -EINVAL;
    *s = t->summary;
    return 0;
}

int fpr_trace_attachment(struct fpr_trace *t, const char *name, const void **data, size_t *size)
{
    if (!t || !name || !data || !size)
        return -EINVAL;
    return t->ops->attachment ? t->ops->attachment(t->self, name, data, size) : -ENOENT;
}
