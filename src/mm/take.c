/* Taking particular blocks, wherever the model has them: for replaying what a kernel did. */
#include "mm/alloc.h"
#include "mm/buddy.h"
#include "mm/fallback.h"
#include "mm/freelist.h"
#include "mm/pcp.h"

#include <errno.h>

/* Cuts the free block `b`, which holds (i, order), down to it. */
static void carve(struct fpr_zone *z, const struct fpr_block *b, uint32_t i, unsigned order)
{
    uint32_t head = (uint32_t)(b->pfn - z->base);
    unsigned from = b->order;
    freelist_del(z, head, from);
    zone_touch(z, head);
    while (from > order) {
        uint32_t half = 1u << --from;
        bool upper = i >= head + half;
        freelist_add(z, upper ? head : head + half, from, b->migratetype, false);
        head += upper ? half : 0;
    }
}

/* Is every frame of the range in a free block? */
static bool wholly(const struct fpr_zone *z, uint32_t i, unsigned order, enum fpr_page_kind kind)
{
    for (uint64_t k = i; k < i + (1ull << order);) {
        struct fpr_block b;
        enum fpr_page_kind found;
        fpr_zone_page(z, zone_pfn(z, (uint32_t)k), &found, &b);
        if (found != kind) {
            return false;
        }
        k = b.pfn - z->base + (1ull << b.order);
    }
    return true;
}

/* Free blocks of isolated pageblocks are not counted as free. */
static void account_taken(struct fpr_zone *z, const struct fpr_block *b, unsigned order)
{
    if (b->migratetype != FPR_ISOLATE) {
        zone_account(z, -(int64_t)(1ull << order));
    }
}

static void take_pieces(struct fpr_zone *z, uint32_t i, unsigned order)
{
    for (uint64_t k = i; k < i + (1ull << order);) {
        struct fpr_block b;
        enum fpr_page_kind kind;
        fpr_zone_page(z, zone_pfn(z, (uint32_t)k), &kind, &b);
        freelist_del(z, (uint32_t)k, b.order);
        account_taken(z, &b, b.order);
        k += 1ull << b.order;
    }
}

int fpr_zone_take(struct fpr_zone *zone, fpr_pfn pfn, unsigned order)
{
    uint32_t i;
    if (!zone_block_ok(zone, pfn, order, &i)) {
        return -EINVAL;
    }
    zone_lock(zone);
    struct fpr_block b;
    enum fpr_page_kind kind;
    fpr_zone_page(zone, pfn, &kind, &b);
    int err = 0;
    if (kind == FPR_PAGE_FREE && b.order >= order) {
        carve(zone, &b, i, order);
        account_taken(zone, &b, order);
    } else if (wholly(zone, i, order, FPR_PAGE_FREE)) {
        take_pieces(zone, i, order);
    } else {
        err = -ENOENT;
    }
    if (!err) {
        fpr_mark_allocated(zone, i, order, pageblock_get(zone, i));
    }
    zone_unlock(zone);
    return err;
}

/* Which cpu's list a block is on: the one at whose tail the way from the block ends. */
static struct pcp *owner_of(struct fpr_zone *z, unsigned list, uint32_t i)
{
    for (uint32_t k = i;; k = link_load(&z->links[k].next)) {
        for (unsigned c = 0; c < z->cpus; c++) {
            const struct list *l = fpr_pcp_list(&z->pcp[c], list);
            if (l->count && l->tail == k) {
                return &z->pcp[c];
            }
        }
    }
}

int fpr_zone_pcp_take(struct fpr_zone *zone, fpr_pfn pfn, unsigned order)
{
    uint32_t i;
    if (!zone_block_ok(zone, pfn, order, &i)) {
        return -EINVAL;
    }
    uint16_t tag = tag_seen(zone, i);
    if (!tag_is(tag, PAGE_PCP, order)) {
        return -ENOENT;
    }
    int mt = tag_mt(tag) < FPR_NR_PCPTYPES ? tag_mt(tag) : FPR_MOVABLE;
    unsigned list = fpr_pcp_list_index(zone, order, mt);
    fpr_pcp_unlink(zone, owner_of(zone, list, i), list, i);
    fpr_mark_allocated(zone, i, order, mt);
    fpr_pcp_settings_changed(zone);
    return 0;
}

