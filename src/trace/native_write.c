/* Writing native files. */
#include <fpr/trace.h>

#include "trace/checksum.h"
#include "trace/error.h"
#include "trace/native.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct fpr_trace_writer {
    char path[512];
    char temporary[540];
    int fd;
    int failed; /* first failure; later calls return it again */
    bool records_begun;
    bool committed;
    uint64_t check; /* of the last block */
    uint64_t records;
    uint64_t lost;
    struct fpr_native_state state;
    struct fpr_native_block block;
    struct fpr_out body; /* of the block being written */
};

static int write_all(struct fpr_trace_writer *w, const void *data, size_t size)
{
    const char *p = data;
    while (size) {
        ssize_t n = write(w->fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -EIO;
        p += n;
        size -= (size_t)n;
    }
    return 0;
}

/* Writes w->body as a block. */
static int write_block(struct fpr_trace_writer *w, unsigned kind, uint32_t count)
{
    unsigned char header[FPR_NATIVE_BLOCK_HEADER];
    if (w->body.failed)
        return -ENOMEM;
    fpr_put_le(header, kind, 4);
    fpr_put_le(header + 4, count, 4);
    fpr_put_le(header + 8, w->body.size, 8);
    w->check = fpr_checksum(w->check, header, 16);
    w->check = fpr_checksum(w->check, w->body.data, w->body.size);
    fpr_put_le(header + 16, w->check, 8);
    int rc = write_all(w, header, sizeof(header));
    return rc < 0 ? rc : write_all(w, w->body.data, w->body.size);
}

static int write_file_header(struct fpr_trace_writer *w)
{
    unsigned char header[FPR_NATIVE_FILE_HEADER] = {0};
    static const char magic[] = FPR_NATIVE_MAGIC;
    for (size_t i = 0; i < FPR_NATIVE_MAGIC_SIZE; i++)
        header[i] = (unsigned char)magic[i];
    fpr_put_le(header + FPR_NATIVE_MAGIC_SIZE, FPR_NATIVE_VERSION, 4);
    w->check = fpr_checksum(0, header, sizeof(header));
    return write_all(w, header, sizeof(header));
}

/* Packs and writes the records gathered so far. */
static int flush_records(struct fpr_trace_writer *w)
{
    struct fpr_native_block *b = &w->block;
    struct fpr_out *body = &w->body;
    int rc = fpr_native_finish(b);
    if (rc < 0 || b->count == 0)
        return rc;
    unsigned char unit[8];
    unsigned char sizes[8 * FPR_NR_STREAMS] = {0};
    body->size = 0;
    fpr_put_le(unit, b->unit, 8);
    fpr_out_bytes(body, unit, sizeof(unit));
    fpr_out_bytes(body, sizes, sizeof(sizes));
    for (unsigned i = 0; i < FPR_NR_STREAMS; i++) {
        struct fpr_out *s = &b->stream[i];
        size_t packed = s->size ? fpr_native_pack(s->data, s->size, body) : 0;
        if (s->size > FPR_NATIVE_STREAM_MAX || body->failed)
            return -ENOMEM;
        fpr_put_le(body->data + 8 + (size_t)i * 8, s->size, 4);
        fpr_put_le(body->data + 12 + (size_t)i * 8, packed, 4);
        s->size = 0;
    }
    rc = write_block(w, FPR_NATIVE_RECORDS, b->count);
    w->records += b->count;
    b->count = 0;
    b->deltas.size = 0;
    return rc;
}

int fpr_trace_writer_open(const char *path, struct fpr_trace_writer **writer,
                          struct fpr_trace_error *error)
{
    if (!path || !*path || !writer || strlen(path) >= sizeof((*writer)->path))
        return fpr_trace_error_set(error, -EINVAL, path ? path : "", 0, NULL,
                                   "bad argument to fpr_trace_writer_open");
    struct stat st;
    if (!stat(path, &st) && !S_ISREG(st.st_mode)) /* the file that is made would take its place */
        return fpr_trace_error_set(error, S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL, path, 0, NULL,
                                   S_ISDIR(st.st_mode) ? "is a directory" : "is no regular file");
    struct fpr_trace_writer *w = calloc(1, sizeof(*w));
    if (!w || fpr_native_state_init(&w->state) < 0) {
        free(w);
        return fpr_trace_error_set(error, -ENOMEM, path, 0, NULL, "out of memory");
    }
    memcpy(w->path, path, strlen(path) + 1);
    snprintf(w->temporary, sizeof(w->temporary), "%s.tmpXXXXXX", path);
    w->fd = mkstemp(w->temporary);
    if (w->fd < 0) {
        int code = -errno;
        w->temporary[0] = '\0';
        fpr_trace_writer_close(w);
        return fpr_trace_error_set(error, code, path, 0, NULL, "cannot create: %s",
                                   strerror(-code));
    }
    int rc = write_file_header(w);
    if (rc < 0) {
        fpr_trace_writer_close(w);
        return fpr_trace_error_set(error, rc, path, 0, NULL, "cannot write");
    }
    *writer = w;
    return 0;
}

int fpr_trace_writer_attach(struct fpr_trace_writer *w, const char *name, const void *data,
                            size_t size)
{
    if (!w || !name || !*name || *name == '.' || strchr(name, '/') || (!data && size) ||
        w->records_begun || w->committed || strlen(name) > FPR_NATIVE_NAME_MAX ||
        size > FPR_NATIVE_ATTACHMENT_MAX)
        return -EINVAL;
    if (w->failed)
        return w->failed;
    unsigned char head[10];
    size_t len = strlen(name);
    fpr_put_le(head, size, 8);
    fpr_put_le(head + 8, len, 2);
    w->body.size = 0;
    fpr_out_bytes(&w->body, head, sizeof(head));
    fpr_out_bytes(&w->body, name, len);
    if (size)
        fpr_native_pack(data, size, &w->body);
    return w->failed = write_block(w, FPR_NATIVE_ATTACHMENT, 0);
}

int fpr_trace_writer_put(struct fpr_trace_writer *w, const struct fpr_trace_record *record)
{
    if (!w || !record || w->committed)
        return -EINVAL;
    if (w->failed)
        return w->failed;
    int rc = fpr_native_encode(&w->state, &w->block, record);
    if (rc == -EINVAL) /* nothing was taken */
        return rc;
    w->records_begun = true;
    if (rc == 0 && w->block.count == FPR_NATIVE_BLOCK_RECORDS)
        rc = flush_records(w);
    return w->failed = rc;
}

int fpr_trace_writer_lost(struct fpr_trace_writer *w, uint64_t events)
{
    if (!w || w->committed)
        return -EINVAL;
    w->lost += events;
    return 0;
}

int fpr_trace_writer_commit(struct fpr_trace_writer *w)
{
    if (!w || w->committed)
        return -EINVAL;
    if (w->failed)
        return w->failed;
    int rc = flush_records(w);
    unsigned char end[16];
    fpr_put_le(end, w->records, 8);
    fpr_put_le(end + 8, w->lost, 8);
    w->body.size = 0;
    fpr_out_bytes(&w->body, end, sizeof(end));
    if (rc == 0)
        rc = write_block(w, FPR_NATIVE_END, 0);
    /* mkstemp() makes files for the owner alone; a trace is as readable as any other file. */
    mode_t mask = umask(0);
    umask(mask);
    if (rc == 0 && (fchmod(w->fd, 0666 & ~mask) < 0 || fsync(w->fd) < 0))
        rc = -EIO;
    int fd = w->fd;
    w->fd = -1;
    if (close(fd) < 0 && rc == 0)
        rc = -EIO;
    if (rc == 0 && rename(w->temporary, w->path) < 0)
        rc = -EIO;
    if (rc == 0)
        w->committed = true;
    return w->failed = rc;
}

void fpr_trace_writer_close(struct fpr_trace_writer *w)
{
    if (!w)
        return;
    if (w->fd >= 0)
        close(w->fd);
    if (!w->committed && w->temporary[0])
        unlink(w->temporary);
    for (unsigned i = 0; i < FPR_NR_STREAMS; i++)
        free(w->block.stream[i].data);
    free(w->block.deltas.data);
    free(w->body.data);
    fpr_native_state_fini(&w->state);
    free(w);
}
