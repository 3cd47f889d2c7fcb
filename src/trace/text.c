/* Lines of text: ftrace, perf script, trace-cmd report. */
#include "trace/error.h"
#include "trace/event.h"
#include "trace/prefix.h"
#include "trace/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct text_reader {
    struct fpr_input in;
    struct fpr_event_parser events;
    struct fpr_trace_options options;
    uint64_t ours;       /* events that were records */
    bool binary_checked; /* the first bytes hold no NUL */
};

static struct text_reader *text_of(struct fpr_reader *self)
{
    return (struct text_reader *)(void *)self;
}

static void text_close(struct fpr_reader *self)
{
    struct text_reader *t = text_of(self);
    fpr_input_close(&t->in);
    free(t);
}

/* Takes the next line. @return 1, 0 at the end, 2 a last line without a line feed, -errno */
static int next_line(struct text_reader *t, uint64_t line, struct fpr_span *out,
                     struct fpr_trace_error *error)
{
    size_t searched = 0;
    for (;;) {
        char *start = (char *)t->in.buf + t->in.begin;
        size_t have = t->in.end - t->in.begin;
        char *stop = have > searched ? memchr(start + searched, '\n', have - searched) : NULL;
        if (stop) {
            *out = (struct fpr_span){start, stop};
            t->in.begin += (size_t)(stop - start) + 1;
            return 1;
        }
        searched = have;
        int rc = fpr_input_fill(&t->in, error);
        if (rc == -ENOBUFS)
            return fpr_trace_error_set(error, -EINVAL, t->in.path, line + 1, NULL,
                                       "line longer than %u bytes: not a text trace",
                                       FPR_INPUT_BUFFER);
        if (rc < 0)
            return rc;
        if (rc == 0) {
            if (!have)
                return 0;
            start = (char *)t->in.buf + t->in.begin;
            *out = (struct fpr_span){start, start + have};
            t->in.begin = t->in.end;
            return 2;
        }
    }
}

static bool span_has(struct fpr_span s, const char *word)
{
    return memmem(s.p, (size_t)(s.end - s.p), word, strlen(word)) != NULL;
}

/* The number in front of or behind which `word` stands; 1 if it cannot be read. */
static uint64_t lost_count(struct fpr_span s, const char *word, bool behind)
{
    const char *p = memmem(s.p, (size_t)(s.end - s.p), word, strlen(word));
    uint64_t n = 1;
    if (!p)
        return 0;
    if (behind) {
        p = fpr_scan_blanks(p + strlen(word), s.end);
    } else {
        while (p > s.p && p[-1] == ' ')
            p--;
        while (p > s.p && fpr_scan_is_digit(p[-1]))
            p--;
    }
    return fpr_scan_decimal(p, s.end, &n) ? n : 1;
}

/* Losses that a line without an event tells of. */
static uint64_t losses(struct fpr_span s)
{
    uint64_t in_buffer;
    uint64_t written;
    static const char entries[] = "# entries-in-buffer/entries-written: ";
    size_t len = (size_t)(s.end - s.p);
    if (len > 4 && memcmp(s.p, "CPU:", 4) == 0)
        return span_has(s, "LOST")      ? lost_count(s, "LOST", true)
               : span_has(s, "DROPPED") ? lost_count(s, "EVENTS DROPPED", false)
                                        : 0;
    if (len > sizeof(entries) && memcmp(s.p, entries, sizeof(entries) - 1) == 0) {
        const char *p = fpr_scan_decimal(s.p + sizeof(entries) - 1, s.end, &in_buffer);
        if (p && p < s.end && *p == '/' && fpr_scan_decimal(p + 1, s.end, &written) &&
            written > in_buffer)
            return written - in_buffer;
        return 0;
    }
    if (span_has(s, "PERF_RECORD_LOST"))
        return lost_count(s, " lost ", true);
    return 0;
}

static int check_binary(struct text_reader *t, uint64_t line, struct fpr_span s,
                        struct fpr_trace_error *error)
{
    if (!memchr(s.p, '\0', (size_t)(s.end - s.p)))
        return 0;
    return fpr_trace_error_set(error, -EINVAL, t->in.path, line, NULL,
                               "binary data where a line of text should be");
}

