#include "trace/prefix.h"

#include <string.h>

/* ftrace      COMM-PID [CPU] FLAGS TIME: EVENT: REST      also COMM-PID (TGID) [CPU] …
 * trace-cmd   COMM-PID [CPU] TIME: EVENT: REST            -l: COMM-PID CPUFLAGS TIME: …
 * perf        COMM PID [CPU] TIME: SYSTEM:EVENT: REST     also PID/TID, no [CPU], a period
 * A comm may hold blanks, dashes and brackets, so lines are read from a sure mark outwards. */

/* The context column of the flags; other letters than these say nothing of the context. */
static uint8_t context_of(const char *flags, const char *end)
{
    if (end - flags < 3)
        return '?';
    switch (flags[2]) {
    case 'h':
    case 'H':
        return 'h';
    case 's':
        return 's';
    case '.':
        return '.';
    default:
        return '?';
    }
}

/* Reads the pid that ends at `end`, going left. Blanks and a "(tgid)" before `end` are skipped. */
static bool parse_pid_before(const char *start, const char *end, struct fpr_prefix *prefix)
{
    while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (end > start && end[-1] == ')') {
        while (end > start && end[-1] != '(')
            end--;
        if (end > start)
            end--;
        while (end > start && end[-1] == ' ')
            end--;
    }
    const char *digits = end;
    while (digits > start && fpr_scan_is_digit(digits[-1]))
        digits--;
    uint64_t pid;
    if (!fpr_scan_decimal(digits, end, &pid) || pid > UINT32_MAX)
        return false;
    prefix->pid = (uint32_t)pid;
    if (digits == start || digits[-1] == ' ' || digits[-1] == '\t' || digits[-1] == '/')
        prefix->format = FPR_TRACE_PERF;
    else if (digits[-1] != '-')
        return false;
    return true;
}

/* Reads " TIME: [PERIOD] [SYSTEM:]EVENT: REST". */
static bool parse_time_and_event(const char *p, const char *end, struct fpr_prefix *prefix)
{
    p = fpr_scan_time(p, end, &prefix->time);
    if (!p || p == end || *p != ':')
        return false;
    p = fpr_scan_blanks(p + 1, end);
    if (p < end && fpr_scan_is_digit(*p)) { /* perf's period */
        while (p < end && fpr_scan_is_digit(*p))
            p++;
        p = fpr_scan_blanks(p, end);
    }
    const char *name = p;
    const char *colon = NULL;
    for (; p < end && *p != ' ' && *p != '\t'; p++) {
        if (*p == ':') {
            if (p + 1 == end || p[1] == ' ' || p[1] == '\t') {
                colon = p;
                break;
            }
            name = p + 1;
            prefix->format = FPR_TRACE_PERF;
        }
    }
    if (!colon || colon == name)
        return false;
    prefix->name = (struct fpr_span){name, colon};
    prefix->rest = (struct fpr_span){fpr_scan_blanks(colon + 1, end), end};
    return true;
}

/* Tries the '[' at `bracket` as the one of [CPU]. */
static bool parse_at_bracket(const char *line, const char *bracket, const char *end,
                             struct fpr_prefix *prefix)
{
    uint64_t cpu;
    const char *p = fpr_scan_decimal(bracket + 1, end, &cpu);
    if (!p || p == end || *p != ']' || cpu > UINT16_MAX - 1)
        return false;
    p = fpr_scan_blanks(p + 1, end);
    prefix->cpu = (uint16_t)cpu;
    prefix->context = '?';
    prefix->format = FPR_TRACE_TRACECMD;
    if (p < end && !fpr_scan_is_digit(*p)) {
        const char *flags = p;
        while (p < end && *p != ' ')
            p++;
        prefix->context = context_of(flags, p);
        prefix->format = FPR_TRACE_FTRACE;
        p = fpr_scan_blanks(p, end);
    }
    return parse_pid_before(line, bracket, prefix) && parse_time_and_event(p, end, prefix);
}

/* Tries the colon at `colon` as the one behind the time of a line without [CPU]. */
static bool parse_at_colon(const char *line, const char *colon, const char *end,
                           struct fpr_prefix *prefix)
{
    const char *time = colon;
    while (time > line && (fpr_scan_is_digit(time[-1]) || time[-1] == '.'))
        time--;
    if (time == colon || time == line || time[-1] != ' ')
        return false;
    const char *token_end = time;
    while (token_end > line && token_end[-1] == ' ')
        token_end--;
    const char *token = token_end;
    while (token > line && token[-1] != ' ')
        token--;
    prefix->cpu = 0;
    prefix->context = '?';
    uint64_t cpu;
    const char *flags = fpr_scan_decimal(token, token_end, &cpu);
    if (flags && token_end - flags >= 4 && *flags != '/' && cpu < UINT16_MAX) {
        prefix->format = FPR_TRACE_TRACECMD;
        prefix->cpu = (uint16_t)cpu;
        prefix->context = context_of(flags, token_end);
        token_end = token;
    } else {
        prefix->format = FPR_TRACE_PERF;
    }
    return parse_pid_before(line, token_end, prefix) && parse_time_and_event(time, end, prefix);
}

bool fpr_prefix_parse(const char *line, const char *end, struct fpr_prefix *prefix)
{
    for (const char *p = line; (p = memchr(p, '[', (size_t)(end - p))) != NULL; p++)
        if (parse_at_bracket(line, p, end, prefix))
            return true;
    for (const char *p = line; (p = memchr(p, ':', (size_t)(end - p))) != NULL; p++)
        if (p > line && fpr_scan_is_digit(p[-1]) && parse_at_colon(line, p, end, prefix))
            return true;
    return false;
}
