#include "mm/machine.h"

#include "base/mem.h"
#include "mm/pcp.h"
#include "mm/watermark.h"

#include <errno.h>

int fpr_machine_config_init(struct fpr_machine_config *config)
{
    if (!config) {
        return -EINVAL;
    }
    *config = (struct fpr_machine_config){.compute_watermarks = true};
    return 0;
}

struct fpr_machine *fpr_machine_new(const struct fpr_mem_ops *mem)
{
    mem = mem ? mem : fpr_mem_default();
    struct fpr_machine *m = mem->zalloc(mem->ctx, sizeof(*m));
    if (m) {
        m->mem = *mem;
    }
    return m;
}

static int rank(const struct fpr_zone *z)
{
    return z->node * FPR_NR_ZONE_INDICES + (int)z->index;
}

static void sort_zones(struct fpr_machine *m)
{
    for (size_t k = 1; k < m->nr_zones; k++) {
        struct fpr_zone *z = m->zones[k];
        size_t j = k;
        for (; j > 0 && rank(m->zones[j - 1]) > rank(z); j--) {
            m->zones[j] = m->zones[j - 1];
        }
        m->zones[j] = z;
    }
}

static bool overlap(const struct fpr_zone *a, const struct fpr_zone *b)
{
    return a->start < b->start + b->spanned && b->start < a->start + a->spanned;
}

/* The preferred node's zones from the highest down, then the other nodes' by distance in number. */
size_t fpr_machine_zonelist(const struct fpr_machine *m, int node, struct fpr_zone **list)
{
    size_t n = 0;
    for (int distance = 0; n < m->nr_zones && distance <= 1024; distance++) {
        for (int side = 0; side < (distance ? 2 : 1); side++) {
            int wanted = side ? node - distance : node + distance;
            for (size_t k = m->nr_zones; k-- > 0;) {
                if (m->zones[k]->node == wanted && m->zones[k]->managed) {
                    list[n++] = m->zones[k];
                }
            }
        }
    }
    return n;
}

int fpr_machine_arrange(struct fpr_machine *m)
{
    sort_zones(m);
    for (size_t a = 0; a < m->nr_zones; a++) {
        for (size_t b = a + 1; b < m->nr_zones; b++) {
            if (overlap(m->zones[a], m->zones[b]) || rank(m->zones[a]) == rank(m->zones[b])) {
                return -EINVAL;
            }
        }
    }
    for (size_t k = 0; k < m->nr_zones; k++) {
        m->zones[k]->owned = true;
    }
    size_t n = fpr_machine_zonelist(m, 0, m->zonelist);
    for (; n < MAX_ZONELIST; n++) {
        m->zonelist[n] = NULL;
    }
    return 0;
}

static uint64_t isqrt(uint64_t x)
{
    uint64_t r = 0;
    for (uint64_t bit = 1ull << 31; bit; bit >>= 1) {
        if ((r + bit) * (r + bit) <= x) {
            r += bit;
        }
    }
    return r;
}

/* min_free_kbytes of the whole machine, in pages. */
static uint64_t min_free_pages(const struct fpr_machine *m, bool thp, uint64_t lowmem)
{
    const struct fpr_zone *z = m->zones[0];
    unsigned kib_shift = z->page_shift - 10;
    uint64_t kib = isqrt((lowmem << kib_shift) * 16);
    kib = kib < 128 ? 128 : kib > 262144 ? 262144 : kib;
    uint64_t pages = kib >> kib_shift;
    if (thp) {
        uint64_t populated = 0;
        for (size_t k = 0; k < m->nr_zones; k++) {
            populated += m->zones[k]->managed && m->zones[k]->index <= FPR_ZONE_NORMAL;
        }
        uint64_t wanted = zone_pageblock_pages(z) * populated * (2 + 9);
        wanted = wanted < lowmem / 20 ? wanted : lowmem / 20;
        pages = wanted > pages ? wanted : pages;
    }
    return pages;
}

/* What zone z keeps back from requests that could have used zones above it. */
static void compute_reserves(const struct fpr_machine *m, struct fpr_zone *z)
{
    static const unsigned ratio[FPR_NR_ZONE_INDICES] = {256, 256, 32, 0, 0};
    for (unsigned j = 0; j < FPR_NR_ZONE_INDICES; j++) {
        uint64_t above = 0;
        for (size_t k = 0; k < m->nr_zones; k++) {
            const struct fpr_zone *o = m->zones[k];
            if (o->node == z->node && o->index > z->index && (unsigned)o->index <= j) {
                above += o->managed;
            }
        }
        z->lowmem_reserve[j] = ratio[z->index] && z->managed ? above / ratio[z->index] : 0;
    }
}

/* A Normal zone can spare fragmentation where requests may go to DMA32 instead; the kernel looks
 * whether that is so only if there are several nodes. */
static bool spares_fragmentation(const struct fpr_machine *m, const struct fpr_zone *z)
{
    bool one_node = true, dma32 = false;
    for (size_t k = 0; k < m->nr_zones; k++) {
        const struct fpr_zone *o = m->zones[k];
        one_node &= o->node == z->node;
        dma32 |= o->node == z->node && o->index == FPR_ZONE_DMA32 && o->managed;
    }
    return z->index == FPR_ZONE_NORMAL && (one_node || dma32);
}

