#include "micro/sequence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ORDER 10u

int sequence_init(struct sequence *s, struct fpr_zone *zone, enum sequence_orders orders,
                  uint64_t frames, uint64_t seed)
{
    memset(s, 0, sizeof(*s));
    s->zone = zone;
    s->orders = orders;
    s->frames = frames;
    s->target = frames / 10 * 7;
    s->random = seed;
    s->room = (size_t)s->target + 1; /* all of order 0 */
    s->pfns = malloc(s->room * sizeof(*s->pfns));
    s->order = malloc(s->room);
    if (!s->pfns || !s->order) {
        sequence_free(s);
        return -ENOMEM;
    }
    return 0;
}

void sequence_free(struct sequence *s)
{
    free(s->pfns);
    free(s->order);
    s->pfns = NULL;
    s->order = NULL;
}

static unsigned pick_order(enum sequence_orders orders, uint64_t bits)
{
    switch (orders) {
    case SEQUENCE_UNIFORM:
        return (unsigned)((bits & 0xffff) * (MAX_ORDER + 1) >> 16);
    case SEQUENCE_ORDER9:
        return 9;
    default: /* P(0) = 1/2, P(1) = 1/4, … cut at the largest */
        return (unsigned)__builtin_ctzll((bits & 0x3ff) | 1u << MAX_ORDER);
    }
}

static void give(struct sequence *s, uint64_t bits)
{
    size_t i = (size_t)((bits >> 32) * s->count >> 32);
    fpr_pfn pfn = s->pfns[i];
    unsigned order = s->order[i];
    s->count--;
    s->pfns[i] = s->pfns[s->count];
    s->order[i] = s->order[s->count];
    s->busy -= (uint64_t)1 << order;
    s->touched += (uint64_t)1 << order;
    if (s->zone) {
        fpr_zone_free(s->zone, pfn, order, s->cpu);
    }
}

static bool take(struct sequence *s, unsigned order)
{
    fpr_pfn pfn = s->next++;
    if (s->zone && fpr_zone_alloc(s->zone, order, FPR_GFP_HIGHUSER_MOVABLE, s->cpu, &pfn)) {
        return false;
    }
    s->pfns[s->count] = pfn;
    s->order[s->count] = (uint8_t)order;
    s->count++;
    s->busy += (uint64_t)1 << order;
    s->touched += (uint64_t)1 << order;
    return true;
}

void sequence_run(struct sequence *s, uint64_t ops)
{
    for (uint64_t i = 0; i < ops; i++) {
        uint64_t bits = micro_random(&s->random);
        unsigned order = pick_order(s->orders, bits);
        bool fits = s->busy + ((uint64_t)1 << order) <= s->target && s->count < s->room;
        if (!(fits && take(s, order)) && s->count) {
            give(s, bits);
        }
    }
}

void sequence_warm_up(struct sequence *s)
{
    while (s->busy + ((uint64_t)1 << MAX_ORDER) <= s->target) {
        uint64_t before = s->busy;
        sequence_run(s, 64);
        if (s->busy <= before && s->busy > s->target / 2) {
            break; /* too fragmented to get nearer */
        }
    }
    sequence_run(s, s->frames / 2);
}

static void *counted_zalloc(void *ctx, size_t size)
{
    struct counted_mem *mem = ctx;
    void *memory = fpr_mem_default()->zalloc(fpr_mem_default()->ctx, size);
    mem->bytes += memory ? size : 0;
    return memory;
}

static void counted_free(void *ctx, void *memory, size_t size)
{
    struct counted_mem *mem = ctx;
    mem->bytes -= size;
    fpr_mem_default()->free(fpr_mem_default()->ctx, memory, size);
}

void counted_mem_init(struct counted_mem *mem)
{
    mem->ops = (struct fpr_mem_ops){counted_zalloc, counted_free, mem};
    mem->bytes = 0;
}

int micro_zone(uint64_t frames, bool pcp, struct counted_mem *mem, struct fpr_zone **zone)
{
    struct fpr_zone_config config;
    int err = fpr_zone_config_init(&config, FPR_PROFILE_V16);
    if (err) {
        return err;
    }
    config.spanned = frames;
    config.pcp_auto = pcp;
    config.pcp_high = 0;
    config.pcp_batch = 1;
    config.mem = &mem->ops;
    return fpr_zone_create(&config, zone);
}

uint64_t micro_moves(const struct fpr_zone *zone, bool pcp)
{
    struct fpr_zone_stats s;
    if (fpr_zone_get_stats(zone, &s)) {
        return 0;
    }
    uint64_t moves = s.allocs + s.frees + s.splits + s.merges + s.moved_blocks;
    return pcp ? moves + s.pcp_refills + s.pcp_drains : moves;
}
