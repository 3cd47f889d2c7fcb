/* Results that would take the place of what they are made from. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <fpr/trace.h>

#include "cli.h"
#include "out.h"

static const char *const traces[] = {"trace.txt", "trace.dat",  "trace.fprt",
                                     "trace",     "trace_pipe", "perf.txt"};
#define NR_TRACES (sizeof(traces) / sizeof(traces[0]))

/* The n-th file that a recording's folder may have; NULL: there are no more. */
static const char *file_name(size_t n)
{
    return n < NR_TRACES ? traces[n] : fpr_recording_part(n - NR_TRACES);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether the file is one of the recording in this folder, packed or not. */
static bool is_part(const char *folder, const struct stat *file)
{
    static const char *const suffixes[] = {"", ".gz", ".zst"};
    const char *name;
    bool found = false;
    for (size_t n = 0; !found && (name = file_name(n)); n++) {
        for (size_t k = 0; !found && k < sizeof(suffixes) / sizeof(suffixes[0]); k++) {
            char *path;
            struct stat st;
            if (asprintf(&path, "%s/%s%s", folder, name, suffixes[k]) < 0) {
                bench_die(BENCH_FAILED, "out of memory");
            }
            found = !stat(path, &st) && same_file(&st, file);
            free(path);
        }
    }
    return found;
}

void bench_out_check_input(const struct bench_out_file *files, size_t nr, const char *input)
{
    struct stat in, out;
    if (!input[0]) {
        bench_die(BENCH_USAGE, "'': the file name is empty");
    }
    if (stat(input, &in)) {
        return; /* a source, or told of when it is opened */
    }
    for (size_t i = 0; i < nr; i++) {
        const char *path = files[i].path;
        if (!path || bench_out_is_stdout(path) || stat(path, &out)) {
            continue;
        }
        bool taken = S_ISDIR(in.st_mode) && S_ISREG(out.st_mode) ? is_part(input, &out)
                     : S_ISCHR(out.st_mode)                      ? false
                                                                 : same_file(&in, &out);
        if (taken) {
            bench_die(BENCH_USAGE, "%s: %s is read as a part of %s and would be overwritten",
                      files[i].option, path, input);
        }
    }
}
