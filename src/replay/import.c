/* A machine from the files of a real one. */
#include "replay/import.h"

#include "base/mem.h"
#include "replay/proc_zone.h"
#include "trace/error.h"
#include "trace/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct import {
    const struct fpr_import_options *o;
    struct fpr_source source;
    struct fpr_trace_error *error;
    char path[600]; /* of the file read last */
    char zoneinfo_path[600];
    struct zoneinfo zones[MAX_ZONEINFO];
    size_t nr_zones;
    char *flags; /* kpageflags */
    struct page_flags page_flags;
    struct told_file told;
    struct holes holes[MAX_ZONEINFO];
    bool types;
    struct fpr_import_result result;
};

/* Returns 1 and the file, 0 if there is none, -errno. */
static int get(struct import *im, const char *name, char **data, size_t *size)
{
    char full[80];
    snprintf(full, sizeof(full), "%s%s", name, im->o->suffix ? im->o->suffix : "");
    int rc = fpr_source_get(&im->source, full, im->path, sizeof(im->path), data, size, im->error);
    return rc == -ENOENT ? 0 : rc < 0 ? rc : 1;
}

static int read_zoneinfo(struct import *im)
{
    char *text;
    size_t size;
    int rc = get(im, "zoneinfo", &text, &size);
    if (rc == 0)
        return fpr_trace_error_set(im->error, -ENOENT, im->source.path, 0, NULL,
                                   "holds no zoneinfo%s", im->o->suffix ? im->o->suffix : "");
    if (rc < 0)
        return rc;
    snprintf(im->zoneinfo_path, sizeof(im->zoneinfo_path), "%s", im->path);
    int nr = fpr_zoneinfo_parse(text, im->zones, MAX_ZONEINFO);
    free(text);
    if (nr < 0)
        return nr;
    im->nr_zones = (size_t)nr;
    return im->nr_zones ? 0
                        : fpr_trace_error_set(im->error, -EINVAL, im->path, 0, NULL,
                                              "tells of no zone with pages");
}

/* A running machine's files are there but may be for root only: then the others must do. */
static bool forbidden(struct import *im, int rc)
{
    if (rc != -EACCES && rc != -EPERM)
        return false;
    if (im->error)
        *im->error = (struct fpr_trace_error){.line = 0};
    return true;
}

static int read_flags(struct import *im)
{
    size_t size;
    int rc = get(im, "kpageflags", &im->flags, &size);
    if (rc <= 0)
        return forbidden(im, rc) ? 0 : rc;
    if (size == 0 || size % sizeof(uint64_t))
        return fpr_trace_error_set(im->error, -EINVAL, im->path, 0, NULL,
                                   "%zu bytes are no whole number of 8-byte words", size);
    im->page_flags =
        (struct page_flags){(const uint64_t *)(const void *)im->flags, size / sizeof(uint64_t)};
    im->result.frames_known = true;
    return 0;
}

static int read_counts(struct import *im)
{
    char *text;
    size_t size;
    int rc = get(im, "pagetypeinfo", &text, &size);
    im->types = rc > 0;
    if (rc == 0 || forbidden(im, rc))
        rc = get(im, "buddyinfo", &text, &size);
    if (rc <= 0)
        return forbidden(im, rc) ? 0 : rc;
    snprintf(im->told.path, sizeof(im->told.path), "%s", im->path);
    rc = im->types ? fpr_import_parse_types(text, &im->told, im->error)
                   : fpr_import_parse_buddyinfo(text, &im->told, im->error);
    free(text);
    return rc;
}

static const struct told *told_of(const struct import *im, const struct zoneinfo *z)
{
    for (size_t i = 0; i < im->told.nr; i++)
        if (im->told.zone[i].node == z->node && !strcmp(im->told.zone[i].name, z->name))
            return &im->told.zone[i];
    return NULL;
}

static unsigned pageblock_order(const struct import *im)
{
    return im->told.pageblock_order ? im->told.pageblock_order : 9;
}

static const struct told *types_of(const struct import *im, const struct zoneinfo *z)
{
    return im->types ? told_of(im, z) : NULL;
}

static int find_holes(struct import *im, size_t i, unsigned max_order)
{
    const struct zoneinfo *z = &im->zones[i];
    const struct told *types = types_of(im, z);
    if (im->result.frames_known)
        return fpr_import_holes_by_flags(&im->holes[i], z, types, pageblock_order(im),
                                         &im->page_flags);
    struct fpr_range present = fpr_import_present(z, types, max_order, pageblock_order(im));
    return fpr_import_holes_by_counts(&im->holes[i], z, &present);
}

static int make_machine(struct import *im, struct fpr_machine **machine)
{
    struct fpr_zone_config configs[MAX_ZONEINFO];
    struct fpr_machine_config config;
    struct fpr_policy policy;
    int err = fpr_profile_policy(FPR_PROFILE_LINUX_6_1, &policy);
    for (size_t i = 0; i < im->nr_zones && !err; i++) {
        const struct zoneinfo *z = &im->zones[i];
        err = fpr_proc_zone_configure(&configs[i], z, im->o->policy ? im->o->policy : &policy,
                                      im->o->cpus ? im->o->cpus : 1);
        configs[i].max_order = im->told.max_order ? im->told.max_order : configs[i].max_order;
        configs[i].pageblock_order = pageblock_order(im);
        if (!err)
            err = find_holes(im, i, configs[i].max_order);
        configs[i].holes = im->holes[i].run;
        configs[i].nr_holes = im->holes[i].nr;
    }
    if (!err)
        err = fpr_machine_config_init(&config);
    if (err)
        return err;
    config.zones = configs;
    config.nr_zones = im->nr_zones;
    config.compute_watermarks = false;
    config.mem = im->o->mem;
    return fpr_machine_create(&config, machine);
}

