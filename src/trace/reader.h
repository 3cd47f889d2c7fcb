/* What the readers of the formats share: the public reader hands out the work. */
#ifndef TRACE_READER_H
#define TRACE_READER_H

#include "trace/input.h"

struct fpr_reader; /* a format's own state */

/* One format. */
struct fpr_reader_ops {
    /* Next record, as fpr_trace_next(). Counts lines, skipped lines and losses in `summary`. */
    int (*next)(struct fpr_reader *self, struct fpr_trace_summary *summary,
                struct fpr_trace_record *record, struct fpr_trace_error *error);
    /* As fpr_trace_attachment(); NULL: the format has none. */
    int (*attachment)(struct fpr_reader *self, const char *name, const void **data, size_t *size);
    void (*close)(struct fpr_reader *self);
};

/* Every format's way in. `input` becomes the reader's on success. */
int fpr_text_open(struct fpr_input *input, const struct fpr_trace_options *options,
                  const struct fpr_reader_ops **ops, struct fpr_reader **self,
                  struct fpr_trace_error *error);
int fpr_native_open(struct fpr_input *input, struct fpr_trace_summary *summary,
                    const struct fpr_reader_ops **ops, struct fpr_reader **self,
                    struct fpr_trace_error *error);
int fpr_dat_open(struct fpr_input *input, const struct fpr_trace_options *options,
                 const struct fpr_reader_ops **ops, struct fpr_reader **self,
                 struct fpr_trace_error *error);

#endif
