/* The left part of a trace line, up to the event's name, in all the shapes that tools give it. */
#ifndef TRACE_PREFIX_H
#define TRACE_PREFIX_H

#include "trace/scan.h"

struct fpr_prefix {
    fpr_ns time;
    uint32_t pid;
    uint16_t cpu;
    uint8_t context;              /* as in fpr_trace_record */
    enum fpr_trace_format format; /* the tool that prints such a line */
    struct fpr_span name;         /* event, without its system */
    struct fpr_span rest;         /* what follows the name, blanks skipped */
};

/* @return whether the line has the shape of an event. */
bool fpr_prefix_parse(const char *line, const char *end, struct fpr_prefix *prefix);

#endif
