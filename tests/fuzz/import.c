/* Any bytes as the files of /proc that a machine is made from. */
#include <stdint.h>
#include <stdlib.h>

#include <fpr/import.h>

#include "fuzz/support/machine.h"
#include "fuzz/support/memory.h"
#include "fuzz/support/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"zoneinfo", "pagetypeinfo", "buddyinfo", "kpageflags",
                                        NULL};
    const struct fpr_state_header header = {
        .reporting_order = -1, .reporting_state = -1, .reporting_due_ms = -1, .cpus = 1};
    struct fuzz_memory memory;
    fuzz_memory_init(&memory, 8u << 20);
    const struct fpr_import_options options = {.mem = &memory.ops};
    struct fpr_machine *machine;
    struct fpr_import_result result;
    struct fpr_trace_error error;
    const char *folder = fuzz_write_parts(data, size, names);
    if (fpr_machine_import(folder, &options, &machine, &result, &error) == 0) {
        memory.left += 8u << 20; /* room for a copy */
        fuzz_check_machine(machine, &header, &memory.ops);
        fpr_machine_destroy(machine);
        memory.left -= 8u << 20;
    }
    if (memory.left != 8u << 20) {
        abort(); /* something is not given back */
    }
    return 0;
}
