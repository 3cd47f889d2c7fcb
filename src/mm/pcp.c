#include "mm/pcp.h"

#include "base/check.h"
#include "mm/buddy.h"
#include "mm/emit.h"
#include "mm/fallback.h"
#include "mm/freelist.h"

#include <sched.h>

#define MAX_FREE_FACTOR 5u

bool fpr_pcp_trylock(struct fpr_zone *z, struct pcp *p)
{
    return !z->locked || pthread_spin_trylock(&p->lock) == 0;
}

void fpr_pcp_lock(struct fpr_zone *z, struct pcp *p)
{
    while (!fpr_pcp_trylock(z, p)) {
        sched_yield(); /* whoever has it may wait for this processor */
    }
}

void fpr_pcp_unlock(struct fpr_zone *z, struct pcp *p)
{
    if (z->locked) {
        pthread_spin_unlock(&p->lock);
    }
}

void fpr_pcp_init(const struct fpr_zone *z, struct pcp *p)
{
    p->room = -1; /* high is 0 */
    pthread_spin_init(&p->lock, PTHREAD_PROCESS_PRIVATE);
    for (unsigned n = 0; n < PCP_HUGE_LISTS_START + FPR_NR_PCPTYPES; n++) {
        unsigned order = fpr_pcp_list_order(z, n), mt = n % FPR_NR_PCPTYPES;
        struct list *l = fpr_pcp_list(p, n);
        l->tag = tag_make(PAGE_PCP, order, (int)mt);
        l->granted_tag = (uint16_t)(z->alloc_tag[mt] | order << TAG_ORDER_SHIFT);
    }
}

void fpr_pcp_link(struct fpr_zone *z, struct pcp *p, unsigned list, uint32_t i, int mt, bool tail)
{
    unsigned order = fpr_pcp_list_order(z, list);
    struct list *l = fpr_pcp_list(p, list);
    list_add(z->links, l, i, tail);
    if (!z->locked || tag_load(&z->tags[i]) != l->granted_tag ||
        tag_mt(l->granted_tag) != mt) { /* see lend.h */
        tag_store(&z->tags[i], tag_make(PAGE_PCP, order, mt));
    }
    p->room -= 1ll << order;
}

void fpr_pcp_unlink(struct fpr_zone *z, struct pcp *p, unsigned list, uint32_t i)
{
    list_remove(z->links, fpr_pcp_list(p, list), i);
    p->room += 1ll << fpr_pcp_list_order(z, list);
}

static unsigned refill_blocks(const struct fpr_zone *z, const struct pcp *p, unsigned order)
{
    if (z->policy.pcp == FPR_PCP_ORDER0 || p->batch <= 1) {
        return p->batch;
    }
    unsigned n = p->batch >> order;
    return n > 2 ? n : 2;
}

/* What the free list of just this order and type has, up to `wanted` blocks, in its order: most
 * refills need nothing else. Returns how many. */
static unsigned refill_alike(struct fpr_zone *z, struct pcp *p, unsigned list, int mt,
                             unsigned wanted)
{
    unsigned order = fpr_pcp_list_order(z, list), got = 0;
    struct list *from = &z->area[order].list[mt], *to = fpr_pcp_list(p, list);
    if (order == z->max_order || emit_wanted(z)) {
        return 0;
    }
    for (; got < wanted && from->count; got++) {
        uint32_t i = from->head;
        z->stats.reported_allocs += (tag_load(&z->tags[i]) & TAG_REPORTED) != 0;
        if (!list_pop(z->links, from)) {
            zone_mask_drop(z, mt, 1u << order);
        }
        list_add_tail(z->links, to, i);
        tag_store(&z->tags[i], tag_make(PAGE_PCP, order, mt));
    }
    p->room -= (int64_t)got << order;
    return got;
}

