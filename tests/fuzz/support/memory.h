/* Metadata of limited size, from malloc so that sanitizers watch its ends. */
#ifndef FUZZ_MEMORY_H
#define FUZZ_MEMORY_H

#include <fpr/mem.h>

struct fuzz_memory {
    struct fpr_mem_ops ops;
    size_t left; /* bytes; requests beyond are refused */
};

void fuzz_memory_init(struct fuzz_memory *memory, size_t bytes);

#endif
