/* How many bytes of a pass the kernel and the model both reported. */
#include "replay/prepare.h"
#include "replay/run.h"

#include <errno.h>
#include <stdlib.h>

void match_add(struct run *run, struct block_log *log, const struct fpr_sg *sg, size_t nr)
{
    for (size_t i = 0; i < nr; i++) {
        if (!prep_room((void **)&log->sgs, &log->room, log->nr, sizeof(*log->sgs))) {
            run->err = -ENOMEM;
            return;
        }
        log->sgs[log->nr++] = sg[i];
    }
}

static int by_pfn(const void *a, const void *b)
{
    const struct fpr_sg *x = a, *y = b;
    return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

static fpr_pfn end_of(const struct fpr_sg *sg)
{
    return sg->pfn + (1ull << sg->order);
}

void match_pass(struct run *run)
{
    struct block_log *a = &run->pass.kernel, *b = &run->pass.model;
    uint64_t pages = 0;
    if (a->nr && b->nr) {
        qsort(a->sgs, a->nr, sizeof(*a->sgs), by_pfn);
        qsort(b->sgs, b->nr, sizeof(*b->sgs), by_pfn);
    }
    for (size_t i = 0, k = 0; i < a->nr && k < b->nr;) {
        fpr_pfn from = a->sgs[i].pfn > b->sgs[k].pfn ? a->sgs[i].pfn : b->sgs[k].pfn;
        fpr_pfn ends[] = {end_of(&a->sgs[i]), end_of(&b->sgs[k])};
        fpr_pfn to = ends[0] < ends[1] ? ends[0] : ends[1];
        if (to > from)
            pages += to - from;
        if (ends[0] <= ends[1])
            i++;
        else
            k++;
    }
    run->r->matched_report_bytes += pages << run->page_shift;
    a->nr = b->nr = 0;
}
