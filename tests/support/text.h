/* Text that grows: what the library writes, for comparison. */
#ifndef TESTS_TEXT_H
#define TESTS_TEXT_H

#include <stddef.h>

struct test_text {
    char *data; /* ends in 0; NULL while empty; for free() */
    size_t len;
    int fail; /* not 0: appending answers this, and appends nothing */
};

/* Appends to the struct test_text that `ctx` is. Aborts where there is no memory. */
int test_text_append(void *ctx, const char *text, size_t len);
/* All of a file, which must be there. */
struct test_text test_text_file(const char *path);

#endif
