#include "base/fill.h"

#include <stdint.h>
#include <sys/mman.h>

#define PAGE       ((uintptr_t)4096)
#define WORTHWHILE (16 * PAGE)

void fpr_fill_soon(void *at, size_t size)
{
#ifdef MADV_POPULATE_WRITE
    uintptr_t start = ((uintptr_t)at + PAGE - 1) & ~(PAGE - 1);
    uintptr_t end = ((uintptr_t)at + size) & ~(PAGE - 1);
    if (size >= WORTHWHILE && start < end) {
        (void)madvise((void *)start, end - start, MADV_POPULATE_WRITE); /* a hint: may fail */
    }
#else
    (void)at;
    (void)size;
#endif
}
