/* The machine that a replay starts from, by how much the recording tells of it. */
#include "replay/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int pick_policy(const struct run *run, struct fpr_policy *policy, enum fpr_profile *used)
{
    *used = FPR_PROFILE_LINUX_6_1;
    if (run->o->profile_set)
        *used = run->o->profile;
    else if (run->p->recording->release[0])
        fpr_profile_from_release(run->p->recording->release, used);
    return fpr_profile_policy(*used, policy);
}

/* Knowledge that stands in the state itself. */
static uint32_t hidden_in_state(const struct run *run)
{
    const uint32_t mask = 1u << FPR_KNOW_BIT_FACTOR | 1u << FPR_KNOW_BIT_PCP |
                          1u << FPR_KNOW_BIT_ORDER | 1u << FPR_KNOW_BIT_PBTYPE |
                          1u << FPR_KNOW_BIT_DRIFT | 1u << FPR_KNOW_BIT_LRU;
    return run->without & mask;
}

static int from_state(struct run *run, const struct fpr_policy *policy)
{
    const struct fpr_recording *rec = run->p->recording;
    char *edited = NULL;
    const char *text = rec->state_before;
    size_t len = rec->state_before_size;
    if (hidden_in_state(run)) {
        edited = fpr_hide_state(text, len, run->without, &len);
        if (!edited)
            return -ENOMEM;
        text = edited;
    }
    struct fpr_text_error bad = {0};
    int err = fpr_machine_load(text, len, policy, NULL, &run->machine, &run->header, &bad);
    if (err == -EINVAL) {
        snprintf(run->error->file, sizeof(run->error->file), "%.240s/state.before", rec->path);
        run->error->line = bad.line;
        snprintf(run->error->reason, sizeof(run->error->reason), "%.150s", bad.reason);
    }
    snprintf(run->r->start, sizeof(run->r->start), "%s",
             !run->p->marked        ? "state.before, but the trace has no mark of when that was "
                                      "(FS_DUMP_END before): taken for the state at its first event, few "
                                      "frames match if it is not"
             : hidden_in_state(run) ? "state.before, part of it hidden"
                                    : "state.before: nothing is missing");
    free(edited);
    return err;
}

/* No state at all: one zone that holds every frame seen, all of it free. */
static int from_nothing(struct run *run, const struct fpr_policy *policy)
{
    struct fpr_machine_config config;
    struct fpr_zone_config zone;
    int err = fpr_zone_config_init(&zone, policy->base);
    if (!err)
        err = fpr_machine_config_init(&config);
    if (err)
        return err;
    fpr_pfn block = 1ull << zone.max_order;
    zone.policy = *policy;
    zone.spanned = (run->p->top + block - 1) & ~(block - 1);
    zone.cpus = run->header.cpus;
    config.zones = &zone;
    config.nr_zones = 1;
    snprintf(
        run->r->start, sizeof(run->r->start),
        "an empty machine of %llu pages: no state was recorded, so frames match by chance only",
        (unsigned long long)zone.spanned);
    return fpr_machine_create(&config, &run->machine);
}

/* The kernel's per-cpu pages are allocated in a mirror: its own events bring them back. */
struct pcp_list {
    struct fpr_zone *zone;
    fpr_pfn *pfns;
    uint8_t *orders;
    size_t nr, room;
};

static int collect(void *ctx, const struct fpr_block *block)
{
    struct pcp_list *l = ctx;
    if (l->nr == l->room) {
        l->room = l->room ? 2 * l->room : 256;
        fpr_pfn *pfns = realloc(l->pfns, l->room * sizeof(*pfns));
        l->pfns = pfns ? pfns : l->pfns;
        uint8_t *orders = pfns ? realloc(l->orders, l->room) : NULL;
        l->orders = orders ? orders : l->orders;
        if (!orders)
            /* cppcheck-suppress memleak ; what there is of both is in l, which is freed */
            return -ENOMEM;
        /* cppcheck-suppress memleak ; likewise */
    }
    l->pfns[l->nr] = block->pfn;
    l->orders[l->nr++] = (uint8_t)block->order;
    return 0;
}

