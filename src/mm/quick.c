/* The short ways of requests and frees: what nearly all of them take in a zone of one thread to
 * which nobody listens. Each does, in as few steps as can be, what alloc.c and free.c do with all
 * their rules; whatever is out of the ordinary is handed to them before anything has changed.
 *
 * Every path is a function of its own that another ends by jumping to it, so that none has to save
 * registers for the others' sake; that is why they share an order of arguments. Tags are read
 * plainly here: there is but one thread. */
#include "base/check.h"
#include "mm/alloc.h"
#include "mm/buddy_core.h"
#include "mm/pcp.h"
#include "mm/watermark.h"

#include <errno.h>

/* The first order that goes straight to the free lists, and how many do. */
static void find_direct(struct fpr_zone *z)
{
    unsigned whole = (2u << z->pageblock_order) - 1; /* orders that lie in one pageblock */
    unsigned used = z->pcp_through ? z->pcp_orders & ~whole : z->pcp_orders;
    unsigned most = z->policy.free_by_pageblock ? z->pageblock_order : z->max_order;
    z->direct_first = (unsigned)__builtin_ctz(~used);
    unsigned next = z->direct_first;
    while (next <= most && !(used >> next & 1)) {
        next++;
    }
    z->direct_count = next - z->direct_first;
    z->pcp_allowed = used & 1;
}

void fpr_zone_quick_changed(struct fpr_zone *z)
{
    int64_t free = zone_free_seen(z);
    z->easy_mark = fpr_watermark_easy(z);
    if (!z->locked) { /* else no short way is allowed, ever: other threads may be looking */
        bool quick = !z->sink.event && !z->caller && !z->capture.active && !z->boosted &&
                     !z->shuffle && !z->reclaiming && z->nr_isolated == 0 &&
                     z->stat_threshold == 0 && !(z->policy.parent_in_zone && z->first);
        bool freely = z->policy.merge == FPR_MERGE_UNLESS_ISOLATED;
        find_direct(z);
        z->direct_count = quick ? z->direct_count : 0;
        z->pcp_allowed = quick && z->pcp_allowed;
        z->special_order = z->notify_order < z->max_order ? z->notify_order : z->max_order;
        z->merge_limit = freely ? UINT32_MAX : z->pageblock_order << TAG_ORDER_SHIFT;
    }
    zone_set_free(z, free);
}

/* The bits of a request that name its type, as a number of TYPE_UNITs. A request with bits that do
 * not exist comes out above LAST_TYPE, as does one with both type bits. */
#define TYPE_UNIT FPR_GFP_MOVABLE
#define LAST_TYPE (FPR_RECLAIMABLE * TYPE_UNIT)

static inline uint32_t type_bits(fpr_gfp gfp)
{
    return gfp & ~(FPR_GFP_ALL_BITS & ~(FPR_GFP_MOVABLE | FPR_GFP_RECLAIMABLE));
}

static inline struct list *list_of_type(struct list *row, uint32_t type)
{
    return (struct list *)(void *)((char *)row + type * (sizeof(struct list) / TYPE_UNIT));
}

static inline int grant(const struct fpr_zone *z, uint32_t i, fpr_pfn *pfn)
{
    *pfn = zone_pfn(z, i);
    return 0;
}

/* Order 0 from a per-cpu list that has a block. */
static inline int alloc_pcp(struct fpr_zone *z, unsigned order, fpr_gfp gfp, unsigned cpu,
                            fpr_pfn *pfn)
{
    uint32_t type = type_bits(gfp);
    if (fpr_unlikely(cpu >= z->cpus || type > LAST_TYPE)) {
        return fpr_zone_alloc_slowly(z, order, gfp, cpu, pfn);
    }
    struct pcp *p = &z->pcp[cpu];
    struct list *l = list_of_type(p->row[0], type);
    fpr_opaque(l);
    if (fpr_unlikely(l->count <= order)) { /* 0, that is */
        return fpr_zone_alloc_slowly(z, order, gfp, cpu, pfn);
    }
    fpr_opaque(l);
    l->count--;
    uint32_t i = l->head;
    l->head = z->links[i].next; /* means nothing for the last one: then count says so */
    p->room++;
    p->free_factor >>= 1;
    p->stats.allocs++;
    z->tags[i] = l->granted_tag;
    return grant(z, i, pfn);
}

