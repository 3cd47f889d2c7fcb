/* A machine's state in every format that there is, in a folder. */
#ifndef BENCH_VIEWS_H
#define BENCH_VIEWS_H

#include <stdbool.h>

#include <fpr/clock.h>
#include <fpr/machine.h>

/* Makes the folder unless it is there; whether it did. Ends the program if it cannot be written to.
 */
bool bench_views_folder(const char *path);
/* Before a long run: ends the program if it could not be made, or not be written to. Makes nothing.
 */
void bench_views_check(const char *path);
/* Writes the files; those that cannot be are told of. Returns the exit status. */
int bench_views_write(const struct fpr_machine *machine, const char *folder, fpr_ns now);

#endif
