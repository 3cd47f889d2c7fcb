/* The reference model: free page reporting. */
#include "support/ref.h"

#include <stdlib.h>
#include <string.h>

static void request(struct ref_reporter *r)
{
    int old = r->state;

    if (old == FPR_REPORT_REQUESTED)
        return;
    r->state = FPR_REPORT_REQUESTED;
    if (old != FPR_REPORT_IDLE)
        return;
    r->queued = true;
    r->due = r->now + r->delay;
}

static void notified(void *ctx, struct ref_zone *z, unsigned order)
{
    (void)z;
    (void)order;
    request(ctx);
}

void ref_register(struct ref_reporter *r)
{
    r->registered = true;
    r->state = FPR_REPORT_IDLE;
    request(r);
    for (size_t i = 0; i < r->nr_zones; i++) {
        r->zone[i]->notify_order = (int)r->order;
        r->zone[i]->notify = notified;
        r->zone[i]->notify_ctx = r;
    }
}

void ref_unregister(struct ref_reporter *r)
{
    r->registered = false;
    r->queued = false;
    for (size_t i = 0; i < r->nr_zones; i++)
        r->zone[i]->notify_order = -1;
}

/* Hands the batch to the device and puts its blocks back. */
static int send(struct ref_reporter *r, struct ref_zone *z)
{
    int err = r->report(r->ctx, r->batch, r->used);

    r->calls++;
    for (unsigned i = 0; i < r->used; i++) {
        fpr_pfn pfn = r->batch[i].pfn;
        unsigned order = r->batch[i].order;

        ref_putback(z, pfn, order, r->putback_set ? r->putback : z->rules.putback);
        if (!err && ref_is_free(z, pfn, order))
            ref_page(z, pfn)->reported = true;
    }
    r->used = 0;
    return err;
}

/* Isolates a block into the batch, before what is there already. */
static bool take(struct ref_reporter *r, struct ref_zone *z, fpr_pfn pfn, unsigned order)
{
    if (ref_isolate(z, pfn, order) != 0)
        return false;
    memmove(r->batch + 1, r->batch, r->used * sizeof *r->batch);
    r->batch[0] = (struct fpr_sg){.pfn = pfn, .order = order};
    r->used++;
    return true;
}

static void to_front(struct ref_reporter *r, struct ref_list *l, fpr_pfn pfn)
{
    if (r->rotate)
        ref_list_rotate(l, ref_list_find(l, pfn));
}

static fpr_pfn entry(const struct ref_list *l, size_t i)
{
    return i < l->n ? l->pfn[i] : REF_NONE;
}

static int walk(struct ref_reporter *r, struct ref_zone *z, unsigned order, unsigned type)
{
    struct ref_list *l = &z->list[order][type];
    uint64_t unit = (uint64_t)r->capacity * r->divisor;
    int64_t budget = unit ? (int64_t)((z->nr_free[order] + unit - 1) / unit) : INT64_MAX;
    fpr_pfn cur = entry(l, 0);

    while (cur != REF_NONE) {
        fpr_pfn next = entry(l, ref_list_find(l, cur) + 1);
        int err;

        if (ref_page(z, cur)->reported ||
            (r->may_report && !r->may_report(r->may_report_ctx, cur, order))) {
            cur = next;
            continue;
        }
        if (budget < 0) {
            r->state = FPR_REPORT_REQUESTED;
            to_front(r, l, cur);
            return 0;
        }
        if (r->used < r->capacity) {
            if (!take(r, z, cur, order)) {
                to_front(r, l, cur);
                return 0;
            }
            cur = next;
            if (!r->eager || r->used < r->capacity)
                continue;
        } else {
            to_front(r, l, cur);
        }
        err = send(r, z);
        budget--;
        if (err)
            return err;
        cur = entry(l, 0);
    }
    return 0;
}

static int process_zone(struct ref_reporter *r, struct ref_zone *z)
{
    int64_t mark = z->wmark[FPR_WMARK_LOW] + z->boost + ((int64_t)r->capacity << r->order);

    if (!ref_watermark_ok(z, 0, mark, 0, 0))
        return 0;
    for (unsigned o = r->order; o <= z->maxo; o++)
        for (unsigned t = 0; t < FPR_ISOLATE; t++) {
            int err = walk(r, z, o, t);

            if (err)
                return err;
        }
    return r->used ? send(r, z) : 0;
}

int ref_pass(struct ref_reporter *r)
{
    int err = 0;

    r->queued = false;
    r->state = FPR_REPORT_ACTIVE;
    r->calls = 0;
    r->used = 0;
    r->batch = calloc(r->capacity, sizeof *r->batch);
    if (!r->batch)
        abort();
    for (size_t i = 0; i < r->nr_zones && !err; i++)
        err = process_zone(r, r->zone[i]);
    free(r->batch);
    if (r->state == FPR_REPORT_ACTIVE) {
        r->state = FPR_REPORT_IDLE;
    } else {
        r->queued = true;
        r->due = r->now + r->delay;
    }
    return err;
}

void ref_advance(struct ref_reporter *r, fpr_ns to)
{
    while (r->queued && r->due <= to) {
        r->now = r->due;
        ref_pass(r);
    }
    r->now = to;
}
