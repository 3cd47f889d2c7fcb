/* fpr-mutants: makes one deliberate mistake after the other in the model and shows which golden
 * file notices it. A mistake that no file notices is a rule that the files do not test. */
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mutant.h"
#include "conform/conform.h"

enum { LEAST_NOTICED = 25, MAX_FILES = 512, EXIT_USAGE = 2 };

enum fpr_mutant fpr_mutant;

static const struct {
    const char *name, *text;
} mutants[] = {{"NONE", "no mistake at all"},
#define X(name, text) {#name, text},
               FPR_MUTANT_LIST(X)
#undef X
};

/* Rules that no golden file can tell apart: tests/unit/pinned.c pins them instead. */
static const enum fpr_mutant pinned[] = {FPR_MUTANT_EXPAND_TAIL, FPR_MUTANT_PCP_NRESET,
                                         FPR_MUTANT_CLAIM_STOP, FPR_MUTANT_HIA_WITHHELD};

struct file {
    char *path;
    const char *name; /* below the folder given */
    off_t size;
};

struct arguments {
    bool all;
    struct file files[MAX_FILES];
    size_t nr_files;
};

static int by_size(const void *a, const void *b)
{
    const struct file *x = a;
    const struct file *y = b;
    return x->size != y->size ? (x->size > y->size) - (x->size < y->size)
                              : strcmp(x->name, y->name);
}

/* Adds the golden files of a folder and of the folders in it. */
static int add_folder(struct arguments *arguments, const char *folder, size_t prefix)
{
    DIR *dir = opendir(folder);
    if (!dir) {
        fprintf(stderr, "fpr-mutants: %s: %s\n", folder, strerror(errno));
        return -1;
    }
    int error = 0;
    for (struct dirent *entry = readdir(dir); entry && !error; entry = readdir(dir)) {
        char *path = NULL;
        struct stat st;
        size_t n = strlen(entry->d_name);
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0 || stat(path, &st)) {
            error = -1;
        } else if (S_ISDIR(st.st_mode)) {
            error = add_folder(arguments, path, prefix);
        } else if (n > 7 && !strcmp(entry->d_name + n - 7, ".fpr.gz") &&
                   arguments->nr_files < MAX_FILES) {
            arguments->files[arguments->nr_files++] =
                (struct file){path, path + prefix, st.st_size};
            continue;
        }
        free(path);
    }
    closedir(dir);
    return error;
}

static bool is_pinned(enum fpr_mutant mutant)
{
    for (size_t i = 0; i < sizeof(pinned) / sizeof(pinned[0]); i++) {
        if (pinned[i] == mutant) {
            return true;
        }
    }
    return false;
}

/* Replays until a file notices the mistake (or all, to count them). Prints the verdict.
 * Returns how many files noticed it. */
static unsigned try_mutant(const struct arguments *arguments, enum fpr_mutant mutant)
{
    static struct conform_result result;
    const struct conform_options options = {.hash = true, .brief = true};
    unsigned noticed = 0;
    printf("%-16s %s\n", mutants[mutant].name, mutants[mutant].text);
    for (size_t i = 0; i < arguments->nr_files && (arguments->all || !noticed); i++) {
        fpr_mutant = mutant;
        if (conform_fpr_file(arguments->files[i].path, &options, &result)) {
            printf("%16s cannot be opened: %s\n", "", arguments->files[i].path);
            exit(EXIT_USAGE);
        }
        if (!result.ok && !noticed++) {
            printf("%16s noticed by %s, line %lu: %s\n", "", arguments->files[i].name, result.line,
                   result.reason);
        }
    }
    if (arguments->all) {
        printf("%16s %u of %zu files notice it\n", "", noticed, arguments->nr_files);
    }
    return noticed;
}

enum verdict { NOTICED, UNNOTICED, CRASHED };

/* In a process of its own: a mistake may well break what the model relies on. */
static enum verdict run_mutant(const struct arguments *arguments, enum fpr_mutant mutant)
{
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        alarm(300);
        unsigned noticed = try_mutant(arguments, mutant);
        fflush(stdout);
        _exit(noticed ? NOTICED : UNNOTICED);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
        return CRASHED;
    }
    return WEXITSTATUS(status) == NOTICED     ? NOTICED
           : WEXITSTATUS(status) == UNNOTICED ? UNNOTICED
                                              : CRASHED;
}

/* Returns whether the verdict is what it should be. */
static bool judge(enum fpr_mutant mutant, enum verdict verdict, unsigned *noticed)
{
    *noticed += verdict == NOTICED && mutant != FPR_MUTANT_NONE;
    if (verdict == CRASHED) {
        printf("%16s BAD: the replay crashed or did not end\n", "");
        return false;
    }
    if (mutant == FPR_MUTANT_NONE) {
        if (verdict == NOTICED) {
            printf("%16s BAD: a file fails without any mistake\n", "");
        }
        return verdict == UNNOTICED;
    }
    if (verdict == UNNOTICED) {
        printf("%16s %s\n", "",
               is_pinned(mutant) ? "no file can tell; pinned by tests/unit/pinned.c"
                                 : "BAD: no file notices it");
        return is_pinned(mutant);
    }
    return true;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'a':
        arguments->all = true;
        return 0;
    case ARGP_KEY_ARG:
        if (add_folder(arguments, value, strlen(value) + 1)) {
            argp_failure(state, EXIT_USAGE, 0, "%s cannot be read", value);
        }
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no FOLDER given");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"all", 'a', NULL, 0, "Count the files that notice each mistake", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "FOLDER...",
        .doc = "Makes one deliberate mistake after the other in the model and prints which of the "
               "golden files below FOLDER notices it."};
    static struct arguments arguments;
    unsigned noticed = 0;
    bool good = true;
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    qsort(arguments.files, arguments.nr_files, sizeof(arguments.files[0]), by_size);
    for (int m = FPR_MUTANT_NONE; m < FPR_NR_MUTANTS; m++) {
        enum verdict verdict = run_mutant(&arguments, (enum fpr_mutant)m);
        good &= judge((enum fpr_mutant)m, verdict, &noticed);
    }
    printf("%u of %d mistakes noticed by a file (at least %d must be)\n", noticed,
           FPR_NR_MUTANTS - 1, LEAST_NOTICED);
    for (size_t i = 0; i < arguments.nr_files; i++) {
        free(arguments.files[i].path);
    }
    return good && noticed >= LEAST_NOTICED ? EXIT_SUCCESS : EXIT_FAILURE;
}
