/* How many bytes of a pass the kernel and the model both reported. */
#include "replay/prepare.h"
#include "replay/run.h"

#include <errno.h>
#include <stdlib.h>

void fpr_match_add(struct run *run, struct block_log *log, const struct fpr_sg *sg, size_t nr)
{
    for (size_t i = 0; i < nr; i++) {
        if (!fpr_prep_room((void **)&log->sgs, &log->room, log->nr, sizeof(*log->sgs))) {
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

/* Joins what overlaps, so that a block reported twice in a pass counts once. */
static void unite(struct block_log *log, fpr_pfn *ends)
{
    size_t n = 0;
    for (size_t i = 0; i < log->nr; i++) {
        fpr_pfn end = end_of(&log->sgs[i]);
        if (n && log->sgs[i].pfn <= ends[n - 1]) {
            ends[n - 1] = end > ends[n - 1] ? end : ends[n - 1];
        } else {
            log->sgs[n] = log->sgs[i];
            ends[n++] = end;
        }
    }
    log->nr = n;
}

/* Pages of the kernel's blocks that lie in the model's; both in rising order, the model's apart. */
static uint64_t overlap(const struct block_log *kernel, const struct block_log *model,
                        const fpr_pfn *ends)
{
    uint64_t pages = 0;
    for (size_t i = 0, k = 0; i < kernel->nr; i++) {
        fpr_pfn from = kernel->sgs[i].pfn, to = end_of(&kernel->sgs[i]);
        while (k < model->nr && ends[k] <= from)
            k++;
        for (size_t j = k; j < model->nr && model->sgs[j].pfn < to; j++) {
            fpr_pfn a = model->sgs[j].pfn > from ? model->sgs[j].pfn : from;
            pages += (ends[j] < to ? ends[j] : to) - a;
        }
    }
    return pages;
}

void fpr_match_pass(struct run *run)
{
    struct block_log *a = &run->pass.kernel, *b = &run->pass.model;
    fpr_pfn *ends = a->nr && b->nr ? malloc(b->nr * sizeof(*ends)) : NULL;
    if (ends) {
        qsort(a->sgs, a->nr, sizeof(*a->sgs), by_pfn);
        qsort(b->sgs, b->nr, sizeof(*b->sgs), by_pfn);
        unite(b, ends);
        run->r->matched_report_bytes += overlap(a, b, ends) << run->page_shift;
    } else if (a->nr && b->nr) {
        run->err = -ENOMEM;
    }
    free(ends);
    a->nr = b->nr = 0;
}
