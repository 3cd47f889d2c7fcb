/* fpr-lab: a laboratory for the page allocator and page reporting. */
#include "lab.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fpr/sink.h>

enum {
    KEY_QUIZ = 0x1000,
    KEY_SEED,
    KEY_TOPIC,
    KEY_SOLUTIONS,
    KEY_GRADE,
    KEY_PLAIN,
    KEY_COUNT,
    KEY_USDT,
    KEY_HELP = '?',
    KEY_VERSION = 'V'
};

struct options {
    struct lab_quiz quiz;
    bool is_quiz, plain, no_echo, usdt;
    const char *quiz_only; /* an option that only a quiz has */
    const char *file;
};

static const struct argp_option argp_options[] = {
    {"plain", KEY_PLAIN, NULL, 0, "No colours, even on a terminal", 0},
    {"quiet", 'q', NULL, 0, "Do not repeat a script's lines", 0},
    {"usdt", KEY_USDT, NULL, 0, "Fire USDT probes (provider fpr), for perf and bpftrace", 0},
    {"quiz", KEY_QUIZ, NULL, 0, "Ask questions", 1},
    {"seed", KEY_SEED, "N", 0, "Which questions (default 1)", 1},
    {"questions", KEY_COUNT, "N", 0, "How many (default 5)", 1},
    {"topic", KEY_TOPIC, "T", 0, "Only about split, merge, lists, steal, pcp, watermark or report",
     1},
    {"solutions", KEY_SOLUTIONS, NULL, 0, "With the answers", 1},
    {"help", KEY_HELP, NULL, 0, "Give this help", -1},
    {"version", KEY_VERSION, NULL, 0, "Print the version", -1},
    {"grade", KEY_GRADE, "FILE", 0, "Grade answers: a line 'N: ANSWER' each", 1},
    {0}};

static bool known_topic(const char *topic)
{
    for (const char *const *t = lab_quiz_topics(); *t; t++) {
        if (!strcmp(*t, topic)) {
            return true;
        }
    }
    return false;
}

static _Noreturn void usage_error(const char *word, const char *what)
{
    fprintf(stderr, "fpr-lab: %s: %s (see --help)\n", word, what);
    exit(LAB_BAD);
}

static uint64_t number(const char *option, const char *text, uint64_t min, uint64_t max)
{
    char *end;
    errno = 0;
    unsigned long long n = lab_digits(text, &end);
    if (end == text || *end) {
        fprintf(stderr, "fpr-lab: %s: '%s' is not a number\n", option, text);
        exit(LAB_BAD);
    }
    if (errno || n < min || n > max) {
        fprintf(stderr, "fpr-lab: %s: %s is not between %llu and %llu\n", option, text,
                (unsigned long long)min, (unsigned long long)max);
        exit(LAB_BAD);
    }
    return n;
}

/* Options of a quiz. */
static error_t parse_quiz(int key, char *arg, struct options *o)
{
    switch (key) {
    case KEY_QUIZ:
        o->is_quiz = true;
        return 0;
    case KEY_SEED:
        o->quiz.seed = number("--seed", arg, 0, UINT64_MAX);
        o->quiz_only = "--seed";
        return 0;
    case KEY_COUNT:
        o->quiz.questions = (unsigned)number("--questions", arg, 1, 100);
        o->quiz_only = "--questions";
        return 0;
    case KEY_TOPIC:
        o->quiz.topic = arg;
        o->quiz_only = "--topic";
        return 0;
    case KEY_SOLUTIONS:
        o->quiz.solutions = true;
        o->quiz_only = "--solutions";
        return 0;
    case KEY_GRADE:
        o->quiz.grade = arg;
        o->quiz_only = "--grade";
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static unsigned terminal_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col == 0) {
        return 80;
    }
    return size.ws_col < 40 ? 40 : size.ws_col;
}

/* Where to write what shall fit the screen: `to` itself where that is none. */
static FILE *catch_wide(FILE *to, char **text, size_t *size)
{
    *text = NULL;
    FILE *caught = isatty(STDOUT_FILENO) ? open_memstream(text, size) : NULL;
    return caught ? caught : to;
}

static void print_fit(FILE *caught, FILE *to, char **text, unsigned width)
{
    if (caught != to && fclose(caught) == 0) {
        lab_fit(to, *text, width, 2);
    }
    free(*text);
}

static _Noreturn void help(const struct argp *argp)
{
    char format[80];
    unsigned width = terminal_width();
    snprintf(format, sizeof(format), "rmargin=%u,opt-doc-col=%u", width - 1,
             width < 60 ? 18u : 29u);
    setenv("ARGP_HELP_FMT", format, 0);
    argp_help(argp, stdout, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC,
              (char[]){"fpr-lab"});
    exit(LAB_OK);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case KEY_PLAIN:
        o->plain = true;
        return 0;
    case 'q':
        o->no_echo = true;
        return 0;
    case KEY_USDT:
        o->usdt = true;
        return 0;
    case KEY_HELP:
        help(state->root_argp);
    case KEY_VERSION:
        printf("fpr-lab (libfpr) %s\n", fpr_version());
        exit(LAB_OK);
    case ARGP_KEY_ARG:
        if (o->file) {
            usage_error(arg, "one argument too many");
        }
        o->file = arg;
        return 0;
    default:
        return parse_quiz(key, arg, o);
    }
}

