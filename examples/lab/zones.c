/* Machines of several zones: those of a real machine or a saved one, and choosing among them. */
#include "lab.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <fpr/import.h>

bool lab_select(struct lab *lab, size_t zone)
{
    struct lab_world *w = &lab->w;
    if (zone >= fpr_machine_nr_zones(w->machine)) {
        return false;
    }
    w->zone_at = zone;
    w->zone = fpr_machine_zone(w->machine, zone);
    fpr_zone_get_info(w->zone, &w->info);
    return true;
}

void lab_adopt(struct lab *lab)
{
    struct lab_world *w = &lab->w;
    struct fpr_zone_info info;
    uint64_t most = 0;
    fpr_pfn end = 0;
    size_t largest = 0;
    w->base = UINT64_MAX;
    w->nr_zones = fpr_machine_nr_zones(w->machine);
    for (size_t z = 0; z < w->nr_zones; z++) {
        fpr_zone_get_info(fpr_machine_zone(w->machine, z), &info);
        w->base = info.start < w->base ? info.start : w->base;
        end = info.start + info.spanned > end ? info.start + info.spanned : end;
        largest = info.managed > most ? z : largest;
        most = info.managed > most ? info.managed : most;
    }
    w->frames = end - w->base;
    lab_select(lab, largest);
}

void lab_zones(struct lab *lab, FILE *f)
{
    for (size_t z = 0; z < lab->w.nr_zones; z++) {
        const struct fpr_zone *zone = fpr_machine_zone(lab->w.machine, z);
        struct fpr_zone_info info;
        struct fpr_zone_counters c;
        fpr_zone_get_info(zone, &info);
        fpr_zone_get_counters(zone, &c);
        fprintf(f, "%c node %d, zone %-8s %8" PRIu64 " frame%s from %-10s free %8" PRIu64 "\n",
                z == lab->w.zone_at ? '*' : ' ', info.node, info.name, info.present,
                info.present == 1 ? " " : "s", lab_hex(info.start).text, c.free);
    }
}

/* select ZONE [node N] */
enum lab_result lab_cmd_select(struct lab *lab, const struct lab_words *words)
{
    const char *names[65] = {NULL};
    char lower[64][16];
    uint64_t node = 0;
    bool given = words->n > 2;
    struct lab_option options[] = {{"node", LAB_NUMBER, &node, 0, 1023, NULL, false}, {0}};
    if (words->n < 2) {
        return lab_fail(lab, LAB_BAD, "select ZONE [node N]; show zones lists them");
    }
    enum lab_result r = lab_options(lab, words, 2, options);
    if (r) {
        return r;
    }
    for (size_t z = 0; z < lab->w.nr_zones && z < 64; z++) {
        struct fpr_zone_info info;
        fpr_zone_get_info(fpr_machine_zone(lab->w.machine, z), &info);
        names[z] = lower[z];
        for (size_t k = 0; k < sizeof(lower[z]); k++) {
            lower[z][k] = k + 1 < sizeof(lower[z]) ? (char)tolower((unsigned char)info.name[k]) : 0;
            if (!lower[z][k]) {
                break;
            }
        }
        if (!strcasecmp(info.name, words->word[1]) && (!given || (uint64_t)info.node == node)) {
            lab_select(lab, z);
            lab_say(lab, "zone %s of node %d: %" PRIu64 " frame%s from %s", lab->w.info.name,
                    lab->w.info.node, lab->w.info.present, lab->w.info.present == 1 ? "" : "s",
                    lab_hex(lab->w.info.start).text);
            return LAB_OK;
        }
    }
    for (size_t z = 0; given && z < lab->w.nr_zones && z < 64; z++) {
        if (!strcasecmp(names[z], words->word[1])) {
            return lab_fail(lab, LAB_REFUSED,
                            "no zone '%s' on node %" PRIu64 "; show zones lists "
                            "them",
                            words->word[1], node);
        }
    }
    const char *near = lab_nearest(words->word[1], names);
    return near ? lab_fail(lab, LAB_REFUSED, "no zone '%s'; did you mean '%s'?", words->word[1],
                           near)
                : lab_fail(lab, LAB_REFUSED, "no zone '%s'; show zones lists them", words->word[1]);
}

/* What was imported at which step: a real machine has changed by the time of stepping back. */
struct lab_import {
    struct lab_import *next;
    size_t step;
    struct fpr_machine *machine;
};

void lab_imports_forget(struct lab *lab, size_t from)
{
    struct lab_import **at = &lab->imports;
    while (*at) {
        struct lab_import *import = *at;
        if (import->step >= from) {
            *at = import->next;
            fpr_machine_destroy(import->machine);
            free(import);
        } else {
            at = &import->next;
        }
    }
}

static const struct lab_import *imported(const struct lab *lab)
{
    const struct lab_import *import = lab->imports;
    while (import && import->step != lab->done) {
        import = import->next;
    }
    return import;
}

