#include "mm/zone.h"

#include "base/atomic.h"
#include "base/check.h"
#include "base/fill.h"
#include "base/mem.h"
#include "mm/pcp.h"
#include "mm/watermark.h"

#include <errno.h>
#include <string.h>

#define DEFAULT_BOOST_FACTOR 15000u
#define MAX_FRAMES           (1ull << 32)
#define MAX_CPUS             1024u

int fpr_zone_config_init(struct fpr_zone_config *config, enum fpr_profile profile)
{
    struct fpr_policy policy;
    if (!config || fpr_profile_policy(profile, &policy)) {
        return -EINVAL;
    }
    *config = (struct fpr_zone_config){.policy = policy,
                                       .name = "Normal",
                                       .index = FPR_ZONE_NORMAL,
                                       .page_shift = 12,
                                       .max_order = 10,
                                       .pageblock_order = 9,
                                       .cpus = 1,
                                       .movable_by_type = true,
                                       .boost_factor = DEFAULT_BOOST_FACTOR,
                                       .pcp_auto = true};
    return 0;
}

static bool holes_ok(const struct fpr_zone_config *c)
{
    fpr_pfn at = c->start, end = c->start + c->spanned;
    if (c->nr_holes && !c->holes) {
        return false;
    }
    for (size_t k = 0; k < c->nr_holes; k++) {
        const struct fpr_range *h = &c->holes[k];
        if (h->start < at || h->start > end || h->pages > end - h->start) {
            return false;
        }
        at = h->start + h->pages;
    }
    return true;
}

static bool policy_ok(const struct fpr_policy *p)
{
    unsigned lists = p->pcp == FPR_PCP_ORDER0 ? 3 : p->pcp == FPR_PCP_MULTI_RR ? 15 : 14;
    return (unsigned)p->base < FPR_NR_PROFILES && (unsigned)p->putback <= FPR_PLACE_TAIL &&
           (p->move == FPR_PLACE_HEAD || p->move == FPR_PLACE_TAIL) &&
           (unsigned)p->boot <= FPR_PLACE_TAIL && (unsigned)p->merge <= FPR_MERGE_AND_CONVERT &&
           (unsigned)p->fallback <= FPR_FALLBACK_CLAIM_STEAL &&
           (unsigned)p->pcp <= FPR_PCP_MULTI_DRAIN && p->pcp_lists == lists &&
           (unsigned)p->highatomic <= FPR_HIGHATOMIC_6_12 &&
           (unsigned)p->watermark <= FPR_WATERMARK_6_1;
}

static bool geometry_ok(const struct fpr_zone_config *c)
{
    if (c->max_order < 1 || c->max_order > FPR_MAX_ORDER || c->pageblock_order < 1 ||
        c->pageblock_order > c->max_order || c->spanned == 0 || c->spanned > MAX_FRAMES ||
        c->start > UINT64_MAX / 4) {
        return false;
    }
    uint64_t top = 1ull << c->max_order;
    fpr_pfn base = c->start & ~(top - 1);
    return ((c->start + c->spanned + top - 1) & ~(top - 1)) - base <= MAX_FRAMES;
}

bool fpr_zone_marks_ok(const uint64_t watermark[FPR_NR_WMARKS],
                       const uint64_t reserve[FPR_NR_ZONE_INDICES])
{
    bool ok = true;
    for (int k = 0; k < FPR_NR_WMARKS; k++) {
        ok &= watermark[k] <= MAX_MARK;
    }
    for (int k = 0; k < FPR_NR_ZONE_INDICES; k++) {
        ok &= reserve[k] <= MAX_MARK;
    }
    return ok;
}

static bool pcp_ok(const struct fpr_zone_config *c)
{
    return c->pcp_auto || fpr_pcp_limits_ok(c->pcp_high, c->pcp_batch);
}

