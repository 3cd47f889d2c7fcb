#include "trace/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef FPR_HAVE_ZLIB
#define ZLIB_CONST /* next_in points to const */
#include <zlib.h>

/* The one codec state that is ours is a z_stream; each codec casts to its own. */
struct gzip_codec {
    z_stream z;
    bool ended; /* a member ended; another may follow */
};

static int gzip_open(struct fpr_codec **codec)
{
    struct gzip_codec *c = calloc(1, sizeof(*c));
    if (!c)
        return -ENOMEM;
    if (inflateInit2(&c->z, 15 + 16) != Z_OK) {
        free(c);
        return -ENOMEM;
    }
    *codec = (struct fpr_codec *)(void *)c;
    return 0;
}

static int gzip_decode(struct fpr_codec *codec, const unsigned char *in, size_t size, size_t *used,
                       unsigned char *out, size_t room, size_t *made)
{
    struct gzip_codec *c = (struct gzip_codec *)(void *)codec;
    if (c->ended && size > 0) {
        inflateReset(&c->z);
        c->ended = false;
    }
    c->z.next_in = in;
    c->z.avail_in = (uInt)size;
    c->z.next_out = out;
    c->z.avail_out = (uInt)room;
    int rc = c->ended ? Z_STREAM_END : inflate(&c->z, Z_NO_FLUSH);
    *used = size - c->z.avail_in;
    *made = room - c->z.avail_out;
    c->ended = rc == Z_STREAM_END;
    if (rc == Z_STREAM_END)
        return 0;
    if (rc == Z_MEM_ERROR)
        return -ENOMEM;
    return rc == Z_OK || rc == Z_BUF_ERROR ? 1 : -EINVAL;
}

static void gzip_close(struct fpr_codec *codec)
{
    struct gzip_codec *c = (struct gzip_codec *)(void *)codec;
    inflateEnd(&c->z);
    free(c);
}

static const struct fpr_codec_ops gzip_ops = {"gzip", gzip_open, gzip_decode, gzip_close};
#endif

#ifdef FPR_HAVE_ZSTD
#include <zstd.h>
#include <zstd_errors.h>

struct zstd_codec {
    ZSTD_DCtx *d;
    bool ended; /* a frame ended; another may follow */
};

static int zstd_open(struct fpr_codec **codec)
{
    struct zstd_codec *c = calloc(1, sizeof(*c));
    if (!c)
        return -ENOMEM;
    c->d = ZSTD_createDCtx();
    if (!c->d) {
        free(c);
        return -ENOMEM;
    }
    /* A window of more than 128 MiB would break the promise of constant memory. */
    ZSTD_DCtx_setParameter(c->d, ZSTD_d_windowLogMax, 27);
    *codec = (struct fpr_codec *)(void *)c;
    return 0;
}

static int zstd_decode(struct fpr_codec *codec, const unsigned char *in, size_t size, size_t *used,
                       unsigned char *out, size_t room, size_t *made)
{
    struct zstd_codec *c = (struct zstd_codec *)(void *)codec;
    *used = *made = 0;
    if (c->ended && size == 0)
        return 0;
    ZSTD_inBuffer input = {in, size, 0};
    ZSTD_outBuffer output = {out, room, 0};
    size_t rc = ZSTD_decompressStream(c->d, &output, &input);
    *used = input.pos;
    *made = output.pos;
    if (ZSTD_isError(rc))
        return ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation ? -ENOMEM : -EINVAL;
    c->ended = rc == 0;
    return rc == 0 ? 0 : 1;
}

static void zstd_close(struct fpr_codec *codec)
{
    struct zstd_codec *c = (struct zstd_codec *)(void *)codec;
    ZSTD_freeDCtx(c->d);
    free(c);
}

static const struct fpr_codec_ops zstd_ops = {"zstd", zstd_open, zstd_decode, zstd_close};
#endif

int fpr_codec_find(const unsigned char *head, size_t size, const struct fpr_codec_ops **ops)
{
    static const unsigned char gzip_magic[] = {0x1f, 0x8b};
    static const unsigned char zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};
    (void)ops; /* unused where neither is built in */
    if (size >= sizeof(gzip_magic) && memcmp(head, gzip_magic, sizeof(gzip_magic)) == 0) {
#ifdef FPR_HAVE_ZLIB
        *ops = &gzip_ops;
        return 1;
#else
        return -ENOTSUP;
#endif
    }
    if (size >= sizeof(zstd_magic) && memcmp(head, zstd_magic, sizeof(zstd_magic)) == 0) {
#ifdef FPR_HAVE_ZSTD
        *ops = &zstd_ops;
        return 1;
#else
        return -ENOTSUP;
#endif
    }
    return 0;
}
