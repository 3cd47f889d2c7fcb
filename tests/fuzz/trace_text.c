/* Any bytes as ftrace's text, plain or compressed. */
#include "fuzz/support/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_read_trace(data, size, FPR_TRACE_FTRACE);
    return 0;
}
