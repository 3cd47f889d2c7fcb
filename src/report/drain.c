/* Handing a batch to the device, and putting it back. */
#include "base/mutant.h"
#include "mm/freelist.h"
#include "mm/isolate.h"
#include "report/reporter.h"

int fpr_report_call(struct fpr_reporter *r, unsigned *nents)
{
    struct batch *b = &r->batch;
    *nents = b->capacity - b->offset;
    const struct fpr_sg *sg = b->sg + b->offset;
    r->calls++;
    r->stats.calls++;
    r->stats.entries += *nents;
    for (unsigned k = 0; k < *nents; k++) {
        r->stats.pages += 1ull << sg[k].order;
    }
    int err = r->device->report(r->device->ctx, sg, *nents);
    r->stats.failed_calls += err != 0;
    b->offset = b->capacity;
    return err;
}

static enum fpr_place place_of(const struct fpr_reporter *r, const struct fpr_zone *z)
{
    if (FPR_MUTANT(PUTBACK_TAIL) || FPR_MUTANT(PUTBACK_HEAD) || FPR_MUTANT(PUTBACK_RULE)) {
        return FPR_MUTANT(PUTBACK_TAIL)   ? FPR_PLACE_TAIL
               : FPR_MUTANT(PUTBACK_HEAD) ? FPR_PLACE_HEAD
                                          : FPR_PLACE_RULE;
    }
    return r->pass.putback_set ? r->pass.putback : z->policy.putback;
}

/* A block that merges is a bigger block that was not reported as such: no flag. */
void fpr_report_drain(struct fpr_reporter *r, struct fpr_zone *z, unsigned nents, bool reported)
{
    const struct fpr_sg *sg = r->batch.sg + (r->batch.capacity - nents);
    for (unsigned k = 0; k < nents; k++) {
        const struct fpr_sg *block = &sg[FPR_MUTANT(DRAIN_ORDER) ? nents - 1 - k : k];
        uint32_t i = (uint32_t)(block->pfn - z->base);
        bool alone = fpr_putback_block(z, i, block->order, place_of(r, z));
        r->stats.merged_blocks += !alone;
        if (alone && (reported || FPR_MUTANT(FLAG_ERR)) && !FPR_MUTANT(NO_FLAG)) {
            freelist_set_reported(z, i, block->order);
            r->stats.reported_pages += 1ull << block->order;
        }
    }
}
