/* trace.dat files, through libtracecmd. */
#include "trace/error.h"
#include "trace/event.h"
#include "trace/reader.h"

#include <errno.h>

#ifndef FPR_HAVE_TRACECMD

int fpr_dat_open(struct fpr_input *input, const struct fpr_trace_options *options,
                 const struct fpr_reader_ops **ops, struct fpr_reader **self,
                 struct fpr_trace_error *error)
{
    (void)options, (void)ops, (void)self;
    return fpr_trace_error_set(error, -ENOTSUP, input->path, 0, NULL,
                               "trace.dat files need libtracecmd, which was not built in "
                               "(libtracecmd-dev, libtracefs-dev, libtraceevent-dev)");
}

#else

#include "trace/dat_check.h"
#include "trace/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trace-cmd.h>
#include <unistd.h>

#define EVENT_SLOTS 256u

/* What is known of an event by its number. */
struct dat_event {
    struct tep_event *event; /* NULL: empty slot */
    enum { NOT_OURS, BY_FIELDS, BY_TEXT } how;
    enum fpr_trace_type type;
    uint32_t must;
    uint32_t have; /* fields that the event has */
    struct tep_format_field *field[FPR_NR_FIELDS];
};

/* One cpu of one buffer, and its next record. */
struct dat_stream {
    struct tracecmd_input *handle;
    int cpu;
    struct tep_record *record;
};

struct dat_reader {
    char path[512];
    int spool; /* a decompressed copy; -1 */
    struct tracecmd_input *handle;
    struct tracecmd_input **instances;
    int nr_instances;
    struct tep_handle *tep;
    struct dat_stream *streams;
    unsigned nr_streams;
    struct dat_event events[EVENT_SLOTS];
    struct fpr_event_parser parser;
    struct trace_seq text;
    bool text_made;
    uint64_t ours;
};

static struct dat_reader *dat_of(struct fpr_reader *self)
{
    return (struct dat_reader *)(void *)self;
}

static void dat_close(struct fpr_reader *self)
{
    struct dat_reader *d = dat_of(self);
    for (unsigned i = 0; i < d->nr_streams; i++)
        tracecmd_free_record(d->streams[i].record);
    if (d->text_made)
        trace_seq_destroy(&d->text);
    for (int i = 0; i < d->nr_instances; i++)
        tracecmd_close(d->instances[i]);
    if (d->handle)
        tracecmd_close(d->handle);
    if (d->spool >= 0)
        close(d->spool);
    free(d->instances);
    free(d->streams);
    free(d);
}

static int no_memory(const struct dat_reader *d, struct fpr_trace_error *error)
{
    return fpr_trace_error_set(error, -ENOMEM, d->path, 0, NULL, "out of memory");
}

/* How an event is to be read: by its fields where these are numbers, else as the text that
 * trace-cmd would print, which the parser of texts knows. */
static void classify(struct dat_reader *d, struct dat_event *e, struct tep_event *event)
{
    memset(e, 0, sizeof(*e));
    e->event = event;
    struct fpr_span name = {event->name, event->name + strlen(event->name)};
    uint32_t may;
    if (strcmp(event->name, "print") == 0 || strcmp(event->name, "bprint") == 0 ||
        strcmp(event->name, "bputs") == 0) {
        e->how = BY_TEXT;
        return;
    }
    if (!fpr_event_fields(&d->parser, name, &e->type, &e->must, &may))
        return;
    e->how = BY_FIELDS;
    if (e->type == FPR_TRACE_REPORT || e->type == FPR_TRACE_MARK || e->type == FPR_TRACE_OTHER) {
        e->how = BY_TEXT;
        return;
    }
    for (uint32_t want = e->must | may; want; want &= want - 1) {
        enum fpr_field f = (enum fpr_field)__builtin_ctz(want);
        e->field[f] = tep_find_any_field(event, fpr_field_name(f));
        if (e->field[f])
            e->have |= FPR_FIELD_BIT(f);
    }
}

