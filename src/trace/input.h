/* Bytes of a file, plain or decompressed on the way, through one buffer of fixed size. */
#ifndef TRACE_INPUT_H
#define TRACE_INPUT_H

#include <fpr/trace.h>

/* Room for at least one record or line; longer ones are refused. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define FPR_INPUT_BUFFER (1u << 12)
#else
#define FPR_INPUT_BUFFER (1u << 20)
#endif

struct fpr_codec; /* zlib's or zstd's state */

struct fpr_input {
    char path[512];                  /* for messages */
    int fd;                          /* -1 for memory */
    unsigned char *buf;              /* decoded bytes: buf[begin..end) are unread */
    size_t begin;                    /* first unread */
    size_t end;                      /* one after the last */
    size_t cap;                      /* size of buf */
    uint64_t passed;                 /* decoded bytes consumed before buf[0] */
    bool eof;                        /* nothing more will come */
    const struct fpr_codec_ops *ops; /* NULL: plain */
    struct fpr_codec *codec;
    unsigned char *raw; /* compressed bytes, if ops */
    size_t raw_begin;
    size_t raw_end;
    bool raw_eof;
};

/* One decompressor. */
struct fpr_codec_ops {
    const char *name;
    int (*open)(struct fpr_codec **codec);
    /* Decodes from in[*used..size) to out; sets *used and *made.
     * @return 1 more may come, 0 a member ended exactly here, -EINVAL. */
    int (*decode)(struct fpr_codec *codec, const unsigned char *in, size_t size, size_t *used,
                  unsigned char *out, size_t room, size_t *made);
    void (*close)(struct fpr_codec *codec);
};

/* The decompressor for a file that begins so. @return 1 and ops, 0 for plain bytes, -ENOTSUP. */
int fpr_codec_find(const unsigned char *head, size_t size, const struct fpr_codec_ops **ops);

/* Opens and reads the first bytes. @return 0, -errno with `error` filled. */
int fpr_input_open(const char *path, struct fpr_input *input, struct fpr_trace_error *error);
/* Frees. Safe on a zeroed struct whose fd is -1. */
void fpr_input_close(struct fpr_input *input);
/* Gets more bytes behind buf[end), moving the unread ones to the front first.
 * @return 1 got some, 0 end of file, -ENOBUFS (buffer full), -EINVAL, -EIO with `error` filled. */
int fpr_input_fill(struct fpr_input *input, struct fpr_trace_error *error);
/* Makes `size` unread bytes available at once. @return 1, 0 (the file ends before), -errno. */
int fpr_input_need(struct fpr_input *input, size_t size, struct fpr_trace_error *error);
/* Reads a whole file into memory with a NUL behind it; at most `limit` bytes.
 * @return 0, -ENOENT, -EFBIG, … with `error` filled. */
int fpr_input_slurp(const char *path, size_t limit, char **data, size_t *size,
                    struct fpr_trace_error *error);

#endif