/* What was list `l`'s head is cut from `bit` pages down to `size`; `mask` is of l's type. */
static inline int cut_head(struct fpr_zone *z, struct list *l, uint32_t i, uint32_t bit,
                           uint32_t size, uint32_t *mask, fpr_pfn *pfn)
{
    uint16_t *tags = z->tags;
    if (--l->count == 0) {
        *mask ^= bit;
        fpr_opaque(mask);
    }
    *mask |= bit - size;
    l = buddy_cut(z, l, i, bit, size);
    tags[i] = l->granted_tag;
    return grant(z, i, pfn);
}

/* The largest order, which has links and tags of its own. */
static fpr_apart int alloc_top(struct fpr_zone *z, uint32_t size, unsigned mt, unsigned from,
                               fpr_pfn *pfn)
{
    struct area *a = &z->area[from];
    struct list *l = &a->list[mt];
    uint32_t k = l->head;
    z->touched[k] = 1;
    if (fpr_unlikely(a->tags[k] & TAG_REPORTED)) {
        z->stats.reported_allocs++;
    }
    a->tags[k] = 0;
    l->head = a->links[k].next;
    return cut_head(z, l, k << from, size_of(from), size, &z->nonempty[mt], pfn);
}

/* The list of the wanted order was empty: a block of order `from` is cut. */
static fpr_apart int alloc_cut(struct fpr_zone *z, uint32_t size, unsigned mt, unsigned from,
                               fpr_pfn *pfn)
{
    if (from == z->max_order) {
        return alloc_top(z, size, mt, from, pfn);
    }
    struct list *l = &z->area[from].list[mt];
    fpr_opaque(l);
    uint32_t i = l->head;
    if (fpr_unlikely(z->tags[i] & TAG_REPORTED)) {
        z->stats.reported_allocs++;
    }
    l->head = z->links[i].next;
    return cut_head(z, l, i, size_of(from), size, &z->nonempty[mt], pfn);
}

/* Too few pages are left to be sure. */
static fpr_cold int alloc_scarce(struct fpr_zone *z, unsigned order, fpr_gfp gfp, unsigned cpu,
                                 fpr_pfn *pfn)
{
    z->spare += size_of(order);
    return fpr_zone_alloc_slowly(z, order, gfp, cpu, pfn);
}

/* From the free lists. */
static fpr_apart int alloc_direct(struct fpr_zone *z, unsigned order, fpr_gfp gfp, unsigned cpu,
                                  fpr_pfn *pfn)
{
    uint32_t type = type_bits(gfp);
    if (fpr_unlikely(order - z->direct_first >= z->direct_count || cpu >= z->cpus ||
                     type > LAST_TYPE)) {
        return fpr_zone_alloc_slowly(z, order, gfp, cpu, pfn);
    }
    uint32_t size = size_of(order), mt = type / TYPE_UNIT, *mask = &z->nonempty[mt];
    fpr_opaque(size);
    uint32_t fitting = *mask & -size;
    if (fpr_unlikely(!fitting)) {
        return fpr_zone_alloc_slowly(z, order, gfp, 0, pfn); /* whatever the cpu */
    }
    z->spare -= size;
    if (fpr_unlikely(z->spare < 0)) {
        return alloc_scarce(z, order, gfp, 0, pfn);
    }
    z->stats.allocs++;
    if (!(fitting & size)) {
        return alloc_cut(z, size, mt, (unsigned)__builtin_ctz(fitting), pfn);
    }
    if (order == z->max_order) {
        return alloc_top(z, size, mt, order, pfn);
    }
    struct list *l = list_of_type(z->area[order].list, type);
    uint32_t i = l->head;
    if (fpr_unlikely(z->tags[i] & TAG_REPORTED)) {
        z->stats.reported_allocs++;
    }
    z->tags[i] = l->granted_tag;
    l->head = z->links[i].next;
    if (--l->count == 0) {
        fpr_opaque(mask);
        *mask ^= size;
    }
    return grant(z, i, pfn);
}

