/* Any bytes as a native file. Builds for fuzzing pass over the checksums. */
#include "fuzz/support/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_read_trace(data, size, FPR_TRACE_NATIVE);
    return 0;
}
