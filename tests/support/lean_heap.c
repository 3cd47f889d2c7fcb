#include "support/lean_heap.h"

#include "support/misuse.h"
#include "support/support.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>

#ifdef FPR_HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef FPR_HAVE_ZSTD
#include <zstd.h>
#endif

#include <cmocka.h>

enum { MOST_LIVE = 1 << 16 };

/* One program runs one act at a time. */
static void *live[MOST_LIVE];
static size_t nr_live;
static bool counting, fail_on;
static uint64_t asked, fail_at;

/* Is this request to be served? */
static bool grant(void)
{
    if (!counting)
        return true;
    asked++;
    return fail_on ? asked < fail_at : asked != fail_at;
}

static void *keep(void *ptr)
{
    if (ptr && counting) {
        if (nr_live == MOST_LIVE)
            abort();
        live[nr_live++] = ptr;
    }
    return ptr;
}

/* What was taken last goes first, mostly. */
static void forget(const void *ptr)
{
    for (size_t k = nr_live; ptr && k-- > 0;)
        if (live[k] == ptr) {
            live[k] = live[--nr_live];
            return;
        }
}

size_t lean_heap_live(void)
{
    return nr_live;
}

static void *refuse(void)
{
    errno = ENOMEM;
    return NULL;
}

/* What the linker calls the real ones, and what it gives the library in their stead. It looks up
 * the needs of shared objects under these names, too (where they change nothing). */
#pragma GCC visibility push(default)
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *ptr, size_t size);
void __real_free(void *ptr);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
FILE *__real_open_memstream(char **text, size_t *size);
void *__real_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *ptr, size_t size);
void __wrap_free(void *ptr);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);
FILE *__wrap_open_memstream(char **text, size_t *size);
void *__wrap_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset);
int __wrap_munmap(void *at, size_t size);

void *__wrap_malloc(size_t size)
{
    return grant() ? keep(__real_malloc(size)) : refuse();
}

void *__wrap_calloc(size_t n, size_t size)
{
    return grant() ? keep(__real_calloc(n, size)) : refuse();
}

void *__wrap_realloc(void *ptr, size_t size)
{
    if (!grant())
        return refuse();
    forget(ptr);
    return keep(__real_realloc(ptr, size));
}

void __wrap_free(void *ptr)
{
    forget(ptr);
    __real_free(ptr);
}

char *__wrap_strdup(const char *text)
{
    return grant() ? keep(__real_strdup(text)) : refuse();
}

char *__wrap_strndup(const char *text, size_t n)
{
    return grant() ? keep(__real_strndup(text, n)) : refuse();
}

FILE *__wrap_open_memstream(char **text, size_t *size)
{
    return grant() ? __real_open_memstream(text, size) : refuse();
}

void *__wrap_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
    if (!grant()) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    void *got = __real_mmap(at, size, prot, flags, fd, offset);
    if (got != MAP_FAILED && !(flags & MAP_FIXED))
        keep(got);
    return got;
}

int __wrap_munmap(void *at, size_t size)
{
    forget(at);
    return __real_munmap(at, size);
}

#ifdef FPR_HAVE_ZLIB
int __real_inflateInit2_(z_streamp z, int bits, const char *version, int size);
int __wrap_inflateInit2_(z_streamp z, int bits, const char *version, int size);

int __wrap_inflateInit2_(z_streamp z, int bits, const char *version, int size)
{
    return grant() ? __real_inflateInit2_(z, bits, version, size) : Z_MEM_ERROR;
}

int __real_inflate(z_streamp z, int flush);
int __wrap_inflate(z_streamp z, int flush);

int __wrap_inflate(z_streamp z, int flush)
{
    return grant() ? __real_inflate(z, flush) : Z_MEM_ERROR;
}
#endif

#ifdef FPR_HAVE_ZSTD
#define NO_MEMORY ((size_t)-64) /* ZSTD_error_memory_allocation, as a result */

ZSTD_DCtx *__real_ZSTD_createDCtx(void);
ZSTD_DCtx *__wrap_ZSTD_createDCtx(void);
size_t __real_ZSTD_compress(void *to, size_t room, const void *from, size_t size, int level);
size_t __wrap_ZSTD_compress(void *to, size_t room, const void *from, size_t size, int level);
size_t __real_ZSTD_decompress(void *to, size_t room, const void *from, size_t size);
size_t __wrap_ZSTD_decompress(void *to, size_t room, const void *from, size_t size);

ZSTD_DCtx *__wrap_ZSTD_createDCtx(void)
{
    return grant() ? __real_ZSTD_createDCtx() : NULL;
}

size_t __wrap_ZSTD_compress(void *to, size_t room, const void *from, size_t size, int level)
{
    return grant() ? __real_ZSTD_compress(to, room, from, size, level) : NO_MEMORY;
}

size_t __real_ZSTD_decompressStream(ZSTD_DCtx *d, ZSTD_outBuffer *to, ZSTD_inBuffer *from);
size_t __wrap_ZSTD_decompressStream(ZSTD_DCtx *d, ZSTD_outBuffer *to, ZSTD_inBuffer *from);

size_t __wrap_ZSTD_decompressStream(ZSTD_DCtx *d, ZSTD_outBuffer *to, ZSTD_inBuffer *from)
{
    return grant() ? __real_ZSTD_decompressStream(d, to, from) : NO_MEMORY;
}

size_t __wrap_ZSTD_decompress(void *to, size_t room, const void *from, size_t size)
{
    return grant() ? __real_ZSTD_decompress(to, room, from, size) : NO_MEMORY;
}
#endif

#pragma GCC visibility pop

unsigned lean_heap_fail(unsigned n)
{
    unsigned failed = counting && asked >= fail_at ? (unsigned)(asked - fail_at) + 1 : 0;
    counting = n > 0;
    fail_on = true;
    asked = 0;
    fail_at = n;
    return failed;
}

/* One call whose n-th request fails; false if it makes fewer. */
static bool fail_nth(unsigned n, int (*act)(void *ctx), void *ctx)
{
    size_t out = nr_live;
    uint64_t before = misuse_digest();
    asked = 0;
    fail_at = n;
    counting = true;
    int result = act(ctx);
    counting = false;
    bool failed = asked >= n;
    if (result < 0 && (!failed || result != -ENOMEM))
        fail_msg("request %u %s: it answers %d", n, failed ? "failed" : "was not made", result);
    if (nr_live != out)
        fail_msg("request %u failed: %zd pieces stay out", n, (ssize_t)(nr_live - out));
    if (misuse_digest() != before)
        fail_msg("request %u failed: something changed", n);
    return failed;
}

unsigned lean_heap_exhaust(int (*act)(void *ctx), void *ctx)
{
    unsigned most = 0;
    for (int on = test_times(2, 2) >= 2; on >= 0; on--) { /* one of the two under Valgrind */
        fail_on = on;
        unsigned n = 1;
        while (fail_nth(n, act, ctx))
            n++;
        most = n - 1 > most ? n - 1 : most;
    }
    return most;
}
