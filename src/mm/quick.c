/* The short ways of requests and frees: what nearly all of them take in a zone of one thread to
 * which nobody listens. Each does, in as few steps as can be, what alloc.c and free.c do with all
 * their rules; whatever is out of the ordinary is handed to them before anything has changed.
 *
 * Every path is a function of its own that is jumped to at the end of another, so that none has to
 * save registers for the others' sake. */
#include "base/check.h"
#include "mm/alloc.h"
#include "mm/buddy_core.h"
#include "mm/pcp.h"
#include "mm/watermark.h"

#include <errno.h>

void fpr_zone_quick_changed(struct fpr_zone *z)
{
    bool quick = !z->locked && !z->sink.event && !z->capture.active && !z->boosted && !z->shuffle &&
                 !z->reclaiming && z->nr_isolated == 0 && z->stat_threshold == 0 &&
                 !(z->policy.parent_in_zone && z->first);
    unsigned used = z->pcp_through ? 0 : z->pcp_orders;
    unsigned most = z->policy.free_by_pageblock ? z->pageblock_order : z->max_order;
    z->direct_first = (unsigned)__builtin_ctz(~used);
    unsigned next = used >> z->direct_first ? z->direct_first : most + 1;
    while (next <= most && !(used >> next & 1)) {
        next++;
    }
    z->direct_count = quick ? next - z->direct_first : 0;
    z->pcp_quick = quick && (used & 1);
    z->freely = z->policy.merge == FPR_MERGE_UNLESS_ISOLATED;
    z->easy_mark = fpr_watermark_easy(z);
    z->pcp_mark = z->pcp_quick ? z->easy_mark : INT64_MAX;
}

/* The two mobility bits of a request: 3 is no type. */
static inline unsigned gfp_type(fpr_gfp gfp)
{
    return gfp / FPR_GFP_MOVABLE & 3;
}

static inline int grant(const struct fpr_zone *z, uint32_t i, fpr_pfn *pfn)
{
    *pfn = zone_pfn(z, i);
    return 0;
}

/* The list of the wanted order was empty: a block of order `from` is cut. */
static fpr_apart int alloc_cut(struct fpr_zone *z, uint32_t size, unsigned mt, unsigned from,
                               fpr_pfn *pfn)
{
    struct list *l = &z->area[from].list[mt];
    uint32_t i = l->head, bit = size_of(from), nonempty = z->nonempty[mt];
    z->stats.reported_allocs += (tag_load(&z->tags[i]) & TAG_REPORTED) != 0;
    if (!list_pop(z->links, l)) {
        nonempty ^= bit;
    }
    z->nonempty[mt] = nonempty | (bit - size);
    l = buddy_cut(z, l, i, bit, size);
    tag_store(&z->tags[i], l->granted_tag);
    return grant(z, i, pfn);
}

/* The same for a block of the largest order, which has links and a tag of its own. */
static fpr_apart int alloc_top(struct fpr_zone *z, uint32_t size, unsigned mt, fpr_pfn *pfn)
{
    struct area *a = &z->area[z->max_order];
    struct list *l = &a->list[mt];
    uint32_t k = l->head, i = k << z->max_order, bit = size_of(z->max_order);
    uint32_t nonempty = z->nonempty[mt];
    z->stats.reported_allocs += (tag_load(&a->tags[k]) & TAG_REPORTED) != 0;
    tag_store(&a->tags[k], 0);
    z->touched[k] = 1;
    if (!list_pop(a->links, l)) {
        nonempty ^= bit;
    }
    z->nonempty[mt] = nonempty | (bit - size);
    l = buddy_cut(z, l, i, bit, size);
    tag_store(&z->tags[i], l->granted_tag);
    return grant(z, i, pfn);
}

/* Order 0 from a per-cpu list that has a block. */
static fpr_apart int alloc_pcp(struct fpr_zone *z, fpr_gfp gfp, unsigned cpu, fpr_pfn *pfn)
{
    struct pcp *p = &z->pcp[cpu];
    struct list *l = &p->row[0][gfp_type(gfp)];
    if (fpr_unlikely(cpu >= z->cpus || gfp > FPR_GFP_ALL_BITS || l->count == 0)) {
        return fpr_zone_alloc_slowly(z, 0, gfp, cpu, pfn);
    }
    uint32_t i = l->head;
    l->head = z->links[i].next; /* means nothing for the last one: then count says so */
    l->count--;
    p->room++;
    p->free_factor >>= 1;
    p->stats.allocs++;
    tag_store(&z->tags[i], l->granted_tag);
    return grant(z, i, pfn);
}

