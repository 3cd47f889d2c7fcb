/* A machine's state in every format that there is, in a folder. */
#ifndef BENCH_VIEWS_H
#define BENCH_VIEWS_H

#include <stdbool.h>

#include <fpr/clock.h>
#include <fpr/machine.h>

/* Makes the folder unless it is there; whether it did. Ends the program if it cannot be written to.
 */
bool bench_views_folder(const char *path);
/* Writes the files. Ends the program if that fails. */
void bench_views_write(const struct fpr_machine *machine, const char *folder, fpr_ns now);

#endif