/* getopt's own messages take two lines: finds what it stumbled over and says it in one. */
static _Noreturn void bad_option(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
        const struct argp_option *o = argp_options;
        size_t len = strcspn(argv[i], "=");
        if (strncmp(argv[i], "--", 2)) {
            continue;
        }
        while (o->key && (strncmp(o->name, argv[i] + 2, len - 2) || len == 2)) {
            o++;
        }
        if (!o->key) {
            usage_error(argv[i], "unknown option");
        }
        if (o->arg && !argv[i][len] && i + 1 == argc) {
            usage_error(argv[i], "its value is missing");
        }
        if (!o->arg && argv[i][len]) {
            usage_error(argv[i], "takes no value");
        }
        i += o->arg && !argv[i][len];
    }
    usage_error(argv[argc - 1], "unknown option");
}

static void complain(const struct lab *lab, const char *file, unsigned line)
{
    fflush(stdout);
    if (file) {
        fprintf(stderr, "fpr-lab: %s:%u: %s\n", file, line, lab->error);
    } else {
        lab_fit(stderr, lab->error, lab->width, 2);
        fputs("\n", stderr);
    }
}

/* One line; on a screen, whose width may have changed, its output is made to fit. */
static enum lab_result run_line(struct lab *lab, const char *line)
{
    char *text;
    size_t size;
    FILE *out = lab->out;
    lab->width = terminal_width();
    lab->out = catch_wide(out, &text, &size);
    enum lab_result r = lab_line(lab, line);
    print_fit(lab->out, out, &text, lab->width);
    lab->out = out;
    return r;
}

/* Runs lines until the end, `quit`, or, in a script, the first error. */
static int run(struct lab *lab, FILE *in, const char *file)
{
    enum lab_result r = LAB_OK;
    unsigned number_of = 0;
    char *line;
    while (r != LAB_QUIT && (line = lab_input(in, !file))) {
        number_of++;
        if (file) {
            lab_echo(lab, line);
        }
        r = run_line(lab, line);
        free(line);
        fflush(stdout);
        if (r == LAB_BAD || r == LAB_REFUSED) {
            complain(lab, file, number_of);
            if (file) {
                return (int)r;
            }
        }
    }
    lab_text_end(lab);
    if (ferror(in)) {
        fprintf(stderr, "fpr-lab: %s: %s\n", file ? file : "stdin", strerror(errno));
        return LAB_REFUSED;
    }
    return LAB_OK;
}

static bool want_color(const struct options *o)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return !o->plain && !(no && *no) && isatty(STDOUT_FILENO) && term && strcmp(term, "dumb");
}

static int run_lab(const struct options *o)
{
    static struct lab lab;
    FILE *in = stdin;
    if (o->file && strcmp(o->file, "-")) {
        in = fopen(o->file, "r");
        if (!in) {
            fprintf(stderr, "fpr-lab: %s: %s\n", o->file, strerror(errno));
            return LAB_BAD;
        }
    }
    bool person = in == stdin && isatty(STDIN_FILENO);
    const char *name = person ? NULL : in == stdin ? "stdin" : o->file;
    lab_init(&lab, stdout, want_color(o));
    lab.width = terminal_width();
    lab.script = !person;
    lab.no_echo = o->no_echo;
    lab_input_for(&lab);
    if (o->usdt && fpr_usdt_events(&lab.usdt)) {
        usage_error("--usdt", "built without probes (systemtap-sdt-dev)");
    }
    if (person) {
        lab_fit(stdout,
                "A laboratory for the page allocator: help lists the commands, quit ends.\n",
                lab.width, 2);
    }
    int status = run(&lab, in, name);
    if (person && status == LAB_OK) {
        printf("\n");
    }
    if (in != stdin) {
        fclose(in);
    }
    lab_destroy(&lab);
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "fpr-lab: writing: %s\n", strerror(errno));
        return LAB_REFUSED;
    }
    return status;
}

static int run_quiz(struct lab_quiz *quiz)
{
    char *text;
    size_t size;
    quiz->width = terminal_width();
    FILE *out = catch_wide(stdout, &text, &size);
    int status = lab_quiz(quiz, out);
    print_fit(out, stdout, &text, quiz->width);
    return status;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        argp_options,
        parse,
        "[FILE]",
        "A laboratory for the page allocator and page reporting.\v"
        "Without FILE, commands come from the terminal; help lists them. Exit status: 0, 1 if the "
        "model refused something or an answer was wrong, 2 for a mistake in the line or the "
        "script.",
        NULL,
        NULL,
        NULL};
    struct options o = {.quiz = {.seed = 1, .questions = 5}};
    if (argp_parse(&argp, argc, argv, ARGP_NO_HELP | ARGP_NO_ERRS, NULL, &o)) {
        bad_option(argc, argv);
    }
    if (!o.is_quiz && o.quiz_only) {
        usage_error(o.quiz_only, "only with --quiz");
    }
    if (o.is_quiz && o.file) {
        usage_error(o.file, "a quiz reads no script");
    }
    if (o.quiz.topic && !known_topic(o.quiz.topic)) {
        const char *near = lab_nearest(o.quiz.topic, lab_quiz_topics());
        char list[160];
        lab_join(list, sizeof(list), lab_quiz_topics());
        fprintf(stderr, "fpr-lab: --topic: unknown topic '%s'%s%s%s\n", o.quiz.topic,
                near ? "; did you mean '" : ", not one of ", near ? near : list, near ? "'?" : "");
        return LAB_BAD;
    }
    return o.is_quiz ? run_quiz(&o.quiz) : run_lab(&o);
}