int fpr_start_limbo(struct run *run)
{
    struct pcp_list l = {0};
    int err = 0;
    for (size_t z = 0; z < run->nr_zones && !err; z++) {
        struct fpr_zone_info info;
        l.zone = fpr_machine_zone(run->machine, z);
        l.nr = 0;
        fpr_zone_get_info(l.zone, &info);
        for (unsigned cpu = 0; cpu < info.cpus; cpu++)
            for (unsigned list = 0; list < info.pcp_lists && !err; list++)
                err = fpr_zone_walk_pcp(l.zone, cpu, list, collect, &l);
        for (size_t i = 0; i < l.nr && !err; i++) {
            fpr_zone_pcp_take(l.zone, l.pfns[i], l.orders[i]);
            bits_put(run->limbo, l.pfns[i], 1ull << l.orders[i], true);
        }
    }
    free(l.pfns);
    free(l.orders);
    return err;
}

struct marker {
    uint64_t *bits;
};

static int mark(void *ctx, const struct fpr_block *block)
{
    bits_put(((struct marker *)ctx)->bits, block->pfn, 1ull << block->order, true);
    return 0;
}

/* Which frames are free or on per-cpu lists now. */
static void mark_free(struct run *run)
{
    struct marker m = {run->free_at_start};
    for (size_t z = 0; z < run->nr_zones; z++) {
        const struct fpr_zone *zone = fpr_machine_zone(run->machine, z);
        struct fpr_zone_info info;
        fpr_zone_get_info(zone, &info);
        for (unsigned order = 0; order <= info.max_order; order++)
            for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++)
                fpr_zone_walk_free(zone, order, mt, mark, &m);
        for (unsigned cpu = 0; cpu < info.cpus; cpu++)
            for (unsigned list = 0; list < info.pcp_lists; list++)
                fpr_zone_walk_pcp(zone, cpu, list, mark, &m);
    }
}

void fpr_start_kernel_free(struct run *run)
{
    struct marker m = {run->limbo};
    for (size_t z = 0; z < run->nr_zones; z++)
        for (unsigned order = 0; order < FPR_NR_ORDERS; order++)
            for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++)
                fpr_zone_walk_free(fpr_machine_zone(run->machine, z), order, mt, mark, &m);
}

static int look_around(struct run *run)
{
    struct fpr_zone_info info;
    run->nr_zones = fpr_machine_nr_zones(run->machine);
    run->frames = run->p->top;
    for (size_t z = 0; z < run->nr_zones; z++) {
        fpr_zone_get_info(fpr_machine_zone(run->machine, z), &info);
        if (info.start + info.spanned > run->frames)
            run->frames = info.start + info.spanned;
        run->page_shift = info.page_shift;
        run->header.cpus = info.cpus;
    }
    run->free_at_start = calloc(run->frames / 64 + 1, sizeof(uint64_t));
    if (!run->free_at_start)
        return -ENOMEM;
    mark_free(run);
    return 0;
}

int fpr_start_machine(struct run *run)
{
    const struct fpr_recording *rec = run->p->recording;
    struct fpr_policy policy;
    enum fpr_profile used;
    int err = pick_policy(run, &policy, &used);
    if (err)
        return err;
    policy.pcp_forgets |= !run_knows(run, FPR_KNOW_BIT_REMEMBER);
    snprintf(run->r->profile, sizeof(run->r->profile), "%s", fpr_profile_name(used));
    run->header.reporting_order = run->header.reporting_state = -1;
    run->header.cpus = run->p->summary.cpus_seen ? (unsigned)run->p->summary.cpus_seen : 1;
    if (run->header.cpus > 1024)
        run->header.cpus = 1024;
    if (rec->state_before)
        err = from_state(run, &policy);
    else if (rec->kpageflags_before && rec->zoneinfo_before)
        err = fpr_start_from_flags(run, &policy);
    else
        err = from_nothing(run, &policy);
    return err ? err : look_around(run);
}