static void refill(struct fpr_zone *z, struct pcp *p, unsigned list, int mt, unsigned flags)
{
    unsigned order = fpr_pcp_list_order(z, list);
    unsigned wanted = refill_blocks(z, p, order);
    struct refill shared = {.stealing = false};
    zone_lock(z);
    unsigned got = refill_alike(z, p, list, mt, wanted);
    while (got < wanted) {
        uint64_t i = fpr_rmqueue(z, order, mt, flags, &shared);
        if (i == BLOCK_NONE) {
            break;
        }
        fpr_pcp_link(z, p, list, (uint32_t)i, mt, true);
        got++;
    }
    zone_account(z, -(int64_t)((uint64_t)got << order));
    zone_unlock(z);
    p->stats.pcp_refills += got;
}

uint64_t fpr_pcp_pop(struct fpr_zone *z, struct pcp *p, unsigned order, int mt, unsigned flags)
{
    unsigned list = fpr_pcp_list_index(z, order, mt);
    struct list *l = fpr_pcp_list(p, list);
    if (l->count == 0) {
        refill(z, p, list, mt, flags);
        if (l->count == 0) {
            return BLOCK_NONE;
        }
    }
    uint32_t i = l->head;
    list_pop(z->links, l);
    p->room += 1ll << order;
    return i;
}

uint64_t fpr_pcp_alloc(struct fpr_zone *z, struct pcp *p, unsigned order, int mt, unsigned flags)
{
    p->free_factor >>= 1;
    return fpr_pcp_pop(z, p, order, mt, flags);
}

/* One block leaves its per-cpu list for the free lists. */
static void free_block(struct fpr_zone *z, struct pcp *p, uint32_t i, unsigned order)
{
    int mt = tag_mt(tag_load(&z->tags[i]));
    if (z->nr_isolated || z->policy.free_by_pageblock || z->policy.pcp_forgets) {
        mt = pageblock_get(z, i);
    }
    tag_store(&z->tags[i], 0);
    p->stats.pcp_drains++;
    fpr_buddy_free(z, i, order, mt, FPR_PLACE_RULE, true);
    emit_block(z, FPR_EVENT_PCPU_DRAIN, i, order, mt);
}

static uint32_t take_tail(struct fpr_zone *z, struct pcp *p, unsigned list)
{
    uint32_t i = fpr_pcp_list(p, list)->tail;
    fpr_pcp_unlink(z, p, list, i);
    return i;
}

/* Up to 5.17: list after list, one block from the first, two from the second …; all are taken
 * before the first is freed. The blocks wait on a list of their own, in the order of taking. */
static void bulk_round_robin(struct fpr_zone *z, struct pcp *p, int64_t pages)
{
    unsigned lists = z->policy.pcp_lists, list = 0, run = 0;
    struct list out = {.count = 0};
    int64_t left = pages;
    while (left > 0) {
        do {
            run++;
            list = list + 1 == lists ? 0 : list + 1;
        } while (fpr_pcp_list(p, list)->count == 0);
        if (run == lists) {
            run = (unsigned)left;
        }
        unsigned order = fpr_pcp_list_order(z, list);
        do {
            list_add_tail(z->links, &out, take_tail(z, p, list));
            left -= 1ll << order;
        } while (left > 0 && --run && fpr_pcp_list(p, list)->count);
    }
    while (out.count) {
        uint32_t i = out.head;
        list_pop(z->links, &out);
        free_block(z, p, i, tag_order(tag_load(&z->tags[i])));
    }
}

/* From 5.18: each list is emptied, tails first, before the next, beginning with `list`. */
static void bulk_list_by_list(struct fpr_zone *z, struct pcp *p, int64_t pages, unsigned list)
{
    unsigned low = 0, high = z->policy.pcp_lists - 1;
    int64_t left = pages;
    unsigned next = list;
    while (left > 0) {
        for (;; next++) {
            if (next > high) {
                next = low;
            }
            if (fpr_pcp_list(p, next)->count) {
                break;
            }
            high -= next == high;
            low += next == low;
        }
        unsigned order = fpr_pcp_list_order(z, next);
        do {
            free_block(z, p, take_tail(z, p, next), order);
            left -= 1ll << order;
        } while (left > 0 && fpr_pcp_list(p, next)->count);
        next++;
    }
}