static void compute_watermarks(struct fpr_machine *m, bool thp)
{
    uint64_t lowmem = 0;
    for (size_t k = 0; k < m->nr_zones; k++) {
        lowmem += m->zones[k]->index <= FPR_ZONE_NORMAL ? m->zones[k]->managed : 0;
    }
    uint64_t min_free = min_free_pages(m, thp, lowmem);
    for (size_t k = 0; k < m->nr_zones; k++) {
        struct fpr_zone *z = m->zones[k];
        fpr_watermark_compute(z, min_free, lowmem);
        compute_reserves(m, z);
        z->nofragment |= spares_fragmentation(m, z);
        fpr_pcp_auto(z);
        fpr_zone_quick_changed(z);
    }
}

static int create_zones(struct fpr_machine *m, const struct fpr_machine_config *c)
{
    for (size_t k = 0; k < c->nr_zones; k++) {
        struct fpr_zone_config zc = c->zones[k];
        if (!zc.mem) {
            zc.mem = c->mem;
        }
        int err = fpr_zone_create(&zc, &m->zones[k]);
        if (err) {
            return err;
        }
        m->nr_zones++;
    }
    return 0;
}

int fpr_machine_create(const struct fpr_machine_config *config, struct fpr_machine **machine)
{
    if (!config || !machine || !config->zones || config->nr_zones < 1 ||
        config->nr_zones > MAX_ZONELIST || !fpr_mem_ok(config->mem)) {
        return -EINVAL;
    }
    struct fpr_machine *m = fpr_machine_new(config->mem);
    if (!m) {
        return -ENOMEM;
    }
    int err = create_zones(m, config);
    err = err ? err : fpr_machine_arrange(m);
    if (err) {
        fpr_machine_destroy(m);
        return err;
    }
    if (config->compute_watermarks) {
        compute_watermarks(m, config->thp_min_free);
    }
    *machine = m;
    return 0;
}

int fpr_machine_create_simple(enum fpr_profile profile, uint64_t pages,
                              struct fpr_machine **machine)
{
    struct fpr_zone_config zone;
    struct fpr_machine_config config;
    if (fpr_zone_config_init(&zone, profile)) {
        return -EINVAL;
    }
    zone.spanned = pages;
    fpr_machine_config_init(&config);
    config.zones = &zone;
    config.nr_zones = 1;
    return fpr_machine_create(&config, machine);
}

bool fpr_machine_in_callback(const struct fpr_machine *m)
{
    bool in = false;
    for (size_t k = 0; k < m->nr_zones; k++) {
        in |= zone_reentered(m->zones[k]);
    }
    return in;
}

bool fpr_machine_lookable(const struct fpr_machine *m)
{
    bool may = true;
    for (size_t k = 0; k < m->nr_zones; k++) {
        may &= zone_lookable(m->zones[k]);
    }
    return may;
}

void fpr_machine_destroy(struct fpr_machine *machine)
{
    if (!machine || machine->reporter || fpr_machine_in_callback(machine)) {
        return;
    }
    for (size_t k = 0; k < machine->nr_zones; k++) {
        machine->zones[k]->owned = false;
        fpr_zone_destroy(machine->zones[k]);
    }
    struct fpr_mem_ops mem = machine->mem;
    mem.free(mem.ctx, machine, sizeof(*machine));
}

int fpr_machine_clone(const struct fpr_machine *machine, struct fpr_machine **copy)
{
    if (!machine || !copy || fpr_machine_in_callback(machine)) {
        return -EINVAL;
    }
    struct fpr_machine *m = fpr_machine_new(&machine->mem);
    if (!m) {
        return -ENOMEM;
    }
    int err = 0;
    for (size_t k = 0; k < machine->nr_zones && !err; k++) {
        err = fpr_zone_clone(machine->zones[k], &m->zones[k]);
        m->nr_zones += !err;
    }
    if (err) {
        fpr_machine_destroy(m);
        return err;
    }
    fpr_machine_arrange(m);
    *copy = m;
    return 0;
}

size_t fpr_machine_nr_zones(const struct fpr_machine *machine)
{
    return machine ? machine->nr_zones : 0;
}

struct fpr_zone *fpr_machine_zone(const struct fpr_machine *machine, size_t i)
{
    return machine && i < machine->nr_zones ? machine->zones[i] : NULL;
}

struct fpr_zone *fpr_machine_zone_of(const struct fpr_machine *machine, fpr_pfn pfn)
{
    for (size_t k = 0; machine && k < machine->nr_zones; k++) {
        if (pfn - machine->zones[k]->start < machine->zones[k]->spanned) {
            return machine->zones[k];
        }
    }
    return NULL;
}

int fpr_machine_drain(struct fpr_machine *machine)
{
    if (!machine || fpr_machine_in_callback(machine)) {
        return -EINVAL;
    }
    for (size_t k = 0; k < machine->nr_zones; k++) {
        for (unsigned c = 0; c < machine->zones[k]->cpus; c++) {
            fpr_zone_drain(machine->zones[k], c);
        }
    }
    return 0;
}
