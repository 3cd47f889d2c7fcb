/* Going through one free list. */
#include "base/mutant.h"
#include "mm/freelist.h"
#include "mm/isolate.h"
#include "mm/watermark.h"
#include "report/reporter.h"

/* Where a walk stands. */
struct walk {
    struct fpr_zone *z;
    unsigned order;
    int mt;
    int64_t budget;  /* calls left; below 0: none */
    uint64_t resume; /* first block not dealt with, or BLOCK_NONE */
    int err;
};

enum step { STEP_NEXT, STEP_RESTART, STEP_LEAVE };

static const struct list *list_of(const struct walk *w)
{
    return &w->z->area[w->order].list[w->mt];
}

/* The block behind `i`, or BLOCK_NONE at the end of the list. */
static uint64_t next_block(const struct walk *w, uint32_t i)
{
    const struct area *a = &w->z->area[w->order];
    uint32_t k = a->links[i >> a->shift].next;
    return k == list_of(w)->head ? BLOCK_NONE : (uint64_t)k << a->shift;
}

static int64_t budget_of(const struct fpr_reporter *r, const struct walk *w)
{
    if (r->pass.budget_divisor == 0 || FPR_MUTANT(NO_BUDGET)) {
        return INT64_MAX;
    }
    uint64_t share = (uint64_t)r->pass.capacity * r->pass.budget_divisor;
    uint64_t blocks =
        FPR_MUTANT(BUDGET_LIST) ? list_of(w)->count : area_nr_free(&w->z->area[w->order]);
    uint64_t up = FPR_MUTANT(BUDGET_FLOOR) ? 0 : share - 1;
    return (int64_t)((blocks + up) / share) + FPR_MUTANT(BUDGET_PLUS) - FPR_MUTANT(BUDGET_MINUS);
}

static void rotate_to(struct fpr_reporter *r, struct walk *w, uint64_t i)
{
    if ((r->pass.rotate || FPR_MUTANT(LEVEL_P7)) && i != BLOCK_NONE && list_of(w)->count &&
        freelist_first(w->z, w->order, w->mt) != i) {
        freelist_rotate(w->z, (uint32_t)i, w->order, w->mt);
        r->stats.rotations++;
    }
}

/* The batch goes to the device, without the lock; the walk starts anew afterwards. */
static enum step report_batch(struct fpr_reporter *r, struct walk *w)
{
    unsigned nents;
    zone_unlock(w->z);
    w->err = fpr_report_call(r, &nents);
    w->budget--;
    zone_lock(w->z);
    fpr_report_drain(r, w->z, nents, w->err == 0);
    w->resume = freelist_first(w->z, w->order, w->mt);
    return w->err ? STEP_LEAVE : STEP_RESTART;
}

static bool isolate_into_batch(struct fpr_reporter *r, struct walk *w, uint32_t i)
{
    if (!fpr_isolate_block(w->z, i, w->order)) {
        return false;
    }
    struct batch *b = &r->batch;
    b->sg[--b->offset] = (struct fpr_sg){.pfn = zone_pfn(w->z, i), .order = w->order};
    return true;
}

static enum step unreported_block(struct fpr_reporter *r, struct walk *w, uint32_t i)
{
    struct batch *b = &r->batch;
    if (w->budget < 0) {
        if (!FPR_MUTANT(NO_REQUEST)) {
            __atomic_store_n(&r->state, FPR_REPORT_REQUESTED, __ATOMIC_RELAXED);
        }
        r->stats.budget_stops++;
        w->resume = i;
        return STEP_LEAVE;
    }
    if (b->offset == 0) {
        if (!FPR_MUTANT(NO_ROT_FULL)) {
            rotate_to(r, w, i);
        }
        return report_batch(r, w);
    }
    if (!isolate_into_batch(r, w, i)) {
        w->resume = i;
        return STEP_LEAVE;
    }
    bool eager = (r->pass.eager || FPR_MUTANT(EAGER)) && !FPR_MUTANT(LEVEL_P7);
    return eager && b->offset == 0 ? report_batch(r, w) : STEP_NEXT;
}

static enum step one_block(struct fpr_reporter *r, struct walk *w, uint32_t i)
{
    r->stats.walked_blocks++;
    if (freelist_tag(w->z, i, w->order) & TAG_REPORTED) {
        return STEP_NEXT;
    }
    if (r->pass.may_report &&
        !r->pass.may_report(r->pass.may_report_ctx, zone_pfn(w->z, i), w->order)) {
        r->stats.skipped_blocks++;
        return STEP_NEXT;
    }
    return unreported_block(r, w, i);
}

static int cycle(struct fpr_reporter *r, struct fpr_zone *z, unsigned order, int mt)
{
    struct walk w = {.z = z, .order = order, .mt = mt, .resume = BLOCK_NONE};
    zone_lock(z);
    w.budget = budget_of(r, &w);
    uint64_t i = freelist_first(z, order, mt);
    while (i != BLOCK_NONE) {
        uint64_t next = next_block(&w, (uint32_t)i);
        enum step step = one_block(r, &w, (uint32_t)i);
        if (step == STEP_LEAVE) {
            rotate_to(r, &w, FPR_MUTANT(NO_ROT_END) ? BLOCK_NONE : w.resume);
            break;
        }
        i = step == STEP_RESTART ? freelist_first(z, order, mt) : next;
    }
    zone_unlock(z);
    return w.err;
}

static int report_rest(struct fpr_reporter *r, struct fpr_zone *z)
{
    unsigned nents;
    if (r->batch.offset == r->batch.capacity) {
        return 0;
    }
    int err = fpr_report_call(r, &nents);
    zone_lock(z);
    fpr_report_drain(r, z, nents, err == 0);
    zone_unlock(z);
    return err;
}

int fpr_report_zone(struct fpr_reporter *r, struct fpr_zone *z)
{
    uint64_t boost = FPR_MUTANT(PASS_BOOST) ? 0 : z->boost;
    uint64_t mark = z->watermark[FPR_WMARK_LOW] + boost + ((uint64_t)r->pass.capacity << r->order);
    if (!fpr_watermark_plain(z, mark) && !FPR_MUTANT(PASS_WM)) {
        r->stats.passes_refused++;
        return 0;
    }
    for (unsigned k = r->order; k <= z->max_order; k++) {
        unsigned order = FPR_MUTANT(ORDER_DESC) ? r->order + z->max_order - k : k;
        for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++) {
            if (mt == FPR_ISOLATE || z->area[order].list[mt].count == 0 ||
                (FPR_MUTANT(NO_HIA_LIST) && mt == FPR_HIGHATOMIC)) {
                continue;
            }
            int err = FPR_MUTANT(CARRY) ? report_rest(r, z) : 0;
            if (!err) {
                err = cycle(r, z, order, mt);
            }
            if (err && !FPR_MUTANT(ERR_GOES_ON)) {
                return err;
            }
        }
    }
    return report_rest(r, z);
}
