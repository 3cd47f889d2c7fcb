#include "trace/checksum.h"

#include "trace/bytes.h"

#include <string.h>

static uint64_t step(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * 0x9fb21c651e98df25u;
    return sum ^ sum >> 29;
}

uint64_t fpr_checksum(uint64_t sum, const void *data, size_t size)
{
    const unsigned char *p = data;
    sum = step(sum, size);
    for (; size >= 8; size -= 8, p += 8)
        sum = step(sum, fpr_get_le(p, 8));
    if (size)
        sum = step(sum, fpr_get_le(p, size));
    return sum ^ sum >> 32;
}
