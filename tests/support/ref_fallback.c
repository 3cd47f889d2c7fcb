/* The reference model: when the wanted type has nothing, and high-atomic reserves. */
#include "support/ref.h"

#include <stdlib.h>

static fpr_pfn first_of_pageblock(const struct ref_zone *z, fpr_pfn pfn)
{
    return pfn >> z->pbo << z->pbo;
}

bool ref_whole_pageblock(const struct ref_zone *z, fpr_pfn pfn)
{
    fpr_pfn s = first_of_pageblock(z, pfn);

    return s >= z->start && s + (1ull << z->pbo) <= z->start + z->span;
}

/* Moves the free blocks of a pageblock to another type's lists, rising. Counts pages moved, and
 * allocated pages that are movable. */
uint64_t ref_move_pageblock(struct ref_zone *z, fpr_pfn pfn, unsigned type, uint64_t *movable)
{
    fpr_pfn s = first_of_pageblock(z, pfn);
    fpr_pfn e = s + (1ull << z->pbo);
    uint64_t moved = 0;

    if (e > z->start + z->span)
        return 0;
    if (s < z->start && z->rules.whole_pageblocks)
        return 0;
    if (s < z->start)
        s = pfn;
    while (s < e) {
        const struct ref_page *page = ref_page(z, s);

        if (page->what == REF_FREE) {
            ref_move_free(z, s, type);
            moved += 1ull << page->order;
            s += 1ull << page->order;
            continue;
        }
        if (page->movable && movable)
            ++*movable;
        s++;
    }
    return moved;
}

static const unsigned others[3][2] = {
    [FPR_UNMOVABLE] = {FPR_RECLAIMABLE, FPR_MOVABLE},
    [FPR_MOVABLE] = {FPR_RECLAIMABLE, FPR_UNMOVABLE},
    [FPR_RECLAIMABLE] = {FPR_UNMOVABLE, FPR_MOVABLE},
};

/* The victim at one order: head of the first non-empty list of another type. */
static fpr_pfn victim(const struct ref_zone *z, unsigned order, unsigned type)
{
    for (int i = 0; i < 2; i++)
        if (z->list[order][others[type][i]].n > 0)
            return z->list[order][others[type][i]].pfn[0];
    return REF_NONE;
}

/* May a request of this type take whole pageblocks from victims of this order? */
static bool stealable(const struct ref_zone *z, unsigned order, unsigned type)
{
    return order >= z->pbo || order >= z->pbo / 2 || type != FPR_MOVABLE;
}

static void set_types(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned type)
{
    for (fpr_pfn p = pfn; p < pfn + (1ull << order); p += 1ull << z->pbo)
        ref_set_type(z, p, type);
}

static void take_over(struct ref_zone *z, fpr_pfn pfn, unsigned type, bool whole)
{
    unsigned order = ref_page(z, pfn)->order;
    unsigned old = ref_type(z, pfn);
    uint64_t pages = 1ull << z->pbo;
    uint64_t movable = 0, moved, alike = 0;

    if (old == FPR_HIGHATOMIC) {
        ref_move_free(z, pfn, type);
        return;
    }
    if (order >= z->pbo) {
        set_types(z, pfn, order, type);
        ref_move_free(z, pfn, type);
        return;
    }
    ref_boost(z);
    moved = whole ? ref_move_pageblock(z, pfn, type, &movable) : 0;
    if (moved == 0) {
        ref_move_free(z, pfn, type);
        return;
    }
    if (type == FPR_MOVABLE)
        alike = movable;
    else if (old == FPR_MOVABLE)
        alike = pages - moved - movable;
    if (moved + alike >= pages / 2)
        ref_set_type(z, pfn, type);
}

static unsigned lowest_order(const struct ref_zone *z, unsigned order, unsigned flags)
{
    if (!(flags & REF_F_NOFRAGMENT))
        return order;
    if (z->rules.nofragment_small && order >= z->pbo)
        return order;
    return z->pbo;
}

/* v16 to 6.9: moves blocks to the wanted type; the caller tries again. */
bool ref_steal(struct ref_zone *z, unsigned order, unsigned type, unsigned flags)
{
    unsigned low = lowest_order(z, order, flags);

    for (unsigned o = z->maxo + 1; o-- > low;) {
        if (victim(z, o, type) == REF_NONE)
            continue;
        if (!stealable(z, o, type) && o > order)
            for (o = order; victim(z, o, type) == REF_NONE; o++)
                continue;
        take_over(z, victim(z, o, type), type, stealable(z, o, type));
        return true;
    }
    return false;
}

