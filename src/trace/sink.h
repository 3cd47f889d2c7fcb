/* What the two formats of sinks share. */
#ifndef TRACE_SINK_H
#define TRACE_SINK_H

#include <fpr/sink.h>

struct fpr_sink {
    struct fpr_sink_config config;
    const struct fpr_sink_ops *ops;
    const struct fpr_device *next;
    uint64_t events; /* written so far */
    int err;         /* first of write */
    bool ended;
};

struct fpr_sink_ops {
    void (*begin)(struct fpr_sink *s);
    void (*event)(struct fpr_sink *s, const struct fpr_event *e);
    void (*pass)(struct fpr_sink *s, bool end, unsigned calls);
    void (*report)(struct fpr_sink *s, const struct fpr_sg *sg, unsigned nents);
    void (*report_end)(struct fpr_sink *s, int result);
    void (*end)(struct fpr_sink *s);
};

extern const struct fpr_sink_ops fpr_sink_ftrace, fpr_sink_timeline;

/* Time of the event that is being written. */
fpr_ns fpr_sink_now(const struct fpr_sink *s);
/* Writes, unless an earlier write failed. */
__attribute__((format(printf, 2, 3))) void fpr_sink_put(struct fpr_sink *s, const char *format,
                                                        ...);

#endif
