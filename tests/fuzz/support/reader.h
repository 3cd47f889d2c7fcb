/* What the targets of the trace readers share. */
#ifndef FUZZ_READER_H
#define FUZZ_READER_H

#include <stdint.h>

#include <fpr/trace.h>

/* Reads bytes as a trace of this format to its end or first error; aborts if a record is not what
 * the header promises. */
void fuzz_read_trace(const uint8_t *data, size_t size, enum fpr_trace_format format);

#endif
