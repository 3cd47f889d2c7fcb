/* Shuffling the largest free blocks at boot. */
#include "mm/freelist.h"

#include <errno.h>

#define TRIES 10

/* `new` stands in the ring where `old` stood; `at` are old's links. */
static void replace(struct link *l, struct list *list, uint32_t old, struct link at, uint32_t new)
{
    if (at.next == old) {
        l[new].next = l[new].prev = new;
    } else {
        l[new] = at;
        l[at.prev].next = new;
        l[at.next].prev = new;
    }
    if (list->head == old) {
        list->head = new;
    }
}

/* Neighbours a -> b in one ring change places. */
static void swap_neighbours(struct link *l, struct list *list, uint32_t a, uint32_t b)
{
    if (l[b].next != a) { /* else they are the only two, and turning the ring is enough */
        uint32_t before = l[a].prev, after = l[b].next;
        l[before].next = b;
        l[b].prev = before;
        l[b].next = a;
        l[a].prev = b;
        l[a].next = after;
        l[after].prev = a;
    }
    list->head = list->head == a ? b : list->head == b ? a : list->head;
}

/* Two blocks of the largest order change places in the lists. */
static void swap_blocks(struct fpr_zone *z, uint32_t i, uint32_t j)
{
    struct area *area = &z->area[z->max_order];
    struct link *l = area->links;
    uint32_t a = i >> area->shift, b = j >> area->shift;
    uint16_t ta = tag_load(&area->tags[a]), tb = tag_load(&area->tags[b]);
    struct list *la = &area->list[tag_mt(ta)], *lb = &area->list[tag_mt(tb)];
    if (la == lb && l[a].next == b) {
        swap_neighbours(l, la, a, b);
    } else if (la == lb && l[b].next == a) {
        swap_neighbours(l, la, b, a);
    } else {
        struct link at_a = l[a], at_b = l[b];
        bool a_was_head = la->head == a, b_was_head = lb->head == b;
        replace(l, la, a, at_a, b);
        replace(l, lb, b, at_b, a);
        la->head = a_was_head ? b : la->head;
        lb->head = b_was_head ? a : lb->head;
        tag_store(&area->tags[a], (uint16_t)((ta & ~TAG_MT_MASK) | (tb & TAG_MT_MASK)));
        tag_store(&area->tags[b], (uint16_t)((tb & ~TAG_MT_MASK) | (ta & TAG_MT_MASK)));
    }
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
    if (!zone || !bits) {
        return -EINVAL;
    }
    uint64_t step = 1ull << zone->max_order;
    zone_lock(zone);
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
    zone_unlock(zone);
    return 0;
}
