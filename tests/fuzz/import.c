/* Any bytes as the files of /proc that a machine is made from. */
#include <stddef.h>
#include <stdint.h>

#include <fpr/import.h>

#include "fuzz/support/machine.h"
#include "fuzz/support/memory.h"
#include "fuzz/support/parts.h"

#define MEMORY (8u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"zoneinfo", "pagetypeinfo", "buddyinfo", "kpageflags",
                                        NULL};
    const struct fpr_state_header header = {
        .reporting_order = -1, .reporting_state = -1, .reporting_due_ms = -1, .cpus = 1};
    struct fuzz_memory memory;
    fuzz_memory_init(&memory, MEMORY);
    const struct fpr_import_options options = {.mem = &memory.ops};
    struct fpr_machine *machine;
    struct fpr_import_result result;
    struct fpr_trace_error error;
    const char *folder = fuzz_write_parts(data, size, names);
    int err = fpr_machine_import(folder, &options, &machine, &result, &error);
    fuzz_end_machine(err ? NULL : machine, &header, &memory, MEMORY);
    return 0;
}
