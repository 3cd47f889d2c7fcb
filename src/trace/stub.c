#include "trace/error.h"
#include "trace/reader.h"
#include <errno.h>
int fpr_native_open(struct fpr_input *input, struct fpr_trace_summary *summary,
                    const struct fpr_reader_ops **ops, struct fpr_reader **self,
                    struct fpr_trace_error *error)
{
    (void)summary;
    (void)ops;
    (void)self;
    return fpr_trace_error_set(error, -ENOTSUP, input->path, 0, NULL, "not yet");
}
int fpr_dat_open(struct fpr_input *input, const struct fpr_trace_options *options,
                 const struct fpr_reader_ops **ops, struct fpr_reader **self,
                 struct fpr_trace_error *error)
{
    (void)options;
    (void)ops;
    (void)self;
    return fpr_trace_error_set(error, -ENOTSUP, input->path, 0, NULL, "not yet");
}
