#include "views.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fpr/view.h>

#include "cli.h"
#include "out.h"

static int put(void *ctx, const char *text, size_t len)
{
    return fwrite(text, 1, len, ctx) == len ? 0 : -EIO;
}

bool bench_views_folder(const char *path)
{
    bool made = !mkdir(path, 0777);
    if (!made && errno != EEXIST) {
        bench_die(BENCH_USAGE, "--views: %s: %s", path, strerror(errno));
    }
    struct stat st;
    if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
        bench_die(BENCH_USAGE, "--views: %s: is no folder", path);
    }
    if (access(path, W_OK | X_OK)) {
        bench_die(BENCH_USAGE, "--views: %s: %s", path, strerror(errno));
    }
    return made;
}

static void open_in(struct bench_out *out, const char *folder, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, name) < 0) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    bench_out_open(out, path);
    free(path);
}

static void write_state(const struct fpr_machine *machine, const char *folder, fpr_ns now)
{
    struct bench_out out;
    const struct fpr_state_header header = {
        .time_ns = now, .reporting_order = -1, .reporting_state = -1, .reporting_due_ms = -1};
    open_in(&out, folder, "machine.state");
    fpr_machine_save(machine, &header, put, out.file);
    bench_out_commit(&out);
}

static void draw_zones(const struct fpr_machine *machine, const char *folder)
{
    for (size_t z = 0; z < fpr_machine_nr_zones(machine); z++) {
        struct bench_out out;
        struct fpr_zone_info info;
        char name[64];
        fpr_zone_get_info(fpr_machine_zone(machine, z), &info);
        snprintf(name, sizeof(name), "node%d-%s.svg", info.node, info.name);
        open_in(&out, folder, name);
        fpr_draw_svg(fpr_machine_zone(machine, z), NULL, put, out.file);
        bench_out_commit(&out);
    }
}

void bench_views_write(const struct fpr_machine *machine, const char *folder, fpr_ns now)
{
    static const struct {
        const char *name;
        int (*view)(const struct fpr_machine *machine, fpr_write_fn write, void *ctx);
    } views[] = {
        {"buddyinfo", fpr_view_buddyinfo},
        {"pagetypeinfo", fpr_view_pagetypeinfo},
        {"unusable_index", fpr_view_unusable_index},
        {"extfrag_index", fpr_view_extfrag_index},
        {"machine.json", fpr_view_json},
    };
    for (size_t k = 0; k < sizeof(views) / sizeof(views[0]); k++) {
        struct bench_out out;
        open_in(&out, folder, views[k].name);
        views[k].view(machine, put, out.file);
        bench_out_commit(&out);
    }
    write_state(machine, folder, now);
    draw_zones(machine, folder);
}