static bool config_ok(const struct fpr_zone_config *c)
{
    return geometry_ok(c) && policy_ok(&c->policy) && fpr_zone_name_ok(c->name) &&
           (unsigned)c->index < FPR_NR_ZONE_INDICES && c->node >= 0 && c->node <= MAX_NODE &&
           c->cpus >= 1 && c->cpus <= MAX_CPUS && c->page_shift >= 10 && c->page_shift <= 20 &&
           c->managed <= MAX_FRAMES && (!c->shuffle || c->bits) && pcp_ok(c) &&
           fpr_zone_marks_ok(c->watermark, c->lowmem_reserve) && holes_ok(c) && fpr_mem_ok(c->mem);
}

static void fill_settings(struct fpr_zone *z, const struct fpr_zone_config *c)
{
    uint64_t top = 1ull << c->max_order;
    z->policy = c->policy;
    strncpy(z->name, c->name, sizeof(z->name) - 1);
    z->index = c->index;
    z->node = c->node;
    z->start = c->start;
    z->spanned = c->spanned;
    z->base = c->start & ~(top - 1);
    z->first = (uint32_t)(c->start - z->base);
    z->end = z->first + c->spanned;
    z->page_shift = c->page_shift;
    z->max_order = c->max_order;
    z->pageblock_order = c->pageblock_order;
    z->cpus = c->cpus;
    z->locked = c->locked;
    z->nofragment = c->nofragment;
    z->movable_by_type = c->movable_by_type;
    z->shuffle = c->shuffle;
    z->bits = c->bits;
    z->bits_ctx = c->bits_ctx;
    z->boost_factor = c->boost_factor;
    z->notify_order = NO_NOTIFY;
    z->capture.pfn = FPR_PFN_NONE;
    z->frames = (z->end + top - 1) & ~(top - 1);
    z->nr_top = z->frames >> c->max_order;
    z->nr_blocks = z->frames >> c->pageblock_order;
    z->shuffle = c->shuffle;
    memcpy(z->lowmem_reserve, c->lowmem_reserve, sizeof(z->lowmem_reserve));
    for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++) {
        uint16_t movable = c->movable_by_type && mt == FPR_MOVABLE ? TAG_MOVABLE : 0;
        z->alloc_tag[mt] = (uint16_t)(tag_make(PAGE_ALLOCATED, 0, mt) | movable);
    }
    z->pcp_orders = 1;
    if (c->policy.pcp != FPR_PCP_ORDER0) {
        z->pcp_orders = (0xfu & ((1u << (c->max_order + 1)) - 1)) | 1u << c->pageblock_order;
    }
}

/* What threads change side by side must not share cache lines (two of them are fetched at once),
 * and a metadata source need not know of more than malloc() does. */
#define ALIGNMENT 128u

static void *aligned(void *memory)
{
    uintptr_t at = (uintptr_t)memory;
    return (char *)memory + (-at & (ALIGNMENT - 1));
}

/* One array of a zone: where its pointer is and how long it is. */
struct array {
    void **at;
    uint64_t size;
};

#define NR_ARRAYS 7

/* Whoever looks for a largest block's buddy, or its parent's, finds nothing there, rather than
 * having to ask first. */
static uint64_t tags_length(const struct fpr_zone *z)
{
    uint64_t unit = 4ull << z->max_order;
    return (z->frames + unit - 1) & ~(unit - 1);
}

static void list_arrays(struct fpr_zone *z, struct array a[NR_ARRAYS])
{
    a[0] = (struct array){(void **)&z->tags, tags_length(z) * sizeof(*z->tags)};
    a[1] = (struct array){(void **)&z->links, z->frames * sizeof(*z->links)};
    a[2] = (struct array){(void **)&z->pageblock, z->nr_blocks};
    a[3] = (struct array){(void **)&z->top_tags, z->nr_top * sizeof(*z->top_tags)};
    a[4] = (struct array){(void **)&z->top_links, z->nr_top * sizeof(*z->top_links)};
    a[5] = (struct array){(void **)&z->touched, z->nr_top};
    a[6] = (struct array){&z->pcp_memory, z->cpus * sizeof(*z->pcp) + ALIGNMENT};
}

