#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "near.h"
#include "stop.h"

static const char *program = "fpr-bench";

void bench_set_program(const char *name)
{
    program = name;
}

const char *bench_program(void)
{
    return program;
}

static bool is_quiet;

void bench_set_quiet(bool quiet)
{
    is_quiet = quiet;
}

bool bench_quiet(void)
{
    return is_quiet;
}

static void complain(const char *format, va_list args)
{
    char line[1024];
    vsnprintf(line, sizeof(line), format, args);
    for (char *c = line; *c; c++) { /* one line, whatever a file name holds */
        if (*c == '\n' || *c == '\r') {
            *c = ' ';
        }
    }
    fflush(stdout);
    if (!is_quiet) {
        fprintf(stderr, "%s: %s\n", program, line);
    }
}

void bench_complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(format, args);
    va_end(args);
}

void bench_die(enum bench_exit status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(format, args);
    va_end(args);
    exit((int)status);
}

void bench_begin(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
    signal(SIGPIPE, SIG_IGN);
}

int bench_end(int status)
{
    errno = 0;
    if (!fflush(stdout) && !ferror(stdout)) {
        return status;
    }
    int err = errno; /* 0: an earlier write failed */
    struct pollfd out = {.fd = STDOUT_FILENO};
    bool reader_gone = err == EPIPE || (poll(&out, 1, 0) == 1 && out.revents & POLLERR);
    if (!reader_gone) {
        bench_complain("standard output: %s", err ? strerror(err) : "cannot be written");
    }
    return status ? status : BENCH_FAILED;
}

static _Noreturn void die_trace(int err, const struct fpr_trace_error *error, bool may_salvage)
{
    char line[32] = "", field[40] = "";
    if (bench_stop_asked()) { /* a pipe without a writer, say */
        bench_die(BENCH_FAILED, "interrupted: nothing was finished, no file was written");
    }
    if (error->line) {
        snprintf(line, sizeof(line), ":%llu", (unsigned long long)error->line);
    }
    if (error->field[0]) {
        snprintf(field, sizeof(field), "%s: ", error->field);
    }
    if (!error->file[0] && field[0]) { /* an option of the replay, by its name on the line */
        bool look = !strcmp(error->field, "look_at");
        snprintf(field, sizeof(field), "--%s: ", look ? "views-at" : error->field);
        for (char *c = field; *c; c++) {
            *c = *c == '_' ? '-' : *c;
        }
    }
    const char *reason = error->reason[0] ? error->reason : strerror(-err);
    bool whole =
        err != -EINVAL || !error->file[0] || !(error->line > 1 || strstr(reason, "cut short"));
    /* What is wrong with what was given, of what is wrong here. */
    bool input = err != -ENOMEM && err != -ENOSPC && err != -EMFILE && err != -ENFILE;
    whole = whole || !may_salvage || strstr(reason, "not what the profile has");
    bench_die(input ? BENCH_USAGE : BENCH_FAILED, "%s%s%s%s%s%s", error->file, line,
              error->file[0] ? ": " : "", field, reason,
              whole ? "" : " (fpr-bench import --salvage keeps what is whole)");
}

void bench_die_trace(int err, const struct fpr_trace_error *error)
{
    die_trace(err, error, true);
}

void bench_die_salvage(int err, const struct fpr_trace_error *error)
{
    die_trace(err, error, false);
}

const char *bench_size_text(uint64_t bytes, char *text, size_t size)
{
    bool small = bytes < 1000000;
    snprintf(text, size, "%.*f %s", small ? 1 : 2, (double)bytes / (small ? 1e3 : 1e6),
             small ? "kB" : "MB");
    return text;
}

/* Digits only: no sign, no blanks, no overflow. */
static bool read_digits(const char *text, const char **end, uint64_t *value)
{
    uint64_t v = 0;
    const char *c = text;
    for (; *c >= '0' && *c <= '9'; c++) {
        uint64_t digit = (uint64_t)(*c - '0');
        if (v > (UINT64_MAX - digit) / 10) {
            return false;
        }
        v = v * 10 + digit;
    }
    *end = c;
    *value = v;
    return c != text;
}

uint64_t bench_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
    const char *end;
    uint64_t value;
    if (!read_digits(text, &end, &value) || *end || value < min || value > max) {
        bench_die(BENCH_USAGE, "%s: '%s' is not a whole number from %llu to %llu", option, text,
                  (unsigned long long)min, (unsigned long long)max);
    }
    return value;
}

double bench_real(const char *option, const char *text, double min, double max)
{
    char *end;
    errno = 0;
    bool plain = !text[strspn(text, "0123456789.eE+-")] && *text != '+'; /* no hex, no blanks */
    double value = strtod(text, &end);
    if (!plain || end == text || *end || errno || !(value >= min && value <= max)) {
        bench_die(BENCH_USAGE, "%s: '%s' is not a number from %.10g to %.10g", option, text, min,
                  max);
    }
    return value;
}

size_t bench_word(const char *option, const char *text, const char *const *words)
{
    char meant[64];
    struct bench_near near = {.best = NULL};
    for (size_t i = 0; words[i]; i++) {
        if (!strcmp(text, words[i])) {
            return i;
        }
        bench_near_look(&near, text, strlen(text), words[i]);
    }
    bench_die(BENCH_USAGE, "%s: '%s' is none of %s%s", option, text, near.all,
              bench_near_text(&near, meant, sizeof(meant)));
}

static const char *list_add(struct bench_list *list, uint64_t value)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->values[i] == value) {
            return NULL;
        }
    }
    if (list->count == BENCH_LIST_MAX) {
        return "more than 256 values";
    }
    list->values[list->count++] = value;
    return NULL;
}

const char *bench_list_parse(const char *text, uint64_t min, uint64_t max, struct bench_list *list)
{
    struct bench_list found = {.count = 0};
    const char *c = text;
    for (;;) {
        uint64_t from, to;
        if (!read_digits(c, &c, &from)) {
            return "not a list of whole numbers and ranges such as 0,3,7-9";
        }
        to = from;
        if (*c == '-' && !read_digits(c + 1, &c, &to)) {
            return "a range without its end";
        }
        if (from > to) {
            return "a range that runs backwards";
        }
        if (from < min || to > max) {
            return "a value out of range";
        }
        for (uint64_t v = from; v <= to; v++) {
            const char *wrong = list_add(&found, v);
            if (wrong) {
                return wrong;
            }
        }
        if (!*c) {
            break;
        }
        if (*c++ != ',') {
            return "not a list of whole numbers and ranges such as 0,3,7-9";
        }
    }
    *list = found;
    return NULL;
}

void bench_list(const char *option, const char *text, uint64_t min, uint64_t max,
                struct bench_list *list)
{
    const char *wrong = bench_list_parse(text, min, max, list);
    if (wrong) {
        bench_die(BENCH_USAGE, "%s: '%s': %s (%llu to %llu)", option, text, wrong,
                  (unsigned long long)min, (unsigned long long)max);
    }
}
