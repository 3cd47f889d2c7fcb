/* Any bytes as a trace.dat. */
#include "fuzz/support/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* Handles that libtracecmd 1.3 fails to open cannot be closed either. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libtracecmd\nleak:libtraceevent\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_read_trace(data, size, FPR_TRACE_DAT);
    return 0;
}
