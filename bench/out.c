#include "out.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "stop.h"

void bench_out_check(const char *option, const char *path)
{
    if (!path || !strcmp(path, "-")) {
        return;
    }
    if (!path[0]) {
        bench_die(BENCH_USAGE, "%s: the file name is empty", option);
    }
    struct stat st;
    if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
        bench_die(BENCH_USAGE, "%s: %s: is a directory", option, path);
    }
    char *copy = strdup(path);
    if (!copy) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    const char *folder = dirname(copy);
    if (access(folder, W_OK | X_OK)) {
        bench_die(BENCH_USAGE, "%s: %s: %s", option, folder, strerror(errno));
    }
    free(copy);
}

void bench_out_check_file(const char *option, const char *path)
{
    struct stat st;
    if (!strcmp(path, "-")) {
        bench_die(BENCH_USAGE, "%s: a native file cannot go to standard output", option);
    }
    bench_out_check(option, path);
    if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
        bench_die(BENCH_USAGE, "%s: %s: is no regular file", option, path);
    }
}

bool bench_out_is_stdout(const char *path)
{
    return path && !strcmp(path, "-");
}

/* Whether two names are one place. What is no regular file (a pipe, /dev/null) takes both. */
static bool same_place(const char *a, const char *b)
{
    struct stat x, y;
    bool there = !stat(a, &x);
    if (there && !S_ISREG(x.st_mode)) {
        return false;
    }
    if (!strcmp(a, b)) {
        return true;
    }
    if (there) {
        return !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
    }
    char *copy_a = strdup(a), *copy_b = strdup(b);
    char *name_a = strdup(a), *name_b = strdup(b);
    if (!copy_a || !copy_b || !name_a || !name_b) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    bool same = !strcmp(basename(name_a), basename(name_b)) && !stat(dirname(copy_a), &x) &&
                !stat(dirname(copy_b), &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
    free(copy_a);
    free(copy_b);
    free(name_a);
    free(name_b);
    return same;
}

void bench_out_check_all(const struct bench_out_file *files, size_t nr)
{
    for (size_t i = 0; i < nr; i++) {
        bench_out_check(files[i].option, files[i].path);
    }
    for (size_t i = 0; i < nr; i++) {
        for (size_t k = i + 1; k < nr && files[i].path; k++) {
            if (!files[k].path) {
                continue;
            }
            bool both = bench_out_is_stdout(files[i].path) && bench_out_is_stdout(files[k].path);
            if (both ||
                (!bench_out_is_stdout(files[i].path) && same_place(files[i].path, files[k].path))) {
                bench_die(BENCH_USAGE, "%s: %s is taken by %s", files[k].option,
                          both ? "standard output" : files[k].path, files[i].option);
            }
        }
    }
}

/* A signal in mid-write waits until the file is whole. */
static void hold_signals(int how)
{
    sigset_t set;
    sigemptyset(&set);
    bench_stop_signals(&set);
    sigprocmask(how, &set, NULL);
}

void bench_out_open(struct bench_out *out, const char *path)
{
    memset(out, 0, sizeof(*out));
    if (!strcmp(path, "-")) {
        out->file = stdout;
        return;
    }
    struct stat st;
    if (!stat(path, &st) && !S_ISREG(st.st_mode)) { /* a pipe or device: nothing to rename */
        out->file = fopen(path, "we");
        if (!out->file) {
            bench_die(BENCH_FAILED, "%s: %s", path, strerror(errno));
        }
        return;
    }
    out->path = strdup(path);
    if (!out->path || asprintf(&out->temp, "%s.tmp%ld", path, (long)getpid()) < 0) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    hold_signals(SIG_BLOCK);
    out->file = fopen(out->temp, "wxe");
    if (!out->file) {
        bench_die(BENCH_FAILED, "%s: %s", path, strerror(errno));
    }
}

void bench_out_commit(struct bench_out *out)
{
    if (out->file == stdout) {
        return; /* main() looks at it at the end */
    }
    int bad = fflush(out->file) || ferror(out->file);
    int err = errno;
    if (fclose(out->file)) {
        bad = 1;
        err = errno;
    }
    if (!bad && out->path && rename(out->temp, out->path)) {
        bad = 1;
        err = errno;
    }
    if (bad) {
        if (out->temp) {
            unlink(out->temp);
        }
        bench_die(BENCH_FAILED, "%s: %s", out->path ? out->path : "output", strerror(err));
    }
    hold_signals(SIG_UNBLOCK);
    free(out->temp);
    free(out->path);
    memset(out, 0, sizeof(*out));
}
