/* The reference model: a zone, its pages and pageblocks, boot, and the state hash. */
#include "support/ref.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void ref_rules_of(struct ref_rules *r, enum fpr_profile profile)
{
    bool v5_10 = profile >= FPR_PROFILE_LINUX_5_10;
    bool v5_14 = profile >= FPR_PROFILE_LINUX_5_14;
    bool v6_1 = profile >= FPR_PROFILE_LINUX_6_1;
    bool v6_12 = profile >= FPR_PROFILE_LINUX_6_12;

    *r = (struct ref_rules){
        .boot = v5_10 ? FPR_PLACE_TAIL : FPR_PLACE_RULE,
        .move_tail = v5_10,
        .putback = v5_10 ? FPR_PLACE_TAIL : FPR_PLACE_RULE,
        .shortcut_unusable = v5_10 && !v6_1,
        .retry_unboosted = v5_10,
        .by_highest_zone = v5_10,
        .multi_pcp = v5_14,
        .pcp_sweep = v6_1,
        .pcp_lists = v6_1    ? 14
                     : v5_14 ? 15
                             : 3,
        .parent_in_zone = v5_10,
        .nofragment_small = v6_1,
        .merge_mergeable = v6_1,
        .flags_6_1 = v6_1,
        .merge_convert = v6_12,
        .claim = v6_12,
        .free_in_pieces = v6_12,
        .pcp_type_now = v6_12,
        .isolate_moves_rest = v6_12,
        .whole_pageblocks = v6_12,
        .highatomic_6_12 = v6_12,
    };
}

bool ref_in_zone(const struct ref_zone *z, fpr_pfn pfn)
{
    return pfn >= z->start && pfn - z->start < z->span;
}

struct ref_page *ref_page(const struct ref_zone *z, fpr_pfn pfn)
{
    if (!ref_in_zone(z, pfn))
        abort();
    return &z->page[pfn - z->start];
}

/* Is there a free block of exactly this order at this frame (of this zone)? */
bool ref_is_free(const struct ref_zone *z, fpr_pfn pfn, unsigned order)
{
    return ref_in_zone(z, pfn) && ref_page(z, pfn)->what == REF_FREE &&
           ref_page(z, pfn)->order == order;
}

static uint64_t block_index(const struct ref_zone *z, fpr_pfn pfn)
{
    uint64_t i = (pfn >> z->pbo) - (z->start >> z->pbo);

    if (pfn >> z->pbo < z->start >> z->pbo || i >= z->nr_blocks)
        abort();
    return i;
}

unsigned ref_type(const struct ref_zone *z, fpr_pfn pfn)
{
    return z->block_type[block_index(z, pfn)];
}

void ref_set_type(struct ref_zone *z, fpr_pfn pfn, unsigned type)
{
    z->block_type[block_index(z, pfn)] = (uint8_t)type;
}

/* Describes a block that is on no free list: allocated, on a per-cpu list, held. */
void ref_mark(struct ref_zone *z, fpr_pfn pfn, unsigned order, enum ref_what what, bool movable)
{
    if (ref_page(z, pfn)->what == REF_HELD)
        z->held -= 1ull << ref_page(z, pfn)->order;
    if (what == REF_HELD)
        z->held += 1ull << order;
    for (fpr_pfn p = pfn; p < pfn + (1ull << order); p++) {
        *ref_page(z, p) = (struct ref_page){.what = REF_INSIDE, .movable = movable};
    }
    ref_page(z, pfn)->what = (uint8_t)what;
    ref_page(z, pfn)->order = (uint8_t)order;
}

/* A block of a recorded state, appended to its list. */
void ref_load_free(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned type, bool reported)
{
    ref_add_free(z, pfn, order, type, true);
    ref_page(z, pfn)->reported = reported;
}

static void boot_range(struct ref_zone *z, fpr_pfn s, fpr_pfn e)
{
    while (s < e) {
        unsigned o = 0;

        while (o < z->maxo && s % (2ull << o) == 0 && s + (2ull << o) <= e)
            o++;
        z->managed += 1ull << o;
        ref_free_one(z, s, o, ref_type(z, s), z->rules.boot, true);
        s += 1ull << o;
    }
}

static void boot(struct ref_zone *z, const struct fpr_zone_config *c)
{
    fpr_pfn s = c->start;
    fpr_pfn end = c->start + c->spanned;

    z->present = c->spanned;
    memset(z->block_type, FPR_MOVABLE, z->nr_blocks);
    for (size_t i = 0; i < c->nr_holes; i++)
        z->present -= c->holes[i].pages;
    if (c->empty)
        return;
    for (size_t i = 0; i < c->nr_holes; i++) {
        boot_range(z, s, c->holes[i].start);
        s = c->holes[i].start + c->holes[i].pages;
    }
    boot_range(z, s, end);
}