static struct dat_event *event_of(struct dat_reader *d, struct tep_record *record)
{
    struct tep_event *event = tep_find_event_by_record(d->tep, record);
    if (!event)
        return NULL;
    unsigned i = (unsigned)event->id % EVENT_SLOTS;
    /* A few hundred kinds of event at most lie in a file; a full table is started anew. */
    for (unsigned tries = 0; d->events[i].event && d->events[i].event != event; tries++) {
        if (tries == EVENT_SLOTS / 2) {
            memset(d->events, 0, sizeof(d->events));
            break;
        }
        i = (i + 1) % EVENT_SLOTS;
    }
    if (!d->events[i].event)
        classify(d, &d->events[i], event);
    return &d->events[i];
}

static int by_fields(struct dat_reader *d, const struct dat_event *e, struct tep_record *raw,
                     struct fpr_trace_record *r)
{
    memset(r, 0, sizeof(*r));
    r->type = e->type;
    d->parser.field = NULL;
    if (e->must & ~e->have) {
        d->parser.field = fpr_field_name((enum fpr_field)__builtin_ctz(e->must & ~e->have));
        return fpr_event_bad(&d->parser, "the event has no such field");
    }
    for (uint32_t want = e->have; want; want &= want - 1) {
        enum fpr_field f = (enum fpr_field)__builtin_ctz(want);
        unsigned long long n;
        const struct tep_format_field *field = e->field[f];
        d->parser.field = fpr_field_name(f);
        if (field->offset + field->size > raw->size ||
            tep_read_number_field(e->field[f], raw->data, &n) < 0)
            return fpr_event_bad(&d->parser, "not a number");
        int rc = fpr_event_set_number(&d->parser, f, n, r);
        if (rc < 0)
            return rc;
    }
    return 1;
}

static int by_text(struct dat_reader *d, const struct dat_event *e, struct tep_record *raw,
                   struct fpr_trace_record *r)
{
    trace_seq_reset(&d->text);
    tep_print_event(d->tep, &d->text, raw, "%s", TEP_PRINT_INFO);
    trace_seq_terminate(&d->text);
    struct fpr_span name = {e->event->name, e->event->name + strlen(e->event->name)};
    struct fpr_span rest = {d->text.buffer, d->text.buffer + strlen(d->text.buffer)};
    while (rest.end > rest.p && rest.end[-1] == '\n')
        rest.end--;
    return fpr_event_parse(&d->parser, name, rest, r);
}

static uint8_t context_of(int flags)
{
    if (flags & TRACE_FLAG_HARDIRQ)
        return 'h';
    return flags & TRACE_FLAG_SOFTIRQ ? 's' : '.';
}

/* The stream whose next record is the earliest; NULL at the end. */
static struct dat_stream *earliest(struct dat_reader *d)
{
    struct dat_stream *first = NULL;
    for (unsigned i = 0; i < d->nr_streams; i++) {
        struct dat_stream *s = &d->streams[i];
        if (s->record && (!first || s->record->ts < first->record->ts))
            first = s;
    }
    return first;
}

static int one_record(struct dat_reader *d, struct tep_record *raw,
                      struct fpr_trace_summary *summary, struct fpr_trace_record *record,
                      struct fpr_trace_error *error)
{
    summary->lines++;
    if (raw->missed_events)
        summary->lost_events += raw->missed_events > 0 ? (uint64_t)raw->missed_events : 1;
    struct dat_event *e = event_of(d, raw);
    int rc = 0;
    if (e && e->how == BY_FIELDS)
        rc = by_fields(d, e, raw, record);
    else if (e && e->how == BY_TEXT)
        rc = by_text(d, e, raw, record);
    if (rc < 0)
        return fpr_trace_error_set(error, rc, d->path, summary->lines, d->parser.field, "%s",
                                   d->parser.reason);
    if (rc == 0) {
        summary->skipped_lines++;
        return 0;
    }
    record->time = raw->ts;
    record->cpu = (uint16_t)raw->cpu;
    record->pid = (uint32_t)tep_data_pid(d->tep, raw);
    record->context = context_of(tep_data_flags(d->tep, raw));
    d->ours++;
    return 1;
}

