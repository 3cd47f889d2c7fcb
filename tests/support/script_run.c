/* Running a script on both sides, comparing, shrinking. */
#include "support/script_side.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS_A_RUN 60 /* more is an endless loop */

/* Prints the lines of two dumps that differ. */
static void print_difference(FILE *out, struct side *a, struct side *b)
{
    char *text[2] = {NULL, NULL};
    size_t size[2];
    char *save[2] = {NULL, NULL};
    char *line[2];
    struct side *side[2] = {a, b};

    for (int i = 0; i < 2; i++) {
        FILE *f = open_memstream(&text[i], &size[i]);

        if (!f)
            abort();
        side[i]->ops->dump(side[i], f);
        fclose(f);
        line[i] = strtok_r(text[i], "\n", &save[i]);
    }
    while (line[0] && line[1]) {
        if (strcmp(line[0], line[1]) != 0)
            fprintf(out, "    library:   %s\n    reference: %s\n", line[0], line[1]);
        for (int i = 0; i < 2; i++)
            line[i] = strtok_r(NULL, "\n", &save[i]);
    }
    free(text[0]);
    free(text[1]);
}

/* Where two logs part; false if they do not (yet). */
static bool parted(struct side *a, struct side *b, size_t *from, FILE *out)
{
    size_t n = a->n < b->n ? a->n : b->n;

    for (; *from < n; ++*from) {
        const struct outcome *x = &a->log[*from];
        const struct outcome *y = &b->log[*from];

        if (x->op == y->op && !strcmp(x->text, y->text) && x->hash == y->hash)
            continue;
        fprintf(out, "operation %zu: ", x->op);
        script_print_op(out, &a->script->op[x->op]);
        fprintf(out, "    library:   %s, hash %016" PRIx64 "\n", x->text, x->hash);
        fprintf(out, "    reference: %s, hash %016" PRIx64 "\n", y->text, y->hash);
        return true;
    }
    if (a->n == b->n)
        return false;
    fprintf(out, "operation %zu: the %s goes on: %s\n", a->op,
            a->n > b->n ? a->ops->name : b->ops->name,
            a->n > b->n ? a->log[n].text : b->log[n].text);
    return true;
}

/* With FPR_PROP_TRACE set every answer is printed as it comes. */
static void trace(const struct side *s, size_t from)
{
    if (!getenv("FPR_PROP_TRACE"))
        return;
    for (; from < s->n; from++)
        printf("%4zu %-12s %s\n", s->log[from].op, script_word(s->script->op[s->log[from].op].kind),
               s->log[from].text);
}

static int compare(struct side *a, struct side *b, FILE *out)
{
    size_t from = 0;

    if (a->ops->hash(a) != b->ops->hash(b)) {
        fprintf(out, "differs after creation\n");
        print_difference(out, a, b);
        return 1;
    }
    for (;;) {
        bool more = side_step(a);

        trace(a, from);
        if (side_step(b) != more) {
            fprintf(out, "one side stops early\n");
            return 1;
        }
        if (parted(a, b, &from, out)) {
            print_difference(out, a, b);
            return 1;
        }
        if (a->broken[0]) {
            fprintf(out, "operation %zu: ", a->broken_at);
            script_print_op(out, &a->script->op[a->broken_at]);
            fprintf(out, "    %s\n", a->broken);
            return 1;
        }
        if (!more)
            return 0;
    }
}

int script_run(const struct script *s, char *why, size_t size)
{
    struct side a, b;
    char *text = NULL;
    size_t n = 0;
    int err = 0, bad;
    FILE *out = open_memstream(&text, &n);

    if (!out)
        abort();
    if (!side_create_library(&a, s, &err)) {
        fprintf(out, "the library cannot create the machine: %d\n", err);
        bad = 1;
    } else {
        side_create_reference(&b, s, &err);
        bad = compare(&a, &b, out);
        side_destroy(&a);
        side_destroy(&b);
    }
    fclose(out);
    snprintf(why, size, "%s", text);
    free(text);
    return bad;
}

static void *shared(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        abort();
    return p;
}

int script_run_apart(const struct script *s, char *why, size_t size)
{
    char *text = shared(size);
    int status = 0;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid < 0)
        abort();
    if (pid == 0) {
        alarm(SECONDS_A_RUN);
        exit(script_run(s, text, size));
    }
    waitpid(pid, &status, 0);
    if (WIFSIGNALED(status))
        snprintf(why, size, "ended by signal %d (%s)\n", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(why, size, "%s", text);
    munmap(text, size);
    return status != 0;
}