static void bulk_free(struct fpr_zone *z, struct pcp *p, unsigned pages, unsigned list)
{
    unsigned count = fpr_pcp_count(p);
    pages = pages < count ? pages : count;
    zone_lock(z);
    if (z->policy.pcp == FPR_PCP_MULTI_DRAIN) {
        bulk_list_by_list(z, p, pages, list);
    } else {
        bulk_round_robin(z, p, pages);
    }
    zone_unlock(z);
}

/* How many pages a drain frees; consecutive frees make it grow. */
static unsigned drain_pages(const struct fpr_zone *z, struct pcp *p, unsigned high)
{
    if (z->policy.pcp == FPR_PCP_ORDER0) {
        return p->batch;
    }
    if (high < p->batch) {
        return 1;
    }
    unsigned low = p->batch, most = high - p->batch;
    unsigned n = p->batch << p->free_factor;
    bool may_grow = z->policy.pcp == FPR_PCP_MULTI_RR || p->free_factor < MAX_FREE_FACTOR;
    if (n < most && may_grow) {
        p->free_factor++;
    }
    n = n > low ? n : low;
    return n < most ? n : most;
}

void fpr_pcp_free(struct fpr_zone *z, struct pcp *p, uint32_t i, unsigned order, int mt)
{
    unsigned list = fpr_pcp_list_index(z, order, mt < FPR_NR_PCPTYPES ? mt : FPR_MOVABLE);
    fpr_pcp_link(z, p, list, i, mt, false);
    bool high_order = order > 0 && order <= PCP_COSTLY_ORDER;
    if (z->policy.pcp == FPR_PCP_MULTI_DRAIN && p->free_factor && high_order) {
        bulk_free(z, p, fpr_pcp_count(p), list); /* many high-order frees in a row: keep none */
        return;
    }
    unsigned high = p->high;
    if (read_relaxed(z->reclaiming) && high > p->batch << 2 && z->policy.pcp != FPR_PCP_ORDER0) {
        high = p->batch << 2;
    }
    if (fpr_pcp_count(p) >= high) {
        bulk_free(z, p, drain_pages(z, p, high), list);
    }
}

void fpr_pcp_drain(struct fpr_zone *z, struct pcp *p)
{
    while (fpr_pcp_count(p)) {
        unsigned pages = fpr_pcp_count(p);
        if (z->policy.pcp == FPR_PCP_MULTI_DRAIN && pages > p->batch << MAX_FREE_FACTOR) {
            pages = p->batch << MAX_FREE_FACTOR;
        }
        bulk_free(z, p, pages, 0);
    }
}

void fpr_pcp_settings_changed(struct fpr_zone *z)
{
    bool through = true;
    for (unsigned c = 0; c < z->cpus; c++) {
        struct pcp *p = &z->pcp[c];
        fpr_pcp_lock(z, p);
        through &= p->high == 0 && p->batch <= 1 && fpr_pcp_count(p) == 0;
        fpr_pcp_unlock(z, p);
    }
    zone_lock(z);
    write_relaxed(z->pcp_through, through);
    fpr_zone_quick_changed(z);
    zone_unlock(z);
}

static unsigned log2_floor(uint64_t x)
{
    return 63u - (unsigned)__builtin_clzll(x);
}

static void default_sizes(const struct fpr_zone *z, unsigned *high, unsigned *batch)
{
    uint64_t b = z->managed / 1024, mib = (1ull << 20) >> z->page_shift;
    b = (b > mib ? mib : b) / 4;
    b = b ? b : 1;
    b = (1ull << log2_floor(b + b / 2)) - 1;
    *batch = b ? (unsigned)b : 1;
    if (z->policy.pcp == FPR_PCP_ORDER0) {
        *high = 6 * (unsigned)b;
        return;
    }
    uint64_t share = z->watermark[FPR_WMARK_LOW] / z->cpus;
    *high = share > 4u * *batch ? (unsigned)share : 4 * *batch;
}

void fpr_pcp_auto(struct fpr_zone *z)
{
    if (!z->pcp_auto) {
        return;
    }
    for (unsigned k = 0; k < z->cpus; k++) {
        unsigned high;
        default_sizes(z, &high, &z->pcp[k].batch);
        fpr_pcp_set_high(&z->pcp[k], high);
    }
    fpr_pcp_settings_changed(z);
}
