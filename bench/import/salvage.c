#include "import/salvage.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

/* Of one recording; beyond these whole files are left out. */
#define MOST_LINES 100

static char *in_folder(const char *folder, const char *name)
{
    char *path;
    if (asprintf(&path, "%s/%s", folder, name) < 0) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    return path;
}

void import_stage_remove(char *stage)
{
    DIR *dir = stage ? opendir(stage) : NULL;
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char *path = in_folder(stage, entry->d_name);
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) {
            unlink(path);
        }
        free(path);
    }
    if (dir) {
        closedir(dir);
        rmdir(stage);
    }
    free(stage);
}

static _Noreturn void give_up(char *stage, const char *what, const char *why)
{
    char text[600];
    snprintf(text, sizeof(text), "%s: %s", what, why);
    import_stage_remove(stage);
    bench_die(BENCH_FAILED, "%s", text);
}

static void link_in(char *stage, const char *from, const char *name)
{
    char *real = realpath(from, NULL), *to = in_folder(stage, name);
    if (!real || symlink(real, to)) {
        give_up(stage, to, strerror(errno));
    }
    free(real);
    free(to);
}

static void link_all(char *stage, const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char *path = in_folder(folder, entry->d_name);
        struct stat st;
        if (!stat(path, &st) && !S_ISDIR(st.st_mode)) {
            link_in(stage, path, entry->d_name);
        }
        free(path);
    }
    if (dir) {
        closedir(dir);
    }
}

static void put_file(char *stage, const char *name, const void *data, size_t size)
{
    char *path = in_folder(stage, name);
    unlink(path);
    FILE *file = fopen(path, "wxe");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file)) {
        give_up(stage, path, strerror(errno));
    }
    free(path);
}

/* The parts of a native file as files. */
static bool unpack(char *stage, const char *path)
{
    struct fpr_trace *trace = NULL;
    struct fpr_trace_summary summary = {.format = FPR_TRACE_AUTO};
    if (fpr_trace_open(path, NULL, &trace, NULL)) {
        return false;
    }
    bool native = !fpr_trace_get_summary(trace, &summary) && summary.format == FPR_TRACE_NATIVE;
    const char *name;
    for (size_t i = 0; native && (name = fpr_recording_part(i)); i++) {
        const void *data;
        size_t size;
        if (!fpr_trace_attachment(trace, name, &data, &size)) {
            put_file(stage, name, data, size);
        }
    }
    fpr_trace_close(trace);
    if (native) {
        link_in(stage, path, "trace.fprt");
    }
    return native;
}

/* The file without one of its lines. */
static void drop_line(char *stage, const char *name, uint64_t line)
{
    char *path = in_folder(stage, name), *text = NULL, *all = NULL;
    size_t room = 0, size = 0;
    FILE *from = fopen(path, "re"), *to = open_memstream(&all, &size);
    ssize_t n;
    for (uint64_t i = 1; from && to && (n = getline(&text, &room, from)) >= 0; i++) {
        if (i != line) {
            fwrite(text, 1, (size_t)n, to);
        }
    }
    if (!from || !to || fclose(to)) {
        give_up(stage, path, strerror(errno));
    }
    fclose(from);
    put_file(stage, name, all, size);
    free(all);
    free(text);
    free(path);
}

static bool is_packed(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (!strcmp(dot, ".gz") || !strcmp(dot, ".zst"));
}

/* Leaves out what the error is about. Returns whether that may have helped. */
static bool leave_out(char *stage, const char *path, const struct fpr_trace_error *error,
                      unsigned *lines)
{
    size_t length = strlen(stage);
    const char *name = error->file + length + 1;
    if (strncmp(error->file, stage, length) != 0 || error->file[length] != '/' ||
        !strncmp(name, "trace", 5)) {
        return false;
    }
    bool one_line = error->line && !is_packed(name) && (*lines)++ < MOST_LINES;
    if (one_line) {
        bench_complain("%s/%s:%llu: %s: this line is left out", path, name,
                       (unsigned long long)error->line, error->reason);
        drop_line(stage, name, error->line);
        return true;
    }
    char *gone = in_folder(stage, name);
    bench_complain("%s/%s: %s: this file is left out", path, name, error->reason);
    bool removed = !unlink(gone);
    free(gone);
    return removed;
}

