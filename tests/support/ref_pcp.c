/* The reference model: per-cpu lists. */
#include "support/ref.h"

#include <stdlib.h>

/* Is this order served from per-cpu lists? */
bool ref_pcp_order(const struct ref_zone *z, unsigned order)
{
    if (!z->rules.multi_pcp)
        return order == 0;
    return order <= 3 || order == z->pbo;
}

static unsigned list_of(const struct ref_zone *z, unsigned order, unsigned type)
{
    if (!z->rules.multi_pcp)
        return type;
    if (order <= 3)
        return 3 * order + type;
    if (z->rules.pcp_lists == 15)
        return 12 + type;
    return 12 + (type == FPR_MOVABLE ? 1 : 0);
}

static unsigned order_of(const struct ref_zone *z, unsigned list)
{
    if (!z->rules.multi_pcp)
        return 0;
    return list >= 12 ? z->pbo : list / 3;
}

static void push(struct ref_zone *z, struct ref_pcp *pcp, fpr_pfn pfn, unsigned order,
                 unsigned type, unsigned list, bool tail)
{
    ref_mark(z, pfn, order, REF_ON_PCP, false);
    ref_page(z, pfn)->type = (uint8_t)type;
    ref_list_add(&pcp->list[list], pfn, tail);
    pcp->count += (int64_t)1 << order;
}

static void refill(struct ref_zone *z, struct ref_pcp *pcp, unsigned order, unsigned type,
                   unsigned flags)
{
    enum ref_mode mode = REF_MODE_NORMAL;
    int64_t blocks = pcp->batch;
    int64_t taken = 0;

    if (z->rules.multi_pcp && blocks > 1) {
        blocks >>= order;
        if (blocks < 2)
            blocks = 2;
    }
    for (int64_t i = 0; i < blocks; i++) {
        fpr_pfn pfn = ref_rmqueue(z, order, type, flags, &mode);

        if (pfn == REF_NONE)
            break;
        taken += (int64_t)1 << order;
        push(z, pcp, pfn, order, type, list_of(z, order, type), true);
    }
    ref_account(z, -taken);
}

static fpr_pfn pop_head(struct ref_zone *z, struct ref_pcp *pcp, unsigned order, unsigned type,
                        unsigned flags)
{
    struct ref_list *l = &pcp->list[list_of(z, order, type)];
    fpr_pfn pfn;

    if (l->n == 0)
        refill(z, pcp, order, type, flags);
    if (l->n == 0)
        return REF_NONE;
    pfn = l->pfn[0];
    ref_list_remove_at(l, 0);
    pcp->count -= (int64_t)1 << order;
    return pfn;
}

fpr_pfn ref_pcp_alloc(struct ref_zone *z, unsigned order, unsigned type, unsigned cpu,
                      unsigned flags)
{
    z->pcp[cpu].factor /= 2;
    return pop_head(z, &z->pcp[cpu], order, type, flags);
}

/* The bulk allocator leaves the factor alone. */
fpr_pfn ref_pcp_bulk_page(struct ref_zone *z, unsigned type, unsigned cpu)
{
    return pop_head(z, &z->pcp[cpu], 0, type, 0);
}

/* To the head of a list, without any drain: how a replay repairs itself after a miss. */
bool ref_pcp_push(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned cpu)
{
    unsigned type = ref_type(z, pfn);

    if (!ref_pcp_order(z, order) || type == FPR_ISOLATE)
        return false;
    if (type > FPR_RECLAIMABLE)
        type = FPR_RECLAIMABLE;
    push(z, &z->pcp[cpu], pfn, order, type, list_of(z, order, type), false);
    return true;
}

/* From whichever list holds it. */
bool ref_pcp_take(struct ref_zone *z, fpr_pfn pfn, unsigned order)
{
    for (unsigned c = 0; c < z->cpus; c++)
        for (unsigned i = 0; i < z->rules.pcp_lists; i++) {
            struct ref_list *l = &z->pcp[c].list[i];
            size_t at = ref_list_find(l, pfn);

            if (at == l->n || order_of(z, i) != order)
                continue;
            ref_list_remove_at(l, at);
            z->pcp[c].count -= (int64_t)1 << order;
            ref_mark(z, pfn, order, REF_ALLOCATED, false);
            return true;
        }
    return false;
}

