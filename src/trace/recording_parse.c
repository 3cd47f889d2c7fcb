#include "trace/recording.h"

#include "trace/error.h"
#include "trace/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Lines of a part, one after the other, without comments and empty ones. */
struct lines {
    const struct fpr_part *part;
    const char *next;
    uint64_t number; /* of `line`, from 1 */
    struct fpr_span line;
};

static bool lines_next(struct lines *l)
{
    const char *end = l->part->data + l->part->size;
    while (l->next < end) {
        const char *stop = memchr(l->next, '\n', (size_t)(end - l->next));
        const char *line = fpr_scan_blanks(l->next, stop ? stop : end);
        l->line = (struct fpr_span){line, stop ? stop : end};
        l->next = stop ? stop + 1 : end;
        l->number++;
        if (l->line.end > line && l->line.end[-1] == '\r')
            l->line.end--;
        if (l->line.p < l->line.end && *l->line.p != '#')
            return true;
    }
    return false;
}

static int line_error(const struct lines *l, const char *field, const char *reason,
                      struct fpr_trace_error *error)
{
    return fpr_trace_error_set(error, -EINVAL, l->part->path, l->number, field, "%s", reason);
}

static int no_memory(const struct fpr_part *part, struct fpr_trace_error *error)
{
    return fpr_trace_error_set(error, -ENOMEM, part->path, 0, NULL, "out of memory");
}

/* At most so many lines does a part have. */
static size_t count_lines(const struct fpr_part *part)
{
    size_t n = 1;
    for (size_t i = 0; i < part->size; i++)
        n += part->data[i] == '\n';
    return n;
}

/* Column of a header line, counted from 0; -1 if there is none of that name. */
static int find_column(struct fpr_span header, const char *name)
{
    size_t len = strlen(name);
    int column = 0;
    for (const char *p = header.p;; column++) {
        const char *comma = memchr(p, ',', (size_t)(header.end - p));
        const char *stop = comma ? comma : header.end;
        if ((size_t)(stop - p) == len && memcmp(p, name, len) == 0)
            return column;
        if (!comma)
            return -1;
        p = comma + 1;
    }
}

/* Start of a column of a line; NULL if the line is too short. */
static const char *column_at(struct fpr_span line, int column)
{
    const char *p = line.p;
    while (p && column-- > 0) {
        p = memchr(p, ',', (size_t)(line.end - p));
        p = p ? p + 1 : NULL;
    }
    return p;
}

int fpr_recording_parse_rss(struct fpr_recording *r, const struct fpr_part *part,
                            struct fpr_trace_error *error)
{
    static const char time_name[] = "guest_mono_s";
    static const char rss_name[] = "ram_rss_kib";
    struct lines l = {part, part->data, 0, {NULL, NULL}};
    if (!lines_next(&l))
        return line_error(&l, NULL, "no header line", error);
    int time_column = find_column(l.line, time_name);
    int rss_column = find_column(l.line, rss_name);
    if (time_column < 0 || rss_column < 0)
        return line_error(&l, time_column < 0 ? time_name : rss_name, "no such column", error);
    r->rss = calloc(count_lines(part), sizeof(*r->rss));
    if (!r->rss)
        return no_memory(part, error);
    while (lines_next(&l)) {
        struct fpr_rss_sample s;
        const char *time = column_at(l.line, time_column);
        const char *rss = column_at(l.line, rss_column);
        const char *end = l.line.end;
        bool before_boot = time && time < end && *time == '-';
        const char *stop = time ? fpr_scan_time(time + before_boot, end, &s.time) : NULL;
        if (!stop || (stop < end && *stop != ','))
            return line_error(&l, time_name, "not a time in seconds", error);
        uint64_t kib;
        stop = rss ? fpr_scan_decimal(rss, end, &kib) : NULL;
        if (!stop || (stop < end && *stop != ',') || kib > UINT64_MAX >> 10)
            return line_error(&l, rss_name, "not a number", error);
        if (before_boot)
            continue;
        if (r->nr_rss && s.time < r->rss[r->nr_rss - 1].time)
            return line_error(&l, time_name, "earlier than the line before", error);
        s.bytes = kib << 10;
        r->rss[r->nr_rss++] = s;
    }
    return 0;
}

/* Cuts a run of pages into blocks, the largest that fit first come first. @return how many; with
 * `sg` NULL only counts. */
static size_t cut_run(fpr_pfn pfn, uint64_t pages, struct fpr_sg *sg)
{
    size_t n = 0;
    while (pages) {
        unsigned order = 10; /* Linux knows no larger block with 4 KiB pages */
        while ((pfn & ((1ull << order) - 1)) || 1ull << order > pages)
            order--;
        if (sg)
            sg[n] = (struct fpr_sg){pfn, order};
        n++;
        pfn += 1ull << order;
        pages -= 1ull << order;
    }
    return n;
}

