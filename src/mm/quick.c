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

void fpr_zone_quick_changed(struct fpr_zone *z)
{
    bool quick = !z->locked && !z->sink.event && !z->capture.active && !z->boosted && !z->shuffle &&
                 !z->reclaiming && z->nr_isolated == 0 && z->stat_threshold == 0 &&
                 !(z->policy.parent_in_zone && z->first);
    unsigned used = z->pcp_through ? 0 : z->pcp_orders;
    unsigned most = z->policy.free_by_pageblock ? z->pageblock_order : z->max_order;
    z->direct_first = (unsigned)__builtin_ctz(~used);
    unsigned next = z->direct_first;
    while (next <= most && !(used >> next & 1)) {
        next++;
    }
    z->direct_count = quick ? next - z->direct_first : 0;
    z->special_order = z->notify_order < z->max_order ? z->notify_order : z->max_order;
    z->freely = z->policy.merge == FPR_MERGE_UNLESS_ISOLATED;
    z->pcp_allowed = quick && (used & 1);
    int64_t free = zone_free_seen(z);
    z->easy_mark = fpr_watermark_easy(z);
    zone_set_free(z, free);
}

/* Distance of the lists of neighbouring migratetypes, in the bits of a request that name one. A
 * request with other bits than there are comes out above LAST_TYPE, as does one with both. */
#define TYPE_UNIT FPR_GFP_MOVABLE
#define LAST_TYPE (FPR_RECLAIMABLE * TYPE_UNIT)

static inline uint32_t type_bits(fpr_gfp gfp)
{
    return gfp & ~(FPR_GFP_ALL_BITS & ~(FPR_GFP_MOVABLE | FPR_GFP_RECLAIMABLE));
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
    struct list *l = &p->row[0][type / TYPE_UNIT];
    if (fpr_unlikely(l->count == 0)) {
        return fpr_zone_alloc_slowly(z, order, gfp, cpu, pfn);
    }
    l->count--;
    uint32_t i = l->head;
    l->head = z->links[i].next; /* means nothing for the last one: then count says so */
    p->room++;
    p->free_factor >>= 1;
    p->stats.allocs++;
    z->tags[i] = l->granted_tag;
    return grant(z, i, pfn);
}

/* Cuts the block `i`, off its list `l` but for the mask, down to `size`, which is less. */
static inline int cut_and_grant(struct fpr_zone *z, struct list *l, uint32_t i, unsigned mt,
                                unsigned from, uint32_t size, fpr_pfn *pfn)
{
    uint32_t bit = size_of(from), nonempty = z->nonempty[mt];
    if (l->count == 0) {
        nonempty ^= bit;
    }
    z->nonempty[mt] = nonempty | (bit - size);
    l = buddy_cut(z, l, i, bit, size);
    z->tags[i] = l->granted_tag;
    return grant(z, i, pfn);
}

/* The largest order, which has links and tags of its own. */
static fpr_apart int alloc_top(struct fpr_zone *z, uint32_t size, unsigned mt, unsigned from,
                               fpr_pfn *pfn)
{
    struct area *a = &z->area[from];
    struct list *l = &a->list[mt];
    uint32_t k = l->head, i = k << from;
    if (fpr_unlikely(a->tags[k] & TAG_REPORTED)) {
        z->stats.reported_allocs++;
    }
    a->tags[k] = 0;
    z->touched[k] = 1;
    l->count--;
    l->head = a->links[k].next;
    return cut_and_grant(z, l, i, mt, from, size, pfn);
}

/* The list of the wanted order was empty: a block of order `from` is cut. */
static fpr_apart int alloc_cut(struct fpr_zone *z, uint32_t size, unsigned mt, unsigned from,
                               fpr_pfn *pfn)
{
    if (from == z->max_order) {
        return alloc_top(z, size, mt, from, pfn);
    }
    struct list *l = &z->area[from].list[mt];
    uint32_t i = l->head;
    if (fpr_unlikely(z->tags[i] & TAG_REPORTED)) {
        z->stats.reported_allocs++;
    }
    l->count--;
    l->head = z->links[i].next;
    return cut_and_grant(z, l, i, mt, from, size, pfn);
}

int fpr_zone_alloc(struct fpr_zone *zone, unsigned order, fpr_gfp gfp, unsigned cpu, fpr_pfn *pfn)
{
    struct fpr_zone *z = zone;
    if (fpr_unlikely(!z || !pfn)) {
        return -EINVAL;
    }
    if (order < z->pcp_quick) {
        return alloc_pcp(z, order, gfp, cpu, pfn);
    }
    uint32_t type = type_bits(gfp);
    if (fpr_unlikely(order - z->direct_first >= z->direct_count || cpu >= z->cpus ||
                     type > LAST_TYPE)) {
        return fpr_zone_alloc_slowly(z, order, gfp, cpu, pfn);
    }
    uint32_t size = size_of(order), mt = type / TYPE_UNIT, fitting = z->nonempty[mt] & -size;
    if (fpr_unlikely(!fitting)) {
        return fpr_zone_alloc_slowly(z, order, gfp, 0, pfn); /* whatever the cpu */
    }
    z->spare -= size;
    if (fpr_unlikely(z->spare <= 0)) {
        z->spare += size;
        return fpr_zone_alloc_slowly(z, order, gfp, 0, pfn);
    }
    z->stats.allocs++;
    if (!(fitting & size)) {
        return alloc_cut(z, size, mt, (unsigned)__builtin_ctz(fitting), pfn);
    }
    if (order == z->max_order) {
        return alloc_top(z, size, mt, order, pfn);
    }
    struct list *l = &z->area[order].list[mt];
    uint32_t i = l->head;
    if (fpr_unlikely(z->tags[i] & TAG_REPORTED)) {
        z->stats.reported_allocs++;
    }
    z->tags[i] = l->granted_tag;
    l->head = z->links[i].next;
    if (--l->count == 0) {
        z->nonempty[mt] ^= size;
    }
    return grant(z, i, pfn);
}

