/* Scripts made of bytes, for fuzzing: any bytes are a script, and a small change of the bytes is a
 * small change of the script. */
#ifndef TESTS_SCRIPT_BYTES_H
#define TESTS_SCRIPT_BYTES_H

#include "support/script.h"

/* The first 16 bytes say what the zones are, every 8 more are one operation. Missing ones are 0. */
void script_from_bytes(struct script *s, const unsigned char *data, size_t size);

#endif
