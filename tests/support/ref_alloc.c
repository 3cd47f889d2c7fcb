/* The reference model: taking blocks, attempts with their watermarks, the zonelist. */
#include "support/ref.h"

/* Takes the block off its list and splits it; upper halves go to the head of `type`'s lists. */
fpr_pfn ref_take_split(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned type)
{
    unsigned o = ref_page(z, pfn)->order;

    ref_del_free(z, pfn);
    while (o > order) {
        o--;
        ref_add_free(z, pfn + (1ull << o), o, type, false);
    }
    return pfn;
}

fpr_pfn ref_smallest(struct ref_zone *z, unsigned order, unsigned type)
{
    for (unsigned o = order; o <= z->maxo; o++)
        if (z->list[o][type].n > 0)
            return ref_take_split(z, z->list[o][type].pfn[0], order, type);
    return REF_NONE;
}

static fpr_pfn rmqueue_claiming(struct ref_zone *z, unsigned order, unsigned type, unsigned flags,
                                enum ref_mode *mode)
{
    fpr_pfn pfn;

    if (*mode == REF_MODE_NORMAL) {
        pfn = ref_smallest(z, order, type);
        if (pfn == REF_NONE)
            pfn = ref_claim(z, order, type, flags);
        if (pfn != REF_NONE)
            return pfn;
    }
    if (flags & REF_F_NOFRAGMENT)
        return REF_NONE;
    pfn = ref_steal_one(z, order, type);
    if (pfn != REF_NONE)
        *mode = REF_MODE_STEAL;
    return pfn;
}

fpr_pfn ref_rmqueue(struct ref_zone *z, unsigned order, unsigned type, unsigned flags,
                    enum ref_mode *mode)
{
    if (z->rules.claim)
        return rmqueue_claiming(z, order, type, flags, mode);
    for (;;) {
        fpr_pfn pfn = ref_smallest(z, order, type);

        if (pfn != REF_NONE || !ref_steal(z, order, type, flags))
            return pfn;
    }
}

static fpr_pfn from_buddy(struct ref_zone *z, unsigned order, unsigned type, unsigned flags)
{
    enum ref_mode mode = REF_MODE_NORMAL;
    bool harder = z->rules.flags_6_1 ? (flags & REF_F_HIGHATOMIC) : (flags & REF_F_HARDER);
    fpr_pfn pfn = REF_NONE;

    if (harder && order > 0)
        pfn = ref_smallest(z, order, FPR_HIGHATOMIC);
    if (pfn == REF_NONE)
        pfn = ref_rmqueue(z, order, type, flags, &mode);
    if (pfn == REF_NONE && (flags & REF_F_NON_BLOCK))
        pfn = ref_smallest(z, order, FPR_HIGHATOMIC);
    if (pfn != REF_NONE)
        ref_account(z, -((int64_t)1 << order));
    return pfn;
}

fpr_pfn ref_try_zone(struct ref_zone *z, unsigned order, unsigned type, unsigned cpu,
                     unsigned index, unsigned flags)
{
    int64_t mark = z->wmark[flags & REF_F_MIN ? FPR_WMARK_MIN : FPR_WMARK_LOW] + z->boost;
    bool harder = z->rules.flags_6_1 ? (flags & REF_F_HIGHATOMIC) : (flags & REF_F_HARDER);
    fpr_pfn pfn = REF_NONE;

    if (!ref_watermark_fast(z, order, mark, index, flags) && !(flags & REF_F_NO_WATERMARKS))
        return REF_NONE;
    if (ref_pcp_order(z, order) && !(flags & REF_F_PCP_LOCKED)) {
        pfn = ref_pcp_alloc(z, order, type, cpu, flags);
        if (pfn == REF_NONE && z->rules.pcp_sweep)
            pfn = from_buddy(z, order, type, flags);
    } else {
        pfn = from_buddy(z, order, type, flags);
    }
    if (pfn != REF_NONE && harder && order > 0)
        ref_reserve_highatomic(z, pfn, order);
    return pfn;
}

unsigned ref_slow_flags(const struct ref_rules *r, unsigned order, fpr_gfp gfp)
{
    unsigned flags = REF_F_MIN;

    if (gfp & FPR_GFP_HIGH)
        flags |= REF_F_HIGH;
    if (gfp & FPR_GFP_ATOMIC)
        flags |= REF_F_ATOMIC_GFP;
    if (r->flags_6_1) {
        if (!(gfp & FPR_GFP_DIRECT_RECLAIM) && !(gfp & FPR_GFP_NOMEMALLOC)) {
            flags |= REF_F_NON_BLOCK;
            if (order > 0 && (gfp & FPR_GFP_HIGH))
                flags |= REF_F_HIGHATOMIC;
        }
    } else if ((gfp & FPR_GFP_ATOMIC) && !(gfp & FPR_GFP_NOMEMALLOC)) {
        flags |= REF_F_HARDER;
    }
    return flags;
}

