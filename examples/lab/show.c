/* What `show` shows: on the screen, or into a file. */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int to_file(void *ctx, const char *text, size_t len)
{
    return fwrite(text, 1, len, ctx) == len ? 0 : -EIO;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct lab_name *)a)->text, ((const struct lab_name *)b)->text);
}

static void names(struct lab *lab, FILE *f)
{
    qsort(lab->w.names, lab->w.nr_names, sizeof(lab->w.names[0]), by_name);
    for (size_t k = 0; k < lab->w.nr_names; k++) {
        const struct lab_name *n = &lab->w.names[k];
        fprintf(f, "%s = frame %s, order %u\n", n->text, lab_hex(n->pfn).text, n->order);
    }
    if (lab->w.nr_names == 0) {
        fprintf(f, "no block has a name\n");
    }
}

/* Visits every counter that there is. */
void lab_each_counter(const struct lab *lab,
                      void (*visit)(void *ctx, const char *name, const char *text, uint64_t n),
                      void *ctx)
{
    struct fpr_zone_stats z;
    struct fpr_report_stats r;
    struct fpr_host_stats h;
    struct fpr_guest_stats g;
#define FPR_X(name, text) visit(ctx, #name, text, LAB_FROM.name);
#define LAB_FROM          z
    if (fpr_zone_get_stats(lab->w.zone, &z) == 0) {
        FPR_ZONE_STATS(FPR_X)
    }
#undef LAB_FROM
#define LAB_FROM r
    if (lab->w.reporter && fpr_reporter_get_stats(lab->w.reporter, &r) == 0) {
        FPR_REPORT_STATS(FPR_X)
    }
#undef LAB_FROM
#define LAB_FROM h
    if (lab->w.host && fpr_host_get_stats(lab->w.host, &h) == 0) {
        FPR_HOST_STATS(FPR_X)
    }
#undef LAB_FROM
#define LAB_FROM g
    if (lab->w.guest && fpr_guest_get_stats(lab->w.guest, &g) == 0) {
        FPR_GUEST_STATS(FPR_X)
    }
#undef LAB_FROM
#undef FPR_X
}

struct moved {
    FILE *f;
    bool any;
};

/* Only counters that have moved, so that what matters is seen. */
static void print_moved(void *ctx, const char *name, const char *text, uint64_t n)
{
    if (n) {
        struct moved *m = ctx;
        fprintf(m->f, "%8" PRIu64 "  %s: %s\n", n, name, text);
        m->any = true;
    }
}

static void stats(struct lab *lab, FILE *f)
{
    struct moved m = {.f = f};
    lab_each_counter(lab, print_moved, &m);
    if (!m.any) {
        fprintf(f, "nothing has been counted yet\n");
    }
}

#define MAX_COUNTERS 96
struct wanted {
    struct lab *lab;
    const char *name;
    bool found;
    const char *names[MAX_COUNTERS + 1];
    size_t nr;
};

static void print_wanted(void *ctx, const char *name, const char *text, uint64_t n)
{
    struct wanted *w = ctx;
    if (!strcmp(name, w->name) && !w->found) {
        lab_say(w->lab, "%s %" PRIu64 " (%s)", name, n, text);
        w->found = true;
    }
    if (w->nr < MAX_COUNTERS) {
        w->names[w->nr++] = name;
        w->names[w->nr] = NULL;
    }
}

enum lab_result lab_cmd_count(struct lab *lab, const struct lab_words *words)
{
    char list[2200];
    for (unsigned k = 1; k < words->n || k == 1; k++) {
        struct wanted w = {.lab = lab, .name = k < words->n ? words->word[k] : ""};
        lab_each_counter(lab, print_wanted, &w);
        const char *near = w.found ? NULL : lab_nearest(w.name, w.names);
        if (near) {
            return lab_fail(lab, LAB_BAD, "no counter '%s'; did you mean '%s'?", w.name, near);
        }
        lab_join(list, sizeof(list), w.names);
        if (words->n < 2) {
            return lab_fail(lab, LAB_BAD, "count needs the name of a counter, of %s", list);
        }
        if (!w.found) {
            return lab_fail(lab, LAB_BAD, "no counter '%s' among %s", w.name, list);
        }
    }
    return LAB_OK;
}

static void zone_facts(struct lab *lab, FILE *f)
{
    struct fpr_zone_counters c;
    struct fpr_pcp_counters p;
    fpr_zone_get_counters(lab->w.zone, &c);
    fprintf(f,
            "free %" PRIu64 " of %" PRIu64 " pages; watermarks min %" PRIu64 ", low %" PRIu64
            ", high %" PRIu64 ", boost %" PRIu64 "\n",
            c.free, lab->w.info.managed, c.watermark[0], c.watermark[1], c.watermark[2], c.boost);
    for (unsigned cpu = 0; cpu < lab->w.info.cpus; cpu++) {
        fpr_zone_get_pcp(lab->w.zone, cpu, &p);
        fprintf(f, "cpu %u: %u page%s on per-cpu lists, high %u, batch %u\n", cpu, p.count,
                p.count == 1 ? "" : "s", p.high, p.batch);
    }
    fprintf(f, "time %.3f s\n", (double)fpr_clock_now(lab->w.clock) / 1e9);
    if (lab->w.reporter) {
        static const char *const states[] = {"idle", "requested", "active"};
        fprintf(f, "reporting: %s\n", states[fpr_reporter_state(lab->w.reporter)]);
    }
}