int fpr_zone_alloc(struct fpr_zone *zone, unsigned order, fpr_gfp gfp, unsigned cpu, fpr_pfn *pfn)
{
    if (fpr_unlikely(!zone || !pfn)) {
        return -EINVAL;
    }
    return order < zone->pcp_quick ? alloc_pcp(zone, order, gfp, cpu, pfn)
                                   : alloc_direct(zone, order, gfp, cpu, pfn);
}

static fpr_cold int free_pcp_full(struct fpr_zone *z, uint64_t i, struct pcp *p)
{
    p->room++;
    return fpr_zone_free_slowly(z, z->base + i, 0, (unsigned)(p - z->pcp));
}

/* Order 0 to a per-cpu list that has blocks and need not be drained. The list that a type without
 * lists leads to has none. */
static inline int free_pcp(struct fpr_zone *z, fpr_pfn pfn, unsigned cpu)
{
    uint64_t i = pfn - z->base; /* as wide as an address: no widening */
    uint16_t *tags = z->tags;
    if (fpr_unlikely(i >= z->end || (uint8_t)tags[i] != tag_byte(PAGE_ALLOCATED, 0) ||
                     cpu >= z->cpus)) {
        return -EINVAL;
    }
    fpr_opaque(tags);
    struct pcp *p = &z->pcp[cpu];
    if (fpr_unlikely(--p->room < 0)) {
        return free_pcp_full(z, i, p);
    }
    struct list *l = &p->row[0][z->pageblock[(uint32_t)i >> z->pageblock_order]];
    fpr_opaque(l);
    uint32_t none = 0; /* one zero for the comparison and the result */
    fpr_opaque(none);
    if (fpr_unlikely(l->count == none)) {
        return free_pcp_full(z, i, p);
    }
    fpr_opaque(l);
    l->count++;
    p->stats.frees++;
    uint32_t head = l->head;
    l->head = (uint32_t)i;
    z->links[i].next = head;
    z->links[head].prev = (uint32_t)i;
    tags[i] = l->tag;
    return (int)none;
}

/* A block that does not merge joins its list. */
static inline void add(struct fpr_zone *z, struct list *l, uint32_t i, uint32_t size, unsigned byte,
                       unsigned mt)
{
    uint16_t *tags = z->tags;
    struct link *links = z->links;
    fpr_opaque(l);
    tags[i] = l->tag;
    if (fpr_unlikely(l->count == 0)) {
        list_start(l, i);
        z->nonempty[mt] |= size;
        return;
    }
    fpr_opaque(l);
    l->count++;
    /* where the parent's buddy is free, the tail; see buddy_merge_likely() */
    uint32_t beyond = (i | size) ^ 3 * size;
    if ((uint8_t)tags[beyond] == (uint8_t)(byte + TAG_ORDER_UNIT)) {
        uint32_t tail = l->tail;
        l->tail = i;
        links[i].prev = tail;
        links[tail].next = i;
    } else {
        uint32_t head = l->head;
        l->head = i;
        links[i].next = head;
        links[head].prev = i;
    }
}

