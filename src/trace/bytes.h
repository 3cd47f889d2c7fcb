/* Numbers in little-endian bytes, and growing and shrinking streams of bytes. */
#ifndef TRACE_BYTES_H
#define TRACE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline uint64_t fpr_get_le(const unsigned char *p, size_t bytes)
{
    uint64_t n = 0;
    if (bytes == 8) { /* the compiler makes one load of it */
        for (size_t i = 0; i < 8; i++)
            n |= (uint64_t)p[i] << (8 * i);
        return n;
    }
    for (size_t i = 0; i < bytes; i++)
        n |= (uint64_t)p[i] << (8 * i);
    return n;
}

static inline void fpr_put_le(unsigned char *p, uint64_t n, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        p[i] = (unsigned char)(n >> (8 * i));
}

/* A signed number with the sign in bit 0, so that small ones of both signs are short. */
static inline uint64_t fpr_zigzag(uint64_t difference)
{
    return difference << 1 ^ (0 - (difference >> 63));
}

static inline uint64_t fpr_unzigzag(uint64_t n)
{
    return n >> 1 ^ (0 - (n & 1));
}

/* A stream being written. After a failed allocation it takes nothing more and `failed` is set. */
struct fpr_out {
    unsigned char *data;
    size_t size;
    size_t room;
    bool failed;
};

static inline bool fpr_out_room(struct fpr_out *o, size_t bytes)
{
    if (o->room - o->size >= bytes)
        return true;
    size_t room = (o->room + bytes) * 2;
    unsigned char *data = o->failed ? NULL : realloc(o->data, room);
    if (!data) {
        o->failed = true;
        return false;
    }
    o->data = data;
    o->room = room;
    return true;
}

static inline void fpr_out_byte(struct fpr_out *o, unsigned byte)
{
    if (fpr_out_room(o, 1))
        o->data[o->size++] = (unsigned char)byte;
}

static inline void fpr_out_bytes(struct fpr_out *o, const void *data, size_t size)
{
    if (size && fpr_out_room(o, size)) {
        memcpy(o->data + o->size, data, size);
        o->size += size;
    }
}

static inline void fpr_out_varint(struct fpr_out *o, uint64_t n)
{
    if (!fpr_out_room(o, 10))
        return;
    for (; n > 0x7f; n >>= 7)
        o->data[o->size++] = (unsigned char)(n | 0x80);
    o->data[o->size++] = (unsigned char)n;
}

/* A stream being read. Reading past the end gives 0 and sets `failed`. */
struct fpr_in {
    const unsigned char *p;
    const unsigned char *end;
    bool failed;
};

static inline unsigned fpr_in_byte(struct fpr_in *in)
{
    if (in->p < in->end)
        return *in->p++;
    in->failed = true;
    return 0;
}

static inline uint64_t fpr_in_le(struct fpr_in *in, size_t bytes)
{
    if ((size_t)(in->end - in->p) < bytes) {
        in->failed = true;
        return 0;
    }
    in->p += bytes;
    return fpr_get_le(in->p - bytes, bytes);
}

static inline uint64_t fpr_in_varint(struct fpr_in *in)
{
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned byte = fpr_in_byte(in);
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return n;
    }
    in->failed = true;
    return 0;
}

#endif
