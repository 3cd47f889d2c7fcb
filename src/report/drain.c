/* Handing a batch to the device, and putting it back. */
#include "mm/freelist.h"
#include "mm/isolate.h"
#include "report/reporter.h"

int fpr_report_call(struct fpr_reporter *r, unsigned *nents)
{
    struct batch *b = &r->batch;
    *nents = b->capacity - b->offset;
    const struct fpr_sg *sg = b->sg + b->offset;
    r->calls++;
    fpr_report_count(&r->stats.calls, 1);
    fpr_report_count(&r->stats.entries, *nents);
    for (unsigned k = 0; k < *nents; k++) {
        fpr_report_count(&r->stats.pages, 1ull << sg[k].order);
    }
    int err = r->device->report(r->device->ctx, sg, *nents);
    fpr_report_count(&r->stats.failed_calls, err != 0);
    b->offset = b->capacity;
    return err;
}

static enum fpr_place place_of(const struct fpr_reporter *r, const struct fpr_zone *z)
{
    return r->pass.putback_set ? r->pass.putback : z->policy.putback;
}

/* A block that merges is a bigger block that was not reported as such: no flag. */
void fpr_report_drain(struct fpr_reporter *r, struct fpr_zone *z, unsigned nents, bool reported)
{
    const struct fpr_sg *sg = r->batch.sg + (r->batch.capacity - nents);
    for (unsigned k = 0; k < nents; k++) {
        uint32_t i = (uint32_t)(sg[k].pfn - z->base);
        bool alone = fpr_putback_block(z, i, sg[k].order, place_of(r, z));
        fpr_report_count(&r->stats.merged_blocks, !alone);
        if (alone && reported) {
            freelist_set_reported(z, i, sg[k].order);
            fpr_report_count(&r->stats.reported_pages, 1ull << sg[k].order);
        }
    }
}