static void point_areas(struct fpr_zone *z)
{
    for (unsigned o = 0; o <= z->max_order; o++) {
        bool top = o == z->max_order;
        z->area[o].links = top ? z->top_links : z->links;
        z->area[o].tags = top ? z->top_tags : z->tags;
        z->area[o].shift = top ? z->max_order : 0;
    }
}

/* What blocks on each list have for a tag. */
static void fill_tags(struct fpr_zone *z)
{
    for (unsigned o = 0; o <= z->max_order; o++) {
        for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++) {
            struct list *l = &z->area[o].list[mt];
            l->tag = tag_make(PAGE_FREE, o, mt);
            l->granted_tag = (uint16_t)(z->alloc_tag[mt] | o << TAG_ORDER_SHIFT);
        }
    }
    for (unsigned c = 0; c < z->cpus; c++) {
        fpr_pcp_init(z, &z->pcp[c]);
    }
}

void fpr_zone_destroy(struct fpr_zone *zone)
{
    if (!zone_usable(zone) || zone->owned) {
        return;
    }
    struct array a[NR_ARRAYS];
    struct fpr_mem_ops mem = zone->mem;
    list_arrays(zone, a);
    for (int k = 0; k < NR_ARRAYS; k++) {
        if (*a[k].at) {
            mem.free(mem.ctx, *a[k].at, a[k].size);
        }
    }
    if (zone->locked) {
        pthread_mutex_destroy(&zone->lock);
    }
    mem.free(mem.ctx, zone->memory, sizeof(*zone) + ALIGNMENT);
}

/* The lock is held for a microsecond at most, but for long walks: much less than going to sleep
 * and being woken takes. */
#define SPINS 2000

void fpr_zone_wait(struct fpr_zone *z)
{
    for (int k = 0; k < SPINS; k++) {
        fpr_pause();
        if (pthread_mutex_trylock(&z->lock) == 0) {
            return;
        }
    }
    pthread_mutex_lock(&z->lock);
}

/* What threads read without the lock. */
static void expect_atomics(const struct fpr_zone *z)
{
    fpr_expect_atomics(z->tags, tags_length(z) * sizeof(*z->tags));
    fpr_expect_atomics(z->links, z->frames * sizeof(*z->links));
    fpr_expect_atomics(z->top_tags, z->nr_top * sizeof(*z->top_tags));
    fpr_expect_atomics(z->pageblock, z->nr_blocks);
    fpr_expect_atomics(&z->caller, sizeof(z->caller));
    fpr_expect_atomics(&z->spare, sizeof(z->spare));
    fpr_expect_atomics(z->nonempty, sizeof(z->nonempty));
    fpr_expect_atomics(&z->pcp_through, sizeof(z->pcp_through));
    fpr_expect_atomics(&z->boosted, sizeof(z->boosted));
    fpr_expect_atomics(&z->reclaiming, sizeof(z->reclaiming));
}

static int get_memory(struct fpr_zone *z)
{
    struct array a[NR_ARRAYS];
    list_arrays(z, a);
    for (int k = 0; k < NR_ARRAYS; k++) {
        *a[k].at = z->mem.zalloc(z->mem.ctx, a[k].size);
        if (!*a[k].at) {
            return -ENOMEM;
        }
    }
    z->pcp = aligned(z->pcp_memory);
    point_areas(z);
    fpr_fill_soon(z->pageblock, z->nr_blocks);
    memset(z->pageblock, FPR_MOVABLE, z->nr_blocks);
    if (z->locked) {
        pthread_mutex_init(&z->lock, NULL);
        expect_atomics(z);
    }
    return 0;
}

