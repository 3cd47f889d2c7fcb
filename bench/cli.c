#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fpr/version.h>

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

static _Noreturn void die_trace(int err, const struct fpr_trace_error *error, bool may_salvage)
{
    char line[32] = "", field[40] = "";
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
    bool input = err == -EINVAL || err == -ENOENT || err == -ENOTSUP || err == -ENOTDIR ||
                 err == -EISDIR || err == -EACCES;
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

enum { KEY_VERSION = 'V', KEY_HELP = '?', KEY_USAGE = BENCH_KEY(900) };

static const struct argp_option common_options[] = {
    {"help", KEY_HELP, NULL, 0, "Give this help", -1},
    {"usage", KEY_USAGE, NULL, 0, "Give a short usage message", -1},
    {"version", KEY_VERSION, NULL, 0, "Print the version", -1},
    {0},
};

struct common {
    const struct argp *top;
    void *input;
};

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    const struct common *common = state->input;
    char name[64];
    snprintf(name, sizeof(name), "%s", program);
    if (is_quiet && (key == KEY_HELP || key == KEY_USAGE || key == KEY_VERSION)) {
        exit(BENCH_OK);
    }
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = common->input;
        return 0;
    case KEY_HELP:
        argp_help(common->top, stdout, ARGP_HELP_LONG | ARGP_HELP_SHORT_USAGE | ARGP_HELP_DOC,
                  name);
        exit(BENCH_OK);
    case KEY_USAGE:
        argp_help(common->top, stdout, ARGP_HELP_USAGE, name);
        exit(BENCH_OK);
    case KEY_VERSION:
        printf("fpr-bench (libfpr) %s\n", fpr_version());
        exit(BENCH_OK);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* How many options have this long name, or start with it; `found` is one of them. */
static unsigned find_long(const struct argp *argp, const char *name, size_t length,
                          const struct argp_option **found)
{
    unsigned count = 0;
    for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++) {
        if (o->name && !strncmp(o->name, name, length)) {
            *found = o;
            if (!o->name[length]) {
                return 1;
            }
            count++;
        }
    }
    for (const struct argp_child *c = argp->children; c && c->argp; c++) {
        count += find_long(c->argp, name, length, found);
    }
    return count;
}

/* getopt's own messages are two lines and end with 64; these are ours: what it stumbled over is
 * found again by looking at the words in turn. */
static _Noreturn void bad_option(const struct argp *argp, int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *word = argv[i];
        const struct argp_option *o = NULL;
        if (word[0] != '-' || !word[1]) {
            continue;
        }
        size_t length = strcspn(word, "=");
        if (word[1] != '-') {
            if (word[1] != 'o' && word[1] != '?' && word[1] != 'V') {
                bench_die(BENCH_USAGE, "%.2s: unknown option (see --help)", word);
            }
            i += word[1] == 'o' && !word[2]; /* the only short option with a value */
            continue;
        }
        unsigned count = find_long(argp, word + 2, length - 2, &o);
        if (count != 1) {
            bench_die(BENCH_USAGE, "%.*s: %s option (see --help)", (int)length, word,
                      count ? "ambiguous" : "unknown");
        }
        if (word[length] && !o->arg) {
            bench_die(BENCH_USAGE, "--%s: takes no value", o->name);
        }
        if (!word[length] && o->arg && ++i >= argc) {
            bench_die(BENCH_USAGE, "--%s: its value is missing (%s)", o->name, o->arg);
        }
    }
    bench_die(BENCH_USAGE, "%s: unknown option, or its value is missing (see --help)",
              argv[argc - 1]);
}

void bench_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    struct argp_child children[] = {{argp, 0, NULL, 0}, {0}};
    struct argp top = {common_options, parse_common, NULL, NULL, children, NULL, NULL};
    struct common common = {&top, input};
    int index = 0;
    error_t err = argp_parse(&top, argc, argv, ARGP_NO_HELP | ARGP_NO_ERRS, &index, &common);
    if (err == ENOMEM) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    if (err) {
        bad_option(&top, argc, argv);
    }
    if (index < argc) {
        bench_die(BENCH_USAGE, "%s: one argument too many (see --help)", argv[index]);
    }
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
    double value = strtod(text, &end);
    if (end == text || *end || errno || !(value >= min && value <= max)) {
        bench_die(BENCH_USAGE, "%s: '%s' is not a number from %g to %g", option, text, min, max);
    }
    return value;
}

size_t bench_word(const char *option, const char *text, const char *const *words)
{
    char all[512] = "";
    size_t used = 0;
    for (size_t i = 0; words[i]; i++) {
        if (!strcmp(text, words[i])) {
            return i;
        }
        int n = snprintf(all + used, sizeof(all) - used, "%s%s", used ? ", " : "", words[i]);
        used += n > 0 && used + (size_t)n < sizeof(all) ? (size_t)n : 0;
    }
    bench_die(BENCH_USAGE, "%s: '%s' is none of %s", option, text, all);
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
