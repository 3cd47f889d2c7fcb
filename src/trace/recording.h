/* The parts of a recording, each read from its text. */
#ifndef TRACE_RECORDING_H
#define TRACE_RECORDING_H

#include <fpr/trace.h>

/* A text file of a recording in memory; `path` is for messages. */
struct fpr_part {
    const char *path;
    const char *data; /* NUL-terminated */
    size_t size;
};

/* Each fills its members of `r`. @return 0, -EINVAL, -ENOMEM with `error` filled. */
int fpr_recording_parse_rss(struct fpr_recording *r, const struct fpr_part *part,
                            struct fpr_trace_error *error);
int fpr_recording_parse_reports(struct fpr_recording *r, const struct fpr_part *part,
                                struct fpr_trace_error *error);
int fpr_recording_parse_phases(struct fpr_recording *r, const struct fpr_part *part,
                               struct fpr_trace_error *error);
int fpr_recording_parse_losses(struct fpr_recording *r, const struct fpr_part *part,
                               struct fpr_trace_error *error);
int fpr_recording_parse_vmemmap(struct fpr_recording *r, const struct fpr_part *part,
                                struct fpr_trace_error *error);

#endif
