/* Hash of a zone's state, word by word as the golden format defines it. */
#include "mm/pcp.h"

#define FNV_BASIS 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

static inline uint64_t word(uint64_t h, uint64_t w)
{
    return (h ^ w) * FNV_PRIME;
}

static uint64_t hash_list(const struct fpr_zone *z, uint64_t h, const struct area *a, int mt)
{
    const struct list *l = &a->list[mt];
    uint32_t k = l->head;
    for (uint64_t n = 0; n < l->count; n++) {
        uint16_t tag = tag_load(&a->tags[k]);
        h = word(h, zone_pfn(z, k << a->shift) << 1 | ((tag & TAG_REPORTED) != 0));
        k = link_load(&a->links[k].next);
    }
    return h;
}

static uint64_t hash_pcp(const struct fpr_zone *z, uint64_t h)
{
    const struct pcp *p = &z->pcp[0];
    h = word(h, fpr_pcp_count(p));
    h = word(h, p->free_factor);
    for (unsigned i = 0; i < z->policy.pcp_lists; i++) {
        const struct list *l = fpr_pcp_list(p, i);
        h = word(h, 0x300000000u + i);
        uint32_t k = l->head;
        for (uint64_t n = 0; n < l->count; n++) {
            h = word(h, zone_pfn(z, k));
            k = link_load(&z->links[k].next);
        }
    }
    return h;
}

uint64_t fpr_zone_hash(const struct fpr_zone *zone, bool with_pcp)
{
    if (!zone) {
        return 0;
    }
    uint64_t h = FNV_BASIS;
    h = word(h, (uint64_t)(zone_free_seen(zone) + zone->free_lag));
    h = word(h, zone->highatomic);
    h = word(h, zone->boost);
    for (unsigned o = 0; o <= zone->max_order; o++) {
        const struct area *a = &zone->area[o];
        h = word(h, 0x100000000u + o);
        h = word(h, area_nr_free(a));
        for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++) {
            h = word(h, 0x200000000u + 256 * o + (unsigned)mt);
            h = hash_list(zone, h, a, mt);
        }
    }
    uint64_t last = (zone->end - 1) >> zone->pageblock_order;
    for (uint64_t k = zone->first >> zone->pageblock_order; k <= last; k++) {
        h = word(h, zone->pageblock[k]);
    }
    return with_pcp ? hash_pcp(zone, h) : h;
}