static struct fpr_zone *new_zone(const struct fpr_mem_ops *mem)
{
    void *memory = mem->zalloc(mem->ctx, sizeof(struct fpr_zone) + ALIGNMENT);
    struct fpr_zone *z = NULL;
    if (memory) {
        z = aligned(memory);
        z->memory = memory;
        z->mem = *mem;
    }
    return z;
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

/* min_free_kbytes of a machine that is this zone alone. */
static void default_watermarks(struct fpr_zone *z)
{
    unsigned kib_shift = z->page_shift - 10;
    uint64_t kib = isqrt((z->managed << kib_shift) * 16);
    kib = kib < 128 ? 128 : kib > 262144 ? 262144 : kib;
    fpr_watermark_compute(z, kib >> kib_shift, z->managed);
}

static void finish_settings(struct fpr_zone *z, const struct fpr_zone_config *c)
{
    if (c->watermark[FPR_WMARK_MIN] || c->watermark[FPR_WMARK_LOW] ||
        c->watermark[FPR_WMARK_HIGH]) {
        memcpy(z->watermark, c->watermark, sizeof(z->watermark));
    } else {
        default_watermarks(z);
    }
    for (unsigned k = 0; k < z->cpus; k++) {
        fpr_pcp_set_high(&z->pcp[k], c->pcp_high);
        z->pcp[k].batch = c->pcp_batch;
    }
    z->pcp_auto = c->pcp_auto;
    fpr_pcp_auto(z);
    fpr_pcp_settings_changed(z);
}

int fpr_zone_create(const struct fpr_zone_config *config, struct fpr_zone **zone)
{
    if (!config || !zone || !config_ok(config)) {
        return -EINVAL;
    }
    struct fpr_zone *z = new_zone(config->mem ? config->mem : fpr_mem_default());
    if (!z) {
        return -ENOMEM;
    }
    fill_settings(z, config);
    int err = get_memory(z);
    if (err) {
        z->locked = false; /* the lock was not made yet */
        fpr_zone_destroy(z);
        return err;
    }
    fill_tags(z);
    fpr_zone_boot(z, config);
    finish_settings(z, config);
    *zone = z;
    return 0;
}

/* Copies what was used of a frame array; the rest of the copy is zero as the original is. */
static void copy_frames(struct fpr_zone *to, const struct fpr_zone *from)
{
    size_t n = (size_t)1 << from->max_order;
    for (uint64_t t = 0; t < from->nr_top; t++) {
        if (from->touched[t]) {
            memcpy(to->tags + t * n, from->tags + t * n, n * sizeof(*from->tags));
            memcpy(to->links + t * n, from->links + t * n, n * sizeof(*from->links));
        }
    }
}

int fpr_zone_clone(const struct fpr_zone *zone, struct fpr_zone **copy)
{
    if (!zone_usable(zone) || !copy) {
        return -EINVAL;
    }
    struct fpr_zone *z = new_zone(&zone->mem);
    if (!z) {
        return -ENOMEM;
    }
    struct array from[NR_ARRAYS], to[NR_ARRAYS];
    void *memory = z->memory;
    *z = *zone;
    z->memory = memory;
    list_arrays(z, to);
    for (int k = 0; k < NR_ARRAYS; k++) {
        *to[k].at = NULL;
    }
    z->owned = false;
    z->caller = 0;
    z->notify = NULL;
    z->notify_order = NO_NOTIFY;
    z->sink.event = NULL;
    fpr_zone_quick_changed(z);
    int err = get_memory(z);
    if (err) {
        z->locked = false;
        fpr_zone_destroy(z);
        return err;
    }
    list_arrays((struct fpr_zone *)(uintptr_t)zone, from);
    for (int k = 2; k < NR_ARRAYS - 1; k++) { /* tags and links are sparse */
        fpr_fill_soon(*to[k].at, to[k].size);
        memcpy(*to[k].at, *from[k].at, from[k].size);
    }
    copy_frames(z, zone);
    for (unsigned c = 0; c < z->cpus; c++) {
        z->pcp[c] = zone->pcp[c];
        pthread_spin_init(&z->pcp[c].lock, PTHREAD_PROCESS_PRIVATE);
    }
    *copy = z;
    return 0;
}
