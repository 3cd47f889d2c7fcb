/* Sources of metadata as callers hand them in. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <fpr/mem.h>

/* May memory be taken from it and given back? NULL stands for the default, which may. */
static inline bool fpr_mem_ok(const struct fpr_mem_ops *mem)
{
    return !mem || (mem->zalloc && mem->free);
}

#endif
