/* What a guest does, as records: requests and, so that replays have something to be compared with,
 * what the allocator and the reporter did for them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <fpr/version.h>

#include "gen/gen.h"

#define KWORKER 9u /* task of the passes */

static void put(struct gen_guest *g, struct fpr_trace_record *r)
{
    if (!g->recording) {
        return;
    }
    r->context = '.';
    r->time = fpr_clock_now(g->clock);
    r->pid = g->in_pass ? KWORKER : g->pid;
    r->cpu = (uint16_t)(g->in_pass ? 0 : g->cpu);
    g->outcome->records++;
    if (g->writer && !g->error) {
        g->error = fpr_trace_writer_put(g->writer, r);
    }
}

static void on_event(void *ctx, const struct fpr_event *e)
{
    static const int types[FPR_NR_EVENTS] = {
        [FPR_EVENT_PAGE_ALLOC] = FPR_TRACE_ALLOC,
        [FPR_EVENT_PAGE_FREE] = FPR_TRACE_FREE,
        [FPR_EVENT_ZONE_LOCKED] = FPR_TRACE_ZONE_LOCKED,
        [FPR_EVENT_PCPU_DRAIN] = FPR_TRACE_PCPU_DRAIN,
        [FPR_EVENT_EXTFRAG] = FPR_TRACE_EXTFRAG,
        [FPR_EVENT_ISOLATE] = FPR_TRACE_ISOLATE,
        [FPR_EVENT_PUTBACK] = -1, /* kernels say nothing of it */
        [FPR_EVENT_NOTIFY] = FPR_TRACE_NOTIFY,
    };
    if (types[e->type] < 0) {
        return;
    }
    struct fpr_trace_record r = {.type = (enum fpr_trace_type)types[e->type],
                                 .order = (uint8_t)e->order,
                                 .migratetype = (uint8_t)e->migratetype,
                                 .pfn = e->pfn,
                                 .gfp = e->gfp};
    if (e->type == FPR_EVENT_EXTFRAG) {
        r.nr = e->fallback_order;
        r.value = e->fallback_migratetype;
    } else if (e->type == FPR_EVENT_ZONE_LOCKED) {
        r.nr = e->percpu_refill;
    } else if (e->type == FPR_EVENT_NOTIFY) {
        r = (struct fpr_trace_record){.type = FPR_TRACE_NOTIFY};
    }
    put(ctx, &r);
}

static void pass_begin(void *ctx, fpr_ns now)
{
    struct gen_guest *g = ctx;
    struct fpr_trace_record r = {.type = FPR_TRACE_PASS_BEGIN};
    (void)now;
    g->in_pass = true;
    put(g, &r);
}

static void pass_end(void *ctx, fpr_ns now, const struct fpr_pass_result *result)
{
    struct gen_guest *g = ctx;
    struct fpr_trace_record r = {.type = FPR_TRACE_PASS_END};
    (void)now;
    (void)result;
    put(g, &r);
    g->in_pass = false;
}

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct gen_guest *g = ctx;
    struct fpr_trace_record r = {.type = FPR_TRACE_REPORT, .nr = nents, .sg = sg};
    put(g, &r);
    r = (struct fpr_trace_record){.type = FPR_TRACE_REPORT_RET};
    put(g, &r);
    return 0;
}

void gen_record_mark(struct gen_guest *g, enum fpr_trace_type type, bool after)
{
    struct fpr_trace_record r = {.type = type, .nr = after};
    put(g, &r);
}

void gen_record_begin(struct gen_guest *g)
{
    const struct fpr_event_sink sink = {on_event, g};
    const struct fpr_report_observer observer = {
        .pass_begin = pass_begin, .pass_end = pass_end, .ctx = g};
    for (size_t i = 0; i < fpr_machine_nr_zones(g->machine); i++) {
        fpr_zone_set_event_sink(fpr_machine_zone(g->machine, i), &sink);
    }
    g->device = (struct fpr_device){.name = "gen", .report = report, .ctx = g};
    if (g->reporter) {
        fpr_reporter_set_observer(g->reporter, &observer);
    }
    g->recording = true;
    gen_record_mark(g, FPR_TRACE_DUMP_BEGIN, false);
    gen_record_mark(g, FPR_TRACE_DUMP_END, false);
    /* A bulk request that got nothing: says that bulk allocations are recorded, and so that
     * replays need not look for unseen ones. */
    struct fpr_trace_record bulk = {.type = FPR_TRACE_BULK, .gfp = FPR_GFP_KERNEL};
    put(g, &bulk);
}

static int append(void *ctx, const char *piece, size_t size)
{
    struct gen_text *text = ctx;
    char *more = realloc(text->data, text->size + size + 1);
    if (!more) {
        return -ENOMEM;
    }
    memcpy(more + text->size, piece, size);
    text->data = more;
    text->size += size;
    more[text->size] = '\0';
    return 0;
}

void gen_save_state(struct gen_guest *g, const char *slot, struct gen_text *text)
{
    struct fpr_state_header header = {.time_ns = fpr_clock_now(g->clock),
                                      .vmemmap = UINT64_C(0xffffea0000000000),
                                      .reporting_order = g->reporting_order,
                                      .reporting_state = -1,
                                      .reporting_due_ms = -1,
                                      .cpus = g->cpus};
    snprintf(header.kernel, sizeof(header.kernel), "%s", g->release);
    snprintf(header.slot, sizeof(header.slot), "%s", slot);
    if (fpr_machine_save(g->machine, &header, append, text)) {
        bench_die(BENCH_FAILED, "out of memory");
    }
}

void gen_text_free(struct gen_text *text)
{
    free(text->data);
    memset(text, 0, sizeof(*text));
}

void gen_outcome_free(struct gen_outcome *outcome)
{
    gen_text_free(&outcome->before);
    gen_text_free(&outcome->after);
    gen_text_free(&outcome->phases);
    memset(outcome, 0, sizeof(*outcome));
}

/* Who made the file: attached, so that a recording says it of itself. */
static int attach_line(const struct gen_job *job, unsigned n, struct fpr_trace_writer *writer)
{
    char *line = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&line, &size);
    if (!to) {
        return -ENOMEM;
    }
    gen_job_line(job, "FILE.fprt", to); /* wherever it is now, the same bytes */
    if (job->values[GEN_GUESTS] > 1) {
        fprintf(to, " # guest %u", n + 1);
    }
    fprintf(to, "\n# libfpr %s\n", fpr_version());
    int err = fclose(to) || !line ? -ENOMEM : 0;
    if (!err) {
        err = fpr_trace_writer_attach(writer, "command", line, size);
    }
    free(line);
    return err;
}

int gen_record_attach(const struct gen_job *job, unsigned n, const struct gen_outcome *rehearsed,
                      struct fpr_trace_writer *writer)
{
    const struct {
        const char *name;
        const struct gen_text *text;
    } parts[] = {{"state.before", &rehearsed->before},
                 {"state.after", &rehearsed->after},
                 {"phases.txt", &rehearsed->phases}};
    int err = attach_line(job, n, writer);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && !err; i++) {
        err = fpr_trace_writer_attach(writer, parts[i].name, parts[i].text->data,
                                      parts[i].text->size);
    }
    return err;
}
