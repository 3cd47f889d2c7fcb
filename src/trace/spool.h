/* A copy on disk of what an input decodes to, for libraries that want to seek. */
#ifndef TRACE_SPOOL_H
#define TRACE_SPOOL_H

#include "trace/input.h"

/* Copies all that is left of `input` to a file without a name, in $TMPDIR or /tmp.
 * @return 0 and its descriptor (the caller's to close), -errno */
int fpr_spool(struct fpr_input *input, int *fd, struct fpr_trace_error *error);

#endif
