/* Operation strings on the IOVA map against its slow references: as from 6.18, and as before. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/iova_ref.h"
#include "support/iova_top.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool old = size > 0 && data[0] & 0x80;
    const char *wrong = old ? iova_top_run(data, size) : iova_ref_run(data, size);
    if (wrong) {
        fprintf(stderr, "the map and its reference differ: %s\n", wrong);
        abort();
    }
    return 0;
}