/* Leaves out a file, packed or not. Returns whether there was one. */
static bool drop_file(const char *stage, const char *name)
{
    static const char *const suffixes[] = {"", ".gz", ".zst"};
    bool dropped = false;
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        char *gone;
        if (asprintf(&gone, "%s/%s%s", stage, name, suffixes[i]) < 0) {
            bench_die(BENCH_FAILED, "out of memory");
        }
        dropped |= !unlink(gone);
        free(gone);
    }
    return dropped;
}

/* A state that cannot be read is worth nothing. */
static void check_state(const char *stage, const char *path, const char *name, const char *text,
                        size_t size)
{
    struct fpr_machine *machine = NULL;
    struct fpr_text_error error = {0};
    int err = text ? fpr_machine_load(text, size, NULL, NULL, &machine, NULL, &error) : 0;
    fpr_machine_destroy(machine);
    if (err && drop_file(stage, name)) {
        bench_complain("%s/%s:%u: %s: this file is left out", path, name, error.line, error.reason);
    }
}

char *import_stage(const char *path)
{
    const char *folder = getenv("TMPDIR");
    char *stage = in_folder(folder && *folder ? folder : "/tmp", "fpr-salvage-XXXXXX");
    struct stat st;
    if (!mkdtemp(stage)) {
        bench_die(BENCH_FAILED, "%s: %s", stage, strerror(errno));
    }
    if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
        link_all(stage, path);
    } else if (!unpack(stage, path)) {
        import_stage_remove(stage);
        return NULL;
    }
    struct fpr_recording *rec = NULL;
    struct fpr_trace_error error = {0};
    unsigned lines = 0;
    int err;
    while ((err = fpr_recording_open(stage, &rec, &error)) &&
           leave_out(stage, path, &error, &lines)) {
    }
    if (err) {
        import_stage_remove(stage);
        snprintf(error.file, sizeof(error.file), "%.255s", path);
        bench_die_salvage(err, &error);
    }
    check_state(stage, path, "state.before", rec->state_before, rec->state_before_size);
    check_state(stage, path, "state.after", rec->state_after, rec->state_after_size);
    fpr_recording_close(rec);
    return stage;
}

void import_stage_drop_end(const char *stage)
{
    drop_file(stage, "state.after");
    drop_file(stage, "kpageflags.after");
}

int import_find_cut(const struct fpr_recording *rec, struct import_cut *cut,
                    struct fpr_trace_error *told)
{
    const struct fpr_trace_options options = {.vmemmap = rec->vmemmap};
    struct fpr_trace *trace = NULL;
    struct fpr_trace_record record = {.time = 0};
    struct fpr_trace_error error = {0};
    fpr_ns last = 0; /* a record that is cut leaves its time behind, or none */
    char *real = realpath(rec->trace_path, NULL);
    int got = fpr_trace_open(rec->trace_path, &options, &trace, &error);
    *cut = (struct import_cut){.records = 0};
    while (!got && (got = fpr_trace_next(trace, &record, &error)) > 0) {
        cut->records++;
        last = record.time;
        got = 0;
    }
    fpr_trace_close(trace);
    if (real) {
        snprintf(error.file, sizeof(error.file), "%.255s", real);
    }
    free(real);
    if (got < 0 && !cut->records) {
        *told = error;
        return got;
    }
    cut->cut = got < 0;
    if (cut->cut) {
        char line[32] = "";
        if (error.line) {
            snprintf(line, sizeof(line), ":%llu", (unsigned long long)error.line);
        }
        bench_complain("%s%s: %s: the trace ends here, after %llu records, at %.3f s; state.after "
                       "is left out",
                       error.file, line, error.reason, (unsigned long long)cut->records,
                       (double)last / 1e9);
    }
    return 0;
}
