/* Going through one free list. */
#include "mm/freelist.h"
#include "mm/isolate.h"
#include "mm/watermark.h"
#include "report/reporter.h"

#include <errno.h>

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
    uint32_t k = i >> a->shift;
    return k == list_of(w)->tail ? BLOCK_NONE : (uint64_t)link_load(&a->links[k].next) << a->shift;
}

static int64_t budget_of(const struct fpr_reporter *r, const struct walk *w)
{
    if (r->pass.budget_divisor == 0) {
        return INT64_MAX;
    }
    uint64_t share = (uint64_t)r->pass.capacity * r->pass.budget_divisor;
    return (int64_t)((area_nr_free(&w->z->area[w->order]) + share - 1) / share);
}

static void rotate_to(struct fpr_reporter *r, struct walk *w, uint64_t i)
{
    if (r->pass.rotate && i != BLOCK_NONE && list_of(w)->count &&
        freelist_first(w->z, w->order, w->mt) != i) {
        freelist_rotate(w->z, (uint32_t)i, w->order, w->mt);
        fpr_report_count(&r->stats.rotations, 1);
    }
}

/* The batch goes to the device, without the lock; the walk starts anew afterwards. */
static enum step report_batch(struct fpr_reporter *r, struct walk *w)
{
    unsigned nents;
    zone_unlock(w->z);
    w->err = fpr_report_call(r, &nents);
    w->budget--;
    zone_lock_for_pass(w->z);
    fpr_report_drain(r, w->z, nents, w->err == 0);
    w->resume = freelist_first(w->z, w->order, w->mt);
    return w->err ? STEP_LEAVE : STEP_RESTART;
}

static bool isolate_into_batch(struct fpr_reporter *r, struct walk *w, uint32_t i)
{
    if (!fpr_isolate_block(w->z, i, w->order)) {
        return false;
    }
    held_take(w->z, i, w->order);
    struct batch *b = &r->batch;
    b->sg[--b->offset] = (struct fpr_sg){.pfn = zone_pfn(w->z, i), .order = w->order};
    return true;
}

static enum step unreported_block(struct fpr_reporter *r, struct walk *w, uint32_t i)
{
    struct batch *b = &r->batch;
    if (w->budget < 0) {
        report_state_set(r, FPR_REPORT_REQUESTED);
        fpr_report_count(&r->stats.budget_stops, 1);
        w->resume = i;
        return STEP_LEAVE;
    }
    if (b->offset == 0) {
        rotate_to(r, w, i);
        return report_batch(r, w);
    }
    if (!isolate_into_batch(r, w, i)) {
        w->resume = i;
        return STEP_LEAVE;
    }
    return r->pass.eager && b->offset == 0 ? report_batch(r, w) : STEP_NEXT;
}

static bool may_report(const struct fpr_reporter *r, struct fpr_zone *z, uint32_t i, unsigned order)
{
    struct zone_ways open = zone_call_out_begin(z);
    bool may = r->pass.may_report(r->pass.may_report_ctx, zone_pfn(z, i), order);
    zone_call_out_end(z, open);
    return may;
}

static enum step one_block(struct fpr_reporter *r, struct walk *w, uint32_t i)
{
    if (fpr_report_cancelled(r)) {
        w->resume = i;
        w->err = -ECANCELED;
        return STEP_LEAVE;
    }
    fpr_report_count(&r->stats.walked_blocks, 1);
    if (freelist_tag(w->z, i, w->order) & TAG_REPORTED) {
        return STEP_NEXT;
    }
    if (r->pass.may_report && !may_report(r, w->z, i, w->order)) {
        fpr_report_count(&r->stats.skipped_blocks, 1);
        return STEP_NEXT;
    }
    return unreported_block(r, w, i);
}

static int cycle(struct fpr_reporter *r, struct fpr_zone *z, unsigned order, int mt)
{
    struct walk w = {.z = z, .order = order, .mt = mt, .resume = BLOCK_NONE};
    zone_lock_for_pass(z);
    w.budget = budget_of(r, &w);
    uint64_t i = freelist_first(z, order, mt);
    while (i != BLOCK_NONE) {
        uint64_t next = next_block(&w, (uint32_t)i);
        enum step step = one_block(r, &w, (uint32_t)i);
        if (step == STEP_LEAVE) {
            rotate_to(r, &w, w.resume);
            break;
        }
        i = step == STEP_RESTART ? freelist_first(z, order, mt) : next;
    }
    zone_unlock(z);
    return w.err;
}

/* The batch that is not full at the end goes out, too, unless the pass was suspended. */
static int report_rest(struct fpr_reporter *r, struct fpr_zone *z, int err)
{
    unsigned nents = r->batch.capacity - r->batch.offset;
    if (nents == 0) {
        return err;
    }
    if (!err) {
        err = fpr_report_cancelled(r) ? -ECANCELED : fpr_report_call(r, &nents);
    }
    zone_lock_for_pass(z);
    fpr_report_drain(r, z, nents, err == 0);
    zone_unlock(z);
    r->batch.offset = r->batch.capacity;
    return err;
}

/* A zone that is short of memory is left alone. */
static bool enough_is_free(const struct fpr_reporter *r, struct fpr_zone *z)
{
    zone_lock_for_pass(z);
    uint64_t mark =
        z->watermark[FPR_WMARK_LOW] + z->boost + ((uint64_t)r->pass.capacity << r->order);
    bool enough = fpr_watermark_plain(z, mark);
    zone_unlock(z);
    return enough;
}

int fpr_report_zone(struct fpr_reporter *r, struct fpr_zone *z)
{
    if (!enough_is_free(r, z)) {
        fpr_report_count(&r->stats.passes_refused, 1);
        return 0;
    }
    for (unsigned order = r->order; order <= z->max_order; order++) {
        for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++) {
            int err = mt == FPR_ISOLATE ? 0 : cycle(r, z, order, mt);
            if (err) {
                return report_rest(r, z, err);
            }
        }
    }
    return report_rest(r, z, 0);
}
