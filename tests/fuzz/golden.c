/* Whatever bytes a golden file holds, the replay ends with a verdict. */
#include <stdint.h>
#include <stdlib.h>

#include "conform/conform.h"
#include "conform/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct conform_options options = {.hash = size % 2 == 0, .events = size % 3 == 0};
    static struct conform_result result;
    struct lines *in = lines_from_memory(data, size);
    if (!in) {
        return 0;
    }
    conform_fpr_lines(in, &options, &result);
    if (!result.ok && !result.reason[0]) {
        abort();
    }
    lines_close(in);
    return 0;
}
