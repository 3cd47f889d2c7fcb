/* The reference model: what a kernel does behind its users' backs. */
#include "support/ref.h"

#include <errno.h>

/* Gives back with the type remembered earlier; past the per-cpu lists it is the pageblock's now. */
void ref_free_as(struct ref_zone *z, fpr_pfn pfn, unsigned order, int type, unsigned cpu,
                 bool pcp_locked)
{
    unsigned now = ref_type(z, pfn);

    ref_mark(z, pfn, order, REF_INSIDE, false);
    if (ref_pcp_order(z, order) && !pcp_locked && type != FPR_ISOLATE) /* which never go there */
        ref_pcp_free(z, pfn, order, type >= 0 ? (unsigned)type : now, cpu);
    else if (z->rules.free_in_pieces && order > z->pbo)
        for (fpr_pfn p = pfn; p < pfn + (1ull << order); p += 1ull << z->pbo)
            ref_free_one(z, p, z->pbo, ref_type(z, p), FPR_PLACE_RULE, true);
    else
        ref_free_one(z, pfn, order, now, FPR_PLACE_RULE, true);
}

/* The first frame of the block that a frame belongs to. */
static fpr_pfn first_of(const struct ref_zone *z, fpr_pfn pfn)
{
    while (ref_page(z, pfn)->what == REF_INSIDE)
        pfn--;
    return pfn;
}

static bool all_are(const struct ref_zone *z, fpr_pfn pfn, unsigned order, enum ref_what what)
{
    for (fpr_pfn p = pfn; p < pfn + (1ull << order); p++)
        if (!ref_in_zone(z, p) || ref_page(z, first_of(z, p))->what != what)
            return false;
    return true;
}

/* Takes exactly this block; the rest of a larger one stays free, on the list it was on. */
int ref_take(struct ref_zone *z, fpr_pfn pfn, unsigned order)
{
    fpr_pfn end = pfn + (1ull << order);

    if (!all_are(z, pfn, order, REF_FREE))
        return -ENOENT;
    for (fpr_pfn p = pfn; p < end;) {
        fpr_pfn block = first_of(z, p);
        unsigned o = ref_page(z, block)->order;
        unsigned type = ref_page(z, block)->type;

        ref_del_free(z, block);
        while (o > order) {
            fpr_pfn upper = block + (1ull << --o);

            if (p >= upper) {
                ref_add_free(z, block, o, type, false);
                block = upper;
            } else {
                ref_add_free(z, upper, o, type, false);
            }
        }
        if (type != FPR_ISOLATE) /* else it was not counted as free */
            ref_account(z, -((int64_t)1 << o));
        p = block + (1ull << o);
    }
    ref_mark(z, pfn, order, REF_ALLOCATED, false);
    return 0;
}

/* Makes one allocated block of wholly allocated pages. */
int ref_regroup(struct ref_zone *z, fpr_pfn pfn, unsigned order)
{
    fpr_pfn block;
    unsigned o;

    if (!all_are(z, pfn, order, REF_ALLOCATED))
        return -ENOENT;
    block = first_of(z, pfn);
    o = ref_page(z, block)->order;
    while (o > order) { /* it reaches out: halve it */
        fpr_pfn upper = block + (1ull << --o);
        bool movable = ref_page(z, block)->movable;

        ref_mark(z, block, o, REF_ALLOCATED, movable);
        ref_mark(z, upper, o, REF_ALLOCATED, movable);
        if (pfn >= upper)
            block = upper;
    }
    ref_mark(z, pfn, order, REF_ALLOCATED, false);
    return 0;
}
