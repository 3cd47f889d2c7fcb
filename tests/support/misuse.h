/* Tables of misuse: wrong calls, each with its documented answer, after which nothing that is
 * watched may have changed. */
#ifndef TESTS_MISUSE_H
#define TESTS_MISUSE_H

#include <stddef.h>
#include <stdint.h>

/* One row of a table: the wrong call, its answer, and what is wrong about it. */
#define REFUSED(call, answer, wrong)                                                               \
    do {                                                                                           \
        misuse_before();                                                                           \
        intptr_t misuse_got = (intptr_t)(call);                                                    \
        misuse_after(#call, wrong, misuse_got, (intptr_t)(answer), __FILE__, __LINE__);            \
    } while (0)

/* The same for a function that answers nothing: it does nothing either. */
#define IGNORED(call, wrong)                                                                       \
    do {                                                                                           \
        misuse_before();                                                                           \
        call;                                                                                      \
        misuse_after(#call, wrong, 0, 0, __FILE__, __LINE__);                                      \
    } while (0)

/* From now on, `digest` of `object` must stay the same over every row. At most 8 at a time. */
void misuse_watch(uint64_t (*digest)(const void *object), const void *object);
/* Likewise for out-parameters: they are filled with a pattern first. */
void misuse_watch_bytes(void *bytes, size_t size);
/* Ends the tables of a test: nothing is watched any more. Rows that were wrong have been printed.
 * Returns their number, for a teardown to return. */
int misuse_end(void);
/* Of all that is watched. */
uint64_t misuse_digest(void);

void misuse_before(void);
void misuse_after(const char *call, const char *wrong, intptr_t got, intptr_t answer,
                  const char *file, int line);

#endif
