/* Command lines: argp with the common options, errors of one line, and no option twice. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <fpr/version.h>

#include "cli.h"
#include "near.h"

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
    snprintf(name, sizeof(name), "%s", bench_program());
    if (bench_quiet() && (key == KEY_HELP || key == KEY_USAGE || key == KEY_VERSION)) {
        exit(BENCH_OK);
    }
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = common->input;
        return 0;
    case KEY_HELP:
        argp_help(common->top, stdout, ARGP_HELP_LONG | ARGP_HELP_SHORT_USAGE | ARGP_HELP_DOC,
                  name);
        exit(bench_end(BENCH_OK));
    case KEY_USAGE:
        argp_help(common->top, stdout, ARGP_HELP_USAGE, name);
        exit(bench_end(BENCH_OK));
    case KEY_VERSION:
        printf("fpr-bench (libfpr) %s\n", fpr_version());
        exit(bench_end(BENCH_OK));
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

/* Looks at all long options. */
static void look_long(const struct argp *argp, const char *name, size_t length,
                      struct bench_near *near)
{
    for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++) {
        if (o->name) {
            bench_near_look(near, name, length, o->name);
        }
    }
    for (const struct argp_child *c = argp->children; c && c->argp; c++) {
        look_long(c->argp, name, length, near);
    }
}

/* Goes through a line as getopt_long() does. */
struct walk {
    const struct argp *argp;
    int argc;
    char **argv;
    int at; /* the next word */
    const char *word;
    size_t length;                    /* of the option's name in it, with its dashes */
    unsigned count;                   /* how many options the name may mean */
    const struct argp_option *option; /* one of them */
    bool missing;                     /* its value */
};

/* The only short option with a value, by its key. */
static const struct argp_option *find_short(const struct argp *argp)
{
    for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++) {
        if (o->key == 'o') {
            return o;
        }
    }
    const struct argp_option *found = NULL;
    for (const struct argp_child *c = argp->children; !found && c && c->argp; c++) {
        found = find_short(c->argp);
    }
    return found;
}

static const char *said(const struct argp_option *o, char *text, size_t size)
{
    snprintf(text, size, "%s%s", o->key == 'o' ? "-" : "--", o->key == 'o' ? "o" : o->name);
    return text;
}

static void name_of(struct walk *w)
{
    w->option = NULL;
    w->count = 0;
    if (w->word[1] == '-') {
        w->length = strcspn(w->word, "=");
        w->count = find_long(w->argp, w->word + 2, w->length - 2, &w->option);
        return;
    }
    w->length = 2;
    if (w->word[1] == '?' || w->word[1] == 'V') {
        w->count = 1;
    } else if (w->word[1] == 'o') {
        w->option = find_short(w->argp);
        w->count = w->option ? 1 : 0;
    }
}

/* The next option; false: there are no more. */
static bool next_option(struct walk *w)
{
    while (w->at < w->argc && strcmp(w->argv[w->at], "--") != 0) {
        w->word = w->argv[w->at++];
        if (w->word[0] != '-' || !w->word[1]) {
            continue;
        }
        name_of(w);
        w->missing = false;
        if (w->count == 1 && w->option && w->option->arg && !w->word[w->length]) {
            w->missing = w->at++ >= w->argc;
        }
        return true;
    }
    return false;
}

/* getopt's own messages are two lines and end with 64; these are ours. */
static _Noreturn void bad_option(const struct argp *argp, int argc, char **argv)
{
    char name[64], meant[64];
    struct walk w = {.argp = argp, .argc = argc, .argv = argv, .at = 1};
    while (next_option(&w)) {
        if (w.count != 1) {
            struct bench_near near = {.best = NULL};
            if (!w.count && w.word[1] == '-') {
                look_long(argp, w.word + 2, w.length - 2, &near);
            }
            bench_die(BENCH_USAGE, "%.*s: %s option (see --help)%s", (int)w.length, w.word,
                      w.count ? "ambiguous" : "unknown",
                      bench_near_text(&near, meant, sizeof(meant)));
        }
        if (w.option && w.word[1] == '-' && w.word[w.length] && !w.option->arg) {
            bench_die(BENCH_USAGE, "--%s: takes no value", w.option->name);
        }
        if (w.missing && w.option) {
            bench_die(BENCH_USAGE, "%s: its value is missing (%s)",
                      said(w.option, name, sizeof(name)), w.option->arg);
        }
    }
    bench_die(BENCH_USAGE, "%s: unknown option, or its value is missing (see --help)",
              argv[argc - 1]);
}

/* Of two values one would be lost without a word. */
static void refuse_twice(const struct argp *argp, int argc, char **argv)
{
    enum { MOST = 64 };
    char name[64];
    const struct argp_option *seen[MOST];
    size_t nr_seen = 0;
    struct walk w = {.argp = argp, .argc = argc, .argv = argv, .at = 1};
    while (next_option(&w)) {
        const struct argp_option *o = w.count == 1 ? w.option : NULL;
        if (!o || !o->arg || o->flags & BENCH_REPEATS) {
            continue;
        }
        for (size_t i = 0; i < nr_seen; i++) {
            if (seen[i] == o) {
                bench_die(BENCH_USAGE, "%s: given twice", said(o, name, sizeof(name)));
            }
        }
        if (nr_seen < MOST) {
            seen[nr_seen++] = o;
        }
    }
}

void bench_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    struct argp_child children[] = {{argp, 0, NULL, 0}, {0}};
    struct argp top = {common_options, parse_common, NULL, NULL, children, NULL, NULL};
    struct common common = {&top, input};
    refuse_twice(&top, argc, argv);
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
