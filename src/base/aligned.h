/* Memory of a source, aligned more than the source promises. */
#ifndef BASE_ALIGNED_H
#define BASE_ALIGNED_H

#include <fpr/mem.h>

/* Two cache lines: what structures that threads or hot paths share are laid out for. */
#define FPR_ALIGNMENT 128u

/* Zeroed memory at a multiple of FPR_ALIGNMENT, or NULL. Give it back with fpr_aligned_free(). */
static inline void *fpr_aligned_zalloc(const struct fpr_mem_ops *mem, size_t size)
{
    if (size > SIZE_MAX - FPR_ALIGNMENT) {
        return NULL;
    }
    char *raw = mem->zalloc(mem->ctx, size + FPR_ALIGNMENT);
    if (!raw) {
        return NULL;
    }
    size_t skip = FPR_ALIGNMENT - (uintptr_t)raw % FPR_ALIGNMENT;
    raw[skip - 1] = (char)skip; /* 1..128: the way back */
    return raw + skip;
}

static inline void fpr_aligned_free(const struct fpr_mem_ops *mem, void *ptr, size_t size)
{
    char *p = ptr;
    mem->free(mem->ctx, p - (unsigned char)p[-1], size + FPR_ALIGNMENT);
}

#endif
