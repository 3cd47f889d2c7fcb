#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "out.h"
#include "tune.h"

void tune_files_check(const struct tune_files *files, char *const *inputs, size_t nr_inputs)
{
    const struct bench_out_file all[] = {
        {"--csv", files->csv}, {"--json", files->json}, {"--html", files->html}};
    bench_out_check_all(all, sizeof(all) / sizeof(all[0]));
    for (size_t i = 0; i < nr_inputs; i++) {
        bench_out_check_input(all, sizeof(all) / sizeof(all[0]), inputs[i]);
    }
}

static void put_csv(FILE *to, const void *sweep)
{
    tune_csv(sweep, to);
}

static void put_json(FILE *to, const void *sweep)
{
    struct json_object *json = tune_json(sweep);
    bench_json_write(json, to);
    json_object_put(json);
}

static void put_html(FILE *to, const void *sweep)
{
    tune_html(sweep, to);
}

int tune_write(const struct tune_sweep *sweep, const struct tune_files *files)
{
    int status = bench_out_write(files->csv, put_csv, sweep);
    status |= bench_out_write(files->json, put_json, sweep);
    status |= bench_out_write(files->html, put_html, sweep);
    if (!bench_out_is_stdout(files->csv) && !bench_out_is_stdout(files->json) &&
        !bench_out_is_stdout(files->html)) {
        tune_table(sweep, stdout);
    }
    return status;
}

/* The whole file, NUL-terminated. */
static char *slurp(const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        bench_die(BENCH_USAGE, "%s: %s", path, strerror(errno));
    }
    size_t size = 0, room = 65536;
    char *text = tune_alloc(room, 1);
    for (;;) {
        size_t got = fread(text + size, 1, room - size - 1, file);
        size += got;
        if (!got) {
            break;
        }
        if (size + 1 == room) {
            char *more = realloc(text, room *= 2);
            if (!more) {
                bench_die(BENCH_FAILED, "out of memory");
            }
            text = more;
        }
    }
    if (ferror(file)) {
        bench_die(BENCH_USAGE, "%s: %s", path, strerror(errno));
    }
    fclose(file);
    text[size] = '\0';
    if (strlen(text) != size) {
        bench_die(BENCH_USAGE, "%s: holds a NUL byte: not a result of fpr-bench tune", path);
    }
    return text;
}

void tune_read(const char *path, struct tune_sweep *sweep, bool *csv)
{
    char *text = slurp(path);
    tune_sweep_init(sweep);
    *csv = text[0] == '#';
    if (*csv) {
        tune_read_csv(path, text, sweep);
    } else if (text[0] == '{') {
        tune_read_json(path, text, sweep);
    } else if (!text[0]) {
        bench_die(BENCH_USAGE, "%s: the file is empty", path);
    } else {
        bench_die(BENCH_USAGE, "%s:1: neither CSV nor JSON of fpr-bench tune", path);
    }
    free(text);
}