/* A line that has not the shape of an event. */
static int other_line(struct text_reader *t, uint64_t line, struct fpr_span s, bool cut,
                      struct fpr_trace_summary *summary, struct fpr_trace_error *error)
{
    int rc = check_binary(t, line, s, error);
    if (rc < 0)
        return rc;
    static const char event[] = "mm_page_";
    bool comment = s.p < s.end && *s.p == '#';
    bool bare =
        (size_t)(s.end - s.p) >= sizeof(event) && memcmp(s.p, event, sizeof(event) - 1) == 0;
    if (!comment && (bare || span_has(s, " mm_page_") || span_has(s, ":mm_page_")))
        return fpr_trace_error_set(error, -EINVAL, t->in.path, line, "prefix",
                                   "an event without task, cpu and time in front");
    if (cut && !comment)
        return fpr_trace_error_set(error, -EINVAL, t->in.path, line, NULL,
                                   "the file ends in the middle of a line");
    summary->lost_events += losses(s);
    summary->skipped_lines++;
    return 0;
}

static int at_end(struct text_reader *t, const struct fpr_trace_summary *summary,
                  struct fpr_trace_error *error)
{
    if (t->ours)
        return 0;
    if (summary->lines == 0)
        return fpr_trace_error_set(error, -EINVAL, t->in.path, 0, NULL, "the file is empty");
    return fpr_trace_error_set(error, -EINVAL, t->in.path, 0, NULL,
                               "not a trace: no page allocator event in %llu lines",
                               (unsigned long long)summary->lines);
}

/* One line. @return 1 a record, 0 nothing of ours, -EINVAL */
static int parse_line(struct text_reader *t, struct fpr_span s, bool cut,
                      struct fpr_trace_summary *summary, struct fpr_trace_record *record,
                      struct fpr_trace_error *error)
{
    struct fpr_prefix prefix;
    if (s.end > s.p && s.end[-1] == '\r')
        s.end--;
    if (!fpr_prefix_parse(s.p, s.end, &prefix))
        return other_line(t, summary->lines, s, cut, summary, error);
    int rc = fpr_event_parse(&t->events, prefix.name, prefix.rest, record);
    if (rc > 0 && cut)
        return fpr_trace_error_set(error, -EINVAL, t->in.path, summary->lines, NULL,
                                   "the file ends in the middle of a line");
    if (rc < 0)
        return fpr_trace_error_set(error, rc, t->in.path, summary->lines, t->events.field, "%s%s",
                                   t->events.reason, cut ? " (the file ends here)" : "");
    if (rc == 0) {
        rc = check_binary(t, summary->lines, s, error);
        summary->skipped_lines++;
        return rc;
    }
    record->time = prefix.time;
    record->pid = prefix.pid;
    record->cpu = prefix.cpu;
    record->context = prefix.context;
    if (!t->ours++ && summary->format == FPR_TRACE_AUTO)
        summary->format = prefix.format;
    return 1;
}

static int text_next(struct fpr_reader *self, struct fpr_trace_summary *summary,
                     struct fpr_trace_record *record, struct fpr_trace_error *error)
{
    struct text_reader *t = text_of(self);
    static const char nothing[1];
    for (;;) {
        struct fpr_span line = {nothing, nothing};
        int rc = next_line(t, summary->lines, &line, error);
        if (rc == 0)
            return at_end(t, summary, error);
        if (rc < 0)
            return rc;
        summary->lines++;
        rc = parse_line(t, line, rc == 2, summary, record, error);
        if (rc)
            return rc;
    }
}

static const struct fpr_reader_ops text_ops = {text_next, NULL, text_close};

int fpr_text_open(struct fpr_input *input, const struct fpr_trace_options *options,
                  const struct fpr_reader_ops **ops, struct fpr_reader **self,
                  struct fpr_trace_error *error)
{
    struct text_reader *t = calloc(1, sizeof(*t));
    if (!t)
        return fpr_trace_error_set(error, -ENOMEM, input->path, 0, NULL, "out of memory");
    t->in = *input;
    t->options = *options;
    fpr_event_parser_init(&t->events, options->vmemmap);
    *ops = &text_ops;
    *self = (struct fpr_reader *)(void *)t;
    return 0;
}
