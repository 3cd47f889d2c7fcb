/* Any bytes as a machine's state. */
#include <stdint.h>
#include <stdlib.h>

#include "fuzz/support/machine.h"
#include "fuzz/support/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_memory memory;
    struct fpr_machine *machine;
    struct fpr_state_header header;
    struct fpr_text_error error = {.line = 0};
    fuzz_memory_init(&memory, 8u << 20);
    int err =
        fpr_machine_load((const char *)data, size, NULL, &memory.ops, &machine, &header, &error);
    if (err == 0) {
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
