/* Shuffling the largest free blocks at boot. */
#include "mm/freelist.h"

#include <errno.h>

#define TRIES 10

/* Where a block stands in its list; BLOCK_NONE for an end. */
struct place {
    struct list *list;
    uint64_t before;
    uint64_t after;
};

static struct place place_of(const struct area *a, uint32_t k)
{
    struct list *l = (struct list *)(uintptr_t)&a->list[tag_mt(tag_load(&a->tags[k]))];
    return (struct place){.list = l,
                          .before = l->head == k ? BLOCK_NONE : link_load(&a->links[k].prev),
                          .after = l->tail == k ? BLOCK_NONE : link_load(&a->links[k].next)};
}

static void put_at(struct link *links, const struct place *p, uint32_t k)
{
    if (p->before == BLOCK_NONE) {
        p->list->head = k;
    } else {
        link_store(&links[p->before].next, k);
        link_store(&links[k].prev, (uint32_t)p->before);
    }
    if (p->after == BLOCK_NONE) {
        p->list->tail = k;
    } else {
        link_store(&links[p->after].prev, k);
        link_store(&links[k].next, (uint32_t)p->after);
    }
}

/* Two blocks of the largest order change places in the lists. */
static void swap_blocks(struct fpr_zone *z, uint32_t i, uint32_t j)
{
    struct area *area = &z->area[z->max_order];
    uint32_t a = i >> area->shift, b = j >> area->shift;
    uint16_t ta = tag_load(&area->tags[a]), tb = tag_load(&area->tags[b]);
    struct place at_a = place_of(area, a), at_b = place_of(area, b);
    if (at_a.after == b) { /* neighbours: each is the other's neighbour afterwards */
        at_a.after = a;
        at_b.before = b;
    } else if (at_b.after == a) {
        at_b.after = b;
        at_a.before = a;
    }
    put_at(area->links, &at_a, b);
    put_at(area->links, &at_b, a);
    tag_store(&area->tags[a], (uint16_t)((ta & ~TAG_MT_MASK) | (tb & TAG_MT_MASK)));
    tag_store(&area->tags[b], (uint16_t)((tb & ~TAG_MT_MASK) | (ta & TAG_MT_MASK)));
}

/* A free block of the largest order at this frame, inside the zone. */
static bool valid(const struct fpr_zone *z, uint64_t i)
{
    return i >= z->first && i < z->end && (i & ((1u << z->max_order) - 1)) == 0 &&
           freelist_is_free(z, (uint32_t)i, z->max_order);
}

static uint64_t find_partner(struct fpr_zone *z, uint32_t i, fpr_bits_fn bits, void *ctx)
{
    uint64_t step = 1ull << z->max_order;
    for (int k = 0; k < TRIES; k++) {
        uint64_t offset = bits(ctx) % z->spanned / step * step;
        uint64_t j = z->first + offset;
        if (j != i && valid(z, j)) {
            return j;
        }
    }
    return BLOCK_NONE;
}

int fpr_zone_shuffle(struct fpr_zone *zone, fpr_bits_fn bits, void *ctx)
{
    if (!zone_usable(zone) || !bits) {
        return -EINVAL;
    }
    uint64_t step = 1ull << zone->max_order;
    zone_lock(zone);
    zone_call_begin(zone);
    fpr_zone_quick_changed(zone);
    for (uint64_t i = (zone->first + step - 1) & ~(step - 1); i < zone->end; i += step) {
        if (!valid(zone, i)) {
            continue;
        }
        uint64_t j = find_partner(zone, (uint32_t)i, bits, ctx);
        if (j != BLOCK_NONE &&
            pageblock_get(zone, (uint32_t)i) == pageblock_get(zone, (uint32_t)j)) {
            swap_blocks(zone, (uint32_t)i, (uint32_t)j);
        }
    }
    zone_call_end(zone);
    fpr_zone_quick_changed(zone);
    zone_unlock(zone);
    return 0;
}
