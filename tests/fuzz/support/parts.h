/* An input that stands for several files of a folder: its parts, one file each, in a fixed order,
 * divided by lines that hold FUZZ_DIVIDER. A part that is empty is a file that is not there. */
#ifndef FUZZ_PARTS_H
#define FUZZ_PARTS_H

#include <stddef.h>
#include <stdint.h>

#define FUZZ_DIVIDER "\n%%%%\n"

/* Writes the files into a folder of this process, which goes when it ends. `names` ends with NULL.
 * @return the folder's path */
const char *fuzz_write_parts(const uint8_t *data, size_t size, const char *const *names);

#endif
