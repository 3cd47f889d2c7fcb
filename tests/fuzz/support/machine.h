/* What any machine that a reader made must stand. */
#ifndef FUZZ_MACHINE_H
#define FUZZ_MACHINE_H

#include <fpr/machine.h>

/* Validates the zones, saves the machine, and loads that text again to the same hashes and text.
 * Aborts if it cannot. */
void fuzz_check_machine(const struct fpr_machine *machine, const struct fpr_state_header *header,
                        const struct fpr_mem_ops *mem);

#endif
