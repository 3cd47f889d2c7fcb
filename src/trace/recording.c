/* A folder, a native file or a bare trace: everything that is known besides the trace. */
#include "trace/recording.h"

#include "trace/error.h"
#include "trace/scan.h"
#include "trace/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Reads a text that is kept whole. A missing one is no error. */
static int keep_text(const struct fpr_source *src, const char *name, char **text, size_t *size,
                     struct fpr_trace_error *error)
{
    char path[600];
    size_t ignored;
    int rc = fpr_source_get(src, name, path, sizeof(path), text, size ? size : &ignored, error);
    return rc == -ENOENT ? 0 : rc;
}

static int keep_words(const struct fpr_source *src, const char *name, uint64_t **words,
                      size_t *count, struct fpr_trace_error *error)
{
    char path[600];
    char *data;
    size_t size;
    int rc = fpr_source_get(src, name, path, sizeof(path), &data, &size, error);
    if (rc < 0)
        return rc == -ENOENT ? 0 : rc;
    if (size % sizeof(uint64_t) || size == 0) {
        free(data);
        return fpr_trace_error_set(error, -EINVAL, path, 0, NULL,
                                   "%zu bytes are no whole number of 8-byte words", size);
    }
    *words = (uint64_t *)(void *)data;
    *count = size / sizeof(uint64_t);
    return 0;
}

typedef int (*part_parser)(struct fpr_recording *r, const struct fpr_part *part,
                           struct fpr_trace_error *error);

static int parse_part(struct fpr_recording *r, const struct fpr_source *src, const char *name,
                      part_parser parse, struct fpr_trace_error *error)
{
    char path[600];
    char *data;
    size_t size;
    int rc = fpr_source_get(src, name, path, sizeof(path), &data, &size, error);
    if (rc < 0)
        return rc == -ENOENT ? 0 : rc;
    struct fpr_part part = {path, data, size};
    rc = parse(r, &part, error);
    free(data);
    return rc;
}

/* The word behind "kernel " at the start of a line of a state. */
static void release_from_state(struct fpr_recording *r, const char *state)
{
    for (const char *p = state; p && *p && !r->release[0]; p = strchr(p, '\n')) {
        p += *p == '\n';
        if (strncmp(p, "kernel ", 7) != 0)
            continue;
        p += 7;
        size_t len = strcspn(p, " \n");
        if (len < sizeof(r->release))
            memcpy(r->release, p, len);
    }
}

/* The release in the text of uname -a or uname -r: the first word that begins with a digit. */
static int release_from_uname(struct fpr_recording *r, const struct fpr_part *part,
                              struct fpr_trace_error *error)
{
    (void)error;
    const char *p = part->data;
    while (*p && !fpr_scan_is_digit(*p)) {
        p += strcspn(p, " \n");
        p += strspn(p, " \n");
    }
    size_t len = strcspn(p, " \n");
    if (len < sizeof(r->release))
        memcpy(r->release, p, len);
    return 0;
}

/* The text with or without the suffix that a pair of snapshots has. */
static int keep_first(const struct fpr_source *src, const char *name, char **text,
                      struct fpr_trace_error *error)
{
    char before[64];
    snprintf(before, sizeof(before), "%s.before", name);
    int rc = keep_text(src, before, text, NULL, error);
    return rc < 0 || *text ? rc : keep_text(src, name, text, NULL, error);
}

