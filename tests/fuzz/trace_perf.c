/* Any bytes as the text of perf script. */
#include "fuzz/support/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_read_trace(data, size, FPR_TRACE_PERF);
    return 0;
}