int fpr_zone_pcp_push(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, unsigned cpu)
{
    uint32_t i;
    if (!zone_block_ok(zone, pfn, order, &i) || cpu >= zone->cpus ||
        !(zone->pcp_orders >> order & 1) || !tag_is(tag_seen(zone, i), PAGE_ALLOCATED, order)) {
        return -EINVAL;
    }
    int mt = pageblock_get(zone, i);
    if (mt == FPR_ISOLATE) { /* no such page is ever on these lists */
        return -EINVAL;
    }
    if (mt >= FPR_NR_PCPTYPES) {
        mt = FPR_RECLAIMABLE;
    }
    lend_end(zone, i);
    fpr_pcp_link(zone, &zone->pcp[cpu], fpr_pcp_list_index(zone, order, mt), i, mt, false);
    fpr_pcp_settings_changed(zone);
    return 0;
}

/* An allocated block that holds (i, order) becomes blocks with that one among them. */
static void split_allocated(struct fpr_zone *z, const struct fpr_block *b, uint32_t i,
                            unsigned order)
{
    uint32_t head = (uint32_t)(b->pfn - z->base);
    uint16_t rest = (uint16_t)(tag_load(&z->tags[head]) & ~TAG_ORDER_MASK);
    for (unsigned from = b->order; from > order;) {
        uint32_t half = 1u << --from;
        uint16_t piece = (uint16_t)(rest | from << TAG_ORDER_SHIFT);
        tag_store(&z->tags[head], piece);
        tag_store(&z->tags[head + half], piece);
        lend(z, head, from);
        lend(z, head + half, from);
        head += i >= head + half ? half : 0;
    }
}

/* The allocated blocks that make up (i, order) become one; movable if the first was. */
static void join_allocated(struct fpr_zone *z, uint32_t i, unsigned order)
{
    uint16_t first = tag_load(&z->tags[i]);
    for (uint64_t k = i; k < i + (1ull << order);) {
        uint64_t next = k + (1ull << tag_order(tag_load(&z->tags[k])));
        tag_store(&z->tags[k], 0);
        k = next;
    }
    tag_store(&z->tags[i], (uint16_t)((first & ~TAG_ORDER_MASK) | order << TAG_ORDER_SHIFT));
    lend(z, i, order);
}

int fpr_zone_regroup(struct fpr_zone *zone, fpr_pfn pfn, unsigned order)
{
    uint32_t i;
    if (!zone_block_ok(zone, pfn, order, &i)) {
        return -EINVAL;
    }
    if (tag_is(tag_seen(zone, i), PAGE_ALLOCATED, order)) {
        return 0;
    }
    zone_lock(zone);
    int err = 0;
    struct fpr_block b;
    enum fpr_page_kind kind;
    fpr_zone_page(zone, pfn, &kind, &b);
    if (kind == FPR_PAGE_ALLOCATED && b.order > order) {
        split_allocated(zone, &b, i, order);
    } else if (wholly(zone, i, order, FPR_PAGE_ALLOCATED)) {
        join_allocated(zone, i, order);
    } else {
        err = -ENOENT;
    }
    zone_unlock(zone);
    return err;
}

int fpr_zone_alloc_bulk_page(struct fpr_zone *zone, int mt, unsigned cpu, fpr_pfn *pfn)
{
    if (!zone_usable(zone) || !pfn || mt < 0 || mt >= FPR_NR_PCPTYPES || cpu >= zone->cpus) {
        return -EINVAL;
    }
    struct pcp *p = &zone->pcp[cpu];
    fpr_pcp_lock(zone, p);
    uint64_t i = fpr_pcp_pop(zone, p, 0, mt, 0);
    if (i != BLOCK_NONE) {
        p->stats.allocs++;
        fpr_mark_allocated(zone, (uint32_t)i, 0, mt);
        *pfn = zone_pfn(zone, (uint32_t)i);
    }
    fpr_pcp_unlock(zone, p);
    return i == BLOCK_NONE ? -ENOMEM : 0;
}