/* A block that does not merge and is one of the largest, or that somebody wants to know of. */
static fpr_apart int free_special(struct fpr_zone *z, uint32_t i, unsigned order, unsigned mt)
{
    struct area *a = &z->area[order];
    struct list *l = &a->list[mt];
    if (order == z->max_order) { /* never put at the tail */
        uint32_t k = i >> order;
        z->tags[i] = 0;
        a->tags[k] = l->tag;
        z->nonempty[mt] |= size_of(order);
        list_add_head(a->links, l, k);
    } else {
        add(z, l, i, size_of(order), tag_byte(PAGE_FREE, order), mt);
    }
    if (order >= z->notify_order) {
        fpr_buddy_notify(z, i, order, (int)mt);
    }
    return 0;
}

/* Merging where pageblocks of different types may meet. */
static fpr_apart int free_settle(struct fpr_zone *z, uint32_t i, unsigned order, unsigned mt)
{
    z->tags[i] = 0;
    fpr_buddy_settle(z, i, order, (int)mt, FPR_PLACE_RULE, true);
    return 0;
}

/* A block whose buddy is free. */
static fpr_apart int free_merge(struct fpr_zone *z, uint32_t at, unsigned order, unsigned mt,
                                uint32_t pages)
{
    uint16_t *tags = z->tags;
    struct link *links = z->links;
    struct list *row = z->area[order].list;
    size_t i = at, size = pages, buddy = i ^ size; /* as wide as addresses: no widening */
    unsigned byte = order << TAG_ORDER_SHIFT | PAGE_FREE, tag = tags[buddy];
    do {
        if (fpr_unlikely(byte >= z->merge_limit)) {
            return free_settle(z, (uint32_t)i, byte / TAG_ORDER_UNIT, mt);
        }
        struct list *l = &row[tag >> TAG_MT_SHIFT];
        if (fpr_unlikely(!list_remove(links, l, (uint32_t)buddy))) {
            z->nonempty[tag >> TAG_MT_SHIFT] ^= (uint32_t)size;
        }
        tags[i | buddy] = 0; /* the lower one's is written later */
        z->stats.merges++;
        i &= buddy;
        size <<= 1;
        byte += TAG_ORDER_UNIT;
        row = (struct list *)(void *)((char *)row + sizeof(struct area));
        buddy = i ^ size;
        tag = tags[buddy];
    } while ((uint8_t)tag == (uint8_t)byte);
    order = byte / TAG_ORDER_UNIT;
    if (order >= z->special_order) {
        return free_special(z, (uint32_t)i, order, mt);
    }
    add(z, &row[mt], (uint32_t)i, (uint32_t)size, byte, mt);
    return 0;
}

/* To the free lists. */
static fpr_apart int free_direct(struct fpr_zone *z, fpr_pfn pfn, unsigned order, unsigned cpu)
{
    if (fpr_unlikely(order - z->direct_first >= z->direct_count)) {
        return fpr_zone_free_slowly(z, pfn, order, cpu);
    }
    uint64_t at = pfn - z->base;
    unsigned byte = order << TAG_ORDER_SHIFT | PAGE_FREE;
    if (fpr_unlikely(at >= z->end || cpu >= z->cpus ||
                     (uint8_t)z->tags[at] != (uint8_t)(byte + PAGE_ALLOCATED - PAGE_FREE))) {
        return -EINVAL;
    }
    uint32_t i = (uint32_t)at, size = size_of(order);
    fpr_opaque(size);
    unsigned mt = z->pageblock[i >> z->pageblock_order];
    z->spare += size;
    z->stats.frees++;
    if ((uint8_t)z->tags[i ^ size] == (uint8_t)byte) {
        return free_merge(z, i, order, mt, size);
    }
    if (order >= z->special_order) {
        return free_special(z, i, order, mt);
    }
    add(z, &z->area[order].list[mt], i, size, byte, mt);
    return 0;
}

int fpr_zone_free(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, unsigned cpu)
{
    if (fpr_unlikely(!zone)) {
        return -EINVAL;
    }
    return order < zone->pcp_quick ? free_pcp(zone, pfn, cpu) : free_direct(zone, pfn, order, cpu);
}
