/* The checksum of native files. */
#ifndef TRACE_CHECKSUM_H
#define TRACE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Carries `sum` on over `size` bytes. Every step is a bijection of the state, so any change that
 * is confined to eight aligned bytes is always noticed, others with probability 1 - 2^-64. */
uint64_t fpr_checksum(uint64_t sum, const void *data, size_t size);

#endif