static const struct zoneinfo *info_of(const struct import *im, const struct fpr_zone *zone)
{
    struct fpr_zone_info info;
    fpr_zone_get_info(zone, &info);
    for (size_t i = 0; i < im->nr_zones; i++)
        if (im->zones[i].start == info.start)
            return &im->zones[i];
    return NULL;
}

static int load_zone(struct import *im, struct fpr_zone *zone)
{
    const struct zoneinfo *z = info_of(im, zone);
    const struct told *told = z ? told_of(im, z) : NULL;
    struct fpr_zone_counters c;
    if (!z)
        return -EINVAL;
    const struct holes *holes = &im->holes[z - im->zones];
    int64_t r = fpr_import_mark_holes(zone, holes);
    if (r < 0)
        return (int)r;
    if (im->result.frames_known) {
        r = fpr_import_by_flags(zone, &im->page_flags, types_of(im, z), holes);
        if (r < 0)
            return (int)r;
        im->result.displaced += (uint64_t)r;
    } else if (!told) {
        return fpr_trace_error_set(im->error, -EINVAL, im->told.path, 0, NULL,
                                   "says nothing of node %d, zone %s", z->node, z->name);
    } else {
        struct fpr_range present =
            fpr_import_present(z, types_of(im, z), im->told.max_order, pageblock_order(im));
        r = fpr_import_place(zone, told, &present);
        if (r == -EINVAL)
            return fpr_trace_error_set(
                im->error, -EINVAL, im->told.path, told->line, NULL,
                "node %d, zone %s: more free blocks than its %llu pages hold", z->node, z->name,
                (unsigned long long)z->present);
        if (r < 0)
            return (int)r;
        im->result.displaced += (uint64_t)r;
    }
    im->result.free_told += told ? fpr_import_told_pages(told) : z->free;
    int err = fpr_proc_zone_load_counters(zone, z);
    if (!err && !fpr_zone_get_counters(zone, &c))
        im->result.free_pages += c.free + (uint64_t)c.free_lag;
    return err;
}

/* A copy of kpageflags that ends too soon says nothing of what is behind: then counts must do. */
static int check_flags(struct import *im)
{
    for (size_t i = 0; im->result.frames_known && i < im->nr_zones; i++) {
        const struct zoneinfo *z = &im->zones[i];
        if (z->start + z->spanned <= im->page_flags.nr)
            continue;
        if (!im->told.nr)
            return fpr_trace_error_set(im->error, -EINVAL, im->source.path, 0, NULL,
                                       "kpageflags ends at frame 0x%zx, before node %d, zone %s "
                                       "does",
                                       im->page_flags.nr, z->node, z->name);
        im->result.frames_known = false;
    }
    return 0;
}

static int build(struct import *im, struct fpr_machine **machine)
{
    struct fpr_machine *m = NULL;
    int err = make_machine(im, &m);
    if (err == -EINVAL)
        return fpr_trace_error_set(im->error, err, im->zoneinfo_path, 0, NULL,
                                   "these zones make no machine");
    for (size_t k = 0; !err && k < im->nr_zones; k++)
        err = load_zone(im, fpr_machine_zone(m, k));
    if (err) {
        fpr_machine_destroy(m);
        if ((err == -EINVAL || err == -EEXIST) && im->error && !im->error->reason[0])
            fpr_trace_error_set(im->error, err, im->source.path, 0, NULL,
                                "kpageflags and zoneinfo do not describe one machine");
        return err == -EEXIST ? -EINVAL : err;
    }
    *machine = m;
    return 0;
}

static bool options_ok(const struct fpr_import_options *o)
{
    struct fpr_policy known;
    return o->cpus <= 1024 && (!o->policy || !fpr_profile_policy(o->policy->base, &known)) &&
           fpr_mem_ok(o->mem);
}

int fpr_machine_import(const char *folder, const struct fpr_import_options *options,
                       struct fpr_machine **machine, struct fpr_import_result *result,
                       struct fpr_trace_error *error)
{
    static const struct fpr_import_options defaults;
    if (!folder || !machine)
        return -EINVAL;
    if (options && !options_ok(options))
        return fpr_trace_error_set(error, -EINVAL, "", 0, NULL,
                                   "bad options: more than 1024 cpus, no such policy or no memory");
    if (error)
        *error = (struct fpr_trace_error){.line = 0};
    struct import *im = calloc(1, sizeof(*im));
    if (!im)
        return fpr_trace_error_set(error, -ENOMEM, folder, 0, NULL, "out of memory");
    im->o = options ? options : &defaults;
    im->source.path = folder;
    im->error = error;
    int err = read_zoneinfo(im);
    if (!err)
        err = read_flags(im);
    if (!err)
        err = read_counts(im);
    if (err >= 0)
        err = check_flags(im);
    if (err >= 0 && !im->result.frames_known && !im->told.nr)
        err = fpr_trace_error_set(error, -ENOENT, folder, 0, NULL,
                                  "holds none of kpageflags, pagetypeinfo and buddyinfo that can "
                                  "be read");
    im->result.types_known = im->types;
    if (err >= 0)
        err = build(im, machine);
    if (!err && result)
        *result = im->result;
    if (err == -ENOMEM)
        fpr_trace_error_set(error, err, folder, 0, NULL, "out of memory");
    for (size_t i = 0; i < MAX_ZONEINFO; i++)
        free(im->holes[i].run);
    free(im->flags);
    free(im);
    return err;
}