static int dat_next(struct fpr_reader *self, struct fpr_trace_summary *summary,
                    struct fpr_trace_record *record, struct fpr_trace_error *error)
{
    struct dat_reader *d = dat_of(self);
    struct dat_stream *s;
    while ((s = earliest(d)) != NULL) {
        int rc = one_record(d, s->record, summary, record, error);
        tracecmd_free_record(s->record);
        s->record = tracecmd_read_data(s->handle, s->cpu);
        if (rc)
            return rc;
    }
    if (d->ours)
        return 0;
    return fpr_trace_error_set(error, -EINVAL, d->path, 0, NULL,
                               "not a trace of pages: no page allocator event in %llu records",
                               (unsigned long long)summary->lines);
}

/* Opens the buffers beside the main one and lists all cpus of all of them. */
static int list_streams(struct dat_reader *d, struct fpr_trace_error *error)
{
    int extra = tracecmd_buffer_instances(d->handle);
    int cpus = tep_get_cpus(d->tep);
    if (extra < 0 || cpus <= 0 || cpus > UINT16_MAX || extra > 1000)
        return fpr_trace_error_set(error, -EINVAL, d->path, 0, NULL,
                                   "the file has no records of any cpu");
    d->instances = calloc((size_t)extra + 1, sizeof(struct tracecmd_input *));
    d->streams = calloc(((size_t)extra + 1) * (size_t)cpus, sizeof(*d->streams));
    if (!d->instances || !d->streams)
        return no_memory(d, error);
    for (int i = 0; i < extra; i++) {
        struct tracecmd_input *handle = tracecmd_buffer_instance_handle(d->handle, i);
        if (handle)
            d->instances[d->nr_instances++] = handle;
    }
    for (int i = -1; i < d->nr_instances; i++) {
        for (int cpu = 0; cpu < cpus; cpu++) {
            struct dat_stream *s = &d->streams[d->nr_streams++];
            s->handle = i < 0 ? d->handle : d->instances[i];
            s->cpu = cpu;
            s->record = tracecmd_read_data(s->handle, cpu);
        }
    }
    return 0;
}

static int open_handle(struct dat_reader *d, struct fpr_input *input, struct fpr_trace_error *error)
{
    char path[64];
    int fd = input->fd;
    if (input->ops || lseek(fd, 0, SEEK_CUR) < 0) {
        int rc = fpr_spool(input, &d->spool, error);
        if (rc < 0)
            return rc;
        fd = d->spool;
    }
    int rc = fpr_dat_check(fd);
    if (rc == 0) {
        /* The library reads by position from a descriptor of its own. */
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        tracecmd_set_loglevel(TEP_LOG_NONE);
        tep_set_loglevel(TEP_LOG_NONE);
        d->handle = tracecmd_open_head(path, TRACECMD_FL_LOAD_NO_PLUGINS);
        if (d->handle && tracecmd_init_data(d->handle) < 0)
            d->handle = NULL; /* lost: libtracecmd 1.3 cannot close such a handle */
    }
    if (!d->handle)
        return fpr_trace_error_set(error, -EINVAL, d->path, 0, NULL,
                                   "not a sound trace.dat: cut short or damaged");
    d->tep = tracecmd_get_tep(d->handle);
    return 0;
}

static const struct fpr_reader_ops dat_ops = {dat_next, NULL, dat_close};

int fpr_dat_open(struct fpr_input *input, const struct fpr_trace_options *options,
                 const struct fpr_reader_ops **ops, struct fpr_reader **self,
                 struct fpr_trace_error *error)
{
    struct dat_reader *d = calloc(1, sizeof(*d));
    if (!d)
        return fpr_trace_error_set(error, -ENOMEM, input->path, 0, NULL, "out of memory");
    snprintf(d->path, sizeof(d->path), "%s", input->path);
    d->spool = -1;
    fpr_event_parser_init(&d->parser, options->vmemmap);
    trace_seq_init(&d->text);
    d->text_made = true;
    int rc = open_handle(d, input, error);
    if (rc == 0)
        rc = list_streams(d, error);
    if (rc < 0) {
        dat_close((struct fpr_reader *)(void *)d);
        return rc;
    }
    fpr_input_close(input);
    *ops = &dat_ops;
    *self = (struct fpr_reader *)(void *)d;
    return 0;
}

#endif