/* Removes operations [from, from + count) if the script fails without them. */
static bool try_without(struct script *s, size_t from, size_t count)
{
    struct script t;
    char why[64];
    bool fails;

    script_copy(&t, s);
    memmove(t.op + from, t.op + from + count, (t.n - from - count) * sizeof *t.op);
    t.n -= count;
    fails = script_run_apart(&t, why, sizeof why) != 0;
    if (!fails) {
        script_clear(&t);
        return false;
    }
    script_clear(s);
    *s = t;
    return true;
}

static bool remove_chunks(struct script *s, size_t chunk)
{
    bool removed = false;

    for (size_t from = s->n; from > 0;) {
        size_t count = from < chunk ? from : chunk;

        from -= count;
        if (from + count <= s->n)
            removed = try_without(s, from, count) || removed;
    }
    return removed;
}

/* Smaller numbers say more: try 0 for every argument. */
static void simplify(struct script *s)
{
    char why[64];

    for (size_t i = 0; i < s->n; i++)
        for (unsigned k = 0; k < script_nr_args(s->op[i].kind); k++) {
            int64_t old = s->op[i].a[k];

            if (old == 0)
                continue;
            s->op[i].a[k] = 0;
            if (!script_run_apart(s, why, sizeof why))
                s->op[i].a[k] = old;
        }
}

void script_shrink(struct script *s)
{
    for (size_t chunk = s->n / 2; chunk > 1; chunk /= 2)
        remove_chunks(s, chunk);
    while (remove_chunks(s, 1))
        continue;
    simplify(s);
}

static void print_failure(const char *name, uint64_t seed, struct script *s)
{
    static char why[16384];

    script_run_apart(s, why, sizeof why);
    printf("%s: seed %" PRIu64 " fails:\n%s", name, seed, why);
    fflush(stdout);
    script_shrink(s);
    script_run_apart(s, why, sizeof why);
    printf("# ---- shrunk; replay with --script FILE ----\n");
    script_print(stdout, s);
    printf("# ----\n%s", why);
    fflush(stdout);
}

static unsigned long from_environment(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);
    char *end;

    if (!text || !*text)
        return otherwise;
    unsigned long value = strtoul(text, &end, 0);
    if (*end || strchr(text, '-')) {
        fprintf(stderr, "%s: '%s' is no number\n", name, text);
        exit(2);
    }
    return value;
}

int script_rounds(const struct script_family *family)
{
    uint64_t first = from_environment("FPR_PROP_SEED", 1);
    unsigned long n = from_environment("FPR_PROP_ROUNDS", family->rounds);
    uint64_t *at = shared(sizeof *at);
    int status = 0;
    pid_t pid;

    printf("%s: seeds %" PRIu64 " to %" PRIu64 "\n", family->name, first, first + n - 1);
    fflush(NULL);
    pid = fork();
    if (pid < 0)
        abort();
    if (pid == 0) {
        static char why[4096];
        int bad = 0;

        for (*at = first; !bad && *at < first + n; ++*at) {
            struct script s = {0};

            alarm(SECONDS_A_RUN);
            family->make(&s, *at, family);
            bad = script_run(&s, why, sizeof why);
            script_clear(&s);
            if (bad)
                break;
        }
        exit(bad);
    }
    waitpid(pid, &status, 0);
    if (status) {
        struct script s = {0};

        family->make(&s, *at, family);
        print_failure(family->name, *at, &s);
        script_clear(&s);
    }
    munmap(at, sizeof *at);
    return status ? 1 : 0;
}

bool script_option(int argc, char **argv, int *status)
{
    const char *path = getenv("FPR_PROP_SCRIPT");
    static char why[16384];
    struct script s;
    unsigned line;
    FILE *in;

    if (argc == 3 && !strcmp(argv[1], "--script"))
        path = argv[2];
    if (!path || !*path)
        return false;
    *status = 2;
    in = fopen(path, "r");
    if (!in) {
        fprintf(stderr, "%s: cannot be opened\n", path);
        return true;
    }
    line = script_read(&s, in);
    fclose(in);
    if (line) {
        fprintf(stderr, "%s: line %u makes no sense\n", path, line);
    } else {
        *status = script_run(&s, why, sizeof why);
        printf("%s%s\n", why, *status ? "not ok" : "ok");
    }
    script_clear(&s);
    return true;
}
