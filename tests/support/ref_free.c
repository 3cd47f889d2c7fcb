/* The reference model: putting blocks on free lists, merging, placement, giving back. */
#include "support/ref.h"

#include <stdlib.h>

void ref_add_free(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned type, bool tail)
{
    for (fpr_pfn p = pfn; p < pfn + (1ull << order); p++)
        *ref_page(z, p) = (struct ref_page){.what = REF_INSIDE};
    *ref_page(z, pfn) =
        (struct ref_page){.what = REF_FREE, .order = (uint8_t)order, .type = (uint8_t)type};
    ref_list_add(&z->list[order][type], pfn, tail);
    z->nr_free[order]++;
}

/* Takes a block off its list; this is what clears Reported. */
void ref_del_free(struct ref_zone *z, fpr_pfn pfn)
{
    struct ref_page *page = ref_page(z, pfn);
    struct ref_list *l = &z->list[page->order][page->type];

    if (page->what != REF_FREE)
        abort();
    ref_list_remove_at(l, ref_list_find(l, pfn));
    z->nr_free[page->order]--;
    page->what = REF_INSIDE;
    page->reported = false;
}

/* To another type's list of the same order; Reported stays. */
void ref_move_free(struct ref_zone *z, fpr_pfn pfn, unsigned type)
{
    struct ref_page *page = ref_page(z, pfn);
    struct ref_list *l = &z->list[page->order][page->type];

    ref_list_remove_at(l, ref_list_find(l, pfn));
    ref_list_add(&z->list[page->order][type], pfn, z->rules.move_tail);
    page->type = (uint8_t)type;
}

/* One bit of the shuffle source, from bit 0 upward. */
static bool shuffle_tail(struct ref_zone *z)
{
    bool bit;

    if (z->word_left == 0) {
        z->word = z->bits(z->bits_ctx);
        z->word_left = 64;
    }
    bit = z->word & 1;
    z->word >>= 1;
    z->word_left--;
    return bit == z->bit_is_tail;
}

/* Will this block soon merge? True if its buddy is not free but the buddy of their pair is. */
static bool merge_likely(const struct ref_zone *z, fpr_pfn pfn, unsigned order)
{
    fpr_pfn pair = pfn & ~(1ull << order);

    if (order + 1 >= z->maxo)
        return false;
    if (z->rules.parent_in_zone && pair < z->start) /* the pair would begin in another zone */
        return false;
    return ref_is_free(z, pair ^ (2ull << order), order + 1);
}

/* May blocks of these pageblock types merge at or above the pageblock order? */
static bool types_may_merge(const struct ref_zone *z, unsigned a, unsigned b)
{
    if (a == b)
        return true;
    if (z->rules.merge_mergeable)
        return a < FPR_HIGHATOMIC && b < FPR_HIGHATOMIC;
    return z->isolated == 0 || (a != FPR_ISOLATE && b != FPR_ISOLATE);
}

/* Compaction's capture: a block of just the order wanted, on its way to the lists. */
static bool captured(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned type)
{
    if (!z->capture.active || z->capture.paused || z->capture.pfn != REF_NONE ||
        order != z->capture.order || type == FPR_ISOLATE)
        return false;
    if (order < z->pbo && type == FPR_MOVABLE)
        return false;
    z->capture.pfn = pfn;
    ref_account(z, -((int64_t)1 << order));
    ref_mark(z, pfn, order, REF_HELD, false);
    return true;
}

void ref_free_one(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned type,
                  enum fpr_place place, bool notify)
{
    bool tail;

    if (type != FPR_ISOLATE)
        ref_account(z, (int64_t)1 << order);
    while (order < z->maxo) {
        fpr_pfn buddy = pfn ^ (1ull << order);

        if (captured(z, pfn, order, type))
            return;
        if (!ref_is_free(z, buddy, order))
            break;
        if (order >= z->pbo && !types_may_merge(z, type, ref_type(z, buddy)))
            break;
        if (order >= z->pbo && z->rules.merge_convert)
            for (fpr_pfn p = buddy; p < buddy + (1ull << order); p += 1ull << z->pbo)
                ref_set_type(z, p, type);
        ref_del_free(z, buddy);
        pfn &= ~(1ull << order);
        order++;
    }
    if (place != FPR_PLACE_RULE)
        tail = place == FPR_PLACE_TAIL;
    else if (z->shuffle && order >= z->maxo)
        tail = shuffle_tail(z);
    else
        tail = merge_likely(z, pfn, order);
    ref_add_free(z, pfn, order, type, tail);
    if (notify && z->notify_order >= 0 && order >= (unsigned)z->notify_order)
        z->notify(z->notify_ctx, z, order);
}

/* An allocated block of exactly this order? */
bool ref_can_free(const struct ref_zone *z, fpr_pfn pfn, unsigned order)
{
    return order <= z->maxo && ref_in_zone(z, pfn) && pfn % (1ull << order) == 0 &&
           ref_page(z, pfn)->what == REF_ALLOCATED && ref_page(z, pfn)->order == order;
}

void ref_free_pages(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned cpu)
{
    ref_mark(z, pfn, order, REF_INSIDE, false);
    if (ref_pcp_order(z, order)) {
        ref_pcp_free(z, pfn, order, ref_type(z, pfn), cpu);
        return;
    }
    if (z->rules.free_in_pieces && order > z->pbo) {
        for (fpr_pfn p = pfn; p < pfn + (1ull << order); p += 1ull << z->pbo)
            ref_free_one(z, p, z->pbo, ref_type(z, p), FPR_PLACE_RULE, true);
        return;
    }
    ref_free_one(z, pfn, order, ref_type(z, pfn), FPR_PLACE_RULE, true);
}

void ref_split(struct ref_zone *z, fpr_pfn pfn, unsigned order, unsigned to)
{
    bool movable = ref_page(z, pfn)->movable;

    for (fpr_pfn p = pfn; p < pfn + (1ull << order); p += 1ull << to)
        ref_mark(z, p, to, REF_ALLOCATED, movable);
}
