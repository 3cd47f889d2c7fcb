#include <fpr/trace.h>

#include "trace/error.h"
#include "trace/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int attach_one(const struct fpr_source *src, struct fpr_trace_writer *writer,
                      const char *name, struct fpr_trace_error *error)
{
    char path[600];
    char *data;
    size_t size;
    int rc = fpr_source_get(src, name, path, sizeof(path), &data, &size, error);
    if (rc < 0)
        return rc == -ENOENT ? 0 : rc;
    rc = fpr_trace_writer_attach(writer, name, data, size);
    free(data);
    if (rc < 0)
        return fpr_trace_error_set(error, rc, path, 0, NULL, "cannot be attached");
    return 1;
}

const char *fpr_recording_part(size_t n)
{
    static const char *const names[] = {
        "command",          "state.before",    "state.after",         "rss.csv",
        "reports.txt",      "phases.txt",      "ringbuf.stats",       "uname",
        "vmemmap",          "zoneinfo.before", "pagetypeinfo.before", "kpageflags.before",
        "kpageflags.after", "zoneinfo",        "pagetypeinfo",        "kpageflags",
    };
    return n < sizeof(names) / sizeof(names[0]) ? names[n] : NULL;
}

int fpr_recording_attach(const struct fpr_recording *recording, struct fpr_trace_writer *writer,
                         struct fpr_trace_error *error)
{
    if (!recording || !writer)
        return fpr_trace_error_set(error, -EINVAL, "", 0, NULL,
                                   "bad argument to fpr_recording_attach");
    struct fpr_source src = {recording->path, NULL};
    if (strcmp(recording->path, recording->trace_path) == 0) { /* a file, not a folder */
        if (fpr_source_is_stream(recording->path))
            return 0; /* a pipe is read once, by whoever reads the trace */
        int rc = fpr_trace_open(recording->path, NULL, &src.trace, error);
        if (rc < 0)
            return rc;
    }
    int count = 0;
    const char *name;
    for (size_t i = 0; count >= 0 && (name = fpr_recording_part(i)); i++) {
        int rc = attach_one(&src, writer, name, error);
        count = rc < 0 ? rc : count + rc;
    }
    fpr_trace_close(src.trace);
    return count;
}
