/* Operation strings on the IOVA map against its slow reference. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/iova_ref.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *wrong = iova_ref_run(data, size);
    if (wrong) {
        fprintf(stderr, "the map and its reference differ: %s\n", wrong);
        abort();
    }
    return 0;
}
