/* Reading native files. */
#include "trace/checksum.h"
#include "trace/error.h"
#include "trace/native.h"
#include "trace/reader.h"

#include <errno.h>

/* An attachment; packed until somebody asks for it. */
struct attachment {
    char name[FPR_NATIVE_NAME_MAX + 1];
    unsigned char *packed;
    size_t packed_size;
    unsigned char *data; /* NULL: not yet unpacked */
    size_t size;
    struct attachment *next;
};

struct native_reader {
    struct fpr_input in;
    uint64_t check;   /* of the last block */
    uint64_t records; /* handed out */
    uint64_t in_file; /* of the blocks so far */
    bool ended;
    struct attachment *attachments;
    struct fpr_native_state state;
    struct fpr_native_cursor cursor;
    struct fpr_sg sg[FPR_TRACE_MAX_SG];
    struct fpr_out body; /* of the block read last */
    struct fpr_out raw;  /* its streams, unpacked */
};

/* A block's header. */
struct block {
    unsigned kind;
    uint32_t count;
    uint64_t size;
};

static struct native_reader *native_of(struct fpr_reader *self)
{
    return (struct native_reader *)(void *)self;
}

static int damaged(const struct native_reader *n, const char *what, struct fpr_trace_error *error)
{
    return fpr_trace_error_set(error, -EINVAL, n->in.path, n->records + 1, "block", "%s", what);
}

static int no_memory(const struct native_reader *n, struct fpr_trace_error *error)
{
    return fpr_trace_error_set(error, -ENOMEM, n->in.path, 0, NULL, "out of memory");
}

static void native_close(struct fpr_reader *self)
{
    struct native_reader *n = native_of(self);
    while (n->attachments) {
        struct attachment *a = n->attachments;
        n->attachments = a->next;
        free(a->packed);
        free(a->data);
        free(a);
    }
    fpr_native_state_fini(&n->state);
    free(n->body.data);
    free(n->raw.data);
    fpr_input_close(&n->in);
    free(n);
}

/* Reads `size` bytes into n->body, growing it only as they come: a size that was made up must not
 * take memory that no data stands for. */
static int read_body(struct native_reader *n, uint64_t size, struct fpr_trace_error *error)
{
    n->body.size = 0;
    if (!fpr_out_room(&n->body, 1))
        return no_memory(n, error);
    while (n->body.size < size) {
        size_t have = n->in.end - n->in.begin;
        if (have == 0) {
            int rc = fpr_input_fill(&n->in, error);
            if (rc < 0)
                return rc;
            if (rc == 0)
                return damaged(n, "the file is cut short in the middle of a block", error);
            continue;
        }
        if (have > size - n->body.size)
            have = (size_t)(size - n->body.size);
        fpr_out_bytes(&n->body, n->in.buf + n->in.begin, have);
        if (n->body.failed)
            return no_memory(n, error);
        n->in.begin += have;
    }
    return 0;
}

/* Whether what was read is not what was written. Fuzzing would never get past this test. */
static bool check_differs(uint64_t want, uint64_t have)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    (void)want, (void)have;
    return false;
#else
    return want != have;
#endif
}

/* Reads the next block into n->body. */
static int read_block(struct native_reader *n, struct block *b, struct fpr_trace_error *error)
{
    int rc = fpr_input_need(&n->in, FPR_NATIVE_BLOCK_HEADER, error);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return damaged(n, "the file is cut short: its end block is missing", error);
    unsigned char header[FPR_NATIVE_BLOCK_HEADER];
    memcpy(header, n->in.buf + n->in.begin, sizeof(header));
    n->in.begin += sizeof(header);
    b->kind = (unsigned)fpr_get_le(header, 4);
    b->count = (uint32_t)fpr_get_le(header + 4, 4);
    b->size = fpr_get_le(header + 8, 8);
    if (b->size > FPR_NATIVE_ATTACHMENT_MAX + (1u << 16))
        return damaged(n, "damaged: a block of impossible size", error);
    rc = read_body(n, b->size, error);
    if (rc < 0)
        return rc;
    n->check = fpr_checksum(n->check, header, 16);
    n->check = fpr_checksum(n->check, n->body.data, n->body.size);
    if (check_differs(n->check, fpr_get_le(header + 16, 8)))
        return damaged(n, "damaged: checksum of a block does not match", error);
    return 0;
}