static void overrides(struct ref_zone *z, const struct fpr_policy *p)
{
    z->rules.boot = p->boot;
    z->rules.move_tail = p->move == FPR_PLACE_TAIL;
    z->rules.putback = p->putback;
}

struct ref_zone *ref_zone_create(const struct fpr_zone_config *c)
{
    struct ref_zone *z = calloc(1, sizeof *z);

    if (!z)
        abort();
    ref_rules_of(&z->rules, c->policy.base);
    overrides(z, &c->policy);
    z->start = c->start;
    z->span = c->spanned;
    z->maxo = c->max_order;
    z->pbo = c->pageblock_order;
    z->cpus = c->cpus;
    z->page_shift = c->page_shift;
    z->index = c->index;
    z->node = c->node;
    z->nofragment = c->nofragment;
    z->movable_by_type = c->movable_by_type;
    z->shuffle = c->shuffle;
    z->bit_is_tail = c->policy.shuffle_bit_is_tail;
    z->bits = c->bits;
    z->bits_ctx = c->bits_ctx;
    z->boost_factor = c->boost_factor;
    z->notify_order = -1;
    z->capture.pfn = REF_NONE;
    z->nr_blocks = ((z->start + z->span - 1) >> z->pbo) - (z->start >> z->pbo) + 1;
    z->block_type = calloc(z->nr_blocks, 1);
    z->page_bytes = z->span * sizeof *z->page;
    z->page = mmap(NULL, z->page_bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    z->pcp = calloc(c->cpus, sizeof *z->pcp);
    if (!z->block_type || z->page == MAP_FAILED || !z->pcp)
        abort();
    for (unsigned i = 0; i < c->cpus; i++)
        z->pcp[i].batch = 1;
    boot(z, c);
    if (c->managed)
        z->managed = c->managed;
    ref_compute_sizes(z, c);
    return z;
}

void ref_zone_destroy(struct ref_zone *z)
{
    if (!z)
        return;
    for (unsigned o = 0; o < FPR_NR_ORDERS; o++)
        for (unsigned t = 0; t < REF_TYPES; t++)
            ref_list_clear(&z->list[o][t]);
    for (unsigned c = 0; c < z->cpus; c++)
        for (unsigned i = 0; i < REF_PCP_LISTS; i++)
            ref_list_clear(&z->pcp[c].list[i]);
    munmap(z->page, z->page_bytes);
    free(z->pcp);
    free(z->block_type);
    free(z);
}

/* NR_FREE_PAGES changes; what a watermark check sees may lag behind. */
void ref_account(struct ref_zone *z, int64_t pages)
{
    z->lag += pages;
    if (z->lag > z->threshold || z->lag < -z->threshold) {
        z->free += z->lag;
        z->lag = 0;
    }
}

static void mix(uint64_t *h, uint64_t word)
{
    *h = (*h ^ word) * 0x100000001b3u;
}

uint64_t ref_hash(const struct ref_zone *z, bool with_pcp)
{
    uint64_t h = 0xcbf29ce484222325u;

    mix(&h, (uint64_t)(z->free + z->lag));
    mix(&h, (uint64_t)z->highatomic);
    mix(&h, (uint64_t)z->boost);
    for (unsigned o = 0; o <= z->maxo; o++) {
        mix(&h, 0x100000000u + o);
        mix(&h, z->nr_free[o]);
        for (unsigned t = 0; t < REF_TYPES; t++) {
            const struct ref_list *l = &z->list[o][t];

            mix(&h, 0x200000000u + 256ull * o + t);
            for (size_t i = 0; i < l->n; i++)
                mix(&h, 2 * l->pfn[i] + (ref_page(z, l->pfn[i])->reported ? 1 : 0));
        }
    }
    for (uint64_t b = 0; b < z->nr_blocks; b++)
        mix(&h, z->block_type[b]);
    if (!with_pcp)
        return h;
    mix(&h, (uint64_t)z->pcp[0].count);
    mix(&h, z->pcp[0].factor);
    for (unsigned i = 0; i < z->rules.pcp_lists; i++) {
        mix(&h, 0x300000000u + i);
        for (size_t k = 0; k < z->pcp[0].list[i].n; k++)
            mix(&h, z->pcp[0].list[i].pfn[k]);
    }
    return h;
}
