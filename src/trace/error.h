/* Filling in what was found wrong, and where. */
#ifndef TRACE_ERROR_H
#define TRACE_ERROR_H

#include <fpr/trace.h>

/* Fills `error` (may be NULL). `field` may be NULL. @return `code`, so that callers can return it.
 */
__attribute__((format(printf, 6, 7))) int fpr_trace_error_set(struct fpr_trace_error *error,
                                                              int code, const char *file,
                                                              uint64_t line, const char *field,
                                                              const char *format, ...);

#endif
