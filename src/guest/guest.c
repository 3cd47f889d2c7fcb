#include <fpr/guest.h>

#include "host/arena.h"
#include "iova/space.h"
#include "mm/zone.h"
#include "report/reporter.h"

#include <errno.h>
#include <unistd.h>

struct fpr_guest {
    struct fpr_guest_config config;
    struct fpr_machine *machine;
    struct fpr_arena *arena;
    struct fpr_iova_space *iova;
    struct fpr_reporter *reporter;
    struct fpr_device arena_device; /* gives memory back */
    struct fpr_device device;       /* stands before it and minds the pins */
    uint64_t inhibited_calls;
    uint64_t inhibited_bytes;
    uint64_t hazards;
    struct fpr_mem_ops mem;
};

int fpr_guest_config_init(struct fpr_guest_config *config)
{
    if (!config) {
        return -EINVAL;
    }
    *config = (struct fpr_guest_config){.profile = FPR_PROFILE_V16, .cpus = 1};
    fpr_arena_config_init(&config->arena);
    return fpr_report_config_init(&config->report);
}

static size_t block_bytes(const struct fpr_guest *g, unsigned order)
{
    return fpr_arena_page_size(g->arena) << order;
}

static bool is_pinned(const struct fpr_guest *g, fpr_pfn pfn, unsigned order)
{
    return fpr_iova_is_pinned(g->iova, fpr_arena_address(g->arena, pfn), block_bytes(g, order));
}

/* Asked by the reporter, with the zone's lock held. */
static bool may_report(void *ctx, fpr_pfn pfn, unsigned order)
{
    return !is_pinned(ctx, pfn, order);
}

static bool anything_pinned(const struct fpr_guest *g)
{
    return fpr_iova_locked_pages(g->iova) > 0;
}

/* Acknowledges a batch without returning any of it. */
static int inhibit(struct fpr_guest *g, const struct fpr_sg *sg, unsigned nents)
{
    uint64_t bytes = 0;
    for (unsigned k = 0; k < nents; k++) {
        bytes += block_bytes(g, sg[k].order);
    }
    __atomic_add_fetch(&g->inhibited_calls, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&g->inhibited_bytes, bytes, __ATOMIC_RELAXED);
    return 0;
}

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct fpr_guest *g = ctx;
    if (g->config.pins == FPR_PIN_INHIBIT && anything_pinned(g)) {
        return inhibit(g, sg, nents);
    }
    for (unsigned k = 0; k < nents; k++) {
        int64_t pinned = fpr_iova_discard(g->iova, fpr_arena_address(g->arena, sg[k].pfn),
                                          block_bytes(g, sg[k].order));
        if (pinned < 0) {
            return (int)pinned;
        }
        __atomic_add_fetch(&g->hazards, (uint64_t)pinned, __ATOMIC_RELAXED);
    }
    return g->arena_device.report(g->arena_device.ctx, sg, nents);
}

/* An arena's page is one of the system. */
static unsigned system_page_shift(void)
{
    return (unsigned)__builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE));
}

static int make_machine(struct fpr_guest *g)
{
    struct fpr_zone_config zone;
    struct fpr_machine_config machine;
    int err = fpr_zone_config_init(&zone, g->config.profile);
    if (err) {
        return err;
    }
    zone.page_shift = system_page_shift();
    if (g->config.zone) {
        zone = *g->config.zone;
        zone.start = 0;
    }
    if (zone.page_shift != system_page_shift()) {
        return -EINVAL;
    }
    zone.spanned = g->config.pages;
    zone.locked = g->config.locked;
    zone.cpus = g->config.cpus;
    fpr_machine_config_init(&machine);
    machine.zones = &zone;
    machine.nr_zones = 1;
    return fpr_machine_create(&machine, &g->machine);
}

static int make_arena(struct fpr_guest *g)
{
    struct fpr_arena_config arena = g->config.arena;
    arena.start = 0;
    arena.pages = g->config.pages;
    int err = fpr_arena_create(&arena, &g->arena);
    return err ? err : fpr_arena_device(g->arena, g->config.give_back, &g->arena_device);
}

/* The simplest device there is: it lets go of what is unmapped. Without one pins are refused. */
static void unpin(void *ctx, struct fpr_iova_space *space, uint64_t iova, uint64_t size)
{
    (void)ctx;
    fpr_iova_unpin_range(space, iova, size);
}

static int make_iova(struct fpr_guest *g)
{
    struct fpr_iova_config iova;
    fpr_iova_config_init(&iova, FPR_IOVA_MERGED);
    iova.unmap = unpin;
    iova.hardware = g->config.hardware;
    return fpr_iova_space_create(&iova, &g->iova);
}

