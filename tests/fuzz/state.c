/* Any bytes as a machine's state. */
#include <stddef.h>
#include <stdint.h>

#include "fuzz/support/machine.h"
#include "fuzz/support/memory.h"

#define MEMORY (8u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_memory memory;
    struct fpr_machine *machine;
    struct fpr_state_header header;
    struct fpr_text_error error = {.line = 0};
    fuzz_memory_init(&memory, MEMORY);
    int err =
        fpr_machine_load((const char *)data, size, NULL, &memory.ops, &machine, &header, &error);
    fuzz_end_machine(err ? NULL : machine, &header, &memory, MEMORY);
    return 0;
}