static unsigned highest_zone(fpr_gfp gfp)
{
    if (gfp & FPR_GFP_DMA)
        return FPR_ZONE_DMA;
    if (gfp & FPR_GFP_DMA32)
        return FPR_ZONE_DMA32;
    if ((gfp & FPR_GFP_MOVABLE) && (gfp & FPR_GFP_HIGHMEM))
        return FPR_ZONE_MOVABLE;
    return FPR_ZONE_NORMAL;
}

static unsigned type_of(fpr_gfp gfp)
{
    return gfp & FPR_GFP_MOVABLE       ? FPR_MOVABLE
           : gfp & FPR_GFP_RECLAIMABLE ? FPR_RECLAIMABLE
                                       : FPR_UNMOVABLE;
}

struct order_list {
    struct ref_zone *zone[64];
    size_t n;
};

/* One pass over the zonelist; another without NOFRAGMENT if it began with it. */
static fpr_pfn pass(const struct order_list *l, unsigned order, fpr_gfp gfp, unsigned cpu,
                    unsigned flags, struct ref_zone **from)
{
    bool by_highest = l->zone[0]->rules.by_highest_zone;
    unsigned index = by_highest ? highest_zone(gfp) : l->zone[0]->index;

    for (;;) {
        unsigned again = flags & REF_F_NOFRAGMENT;

        for (size_t i = 0; i < l->n; i++) {
            fpr_pfn pfn;

            if (again && (flags & REF_F_NOFRAGMENT) && l->zone[i]->node != l->zone[0]->node)
                break; /* another node only without NOFRAGMENT: begin again */
            pfn = ref_try_zone(l->zone[i], order, type_of(gfp), cpu, index, flags);
            if (pfn != REF_NONE) {
                *from = l->zone[i];
                return pfn;
            }
        }
        if (!again)
            return REF_NONE;
        flags &= ~(unsigned)REF_F_NOFRAGMENT;
    }
}

static fpr_pfn attempts(const struct order_list *l, unsigned order, fpr_gfp gfp, unsigned cpu,
                        unsigned locked)
{
    unsigned slow = ref_slow_flags(&l->zone[0]->rules, order, gfp);
    struct ref_zone *from = NULL;
    fpr_pfn pfn;

    pfn = pass(l, order, gfp, cpu, locked | (l->zone[0]->nofragment ? REF_F_NOFRAGMENT : 0), &from);
    if (pfn == REF_NONE)
        pfn = pass(l, order, gfp, cpu, slow | locked, &from);
    if (pfn == REF_NONE) {
        if ((gfp & FPR_GFP_MEMALLOC) && !(gfp & FPR_GFP_NOMEMALLOC))
            slow = REF_F_MIN | REF_F_NO_WATERMARKS;
        pfn = pass(l, order, gfp, cpu, slow | locked, &from);
    }
    if (pfn != REF_NONE)
        ref_mark(from, pfn, order, REF_ALLOCATED,
                 from->movable_by_type && type_of(gfp) == FPR_MOVABLE);
    return pfn;
}

fpr_pfn ref_alloc(struct ref_zone *z, unsigned order, fpr_gfp gfp, unsigned cpu)
{
    struct order_list l = {.zone = {z}, .n = 1};

    return attempts(&l, order, gfp, cpu, 0);
}

/* Zones of the preferred node from the highest index down, then the nodes by distance. */
fpr_pfn ref_alloc_zones(struct ref_zone **zones, size_t n, int node, unsigned order, fpr_gfp gfp,
                        unsigned cpu, bool pcp_locked)
{
    struct order_list l = {.n = 0};

    for (int far = 0; far < 16; far++)
        for (int side = 0; side < (far ? 2 : 1); side++)
            for (size_t i = n; i-- > 0;) {
                if (zones[i]->node != (side ? node - far : node + far) || zones[i]->managed == 0 ||
                    zones[i]->index > highest_zone(gfp))
                    continue;
                if (far > 0 && (gfp & FPR_GFP_THISNODE))
                    continue;
                l.zone[l.n++] = zones[i];
            }
    if (l.n == 0)
        return REF_NONE;
    return attempts(&l, order, gfp, cpu, pcp_locked ? REF_F_PCP_LOCKED : 0);
}
