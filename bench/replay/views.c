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

void bench_views_check(const char *path)
{
    struct stat st;
    char *inside = NULL;
    bool there = path && !stat(path, &st);
    if (!there) {
        bench_out_check("--views", path);
    } else if (!S_ISDIR(st.st_mode)) {
        bench_die(BENCH_USAGE, "--views: %s: is no folder", path);
    } else if (asprintf(&inside, "%s/machine.state", path) < 0) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    bench_out_check("--views", inside);
    free(inside);
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

static int write_in(const char *folder, const char *name, void (*write)(FILE *, const void *),
                    const void *what)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, name) < 0) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    int status = bench_out_write(path, write, what);
    free(path);
    return status;
}

struct moment {
    const struct fpr_machine *machine;
    fpr_ns now;
};

static void put_state(FILE *to, const void *moment)
{
    const struct moment *m = moment;
    const struct fpr_state_header header = {
        .time_ns = m->now, .reporting_order = -1, .reporting_state = -1, .reporting_due_ms = -1};
    fpr_machine_save(m->machine, &header, put, to);
}

static void put_zone(FILE *to, const void *zone)
{
    fpr_draw_svg(zone, NULL, put, to);
}

static int draw_zones(const struct fpr_machine *machine, const char *folder)
{
    int status = BENCH_OK;
    for (size_t z = 0; z < fpr_machine_nr_zones(machine); z++) {
        struct fpr_zone_info info;
        char name[64];
        const struct fpr_zone *zone = fpr_machine_zone(machine, z);
        fpr_zone_get_info(zone, &info);
        snprintf(name, sizeof(name), "node%d-%s.svg", info.node, info.name);
        status |= write_in(folder, name, put_zone, zone);
    }
    return status;
}

struct view {
    const char *name;
    int (*view)(const struct fpr_machine *machine, fpr_write_fn write, void *ctx);
    const struct fpr_machine *machine;
};

static void put_view(FILE *to, const void *view)
{
    const struct view *v = view;
    v->view(v->machine, put, to);
}

int bench_views_write(const struct fpr_machine *machine, const char *folder, fpr_ns now)
{
    const struct view views[] = {
        {"buddyinfo", fpr_view_buddyinfo, machine},
        {"pagetypeinfo", fpr_view_pagetypeinfo, machine},
        {"unusable_index", fpr_view_unusable_index, machine},
        {"extfrag_index", fpr_view_extfrag_index, machine},
        {"machine.json", fpr_view_json, machine},
    };
    const struct moment moment = {machine, now};
    int status = BENCH_OK;
    for (size_t k = 0; k < sizeof(views) / sizeof(views[0]); k++) {
        status |= write_in(folder, views[k].name, put_view, &views[k]);
    }
    status |= write_in(folder, "machine.state", put_state, &moment);
    return status | draw_zones(machine, folder);
}
