/* A literal model of the map as it was before 6.18, where the end of a mapping that reaches 2^64
 * wraps to 0: what the compatibility switch broken_top is compared with. */
#ifndef TESTS_IOVA_TOP_H
#define TESTS_IOVA_TOP_H

#include <stddef.h>

/* One run of an operation string: both do what it says and are compared after each operation.
 * Every byte is used, any string is good. Returns NULL or what differs (static text). */
const char *iova_top_run(const unsigned char *ops, size_t n);

#endif
