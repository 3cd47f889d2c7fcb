/* Events in Chrome's trace format, which Perfetto opens. */
#include "trace/sink.h"

#include <inttypes.h>
#include <stdio.h>

/* Rows of the timeline. */
enum { ROW_ALLOCATOR = 1, ROW_REPORTING = 2 };

static void row(struct fpr_sink *s, const char *comma, int tid, const char *name)
{
    fpr_sink_put(s,
                 "%s{\"ph\":\"M\",\"pid\":1,\"tid\":%d,\"name\":\"thread_name\","
                 "\"args\":{\"name\":\"%s\"}}",
                 comma, tid, name);
}

static void begin(struct fpr_sink *s)
{
    fpr_sink_put(s, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n");
    row(s, "", ROW_ALLOCATOR, "page allocator");
    row(s, ",\n", ROW_REPORTING, "page reporting");
}

/* Times are microseconds with a fraction. */
static void head(struct fpr_sink *s, const char *phase, int tid, const char *name)
{
    fpr_ns now = fpr_sink_now(s);
    fpr_sink_put(s,
                 ",\n{\"ph\":\"%s\",\"ts\":%" PRIu64 ".%03u,\"pid\":1,\"tid\":%d,\"name\":\"%s\"",
                 phase, now / 1000, (unsigned)(now % 1000), tid, name);
}

static void event(struct fpr_sink *s, const struct fpr_event *e)
{
    head(s, "i", ROW_ALLOCATOR, fpr_event_name(e->type));
    fpr_sink_put(s, ",\"s\":\"t\",\"args\":{");
    if (e->pfn != FPR_PFN_NONE)
        fpr_sink_put(s, "\"pfn\":%" PRIu64 ",", e->pfn);
    if (e->type == FPR_EVENT_PAGE_ALLOC)
        fpr_sink_put(s, "\"gfp\":%u,", e->gfp);
    if (e->type == FPR_EVENT_EXTFRAG)
        fpr_sink_put(s, "\"fallback_order\":%u,\"fallback_type\":\"%s\",\"change_ownership\":%s,",
                     e->fallback_order, fpr_migratetype_name(e->fallback_migratetype),
                     e->change_ownership ? "true" : "false");
    if (e->type == FPR_EVENT_ZONE_LOCKED)
        fpr_sink_put(s, "\"percpu_refill\":%s,", e->percpu_refill ? "true" : "false");
    fpr_sink_put(s, "\"order\":%u,\"type\":\"%s\"}}", e->order,
                 fpr_migratetype_name(e->migratetype));
}

static void pass(struct fpr_sink *s, bool end, unsigned calls)
{
    head(s, end ? "E" : "B", ROW_REPORTING, "pass");
    if (end)
        fpr_sink_put(s, ",\"args\":{\"calls\":%u}", calls);
    fpr_sink_put(s, "}");
}

static void report(struct fpr_sink *s, const struct fpr_sg *sg, unsigned nents)
{
    head(s, "i", ROW_REPORTING, "report");
    fpr_sink_put(s, ",\"s\":\"t\",\"args\":{\"blocks\":[");
    for (unsigned k = 0; k < nents; k++)
        fpr_sink_put(s, "%s{\"pfn\":%" PRIu64 ",\"order\":%u}", k ? "," : "", sg[k].pfn,
                     sg[k].order);
    fpr_sink_put(s, "]}}");
}

static void report_end(struct fpr_sink *s, int result)
{
    head(s, "i", ROW_REPORTING, "report_ret");
    fpr_sink_put(s, ",\"s\":\"t\",\"args\":{\"result\":%d}}", result);
}

static void end(struct fpr_sink *s)
{
    fpr_sink_put(s, "\n]}\n");
}

const struct fpr_sink_ops fpr_sink_timeline = {begin, event, pass, report, report_end, end};
