/* The reference model: isolating blocks and ranges, and the boot shuffle. */
#include "support/ref.h"

#include <errno.h>

static void turn_movable(struct ref_zone *z, fpr_pfn pfn)
{
    if (ref_type(z, pfn) >= FPR_HIGHATOMIC)
        return;
    if (z->rules.isolate_moves_rest) {
        if (!ref_whole_pageblock(z, pfn))
            return;
        ref_move_pageblock(z, pfn, FPR_MOVABLE, NULL);
    }
    ref_set_type(z, pfn, FPR_MOVABLE);
}

/* Takes a free block of exactly this order off its list. 0, -EINVAL, -EAGAIN. */
int ref_isolate(struct ref_zone *z, fpr_pfn pfn, unsigned order)
{
    int64_t mark = z->wmark[FPR_WMARK_MIN] + ((int64_t)1 << order);

    if (order > z->maxo || !ref_is_free(z, pfn, order))
        return -EINVAL;
    if (ref_type(z, pfn) != FPR_ISOLATE) {
        if (!ref_watermark_ok(z, 0, mark, 0, 0))
            return -EAGAIN;
        ref_account(z, -((int64_t)1 << order));
    }
    ref_del_free(z, pfn);
    ref_mark(z, pfn, order, REF_HELD, false);
    if (order + 1 >= z->pbo)
        for (fpr_pfn p = pfn; p < pfn + (1ull << order); p += 1ull << z->pbo)
            turn_movable(z, p);
    return 0;
}

void ref_putback(struct ref_zone *z, fpr_pfn pfn, unsigned order, enum fpr_place place)
{
    ref_mark(z, pfn, order, REF_INSIDE, false);
    ref_free_one(z, pfn, order, ref_type(z, pfn), place, false);
}

/* A page that keeps its pageblock from being isolated. */
static bool has_unmovable(const struct ref_zone *z, fpr_pfn start)
{
    bool allocated = false;
    fpr_pfn end = start + (1ull << z->pbo);

    for (fpr_pfn p = start; p < end; p++) {
        fpr_pfn first = p;

        while (first > z->start && ref_page(z, first)->what == REF_INSIDE)
            first--;
        if (ref_page(z, first)->what == REF_RESERVED)
            return true;
        allocated = ref_page(z, first)->what == REF_ALLOCATED;
        if (allocated && !ref_page(z, p)->movable && z->index != FPR_ZONE_MOVABLE)
            return true;
    }
    return false;
}

static void unisolate_one(struct ref_zone *z, fpr_pfn pfn, unsigned type)
{
    const struct ref_page *page = ref_page(z, pfn);
    unsigned order = page->order;
    fpr_pfn buddy = pfn ^ (1ull << order);

    if (ref_type(z, pfn) != FPR_ISOLATE)
        return;
    if (page->what == REF_FREE && order >= z->pbo && ref_in_zone(z, buddy) &&
        ref_type(z, buddy) != FPR_ISOLATE) {
        ref_isolate(z, pfn, order);
        ref_set_type(z, pfn, type);
        ref_putback(z, pfn, order, z->rules.putback);
    } else {
        ref_account(z, (int64_t)ref_move_pageblock(z, pfn, type, NULL));
        ref_set_type(z, pfn, type);
    }
    z->isolated--;
}

int ref_isolate_range(struct ref_zone *z, fpr_pfn start, fpr_pfn end, unsigned type)
{
    for (fpr_pfn p = start; p < end; p += 1ull << z->pbo) {
        if (ref_type(z, p) == FPR_ISOLATE || has_unmovable(z, p)) {
            ref_unisolate_range(z, start, p, type);
            return -EBUSY;
        }
        ref_set_type(z, p, FPR_ISOLATE);
        z->isolated++;
        ref_account(z, -(int64_t)ref_move_pageblock(z, p, FPR_ISOLATE, NULL));
        ref_drain_all(z);
    }
    return 0;
}

void ref_unisolate_range(struct ref_zone *z, fpr_pfn start, fpr_pfn end, unsigned type)
{
    for (fpr_pfn p = start; p < end; p += 1ull << z->pbo)
        unisolate_one(z, p, type);
}

/* Swaps the places of two blocks of the largest order. */
static void swap(struct ref_zone *z, fpr_pfn a, fpr_pfn b)
{
    uint8_t ta = ref_page(z, a)->type;
    uint8_t tb = ref_page(z, b)->type;
    struct ref_list *la = &z->list[z->maxo][ta];
    struct ref_list *lb = &z->list[z->maxo][tb];
    size_t ia = ref_list_find(la, a);
    size_t ib = ref_list_find(lb, b);

    la->pfn[ia] = b;
    lb->pfn[ib] = a;
    ref_page(z, a)->type = tb;
    ref_page(z, b)->type = ta;
}

void ref_shuffle_zone(struct ref_zone *z, fpr_bits_fn bits, void *ctx)
{
    uint64_t step = 1ull << z->maxo;
    fpr_pfn end = z->start + z->span;

    for (fpr_pfn i = (z->start + step - 1) / step * step; i < end; i += step) {
        fpr_pfn j = i;
        int tries = 0;

        if (!ref_is_free(z, i, z->maxo))
            continue;
        do {
            j = z->start + bits(ctx) % z->span / step * step;
        } while (++tries < 10 && (j == i || !ref_is_free(z, j, z->maxo)));
        if (j == i || !ref_is_free(z, j, z->maxo) || ref_type(z, i) != ref_type(z, j))
            continue;
        swap(z, i, j);
    }
}