/* The tail of a per-cpu list leaves it; returns its pages. */
static int64_t pop_tail(struct ref_zone *z, struct ref_pcp *pcp, unsigned list, fpr_pfn *pfn)
{
    struct ref_list *l = &pcp->list[list];
    int64_t pages = (int64_t)1 << order_of(z, list);

    *pfn = l->pfn[l->n - 1];
    ref_list_remove_at(l, l->n - 1);
    pcp->count -= pages;
    return pages;
}

static void to_buddy(struct ref_zone *z, fpr_pfn pfn)
{
    struct ref_page *page = ref_page(z, pfn);
    unsigned order = page->order;
    unsigned type = page->type;

    if (z->isolated > 0 || z->rules.pcp_type_now)
        type = ref_type(z, pfn);
    ref_mark(z, pfn, order, REF_INSIDE, false);
    ref_free_one(z, pfn, order, type, FPR_PLACE_RULE, true);
}

/* v16 to 5.17: round robin over the lists in runs that grow; freed once all are chosen. */
static void bulk_round_robin(struct ref_zone *z, struct ref_pcp *pcp, int64_t count)
{
    unsigned lists = z->rules.pcp_lists;
    struct ref_list out = {0};
    unsigned i = 0;
    int64_t run = 0;

    while (count > 0) {
        do {
            run++;
            i = (i + 1) % lists;
        } while (pcp->list[i].n == 0);
        if (run == lists)
            run = count;
        do {
            fpr_pfn pfn;

            count -= pop_tail(z, pcp, i, &pfn);
            ref_list_add(&out, pfn, true);
            if (count <= 0)
                break;
            run--;
        } while (run > 0 && pcp->list[i].n > 0);
    }
    for (size_t k = 0; k < out.n; k++)
        to_buddy(z, out.pfn[k]);
    ref_list_clear(&out);
}

/* 5.18 on: one list after the other, from the one given. */
static void bulk_sweep(struct ref_zone *z, struct ref_pcp *pcp, int64_t count, unsigned list)
{
    while (count > 0) {
        fpr_pfn pfn;

        while (pcp->list[list].n == 0)
            list = (list + 1) % z->rules.pcp_lists;
        count -= pop_tail(z, pcp, list, &pfn);
        to_buddy(z, pfn);
    }
}

static void bulk(struct ref_zone *z, struct ref_pcp *pcp, int64_t count, unsigned list)
{
    if (count > pcp->count)
        count = pcp->count;
    if (z->rules.pcp_sweep)
        bulk_sweep(z, pcp, count, list);
    else
        bulk_round_robin(z, pcp, count);
}

/* How many pages a free at or above high sends back. */
static int64_t bulk_size(struct ref_zone *z, struct ref_pcp *pcp, int64_t high)
{
    int64_t most = high - pcp->batch;
    int64_t n;

    if (!z->rules.multi_pcp)
        return pcp->batch;
    if (high < pcp->batch)
        return 1;
    n = pcp->batch << pcp->factor;
    if (n < most && (!z->rules.pcp_sweep || pcp->factor < 5))
        pcp->factor++;
    if (n < pcp->batch)
        n = pcp->batch;
    return n < most ? n : most;
}

void ref_pcp_free(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned type, unsigned cpu)
{
    struct ref_pcp *pcp = &z->pcp[cpu];
    unsigned list = list_of(z, order, type < FPR_NR_PCPTYPES ? type : FPR_MOVABLE);
    int64_t high = pcp->high;

    if (type == FPR_ISOLATE) {
        ref_free_one(z, pfn, order, type, FPR_PLACE_RULE, true);
        return;
    }
    push(z, pcp, pfn, order, type, list, false);
    if (z->rules.pcp_sweep && pcp->factor > 0 && order >= 1 && order <= 3) {
        bulk(z, pcp, pcp->count, list);
        return;
    }
    if (z->rules.multi_pcp && z->reclaiming && high > 4 * pcp->batch)
        high = 4 * pcp->batch;
    if (pcp->count >= high)
        bulk(z, pcp, bulk_size(z, pcp, high), list);
}

void ref_drain(struct ref_zone *z, unsigned cpu)
{
    bulk(z, &z->pcp[cpu], z->pcp[cpu].count, 0);
}

void ref_drain_all(struct ref_zone *z)
{
    for (unsigned c = 0; c < z->cpus; c++)
        ref_drain(z, c);
}

void ref_set_pcp(struct ref_zone *z, unsigned high, unsigned batch)
{
    ref_drain_all(z);
    for (unsigned c = 0; c < z->cpus; c++) {
        z->pcp[c].high = high;
        z->pcp[c].batch = batch;
        z->pcp[c].factor = 0;
    }
}