static int keep(struct lab *lab, const struct fpr_machine *machine)
{
    struct lab_import *import = malloc(sizeof(*import));
    int err = import ? fpr_machine_clone(machine, &import->machine) : -ENOMEM;
    if (err) {
        free(import);
        return err;
    }
    lab_imports_forget(lab, lab->done);
    import->step = lab->done;
    import->next = lab->imports;
    lab->imports = import;
    return 0;
}

static enum lab_result from_folder(struct lab *lab, const char *path, const char *suffix,
                                   struct fpr_machine **machine, char *what, size_t room)
{
    struct fpr_import_options options = {.suffix = suffix};
    struct fpr_import_result result;
    struct fpr_trace_error error;
    int err = fpr_machine_import(path, &options, machine, &result, &error);
    if (err) {
        return lab_fail(lab, LAB_REFUSED, "import: %s: %s", error.file[0] ? error.file : path,
                        error.reason[0] ? error.reason : strerror(-err));
    }
    snprintf(what, room, "%s",
             result.frames_known && result.types_known
                 ? "the free blocks and their types are the machine's, the order of lists is not "
                   "known"
             : result.frames_known
                 ? "the free blocks are the machine's, their types and the order of lists are not "
                   "known"
             : result.types_known ? "numbers of blocks by order and type are the machine's, their "
                                    "addresses are made up"
                                  : "numbers of blocks by order are the machine's, addresses and "
                                    "types are made up");
    return LAB_OK;
}

static enum lab_result from_file(struct lab *lab, const char *path, struct fpr_machine **machine)
{
    char *text = NULL;
    size_t len = 0;
    struct stat st;
    struct fpr_text_error error = {0};
    if (!stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode)) { /* some never end */
        return lab_fail(lab, LAB_REFUSED, "import: %s: neither a folder nor a file with a state",
                        path);
    }
    FILE *f = fopen(path, "r");
    ssize_t got = f ? getdelim(&text, &len, EOF, f) : -1;
    int err = got >= 0 ? 0 : f && feof(f) ? -EINVAL : -errno;
    if (err == -EINVAL) {
        snprintf(error.reason, sizeof(error.reason), "the file is empty");
    }
    if (f) {
        fclose(f);
    }
    if (!err) {
        err = fpr_machine_load(text, (size_t)got, NULL, NULL, machine, NULL, &error);
    }
    free(text);
    if (err && error.line) {
        return lab_fail(lab, LAB_REFUSED, "import: %s:%u: %s", path, error.line, error.reason);
    }
    return err ? lab_fail(lab, LAB_REFUSED, "import: %s: %s", path,
                          error.reason[0] ? error.reason : strerror(-err))
               : LAB_OK;
}

static enum lab_result read_machine(struct lab *lab, const struct lab_words *words,
                                    struct fpr_machine **machine, char *what, size_t room)
{
    const struct lab_import *again = lab->again ? imported(lab) : NULL;
    struct stat st;
    if (again) {
        return fpr_machine_clone(again->machine, machine)
                   ? lab_fail(lab, LAB_REFUSED, "out of memory")
                   : LAB_OK;
    }
    const char *path = words->word[1];
    if (stat(path, &st)) {
        return lab_fail(lab, LAB_REFUSED, "import: %s: %s", path, strerror(errno));
    }
    enum lab_result r =
        S_ISDIR(st.st_mode)
            ? from_folder(lab, path, words->n > 3 ? words->word[3] : NULL, machine, what, room)
            : from_file(lab, path, machine);
    if (!r && keep(lab, *machine)) {
        fpr_machine_destroy(*machine);
        r = lab_fail(lab, LAB_REFUSED, "out of memory");
    }
    return r;
}

/* import PATH [suffix .before] */
enum lab_result lab_cmd_import(struct lab *lab, const struct lab_words *words)
{
    struct fpr_machine *machine = NULL;
    struct fpr_clock *clock = NULL;
    char what[160] = "lists, flags and counters are those that were saved";
    bool fine = words->n == 2 || (words->n == 4 && !strcmp(words->word[2], "suffix"));
    if (!fine) {
        return lab_fail(lab, LAB_BAD, "import FOLDER [suffix .before], import FILE");
    }
    enum lab_result r = read_machine(lab, words, &machine, what, sizeof(what));
    if (r) {
        return r;
    }
    if (fpr_clock_create(0, &clock)) {
        fpr_machine_destroy(machine);
        return lab_fail(lab, LAB_REFUSED, "out of memory");
    }
    lab_world_destroy(&lab->w);
    lab->w.clock = clock;
    lab->w.machine = machine;
    lab_adopt(lab);
    uint64_t frames = 0;
    for (size_t z = 0; z < lab->w.nr_zones; z++) {
        struct fpr_zone_info info;
        fpr_zone_get_info(fpr_machine_zone(machine, z), &info);
        frames += info.present;
    }
    lab_say(lab, "%zu zone%s, %" PRIu64 " frames; %s", lab->w.nr_zones,
            lab->w.nr_zones == 1 ? "" : "s", frames, what);
    if (!lab->quiet) {
        lab_zones(lab, lab->out);
    }
    return LAB_OK;
}
