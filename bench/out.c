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

/* One file being written. */
struct out {
    FILE *file;
    char *temp; /* name until it is complete; NULL: a pipe or device, which has no other */
};

/* A signal in mid-write waits until the file is whole. */
static void hold_signals(int how)
{
    sigset_t set;
    sigemptyset(&set);
    bench_stop_signals(&set);
    sigprocmask(how, &set, NULL);
}

static char *temp_name(const char *path)
{
    char *temp;
    if (asprintf(&temp, "%s.tmp%ld", path, (long)getpid()) < 0) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    return temp;
}

/* What is renamed is the file, not a link to it. */
static char *real_name(const char *path)
{
    char *real = realpath(path, NULL);
    real = real ? real : strdup(path);
    if (!real) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    return real;
}

/* Makes what a result begins as, with something in it, for disks that are full. Returns errno. */
static int try_temp(const char *path)
{
    static const char some[4096];
    char *temp = temp_name(path);
    hold_signals(SIG_BLOCK);
    FILE *file = fopen(temp, "wxe");
    int err = file ? 0 : errno;
    if (file) {
        errno = 0;
        bool full = fwrite(some, sizeof(some), 1, file) != 1;
        full = fclose(file) || full;
        err = full ? errno : 0;
        unlink(temp);
    }
    hold_signals(SIG_UNBLOCK);
    free(temp);
    return err;
}

void bench_out_check(const char *option, const char *path)
{
    if (!path || bench_out_is_stdout(path)) {
        return;
    }
    if (!path[0]) {
        bench_die(BENCH_USAGE, "%s: the file name is empty", option);
    }
    struct stat st;
    bool there = !stat(path, &st);
    if (there && S_ISDIR(st.st_mode)) {
        bench_die(BENCH_USAGE, "%s: %s: is a directory", option, path);
    }
    int err;
    if (there && !S_ISREG(st.st_mode)) { /* to open a pipe would be taken for its beginning */
        err = access(path, W_OK) ? errno : 0;
    } else {
        char *real = real_name(path);
        err = try_temp(real);
        free(real);
    }
    if (err) {
        bench_die(BENCH_USAGE, "%s: %s: %s", option, path, strerror(err));
    }
}

void bench_out_check_file(const char *option, const char *path)
{
    struct stat st;
    if (bench_out_is_stdout(path)) {
        bench_die(BENCH_USAGE, "%s: a native file cannot go to standard output", option);
    }
    bench_out_check(option, path);
    if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
        bench_die(BENCH_USAGE, "%s: %s: is no regular file", option, path);
    }
}

bool bench_out_is_stdout(const char *path)
{
    struct stat file, out;
    if (!path || !strcmp(path, "-") || !strcmp(path, "/dev/stdout")) {
        return path;
    }
    return !stat(path, &file) && (S_ISREG(file.st_mode) || S_ISFIFO(file.st_mode)) &&
           !fstat(STDOUT_FILENO, &out) && file.st_dev == out.st_dev && file.st_ino == out.st_ino;
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

FILE *bench_out_spool(void)
{
    char *path;
    const char *folder = getenv("TMPDIR");
    if (asprintf(&path, "%s/fpr-spool-XXXXXX", folder && *folder ? folder : "/tmp") < 0) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    hold_signals(SIG_BLOCK);
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w+");
    if (!file) {
        bench_die(BENCH_FAILED, "%s: %s", path, strerror(errno));
    }
    unlink(path);
    hold_signals(SIG_UNBLOCK);
    free(path);
    return file;
}

static int fail(const char *path, int err)
{
    bench_complain("%s: %s", path, strerror(err));
    return BENCH_FAILED;
}

/* Returns errno. */
static int open_out(struct out *out, const char *path)
{
    struct stat st;
    memset(out, 0, sizeof(*out));
    if (!stat(path, &st) && !S_ISREG(st.st_mode)) { /* a pipe or device: nothing to rename */
        out->file = fopen(path, "we");
    } else {
        out->temp = temp_name(path);
        hold_signals(SIG_BLOCK);
        out->file = fopen(out->temp, "wxe");
    }
    return out->file ? 0 : errno;
}

/* Completes and renames. Returns errno. */
static int commit(struct out *out, const char *path)
{
    int bad = fflush(out->file) || ferror(out->file);
    int err = errno; /* of fflush(), or left by the write that failed */
    if (fclose(out->file) && !bad) {
        bad = 1;
        err = errno;
    }
    if (!bad && out->temp && rename(out->temp, path)) {
        bad = 1;
        err = errno;
    }
    if (bad && out->temp) {
        unlink(out->temp);
    }
    return !bad ? 0 : err ? err : EIO;
}

int bench_out_write(const char *path, void (*write)(FILE *to, const void *what), const void *what)
{
    if (!path) {
        return BENCH_OK;
    }
    if (bench_out_is_stdout(path)) {
        write(stdout, what);
        return BENCH_OK; /* bench_end() looks at it */
    }
    struct out out;
    char *real = real_name(path);
    int err = open_out(&out, real);
    if (!err) {
        errno = 0;
        write(out.file, what);
        err = commit(&out, real);
    }
    hold_signals(SIG_UNBLOCK);
    free(real);
    free(out.temp);
    return err ? fail(path, err) : BENCH_OK;
}