static int make_reporter(struct fpr_guest *g)
{
    struct fpr_report_config config = g->config.report;
    if (g->config.pins == FPR_PIN_SKIP) {
        config.may_report = may_report;
        config.may_report_ctx = g;
    }
    int err = fpr_reporter_create(g->machine, g->config.clock, &config, &g->reporter);
    if (err) {
        return err;
    }
    g->device = g->arena_device;
    g->device.name = "guest";
    g->device.report = report;
    g->device.ctx = g;
    return fpr_reporter_register(g->reporter, &g->device);
}

/* Its parts go with it alone. (The machine has a reporter, and is left alone for that.) */
static void keep_parts(struct fpr_guest *g)
{
    g->arena->part = g->iova->part = g->reporter->part = true;
}

/* Everything but the reporter, which is gone. */
static void free_rest(struct fpr_guest *g)
{
    fpr_iova_space_destroy(g->iova);
    fpr_arena_destroy(g->arena);
    fpr_machine_destroy(g->machine);
    struct fpr_mem_ops mem = g->mem;
    mem.free(mem.ctx, g, sizeof(*g));
}

int fpr_guest_create(const struct fpr_guest_config *config, struct fpr_guest **guest)
{
    if (!config || !guest || (unsigned)config->pins > FPR_PIN_IGNORE) {
        return -EINVAL;
    }
    const struct fpr_mem_ops *mem = fpr_mem_default();
    struct fpr_guest *g = mem->zalloc(mem->ctx, sizeof(*g));
    if (!g) {
        return -ENOMEM;
    }
    g->mem = *mem;
    g->config = *config;
    int err = make_machine(g);
    err = err ? err : make_arena(g);
    err = err ? err : make_iova(g);
    err = err ? err : make_reporter(g);
    if (err) {
        fpr_reporter_destroy(g->reporter);
        free_rest(g);
        return err;
    }
    keep_parts(g);
    *guest = g;
    return 0;
}

/* As a whole or not at all. */
void fpr_guest_destroy(struct fpr_guest *guest)
{
    if (!guest || fpr_iova_in_use(guest->iova) || !fpr_report_destroy(guest->reporter)) {
        return;
    }
    guest->arena->part = guest->iova->part = false;
    free_rest(guest);
}

struct fpr_machine *fpr_guest_machine(struct fpr_guest *guest)
{
    return guest ? guest->machine : NULL;
}

struct fpr_arena *fpr_guest_arena(struct fpr_guest *guest)
{
    return guest ? guest->arena : NULL;
}

struct fpr_reporter *fpr_guest_reporter(struct fpr_guest *guest)
{
    return guest ? guest->reporter : NULL;
}

struct fpr_iova_space *fpr_guest_iova(struct fpr_guest *guest)
{
    return guest ? guest->iova : NULL;
}

const struct fpr_device *fpr_guest_device(const struct fpr_guest *guest)
{
    return guest ? &guest->device : NULL;
}

/* Free blocks that only pins keep from being reported. */
struct kept_back {
    const struct fpr_guest *guest;
    uint64_t bytes;
};

static int add_kept_back(void *ctx, const struct fpr_block *block)
{
    struct kept_back *kept = ctx;
    if (!block->reported && is_pinned(kept->guest, block->pfn, block->order)) {
        kept->bytes += block_bytes(kept->guest, block->order);
    }
    return 0;
}

/* Other threads may allocate: the lists are walked with the zone's lock, which reporting holds,
 * too, when it asks what is pinned. */
static uint64_t kept_back_bytes(const struct fpr_guest *g)
{
    struct kept_back kept = {g, 0};
    struct fpr_report_config config;
    struct fpr_zone_info info;
    const struct fpr_zone *zone = fpr_machine_zone(g->machine, 0);
    fpr_zone_get_info(zone, &info);
    fpr_reporter_get_config(g->reporter, &config);
    struct fpr_zone *locked = zone_lock_to_look(zone);
    for (unsigned order = (unsigned)config.order; order <= info.max_order; order++) {
        for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++) {
            fpr_zone_walk_free(zone, order, mt, add_kept_back, &kept);
        }
    }
    zone_unlock(locked);
    return kept.bytes;
}

int fpr_guest_get_stats(const struct fpr_guest *guest, struct fpr_guest_stats *stats)
{
    if (!guest || !stats || !zone_lookable(fpr_machine_zone(guest->machine, 0))) {
        return -EINVAL;
    }
    *stats = (struct fpr_guest_stats){
        .pinned_pages = fpr_iova_frames_pinned(guest->iova),
        .kept_back_bytes = guest->config.pins == FPR_PIN_SKIP ? kept_back_bytes(guest) : 0,
        .inhibited_calls = __atomic_load_n(&guest->inhibited_calls, __ATOMIC_RELAXED),
        .inhibited_bytes = __atomic_load_n(&guest->inhibited_bytes, __ATOMIC_RELAXED),
        .hazards = __atomic_load_n(&guest->hazards, __ATOMIC_RELAXED)};
    return 0;
}