static int read_parts(struct fpr_recording *r, const struct fpr_source *src,
                      struct fpr_trace_error *error)
{
    static const struct {
        const char *name;
        part_parser parse;
    } parsed[] = {
        {"rss.csv", fpr_recording_parse_rss},       {"reports.txt", fpr_recording_parse_reports},
        {"phases.txt", fpr_recording_parse_phases}, {"ringbuf.stats", fpr_recording_parse_losses},
        {"vmemmap", fpr_recording_parse_vmemmap},
    };
    int rc = keep_text(src, "state.before", &r->state_before, &r->state_before_size, error);
    if (rc == 0)
        rc = keep_text(src, "state.after", &r->state_after, &r->state_after_size, error);
    if (rc == 0)
        rc = keep_first(src, "zoneinfo", &r->zoneinfo_before, error);
    if (rc == 0)
        rc = keep_first(src, "pagetypeinfo", &r->pagetypeinfo_before, error);
    if (rc == 0)
        rc = keep_text(src, "command", &r->command, NULL, error);
    if (rc == 0)
        rc = keep_words(src, "kpageflags.before", &r->kpageflags_before,
                        &r->kpageflags_before_pages, error);
    if (rc == 0 && !r->kpageflags_before)
        rc = keep_words(src, "kpageflags", &r->kpageflags_before, &r->kpageflags_before_pages,
                        error);
    if (rc == 0)
        rc = keep_words(src, "kpageflags.after", &r->kpageflags_after, &r->kpageflags_after_pages,
                        error);
    for (size_t i = 0; rc == 0 && i < sizeof(parsed) / sizeof(parsed[0]); i++)
        rc = parse_part(r, src, parsed[i].name, parsed[i].parse, error);
    if (rc < 0)
        return rc;
    release_from_state(r, r->state_before);
    release_from_state(r, r->state_after);
    return r->release[0] ? 0 : parse_part(r, src, "uname", release_from_uname, error);
}

static int find_trace(struct fpr_recording *r, struct fpr_trace_error *error)
{
    static const char *const names[] = {"trace.txt", "trace.dat",  "trace.fprt",
                                        "trace",     "trace_pipe", "perf.txt"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (fpr_source_find(r->path, names[i], r->trace_path, sizeof(r->trace_path)) == 0)
            return 0;
    return fpr_trace_error_set(error, -ENOENT, r->path, 0, NULL,
                               "no trace in this folder (trace.txt, trace.dat, trace.fprt, trace; "
                               "also .gz, .zst)");
}

/* A file: native ones carry the other parts with them, of others nothing more is known. */
static int open_file(struct fpr_recording *r, struct fpr_trace_error *error)
{
    struct fpr_source src = {r->path, NULL};
    snprintf(r->trace_path, sizeof(r->trace_path), "%s", r->path);
    /* A pipe can be read once, and that is for the trace: looked into here, it would lose its
     * beginning. */
    if (fpr_source_is_stream(r->path))
        return 0;
    int rc = fpr_trace_open(r->path, NULL, &src.trace, error);
    if (rc < 0)
        return rc;
    struct fpr_trace_summary s;
    rc = fpr_trace_get_summary(src.trace, &s);
    if (rc == 0 && s.format == FPR_TRACE_NATIVE)
        rc = read_parts(r, &src, error);
    fpr_trace_close(src.trace);
    return rc;
}

int fpr_recording_open(const char *path, struct fpr_recording **recording,
                       struct fpr_trace_error *error)
{
    if (!path || !recording)
        return fpr_trace_error_set(error, -EINVAL, path ? path : "", 0, NULL,
                                   "bad argument to fpr_recording_open");
    struct stat st;
    if (stat(path, &st) < 0)
        return fpr_trace_error_set(error, errno == ENOENT || errno == ENOTDIR ? -ENOENT : -EIO,
                                   path, 0, NULL, "cannot open: %s", strerror(errno));
    struct fpr_recording *r = calloc(1, sizeof(*r));
    if (!r)
        return fpr_trace_error_set(error, -ENOMEM, path, 0, NULL, "out of memory");
    int rc;
    int len = snprintf(r->path, sizeof(r->path), "%s", path);
    if (len < 0 || (size_t)len >= sizeof(r->path)) {
        rc = fpr_trace_error_set(error, -EINVAL, path, 0, NULL, "path too long");
    } else if (S_ISDIR(st.st_mode)) {
        struct fpr_source src = {r->path, NULL};
        rc = find_trace(r, error);
        if (rc == 0)
            rc = read_parts(r, &src, error);
    } else {
        rc = open_file(r, error);
    }
    if (rc < 0) {
        fpr_recording_close(r);
        return rc;
    }
    *recording = r;
    return 0;
}

void fpr_recording_close(struct fpr_recording *r)
{
    if (!r)
        return;
    free(r->state_before);
    free(r->state_after);
    free(r->zoneinfo_before);
    free(r->pagetypeinfo_before);
    free(r->command);
    free(r->kpageflags_before);
    free(r->kpageflags_after);
    free(r->rss);
    free(r->reports);
    free(r->phases);
    free(r);
}