static int unpack_error(const struct native_reader *n, int rc, struct fpr_trace_error *error)
{
    if (rc == -ENOMEM)
        return no_memory(n, error);
    if (rc == -ENOTSUP)
        return fpr_trace_error_set(error, rc, n->in.path, 0, NULL,
                                   "compressed with zstd, which was not built in");
    return damaged(n, "damaged: data of a block cannot be unpacked", error);
}

static int take_attachment(struct native_reader *n, struct fpr_trace_error *error)
{
    struct fpr_in in = {n->body.data, n->body.data + n->body.size, false};
    uint64_t size = fpr_in_le(&in, 8);
    size_t len = (size_t)fpr_in_le(&in, 2);
    if (in.failed || len == 0 || len > FPR_NATIVE_NAME_MAX || len > (size_t)(in.end - in.p) ||
        size > FPR_NATIVE_ATTACHMENT_MAX)
        return damaged(n, "damaged: not an attachment", error);
    struct attachment *a = calloc(1, sizeof(*a));
    size_t packed_size = (size_t)(in.end - in.p) - len;
    unsigned char *packed = malloc(packed_size + 1);
    if (!a || !packed) {
        free(a);
        free(packed);
        return no_memory(n, error);
    }
    memcpy(a->name, in.p, len);
    memcpy(packed, in.p + len, packed_size);
    a->packed = packed;
    a->packed_size = packed_size;
    a->size = (size_t)size;
    a->next = n->attachments;
    n->attachments = a;
    return 0;
}

/* Unpacks the streams of a block of records and points the cursor at them. */
static int take_records(struct native_reader *n, uint32_t count, struct fpr_trace_error *error)
{
    struct fpr_in in = {n->body.data, n->body.data + n->body.size, false};
    struct fpr_native_cursor *c = &n->cursor;
    size_t raw[FPR_NR_STREAMS];
    size_t packed[FPR_NR_STREAMS];
    size_t total = 0;
    size_t total_packed = 0;
    c->unit = fpr_in_le(&in, 8);
    for (unsigned i = 0; i < FPR_NR_STREAMS; i++) {
        total += raw[i] = (size_t)fpr_in_le(&in, 4);
        total_packed += packed[i] = (size_t)fpr_in_le(&in, 4);
        if (raw[i] > FPR_NATIVE_STREAM_MAX)
            return damaged(n, "damaged: a stream of impossible size", error);
    }
    if (!n->state.guess && fpr_native_state_init(&n->state) < 0)
        return no_memory(n, error);
    if (in.failed || count == 0 || count > FPR_NATIVE_BLOCK_RECORDS ||
        total_packed != (size_t)(in.end - in.p))
        return damaged(n, "damaged: not a block of records", error);
    n->raw.size = 0;
    if (!fpr_out_room(&n->raw, total + 1))
        return no_memory(n, error);
    unsigned char *out = n->raw.data;
    for (unsigned i = 0; i < FPR_NR_STREAMS; i++) {
        int rc = fpr_native_unpack(in.p, packed[i], out, raw[i]);
        if (rc < 0)
            return unpack_error(n, rc, error);
        c->stream[i] = (struct fpr_in){out, out + raw[i], false};
        in.p += packed[i];
        out += raw[i];
    }
    c->left = count;
    n->in_file += count;
    return 0;
}

static int take_end(struct native_reader *n, struct fpr_trace_summary *summary,
                    struct fpr_trace_error *error)
{
    if (n->body.size != 16 || check_differs(n->in_file, fpr_get_le(n->body.data, 8)))
        return damaged(n, "damaged: the end block does not fit the file", error);
    summary->lost_events += fpr_get_le(n->body.data + 8, 8);
    int rc = n->in.begin < n->in.end ? 1 : fpr_input_need(&n->in, 1, error);
    if (rc < 0)
        return rc;
    if (rc > 0)
        return damaged(n, "damaged: data behind the end", error);
    n->ended = true;
    return 0;
}

