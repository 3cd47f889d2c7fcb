/* What any machine that a reader made must stand. */
#ifndef FUZZ_MACHINE_H
#define FUZZ_MACHINE_H

#include <stddef.h>

#include <fpr/machine.h>

struct fuzz_memory;

/* Validates the zones, saves the machine, and loads that text again to the same hashes and text.
 * Aborts if it cannot. */
void fuzz_check_machine(const struct fpr_machine *machine, const struct fpr_state_header *header,
                        const struct fpr_mem_ops *mem);
/* Ends a target whose reader had `bytes` of memory: checks the machine, with as much again for a
 * copy, and frees it (NULL: there is none); aborts if something is not given back. */
void fuzz_end_machine(struct fpr_machine *machine, const struct fpr_state_header *header,
                      struct fuzz_memory *memory, size_t bytes);

#endif
