/* Any bytes as a trace.dat. */
#include "fuzz/support/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_read_trace(data, size, FPR_TRACE_DAT);
    return 0;
}
