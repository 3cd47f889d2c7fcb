/* A text file read line by line: plain, gzip or from memory. */
#ifndef TESTS_CONFORM_LINES_H
#define TESTS_CONFORM_LINES_H

#include <stddef.h>

struct lines;

/* Opens a file. Returns 0, or a negative errno. */
int lines_open(const char *path, struct lines **in);
/* Reads from memory, which must stay as it is meanwhile. NULL: out of memory. */
struct lines *lines_from_memory(const void *data, size_t size);
void lines_close(struct lines *in);

/* Next line without its newline, NUL-terminated, good until the next call.
 * Returns 1, 0 at the end, -1 on an error (lines_error() says which). */
int lines_next(struct lines *in, char **text, size_t *length);
/* Number of the line returned last, from 1. */
unsigned long lines_number(const struct lines *in);
const char *lines_error(const struct lines *in);

#endif