/* One line of reports.txt. With `sg` NULL only checks and counts. */
static int parse_report(const struct lines *l, struct fpr_report_call *call, struct fpr_sg *sg,
                        size_t *count, struct fpr_trace_error *error)
{
    const char *end = l->line.end;
    const char *p = fpr_scan_time(l->line.p, end, &call->time);
    if (!p || (p < end && *p != ' '))
        return line_error(l, "time", "not a time in seconds", error);
    size_t n = 0;
    for (p = fpr_scan_blanks(p, end); p < end; p = fpr_scan_blanks(p, end)) {
        uint64_t pfn;
        uint64_t pages;
        p = fpr_scan_decimal(p, end, &pfn);
        if (!p || p == end || *p != ':' || pfn >> 52)
            return line_error(l, "pfn", "not a frame number before a colon", error);
        p = fpr_scan_decimal(p + 1, end, &pages);
        if (!p || (p < end && *p != ' ') || pages == 0 || pages > 1u << 24)
            return line_error(l, "pages", "not a number of pages", error);
        n += cut_run(pfn, pages, sg ? sg + n : NULL);
    }
    call->sg = sg;
    call->nents = (unsigned)n;
    *count = n;
    return 0;
}

int fpr_recording_parse_reports(struct fpr_recording *r, const struct fpr_part *part,
                                struct fpr_trace_error *error)
{
    size_t total = 0;
    size_t n = 0;
    fpr_ns last = 0;
    struct fpr_report_call call = {0, NULL, 0};
    struct lines l = {part, part->data, 0, {NULL, NULL}};
    while (lines_next(&l)) {
        int rc = parse_report(&l, &call, NULL, &n, error);
        if (rc < 0)
            return rc;
        if (call.time < last)
            return line_error(&l, "time", "earlier than the line before", error);
        last = call.time;
        total += n;
        r->nr_reports++;
    }
    if (!r->nr_reports)
        return 0;
    /* Calls and entries in one piece: entries behind the last call. */
    r->reports = calloc(1, r->nr_reports * sizeof(*r->reports) + total * sizeof(struct fpr_sg));
    if (!r->reports) {
        r->nr_reports = 0;
        return no_memory(part, error);
    }
    struct fpr_sg *sg = (struct fpr_sg *)(void *)(r->reports + r->nr_reports);
    struct fpr_report_call *next = r->reports;
    for (l = (struct lines){part, part->data, 0, {NULL, NULL}}; lines_next(&l); sg += n)
        if (parse_report(&l, next++, sg, &n, error) < 0)
            return -EINVAL;
    return 0;
}

int fpr_recording_parse_phases(struct fpr_recording *r, const struct fpr_part *part,
                               struct fpr_trace_error *error)
{
    r->phases = calloc(count_lines(part), sizeof(*r->phases));
    if (!r->phases)
        return no_memory(part, error);
    struct lines l = {part, part->data, 0, {NULL, NULL}};
    while (lines_next(&l)) {
        struct fpr_phase *phase = &r->phases[r->nr_phases];
        const char *end = l.line.end;
        const char *p = fpr_scan_time(l.line.p, end, &phase->time);
        if (!p || p == end || *p != ' ')
            return line_error(&l, "time", "not a time in seconds", error);
        if (r->nr_phases && phase->time < phase[-1].time)
            return line_error(&l, "time", "earlier than the line before", error);
        p = fpr_scan_blanks(p, end);
        size_t len = 0;
        while (p + len < end && p[len] != ' ')
            len++;
        if (len == 0 || len >= sizeof(phase->name))
            return line_error(&l, "name", "missing or longer than 47 letters", error);
        memcpy(phase->name, p, len);
        phase->name[len] = '\0';
        r->nr_phases++;
    }
    return 0;
}

int fpr_recording_parse_losses(struct fpr_recording *r, const struct fpr_part *part,
                               struct fpr_trace_error *error)
{
    static const char *const keys[] = {"overrun:", "commit overrun:", "dropped events:"};
    struct lines l = {part, part->data, 0, {NULL, NULL}};
    while (lines_next(&l)) {
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
            size_t len = strlen(keys[i]);
            if ((size_t)(l.line.end - l.line.p) < len || memcmp(l.line.p, keys[i], len) != 0)
                continue;
            uint64_t n;
            if (!fpr_scan_decimal(fpr_scan_blanks(l.line.p + len, l.line.end), l.line.end, &n))
                return line_error(&l, keys[i], "not a number", error);
            r->lost_events += n;
        }
    }
    return 0;
}

int fpr_recording_parse_vmemmap(struct fpr_recording *r, const struct fpr_part *part,
                                struct fpr_trace_error *error)
{
    struct lines l = {part, part->data, 0, {NULL, NULL}};
    if (!lines_next(&l))
        return line_error(&l, NULL, "no address", error);
    const char *p = l.line.p, *end = l.line.end;
    if (end - p > 2 && p[0] == '0' && p[1] == 'x')
        p += 2;
    uint64_t base;
    p = fpr_scan_hex(p, end, &base);
    if (!p || fpr_scan_blanks(p, end) != end)
        return line_error(&l, NULL, "not a hexadecimal address", error);
    r->vmemmap = base;
    return 0;
}
