/* fpr-conform: replays golden files and says which the model agrees with. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fpr/version.h>

#include "conform/conform.h"
#include "conform/lines.h"

enum { EXIT_USAGE = 2, KEY_NO_HASH = 256, KEY_EVENTS };

struct arguments {
    struct conform_options options;
    char **paths;
    size_t nr_paths;
};

/* argp looks it up by name, so it must stay visible */
__attribute__((visibility("default"))) const char *argp_program_version =
    "fpr-conform " FPR_VERSION_TEXT;

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'p':
        if (fpr_profile_from_name(value, &arguments->options.profile)) {
            argp_failure(state, EXIT_USAGE, 0, "--profile: no profile is called '%s'", value);
        }
        arguments->options.profile_given = true;
        return 0;
    case 'v':
        arguments->options.verbose = true;
        return 0;
    case KEY_NO_HASH:
        arguments->options.hash = false;
        return 0;
    case KEY_EVENTS:
        arguments->options.events = true;
        return 0;
    case ARGP_KEY_ARGS:
        arguments->paths = state->argv + state->next;
        arguments->nr_paths = (size_t)(state->argc - state->next);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no FILE given");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option argp_options[] = {
    {"profile", 'p', "P", 0,
     "Use profile P (v16, linux-5.10, linux-5.14, linux-6.1, linux-6.12) whatever the header says",
     0},
    {"no-hash", KEY_NO_HASH, NULL, 0, "Leave out the hashes: compare results and states only", 0},
    {"events", KEY_EVENTS, NULL, 0,
     "Listen to trace events: the library has shorter ways through when nobody listens", 0},
    {"verbose", 'v', NULL, 0, "Print how many operations each file has", 0},
    {0},
};

static const struct argp argp = {
    .options = argp_options,
    .parser = parse,
    .args_doc = "FILE...",
    .doc = "Replays golden files (.fpr or .iova, plain or gzip): what a kernel answered to each "
           "operation. A folder stands for all golden files in it.\v"
           "Prints 'ok FILE' or 'not ok FILE: line N: expected ..., got ...' for each and "
           "'N passed, M failed' at last. Exit status: 0 all passed, 1 some failed, 2 wrong "
           "arguments or a file that cannot be opened.\n",
};

struct counts {
    unsigned long passed, failed;
};

static void print_detail(const char *detail)
{
    while (*detail) {
        int n = (int)strcspn(detail, "\n");
        printf("    %.*s\n", n, detail);
        detail += n + (detail[n] == '\n');
    }
}

/* What was left out, so that neither answer is taken for more than it is. */
static void print_skipped(const struct conform_result *result)
{
    if (result->skipped) {
        printf(" (skipped %lu: %s)", result->skipped, result->skipped_names);
    }
    putchar('\n');
}

static void print_result(const char *path, const struct conform_result *result,
                         const struct conform_options *options)
{
    if (!result->ok) {
        printf("not ok %s: ", path);
        if (result->line) {
            printf("line %lu: ", result->line);
        }
        printf("%s", result->reason);
        print_skipped(result);
        print_detail(result->detail);
        return;
    }
    printf("ok %s", path);
    if (options->verbose) {
        printf(" (%lu operations)", result->ops);
    }
    print_skipped(result);
}

/* Whether it is an IOVA file: its first line says so, else its name. */
static bool is_iova(const char *path)
{
    static const char magic[] = "# fpr-iova ";
    struct lines *in = NULL;
    char *line = NULL;
    size_t length = 0;
    if (lines_open(path, &in)) {
        return false;
    }
    bool read = lines_next(in, &line, &length) == 1;
    bool iova = read && !strncmp(line, magic, sizeof(magic) - 1);
    if (!iova && !(read && !strncmp(line, "# fpr-golden", 12))) {
        size_t n = strlen(path);
        n -= n > 3 && !strcmp(path + n - 3, ".gz") ? 3 : 0;
        iova = n > 5 && !strncmp(path + n - 5, ".iova", 5);
    }
    lines_close(in);
    return iova;
}

static int replay_iova(const char *path, struct conform_result *result)
{
#ifdef FPR_CONFORM_IOVA
    return conform_iova_file(path, result);
#else
    (void)path;
    conform_fail(result, 0, "this fpr-conform was built without IOVA maps");
    return 0;
#endif
}

/* Returns 0, or EXIT_USAGE if the file cannot be opened. */
static int replay_file(const char *path, const struct conform_options *options,
                       struct counts *counts)
{
    struct conform_result *result = calloc(1, sizeof(*result));
    if (!result) {
        fprintf(stderr, "fpr-conform: out of memory\n");
        return EXIT_USAGE;
    }
    int error = is_iova(path) ? replay_iova(path, result) : conform_fpr_file(path, options, result);
    if (error) {
        fprintf(stderr, "fpr-conform: %s: %s\n", path, strerror(-error));
        free(result);
        return EXIT_USAGE;
    }
    print_result(path, result, options);
    fflush(stdout);
    counts->passed += result->ok;
    counts->failed += !result->ok;
    free(result);
    return 0;
}

static bool is_golden_name(const char *name)
{
    static const char *const suffixes[] = {".fpr", ".fpr.gz", ".iova", ".iova.gz"};
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        size_t s = strlen(suffixes[i]);
        if (n > s && !strcmp(name + n - s, suffixes[i])) {
            return true;
        }
    }
    return false;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* A file, or all golden files below a folder in the order of their names. */
static int replay_path(char *path, const struct conform_options *options, struct counts *counts)
{
    char *roots[] = {path, NULL};
    int status = 0;
    unsigned long before = counts->passed + counts->failed;
    FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    if (!tree) {
        fprintf(stderr, "fpr-conform: %s: %s\n", path, strerror(errno));
        return EXIT_USAGE;
    }
    for (FTSENT *entry = fts_read(tree); entry && !status; entry = fts_read(tree)) {
        switch (entry->fts_info) {
        case FTS_F:
        case FTS_DEFAULT:
            if (entry->fts_level == 0 || is_golden_name(entry->fts_name)) {
                status = replay_file(entry->fts_path, options, counts);
            }
            break;
        case FTS_DNR:
        case FTS_ERR:
        case FTS_NS:
        case FTS_SLNONE:
            fprintf(stderr, "fpr-conform: %s: %s\n", entry->fts_path, strerror(entry->fts_errno));
            status = EXIT_USAGE;
            break;
        default:
            break;
        }
    }
    fts_close(tree);
    if (!status && counts->passed + counts->failed == before) {
        fprintf(stderr, "fpr-conform: %s: no golden files (.fpr, .iova) in it\n", path);
        status = EXIT_USAGE;
    }
    return status;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.options = {.hash = true}};
    struct counts counts = {0, 0};
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    /* a path that cannot be read is a wrong argument, so look before hours of replay */
    for (size_t i = 0; i < arguments.nr_paths; i++) {
        if (access(arguments.paths[i], R_OK)) {
            fprintf(stderr, "fpr-conform: %s: %s\n", arguments.paths[i], strerror(errno));
            return EXIT_USAGE;
        }
    }
    for (size_t i = 0; i < arguments.nr_paths; i++) {
        int status = replay_path(arguments.paths[i], &arguments.options, &counts);
        if (status) {
            return status;
        }
    }
    printf("%lu passed, %lu failed\n", counts.passed, counts.failed);
    return counts.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
