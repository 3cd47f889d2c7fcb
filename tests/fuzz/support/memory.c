#include "fuzz/support/memory.h"

#include <stdlib.h>

static void *get(void *ctx, size_t size)
{
    struct fuzz_memory *m = ctx;
    void *p = size <= m->left ? calloc(1, size) : NULL;
    m->left -= p ? size : 0;
    return p;
}

static void put(void *ctx, void *p, size_t size)
{
    struct fuzz_memory *m = ctx;
    m->left += size;
    free(p);
}

void fuzz_memory_init(struct fuzz_memory *m, size_t bytes)
{
    *m = (struct fuzz_memory){.ops = {get, put, m}, .left = bytes};
}
