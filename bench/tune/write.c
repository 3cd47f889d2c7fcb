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

void tune_write(const struct tune_sweep *sweep, const struct tune_files *files)
{
    struct bench_out out;
    if (files->csv) {
        bench_out_open(&out, files->csv);
        tune_csv(sweep, out.file);
        bench_out_commit(&out);
    }
    if (files->json) {
        struct json_object *json = tune_json(sweep);
        bench_out_open(&out, files->json);
        bench_json_write(json, out.file);
        bench_out_commit(&out);
        json_object_put(json);
    }
    if (files->html) {
        bench_out_open(&out, files->html);
        tune_html(sweep, out.file);
        bench_out_commit(&out);
    }
    if (!bench_out_is_stdout(files->csv) && !bench_out_is_stdout(files->json) &&
        !bench_out_is_stdout(files->html)) {
        tune_table(sweep, stdout);
    }
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
    } else {
        bench_die(BENCH_USAGE, "%s:1: neither CSV nor JSON of fpr-bench tune", path);
    }
    free(text);
}
