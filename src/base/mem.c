#include <fpr/mem.h>

#include <stdlib.h>
#include <sys/mman.h>

/* From this size on memory is mapped, so that untouched parts of a huge table cost nothing even
 * where calloc() would clear them by hand. */
#define MAP_FROM ((size_t)1 << 20)

static void *default_zalloc(void *ctx, size_t size)
{
    (void)ctx;
    if (size < MAP_FROM)
        return calloc(1, size > 0 ? size : 1);
    void *ptr = mmap(NULL, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return ptr == MAP_FAILED ? NULL : ptr;
}

static void default_free(void *ctx, void *ptr, size_t size)
{
    (void)ctx;
    if (size < MAP_FROM)
        free(ptr);
    else
        munmap(ptr, size);
}

const struct fpr_mem_ops *fpr_mem_default(void)
{
    static const struct fpr_mem_ops ops = {default_zalloc, default_free, NULL};
    return &ops;
}
