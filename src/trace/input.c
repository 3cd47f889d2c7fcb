#include "trace/input.h"

#include "trace/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RAW_BUFFER (FPR_INPUT_BUFFER / 4) /* compressed bytes */

/* read() that is not disturbed by signals. */
static ssize_t read_some(int fd, void *buf, size_t size)
{
    ssize_t n;
    do
        n = read(fd, buf, size);
    while (n < 0 && errno == EINTR);
    return n;
}

static int io_error(const struct fpr_input *in, struct fpr_trace_error *error)
{
    return fpr_trace_error_set(error, -EIO, in->path, 0, NULL, "cannot read: %s", strerror(errno));
}

/* Decodes into the free end of the buffer. @return as fpr_input_fill. */
static int fill_decoded(struct fpr_input *in, struct fpr_trace_error *error)
{
    for (;;) {
        if (in->raw_begin == in->raw_end && !in->raw_eof) {
            ssize_t n = read_some(in->fd, in->raw, RAW_BUFFER);
            if (n < 0)
                return io_error(in, error);
            in->raw_begin = 0;
            in->raw_end = (size_t)n;
            in->raw_eof = n == 0;
        }
        size_t used;
        size_t made;
        int rc = in->ops->decode(in->codec, in->raw + in->raw_begin, in->raw_end - in->raw_begin,
                                 &used, in->buf + in->end, in->cap - in->end, &made);
        if (rc == -ENOMEM)
            return fpr_trace_error_set(error, rc, in->path, 0, NULL, "out of memory");
        if (rc < 0)
            return fpr_trace_error_set(error, -EINVAL, in->path, 0, NULL,
                                       "%s data is damaged after %zu decoded bytes", in->ops->name,
                                       (size_t)in->passed + in->end);
        in->raw_begin += used;
        in->end += made;
        if (made)
            return 1;
        if (in->raw_eof && in->raw_begin == in->raw_end) {
            in->eof = true;
            if (rc == 0)
                return 0;
            return fpr_trace_error_set(error, -EINVAL, in->path, 0, NULL,
                                       "%s data is cut short after %zu decoded bytes",
                                       in->ops->name, (size_t)in->passed + in->end);
        }
    }
}

int fpr_input_fill(struct fpr_input *in, struct fpr_trace_error *error)
{
    if (in->eof)
        return 0;
    if (in->begin && in->buf) {
        memmove(in->buf, in->buf + in->begin, in->end - in->begin);
        in->passed += in->begin;
        in->end -= in->begin;
        in->begin = 0;
    }
    if (in->end == in->cap)
        return -ENOBUFS;
    if (in->ops)
        return fill_decoded(in, error);
    ssize_t n = read_some(in->fd, in->buf + in->end, in->cap - in->end);
    if (n < 0)
        return io_error(in, error);
    in->end += (size_t)n;
    in->eof = n == 0;
    return n > 0;
}

int fpr_input_need(struct fpr_input *in, size_t size, struct fpr_trace_error *error)
{
    while (in->end - in->begin < size) {
        int rc = fpr_input_fill(in, error);
        if (rc <= 0)
            return rc;
    }
    return 1;
}

/* Puts a decompressor between file and buffer if the first bytes ask for one. */
static int find_codec(struct fpr_input *in, struct fpr_trace_error *error)
{
    const struct fpr_codec_ops *ops;
    int rc = fpr_input_need(in, 4, error);
    if (rc < 0)
        return rc;
    rc = fpr_codec_find(in->buf, in->end, &ops);
    if (rc == -ENOTSUP)
        return fpr_trace_error_set(error, rc, in->path, 0, NULL,
                                   "compressed in a way that was not built in");
    if (rc <= 0)
        return rc;
    if (ops->open(&in->codec) < 0)
        return fpr_trace_error_set(error, -ENOMEM, in->path, 0, NULL, "out of memory");
    in->ops = ops;
    in->raw = malloc(RAW_BUFFER);
    if (!in->raw)
        return fpr_trace_error_set(error, -ENOMEM, in->path, 0, NULL, "out of memory");
    /* The bytes already read are compressed ones; at most one read() of them, see below. */
    memcpy(in->raw, in->buf, in->end);
    in->raw_end = in->end;
    in->raw_eof = in->eof;
    in->begin = in->end = 0;
    in->eof = false;
    return 0;
}

int fpr_input_open(const char *path, struct fpr_input *in, struct fpr_trace_error *error)
{
    memset(in, 0, sizeof(*in));
    snprintf(in->path, sizeof(in->path), "%s", path);
    in->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0) {
        int code = errno == ENOENT || errno == ENOTDIR ? -ENOENT : -EIO;
        return fpr_trace_error_set(error, code, path, 0, NULL, "cannot open: %s", strerror(errno));
    }
    struct stat st;
    int rc = 0;
    if (fstat(in->fd, &st) == 0 && S_ISDIR(st.st_mode))
        rc = fpr_trace_error_set(error, -EINVAL, path, 0, NULL, "is a folder, not a file");
    in->buf = malloc(FPR_INPUT_BUFFER);
    if (rc == 0 && !in->buf)
        rc = fpr_trace_error_set(error, -ENOMEM, path, 0, NULL, "out of memory");
    /* While looking for the codec read no more than the raw buffer can take over. */
    in->cap = RAW_BUFFER;
    if (rc == 0)
        rc = find_codec(in, error);
    in->cap = FPR_INPUT_BUFFER;
    if (rc < 0)
        fpr_input_close(in);
    return rc;
}

void fpr_input_close(struct fpr_input *in)
{
    if (in->fd >= 0)
        close(in->fd);
    if (in->ops && in->codec)
        in->ops->close(in->codec);
    free(in->raw);
    free(in->buf);
    memset(in, 0, sizeof(*in));
    in->fd = -1;
}

/* The rest of an open input, appended to a growing buffer. */
static int slurp_rest(struct fpr_input *in, size_t limit, char **data, size_t *size,
                      struct fpr_trace_error *error)
{
    char *all = NULL;
    size_t len = 0;
    size_t room = 0;
    int rc;
    do {
        size_t have = in->end - in->begin;
        if (have > limit - len) {
            rc = fpr_trace_error_set(error, -EFBIG, in->path, 0, NULL,
                                     "larger than the %zu bytes expected at most", limit);
            break;
        }
        if (!all || len + have + 1 > room) {
            room = room * 2 > len + have + 1 ? room * 2 : len + have + 1;
            char *more = realloc(all, room);
            if (!more) {
                rc = fpr_trace_error_set(error, -ENOMEM, in->path, 0, NULL, "out of memory");
                break;
            }
            all = more;
        }
        if (have)
            memcpy(all + len, in->buf + in->begin, have);
        len += have;
        in->begin = in->end;
        rc = fpr_input_fill(in, error);
    } while (rc > 0);
    if (rc < 0 || !all) {
        free(all);
        return rc;
    }
    all[len] = '\0';
    *data = all;
    *size = len;
    return 0;
}

int fpr_input_slurp(const char *path, size_t limit, char **data, size_t *size,
                    struct fpr_trace_error *error)
{
    struct fpr_input in;
    int rc = fpr_input_open(path, &in, error);
    if (rc < 0)
        return rc;
    rc = slurp_rest(&in, limit, data, size, error);
    fpr_input_close(&in);
    return rc;
}
