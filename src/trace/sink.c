#include "trace/sink.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_ENTRIES 32u /* of a report in one line: FPR_TRACE_MAX_SG */

fpr_ns fpr_sink_now(const struct fpr_sink *s)
{
    return s->config.clock ? fpr_clock_now(s->config.clock) : s->events * 1000;
}

void fpr_sink_put(struct fpr_sink *s, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(text))
        s->err = s->err ? s->err : -EOVERFLOW;
    if (!s->err && !s->ended)
        s->err = s->config.write(s->config.ctx, text, (size_t)len);
}

int fpr_sink_create(const struct fpr_sink_config *config, struct fpr_sink **sink)
{
    if (!config || !sink || !config->write || (unsigned)config->format > FPR_SINK_TIMELINE ||
        config->pageblock_order > FPR_MAX_ORDER)
        return -EINVAL;
    struct fpr_sink *s = calloc(1, sizeof(*s));
    if (!s)
        return -ENOMEM;
    s->config = *config;
    if (!s->config.pageblock_order)
        s->config.pageblock_order = 9;
    s->ops = config->format == FPR_SINK_FTRACE ? &fpr_sink_ftrace : &fpr_sink_timeline;
    s->ops->begin(s);
    *sink = s;
    return 0;
}

void fpr_sink_destroy(struct fpr_sink *sink)
{
    free(sink);
}

int fpr_sink_end(struct fpr_sink *sink)
{
    if (!sink)
        return -EINVAL;
    if (!sink->ended)
        sink->ops->end(sink);
    sink->ended = true;
    return sink->err;
}

static void on_event(void *ctx, const struct fpr_event *event)
{
    struct fpr_sink *s = ctx;
    s->ops->event(s, event);
    s->events++;
}

int fpr_sink_events(struct fpr_sink *sink, struct fpr_event_sink *events)
{
    if (!sink || !events)
        return -EINVAL;
    *events = (struct fpr_event_sink){on_event, sink};
    return 0;
}

static void on_begin(void *ctx, fpr_ns now)
{
    struct fpr_sink *s = ctx;
    (void)now;
    s->ops->pass(s, false, 0);
    s->events++;
}

static void on_end(void *ctx, fpr_ns now, const struct fpr_pass_result *result)
{
    struct fpr_sink *s = ctx;
    (void)now;
    s->ops->pass(s, true, result->calls);
    s->events++;
}

int fpr_sink_observer(struct fpr_sink *sink, struct fpr_report_observer *observer)
{
    if (!sink || !observer)
        return -EINVAL;
    *observer =
        (struct fpr_report_observer){.pass_begin = on_begin, .pass_end = on_end, .ctx = sink};
    return 0;
}

static int on_report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct fpr_sink *s = ctx;
    for (unsigned from = 0; from < nents; from += MOST_ENTRIES) {
        s->ops->report(s, sg + from, nents - from < MOST_ENTRIES ? nents - from : MOST_ENTRIES);
        s->events++;
    }
    int result = s->next ? s->next->report(s->next->ctx, sg, nents) : 0;
    s->ops->report_end(s, result);
    s->events++;
    return result;
}

int fpr_sink_device(struct fpr_sink *sink, const struct fpr_device *next, struct fpr_device *device)
{
    if (!sink || !device || (next && !next->report))
        return -EINVAL;
    sink->next = next;
    *device =
        (struct fpr_device){.name = next ? next->name : "sink", .report = on_report, .ctx = sink};
    if (next) {
        device->order = next->order;
        device->max_nents = next->max_nents;
    }
    return 0;
}