/* Order 0 to a per-cpu list that has blocks and need not be drained. The list that a type without
 * lists leads to has none. */
static inline int free_pcp(struct fpr_zone *z, uint32_t i, unsigned order, unsigned cpu)
{
    struct pcp *p = &z->pcp[cpu];
    struct list *l = &p->row[0][z->pageblock[i >> z->pageblock_order]];
    if (fpr_unlikely(l->count == 0)) {
        return fpr_zone_free_slowly(z, zone_pfn(z, i), order, cpu);
    }
    if (fpr_unlikely(--p->room < 0)) {
        p->room++;
        return fpr_zone_free_slowly(z, zone_pfn(z, i), order, cpu);
    }
    p->stats.frees++;
    uint32_t head = l->head;
    z->links[i].next = head;
    z->links[head].prev = i;
    l->head = i;
    l->count++;
    z->tags[i] = l->tag;
    return 0;
}

/* A block that does not merge: the end of its list that it goes to. */
static inline void add(struct fpr_zone *z, struct list *l, uint32_t i, uint32_t size, unsigned byte,
                       unsigned mt)
{
    z->tags[i] = l->tag;
    if (fpr_unlikely(l->count == 0)) {
        list_start(l, i);
        z->nonempty[mt] |= size;
        return;
    }
    /* where the parent's buddy is free; see buddy_merge_likely() */
    uint32_t beyond = (i | size) ^ 3 * size;
    l->count++;
    if ((uint8_t)z->tags[beyond] == (uint8_t)(byte + TAG_ORDER_UNIT)) {
        uint32_t tail = l->tail;
        z->links[i].prev = tail;
        z->links[tail].next = i;
        l->tail = i;
    } else {
        uint32_t head = l->head;
        z->links[i].next = head;
        z->links[head].prev = i;
        l->head = i;
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
static fpr_apart int free_merge(struct fpr_zone *z, uint32_t i, unsigned order, unsigned mt)
{
    uint16_t *tags = z->tags;
    struct link *links = z->links;
    struct list *row = z->area[order].list;
    uint32_t size = size_of(order), buddy = i ^ size;
    unsigned byte = tag_byte(PAGE_FREE, order), tag = tags[buddy];
    unsigned limit = z->freely ? UINT32_MAX : tag_byte(PAGE_FREE, z->pageblock_order);
    do {
        if (fpr_unlikely(byte >= limit)) {
            return free_settle(z, i, byte / TAG_ORDER_UNIT, mt);
        }
        struct list *l = &row[tag >> TAG_MT_SHIFT];
        if (!list_remove(links, l, buddy)) {
            z->nonempty[tag >> TAG_MT_SHIFT] ^= size;
        }
        tags[i | buddy] = 0; /* the lower one's is written later */
        z->stats.merges++;
        i &= buddy;
        size <<= 1;
        byte += TAG_ORDER_UNIT;
        row = (struct list *)((char *)row + sizeof(struct area));
        buddy = i ^ size;
        tag = tags[buddy];
    } while ((uint8_t)tag == (uint8_t)byte);
    order = byte / TAG_ORDER_UNIT;
    if (order >= z->special_order) {
        return free_special(z, i, order, mt);
    }
    add(z, &row[mt], i, size, byte, mt);
    return 0;
}

int fpr_zone_free(struct fpr_zone *zone, fpr_pfn pfn, unsigned order, unsigned cpu)
{
    struct fpr_zone *z = zone;
    if (fpr_unlikely(!z)) {
        return -EINVAL;
    }
    uint64_t i = pfn - z->base;
    if (order < z->pcp_quick) {
        if (fpr_unlikely(i >= z->end || (uint8_t)z->tags[i] != tag_byte(PAGE_ALLOCATED, 0) ||
                         cpu >= z->cpus)) {
            return -EINVAL;
        }
        return free_pcp(z, (uint32_t)i, order, cpu);
    }
    if (fpr_unlikely(order - z->direct_first >= z->direct_count)) {
        return fpr_zone_free_slowly(z, pfn, order, cpu);
    }
    unsigned byte = tag_byte(PAGE_FREE, order);
    if (fpr_unlikely(i >= z->end || cpu >= z->cpus ||
                     (uint8_t)z->tags[i] != byte + (PAGE_ALLOCATED - PAGE_FREE))) {
        return -EINVAL;
    }
    uint32_t at = (uint32_t)i, size = size_of(order);
    unsigned mt = z->pageblock[at >> z->pageblock_order];
    z->spare += size;
    z->stats.frees++;
    if ((uint8_t)z->tags[at ^ size] == byte) {
        return free_merge(z, at, order, mt);
    }
    if (order >= z->special_order) {
        return free_special(z, at, order, mt);
    }
    add(z, &z->area[order].list[mt], at, size, byte, mt);
    return 0;
}