/* Reads blocks until records are at hand or the file has ended. */
static int next_records(struct native_reader *n, struct fpr_trace_summary *summary,
                        struct fpr_trace_error *error)
{
    while (!n->ended && n->cursor.left == 0) {
        struct block b = {0, 0, 0};
        int rc = read_block(n, &b, error);
        if (rc == 0 && b.kind == FPR_NATIVE_RECORDS)
            rc = take_records(n, b.count, error);
        else if (rc == 0 && b.kind == FPR_NATIVE_ATTACHMENT && n->in_file == 0)
            rc = take_attachment(n, error);
        else if (rc == 0 && b.kind == FPR_NATIVE_END)
            rc = take_end(n, summary, error);
        else if (rc == 0)
            rc = damaged(n, "damaged: a block of unknown kind", error);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int native_next(struct fpr_reader *self, struct fpr_trace_summary *summary,
                       struct fpr_trace_record *record, struct fpr_trace_error *error)
{
    struct native_reader *n = native_of(self);
    if (n->cursor.left == 0) {
        int rc = next_records(n, summary, error);
        if (rc < 0 || n->ended)
            return rc;
    }
    if (fpr_native_decode(&n->state, &n->cursor, record, n->sg) < 0)
        return damaged(n, "damaged: not a record", error);
    n->records++;
    summary->lines++;
    return 1;
}

static int unpack_attachment(struct attachment *a)
{
    unsigned char *data = malloc(a->size + 1);
    if (!data)
        return -ENOMEM;
    int rc = fpr_native_unpack(a->packed, a->packed_size, data, a->size);
    if (rc < 0) {
        free(data);
        return rc;
    }
    a->data = data;
    free(a->packed);
    a->packed = NULL;
    return 0;
}

static int native_attachment(struct fpr_reader *self, const char *name, const void **data,
                             size_t *size)
{
    struct attachment *a = native_of(self)->attachments;
    while (a && strcmp(a->name, name) != 0)
        a = a->next;
    if (!a)
        return -ENOENT;
    int rc = a->data ? 0 : unpack_attachment(a);
    if (rc < 0)
        return rc;
    *data = a->data;
    *size = a->size;
    return 0;
}

static int check_file_header(struct native_reader *n, struct fpr_trace_error *error)
{
    int rc = fpr_input_need(&n->in, FPR_NATIVE_FILE_HEADER, error);
    if (rc <= 0)
        return rc < 0 ? rc : damaged(n, "the file is cut short in its header", error);
    const unsigned char *head = n->in.buf + n->in.begin;
    if (memcmp(head, FPR_NATIVE_MAGIC, FPR_NATIVE_MAGIC_SIZE) != 0)
        return damaged(n, "damaged: the first bytes are wrong (changed line ends?)", error);
    uint64_t version = fpr_get_le(head + FPR_NATIVE_MAGIC_SIZE, 4);
    if (version != FPR_NATIVE_VERSION)
        return fpr_trace_error_set(error, -EINVAL, n->in.path, 0, "version",
                                   "version %llu; this program reads version %u",
                                   (unsigned long long)version, FPR_NATIVE_VERSION);
    n->check = fpr_checksum(0, head, FPR_NATIVE_FILE_HEADER);
    n->in.begin += FPR_NATIVE_FILE_HEADER;
    return 0;
}

static const struct fpr_reader_ops native_ops = {native_next, native_attachment, native_close};

int fpr_native_open(struct fpr_input *input, struct fpr_trace_summary *summary,
                    const struct fpr_reader_ops **ops, struct fpr_reader **self,
                    struct fpr_trace_error *error)
{
    struct native_reader *n = calloc(1, sizeof(*n));
    if (!n)
        return fpr_trace_error_set(error, -ENOMEM, input->path, 0, NULL, "out of memory");
    n->in = *input;
    int rc = check_file_header(n, error);
    if (rc == 0)
        rc = next_records(n, summary, error);
    if (rc < 0) {
        /* The input stays the caller's. */
        *input = n->in;
        memset(&n->in, 0, sizeof(n->in));
        n->in.fd = -1;
        native_close((struct fpr_reader *)(void *)n);
        return rc;
    }
    *ops = &native_ops;
    *self = (struct fpr_reader *)(void *)n;
    return 0;
}
