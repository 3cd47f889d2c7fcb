#include <inttypes.h>

#include "import/import.h"
#include "json.h"

static const char *const formats[] = {"auto",           "ftrace text", "perf script text",
                                      "trace-cmd text", "trace.dat",   "native"};

static void kinds(const struct fpr_trace_summary *s, FILE *to)
{
    for (int type = 0; type < FPR_NR_TRACE_TYPES; type++) {
        if (s->records[type]) {
            fprintf(to, "  %10" PRIu64 "  %s\n", s->records[type],
                    fpr_trace_type_name((enum fpr_trace_type)type));
        }
    }
}

static void lost(const struct import_losses *l, FILE *to)
{
    if (l->lost_events) {
        fprintf(to,
                "lost events    %" PRIu64
                ": the kernel's buffer overran. Page frames and lists cannot be predicted past the "
                "first gap: record again with a larger buffer (31 bytes an event).\n",
                l->lost_events);
    } else {
        fprintf(to, "lost events    none marked in the trace\n");
    }
}

static void pairs(const struct import_losses *l, FILE *to)
{
    if (l->unpaired) {
        fprintf(to,
                "frees without an allocation   %" PRIu64 ", the first at record %" PRIu64
                " (pfn 0x%" PRIx64
                "): the page was free. Either allocations by the bulk allocator, which has no "
                "event of its own (replays can repair that), or lost events.\n",
                l->unpaired, l->first_unpaired, l->unpaired_pfn);
    }
    if (l->doubled) {
        fprintf(to,
                "allocations of allocated pages   %" PRIu64 ", the first at record %" PRIu64
                " (pfn 0x%" PRIx64
                "): the free between them is missing (an event of another kind, or lost); replays "
                "free the page first.\n",
                l->doubled, l->first_doubled, l->doubled_pfn);
    }
    if (l->before_trace) {
        fprintf(to,
                "frees of pages from before the trace   %" PRIu64
                ": normal for a guest that was running; that they were allocated has to be "
                "believed.\n",
                l->before_trace);
    }
    if (!l->unpaired && !l->doubled) {
        fprintf(to, "allocations and frees   all in pairs\n");
    }
}

void import_report(const struct fpr_trace_summary *s, const struct import_losses *l, FILE *to)
{
    fprintf(to, "format         %s, %" PRIu64 " lines or records, %" PRIu64 " of them not ours\n",
            (unsigned)s->format < sizeof(formats) / sizeof(formats[0]) ? formats[s->format] : "?",
            s->lines, s->skipped_lines);
    fprintf(to, "time           %.3f s to %.3f s\n", (double)s->first / (double)FPR_NS_PER_S,
            (double)s->last / (double)FPR_NS_PER_S);
    fprintf(to, "records by kind:\n");
    kinds(s, to);
    lost(l, to);
    pairs(l, to);
    if (l->backwards) {
        fprintf(to, "times that run backwards   %" PRIu64 ": several CPUs' buffers were joined\n",
                l->backwards);
    }
}

struct json_object *import_json(const struct fpr_trace_summary *s, const struct import_losses *l)
{
    struct json_object *o = bench_json_object(), *records = bench_json_object();
    for (int type = 0; type < FPR_NR_TRACE_TYPES; type++) {
        bench_json_add_u64(records, fpr_trace_type_name((enum fpr_trace_type)type),
                           s->records[type]);
    }
    bench_json_add_u64(o, "lines", s->lines);
    bench_json_add_u64(o, "skipped_lines", s->skipped_lines);
    bench_json_add(o, "records", records);
    bench_json_add_u64(o, "lost_events", l->lost_events);
    bench_json_add_u64(o, "unpaired_frees", l->unpaired);
    bench_json_add_u64(o, "double_allocations", l->doubled);
    bench_json_add_u64(o, "frees_from_before", l->before_trace);
    bench_json_add_u64(o, "times_backwards", l->backwards);
    bench_json_add_bool(o, "start_known", l->start_known);
    return o;
}
