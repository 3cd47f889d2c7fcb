/* Compression of one stream. */
#include "trace/native.h"

#include <errno.h>

#ifdef FPR_HAVE_ZSTD
#include <zstd.h>
#include <zstd_errors.h>

/* Files are written once and read often. */
#define LEVEL 19

size_t fpr_native_pack(const void *data, size_t size, struct fpr_out *out)
{
    size_t bound = ZSTD_compressBound(size);
    if (!fpr_out_room(out, bound > size ? bound : size))
        return 0;
    size_t packed = ZSTD_compress(out->data + out->size, bound, data, size, LEVEL);
    if (ZSTD_isError(packed) || packed >= size) {
        packed = size;
        if (size)
            memcpy(out->data + out->size, data, size);
    }
    out->size += packed;
    return packed;
}

static int unpack_zstd(const void *packed, size_t packed_size, void *data, size_t size)
{
    size_t got = ZSTD_decompress(data, size, packed, packed_size);
    if (ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation)
        return -ENOMEM;
    return ZSTD_isError(got) || got != size ? -EINVAL : 0;
}
#else
size_t fpr_native_pack(const void *data, size_t size, struct fpr_out *out)
{
    fpr_out_bytes(out, data, size);
    return out->failed ? 0 : size;
}

static int unpack_zstd(const void *packed, size_t packed_size, void *data, size_t size)
{
    (void)packed, (void)packed_size, (void)data, (void)size;
    return -ENOTSUP;
}
#endif

int fpr_native_unpack(const void *packed, size_t packed_size, void *data, size_t size)
{
    if (packed_size > size)
        return -EINVAL;
    if (packed_size < size)
        return unpack_zstd(packed, packed_size, data, size);
    if (size)
        memcpy(data, packed, size);
    return 0;
}