static const char *const views[] = {"lists",    "tree",  "map",      "buddyinfo", "pagetypeinfo",
                                    "unusable", "stats", "names",    "zone",      "json",
                                    "extfrag",  "zones", "mappings", "svg",       NULL};

static int write_view(struct lab *lab, int view, FILE *f, bool color)
{
    const struct fpr_draw_options o = {.color = color, .width = lab->width};
    const struct fpr_machine *m = lab->w.machine;
    const struct fpr_zone *z = lab->w.zone;
    switch (view) {
    case 0:
        return fpr_draw_free_lists(z, &o, to_file, f);
    case 1:
        return fpr_draw_tree(z, &o, to_file, f);
    case 2:
        return fpr_draw_map(z, &o, to_file, f);
    case 3:
        return fpr_view_buddyinfo(m, to_file, f);
    case 4:
        return fpr_view_pagetypeinfo(m, to_file, f);
    case 5:
        return fpr_view_unusable_index(m, to_file, f);
    case 6:
        stats(lab, f);
        return 0;
    case 7:
        names(lab, f);
        return 0;
    case 8:
        zone_facts(lab, f);
        return 0;
    case 9:
        return fpr_view_json(m, to_file, f);
    case 10:
        return fpr_view_extfrag_index(m, to_file, f);
    case 11:
        lab_zones(lab, f);
        return 0;
    case 12:
        lab_mappings(lab, f);
        return 0;
    default:
        return fpr_draw_svg(z, &o, to_file, f);
    }
}

/* A new file beside `path`, with the mode of the one that it shall replace. Returns its descriptor,
 * or below 0 with errno. */
static int open_beside(const char *path, const struct stat *old, char *temp, size_t size)
{
    int fd = -1;
    for (unsigned k = 0; fd < 0 && k < 100; k++) {
        if ((size_t)snprintf(temp, size, "%s.tmp%ld.%u", path, (long)getpid(), k) >= size) {
            errno = ENAMETOOLONG;
            return -1;
        }
        fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST) {
            return -1;
        }
    }
    if (fd >= 0 && old && fchmod(fd, old->st_mode & 0777)) {
        int err = errno;
        close(fd);
        unlink(temp);
        errno = err;
        return -1;
    }
    return fd;
}

/* Beside its place first, then renamed. */
static enum lab_result show_in_file(struct lab *lab, int view, const char *path)
{
    char temp[512];
    struct stat st;
    bool old = !stat(path, &st);
    if (old && !S_ISREG(st.st_mode)) { /* a file must not take a device's place */
        return lab_fail(lab, LAB_REFUSED, "%s: not a regular file", path);
    }
    int fd = open_beside(path, old ? &st : NULL, temp, sizeof(temp));
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    int err = f ? write_view(lab, view, f, false) : -errno;
    if (f && (fclose(f) || (!err && rename(temp, path)))) {
        err = err ? err : -errno;
    }
    if (err) {
        if (fd >= 0) {
            unlink(temp);
        }
        return lab_fail(lab, LAB_REFUSED, "%s: %s", path, strerror(-err));
    }
    lab_say(lab, "written: %s", path);
    return LAB_OK;
}

enum lab_result lab_show(struct lab *lab, const char *what, const char *file)
{
    int view = 0;
    while (views[view] && strcmp(views[view], what)) {
        view++;
    }
    if (!views[view]) {
        char list[160];
        lab_join(list, sizeof(list), views);
        const char *near = lab_nearest(what, views);
        return near ? lab_fail(lab, LAB_BAD, "nothing called '%s' to show; did you mean '%s'?",
                               what, near)
                    : lab_fail(lab, LAB_BAD, "nothing called '%s' to show, but %s", what, list);
    }
    if (!lab->w.zone) {
        return lab_fail(lab, LAB_REFUSED, "nothing is there yet: begin with zone, guest or import");
    }
    if (!strcmp(what, "svg") && !file) {
        return lab_fail(lab, LAB_BAD, "a picture needs a file: show svg FILE");
    }
    if (lab->quiet) {
        return LAB_OK;
    }
    if (file) {
        return show_in_file(lab, view, file);
    }
    write_view(lab, view, lab->out, lab->color);
    return LAB_OK;
}

enum lab_result lab_cmd_show(struct lab *lab, const struct lab_words *words)
{
    if (words->n > 3) {
        return lab_fail(lab, LAB_BAD, "show VIEW [FILE]");
    }
    return lab_show(lab, words->n > 1 ? words->word[1] : "lists",
                    words->n > 2 ? words->word[2] : NULL);
}

enum lab_result lab_cmd_auto(struct lab *lab, const struct lab_words *words)
{
    static const char *const kinds[] = {"lists", "tree", "map", "zone", "off", NULL};
    if (words->n != 2) {
        return lab_fail(lab, LAB_BAD, "auto lists, tree, map, zone or off");
    }
    for (int k = 0; kinds[k]; k++) {
        if (!strcmp(kinds[k], words->word[1])) {
            snprintf(lab->auto_draw, sizeof(lab->auto_draw), "%s",
                     strcmp(kinds[k], "off") ? kinds[k] : "");
            return LAB_OK;
        }
    }
    const char *near = lab_nearest(words->word[1], kinds);
    return lab_fail(lab, LAB_BAD, "auto: '%s' is none of lists, tree, map, zone, off%s%s%s",
                    words->word[1], near ? "; did you mean '" : "", near ? near : "",
                    near ? "'?" : "");
}