int fpr_zone_alloc(struct fpr_zone *zone, unsigned order, fpr_gfp gfp, unsigned cpu, fpr_pfn *pfn)
{
    if (fpr_unlikely(!zone || !pfn)) {
        return -EINVAL;
    }
    if (order == 0 && zone->free > zone->pcp_mark) {
        return alloc_pcp(zone, gfp, cpu, pfn);
    }
    unsigned mt = gfp_type(gfp);
    if (fpr_unlikely(order - zone->direct_first >= zone->direct_count || cpu >= zone->cpus ||
                     gfp > FPR_GFP_ALL_BITS || mt >= FPR_NR_PCPTYPES)) {
        return fpr_zone_alloc_slowly(zone, order, gfp, cpu, pfn);
    }
    uint32_t size = size_of(order), fitting = zone->nonempty[mt] & -size;
    int64_t left = zone->free - (int64_t)size;
    if (fpr_unlikely(!fitting || left < zone->easy_mark)) {
        return fpr_zone_alloc_slowly(zone, order, gfp, cpu, pfn);
    }
    zone->free = left;
    zone->stats.allocs++;
    unsigned from = (unsigned)__builtin_ctz(fitting);
    if (from == zone->max_order) {
        return alloc_top(zone, size, mt, pfn);
    }
    if (from != order) {
        return alloc_cut(zone, size, mt, from, pfn);
    }
    struct list *l = &zone->area[order].list[mt];
    uint32_t i = l->head;
    uint16_t *tag = &zone->tags[i];
    if (fpr_unlikely(tag_load(tag) & TAG_REPORTED)) {
        zone->stats.reported_allocs++;
    }
    tag_store(tag, l->granted_tag);
    if (!list_pop(zone->links, l)) {
        zone->nonempty[mt] ^= size;
    }
    return grant(zone, i, pfn);
}

/* Order 0 to a per-cpu list that has blocks and need not be drained. */
static fpr_apart int free_pcp(struct fpr_zone *z, fpr_pfn pfn, unsigned cpu)
{
    uint64_t i = pfn - z->base;
    if (fpr_unlikely(i >= z->end || (uint8_t)tag_load(&z->tags[i]) != tag_byte(PAGE_ALLOCATED, 0) ||
                     cpu >= z->cpus)) {
        return -EINVAL;
    }
    struct pcp *p = &z->pcp[cpu];
    struct list *l = &p->row[0][pageblock_get(z, (uint32_t)i)];
    if (fpr_unlikely(l->count == 0 || p->room <= 0)) {
        return fpr_zone_free_slowly(z, pfn, 0, cpu);
    }
    p->room--;
    p->stats.frees++;
    uint32_t head = l->head;
    z->links[i].next = head;
    z->links[head].prev = (uint32_t)i;
    l->head = (uint32_t)i;
    l->count++;
    tag_store(&z->tags[i], l->tag);
    return 0;
}

static fpr_apart int notify_free(struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    fpr_buddy_notify(z, i, order, mt);
    return 0;
}

/* A block of the largest order; it is never put at the tail. */
static fpr_apart int free_top(struct fpr_zone *z, uint32_t i, int mt)
{
    struct area *a = &z->area[z->max_order];
    struct list *l = &a->list[mt];
    uint32_t k = i >> z->max_order;
    tag_store(&z->tags[i], 0);
    tag_store(&a->tags[k], l->tag);
    z->nonempty[mt] |= size_of(z->max_order);
    list_add_head(a->links, l, k);
    return z->max_order >= z->notify_order ? notify_free(z, i, z->max_order, mt) : 0;
}

/* A block whose buddy is not free joins its list. */
static inline int free_add(struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    struct list *l = &z->area[order].list[mt];
    tag_store(&z->tags[i], l->tag);
    if (fpr_unlikely(l->count == 0)) {
        list_start(l, i);
        z->nonempty[mt] |= size_of(order);
    } else if (buddy_merge_likely(z, i, order)) {
        list_add_tail(z->links, l, i);
    } else {
        list_add_head(z->links, l, i);
    }
    return fpr_unlikely(order >= z->notify_order) ? notify_free(z, i, order, mt) : 0;
}

/* A block whose buddy is free. */
static fpr_apart int free_merge(struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    uint16_t *tags = z->tags;
    struct list *row = z->area[order].list;
    uint32_t size = size_of(order), buddy = i ^ size;
    uint16_t tag = tag_load(&tags[buddy]);
    do {
        if (order >= z->pageblock_order && !z->freely) {
            tag_store(&tags[i], 0);
            fpr_buddy_settle(z, i, order, mt, FPR_PLACE_RULE, true);
            return 0;
        }
        buddy_leave(z, row, buddy, size, tag_mt(tag));
        tag_store(&tags[i | buddy], 0); /* the lower one's is written by what follows */
        z->stats.merges++;
        i &= buddy;
        order++;
        size <<= 1;
        row = (struct list *)((char *)row + sizeof(struct area));
        buddy = i ^ size;
        tag = tag_load(&tags[buddy]);
    } while ((uint8_t)tag == tag_byte(PAGE_FREE, order));
    return order == z->max_order ? free_top(z, i, mt) : free_add(z, i, order, mt);
}

int fpr_zone_free(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, unsigned cpu)
{
    if (fpr_unlikely(!zone)) {
        return -EINVAL;
    }
    if (order == 0 && zone->pcp_quick) {
        return free_pcp(zone, pfn, cpu);
    }
    if (fpr_unlikely(order - zone->direct_first >= zone->direct_count)) {
        return fpr_zone_free_slowly(zone, pfn, order, cpu);
    }
    uint64_t at = pfn - zone->base;
    if (fpr_unlikely(at >= zone->end || cpu >= zone->cpus ||
                     (uint8_t)tag_load(&zone->tags[at]) != tag_byte(PAGE_ALLOCATED, order))) {
        return -EINVAL;
    }
    uint32_t i = (uint32_t)at, size = size_of(order);
    int mt = pageblock_get(zone, i);
    zone->free += size;
    zone->stats.frees++;
    if ((uint8_t)tag_load(&zone->tags[i ^ size]) == tag_byte(PAGE_FREE, order)) {
        return free_merge(zone, i, order, mt);
    }
    if (order == zone->max_order) {
        return free_top(zone, i, mt);
    }
    return free_add(zone, i, order, mt);
}