/* 6.12, one victim below the pageblock order: convert its pageblock if enough of it is ours. */
static fpr_pfn claim_pageblock(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned type)
{
    uint64_t pages = 1ull << z->pbo;
    uint64_t free = 0, movable = 0, alike = 0;
    fpr_pfn s = first_of_pageblock(z, pfn);
    unsigned old = ref_type(z, pfn);

    ref_boost(z);
    if (!ref_whole_pageblock(z, pfn))
        return REF_NONE;
    for (fpr_pfn p = s; p < s + pages;) {
        const struct ref_page *page = ref_page(z, p);

        if (page->what == REF_FREE) {
            free += 1ull << page->order;
            p += 1ull << page->order;
            continue;
        }
        movable += page->movable ? 1 : 0;
        p++;
    }
    if (type == FPR_MOVABLE)
        alike = movable;
    else if (old == FPR_MOVABLE)
        alike = pages - free - movable;
    if (free + alike < pages / 2)
        return REF_NONE;
    ref_move_pageblock(z, pfn, type, NULL);
    ref_set_type(z, pfn, type);
    return ref_smallest(z, order, type);
}

/* 6.12: from the largest order down, make whole pageblocks ours. */
fpr_pfn ref_claim(struct ref_zone *z, unsigned order, unsigned type, unsigned flags)
{
    unsigned low = lowest_order(z, order, flags);

    for (unsigned o = z->maxo + 1; o-- > low;) {
        fpr_pfn pfn = victim(z, o, type);

        if (pfn == REF_NONE)
            continue;
        if (!stealable(z, o, type))
            break;
        if (ref_type(z, pfn) == FPR_HIGHATOMIC)
            continue;
        if (o >= z->pbo) {
            set_types(z, pfn, o, type);
            return ref_take_split(z, pfn, order, type);
        }
        pfn = claim_pageblock(z, pfn, order, type);
        if (pfn != REF_NONE)
            return pfn;
    }
    return REF_NONE;
}

/* 6.12: else the smallest block that fits; what is left of it stays with its type. */
fpr_pfn ref_steal_one(struct ref_zone *z, unsigned order, unsigned type)
{
    for (unsigned o = order; o <= z->maxo; o++) {
        fpr_pfn pfn = victim(z, o, type);

        if (pfn != REF_NONE)
            return ref_take_split(z, pfn, order, ref_page(z, pfn)->type);
    }
    return REF_NONE;
}

static void reserve_6_12(struct ref_zone *z, fpr_pfn pfn, unsigned order)
{
    uint64_t pages = 1ull << z->pbo;
    uint64_t one = z->managed / 100;
    uint64_t most = (one + pages - 1) / pages * pages;

    if (one < pages || (uint64_t)z->highatomic >= most || ref_type(z, pfn) >= FPR_HIGHATOMIC)
        return;
    if (order >= z->pbo) {
        set_types(z, pfn, order, FPR_HIGHATOMIC);
        z->highatomic += (int64_t)1 << order;
    } else if (ref_whole_pageblock(z, pfn)) {
        ref_move_pageblock(z, pfn, FPR_HIGHATOMIC, NULL);
        ref_set_type(z, pfn, FPR_HIGHATOMIC);
        z->highatomic += (int64_t)pages;
    }
}

/* After a high-order request that may use reserves: keep its pageblock for the next ones. */
void ref_reserve_highatomic(struct ref_zone *z, fpr_pfn pfn, unsigned order)
{
    uint64_t pages = 1ull << z->pbo;

    if (z->rules.highatomic_6_12) {
        reserve_6_12(z, pfn, order);
        return;
    }
    if ((uint64_t)z->highatomic >= z->managed / 100 + pages || ref_type(z, pfn) >= FPR_HIGHATOMIC)
        return;
    z->highatomic += (int64_t)pages;
    ref_set_type(z, pfn, FPR_HIGHATOMIC);
    ref_move_pageblock(z, pfn, FPR_HIGHATOMIC, NULL);
}
