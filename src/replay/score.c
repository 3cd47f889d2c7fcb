/* Comparing the model's answers with the kernel's. */
#include "replay/prepare.h"
#include "replay/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Where the kernel's block is in the model. */
enum where { IN_PCP, IN_BUDDY, ALLOCATED, PARTLY, KERNEL_FAILED, MODEL_FAILED };

static enum where find_block(const struct run *run, fpr_pfn pfn, unsigned order)
{
    if (pfn == NONE32)
        return KERNEL_FAILED;
    const struct fpr_zone *zone = fpr_run_zone(run, pfn);
    uint64_t used = 0, pages = 1ull << order;
    for (uint64_t i = 0; zone && i < pages; i++) {
        enum fpr_page_kind kind = FPR_PAGE_RESERVED;
        fpr_zone_page(zone, pfn + i, &kind, NULL);
        if (!i && kind == FPR_PAGE_PCP)
            return IN_PCP;
        used += kind != FPR_PAGE_FREE && kind != FPR_PAGE_PCP;
    }
    return !used ? IN_BUDDY : used == pages || !zone ? ALLOCATED : PARTLY;
}

static const char *where_text(enum where where)
{
    switch (where) {
    case IN_PCP:
        return "is on a per-cpu list of the model: pages ahead of it went unseen "
               "(bulk allocation?), or a free came in another order";
    case IN_BUDDY:
        return "is on a free list of the model: lists, types or refills differ";
    case ALLOCATED:
        return "is allocated in the model: a free was not seen, or it diverged before";
    case PARTLY:
        return "is partly allocated in the model";
    case KERNEL_FAILED:
        return "does not exist: its request failed";
    default:
        return "could be had, yet the model's request failed";
    }
}

static void note_first(struct run *run, const struct op *op, fpr_pfn got, const char *what,
                       enum where where)
{
    struct fpr_replay_result *r = run->r;
    char mine[24] = "none", theirs[24] = "none";
    if (got != FPR_PFN_NONE)
        snprintf(mine, sizeof(mine), "%llx", (unsigned long long)got);
    if (op->pfn != NONE32)
        snprintf(theirs, sizeof(theirs), "%x", op->pfn);
    r->missed = true;
    r->first_miss = r->allocs - 1;
    snprintf(r->first_miss_cause, sizeof(r->first_miss_cause),
             "%s order %d type %d at %.6f s: model %s, kernel %s, which %s", what, op->order,
             op->mt, (double)op->time / 1e9, mine, theirs, where_text(where));
}

fpr_pfn fpr_run_took(struct run *run, const struct op *op, fpr_pfn got, const char *what)
{
    struct fpr_replay_result *r = run->r;
    bool kernel_failed = op->pfn == NONE32;
    r->allocs++;
    r->failed += !kernel_failed && got == FPR_PFN_NONE;
    if (kernel_failed ? got == FPR_PFN_NONE : got == op->pfn) {
        r->allocs_exact++;
    } else if (run->recorded) {
        enum where where = find_block(run, op->pfn, op->order);
        if (!kernel_failed && got == FPR_PFN_NONE)
            where = MODEL_FAILED;
        uint64_t *counts[] = {&r->misses.in_pcp, &r->misses.in_buddy,      &r->misses.allocated,
                              &r->misses.partly, &r->misses.kernel_failed, &r->misses.model_failed};
        ++*counts[where];
        if (!r->missed)
            note_first(run, op, got, what, where);
        if (run->resync)
            got = fpr_run_repair(run, op, got);
    }
    if (kernel_failed && got != FPR_PFN_NONE) { /* the guest does not know of this page */
        fpr_zone_free_as(fpr_run_zone(run, got), got, op->order, -1, run_cpu(run, op), 0);
        got = FPR_PFN_NONE;
    }
    if (op->id < FREED32)
        run->map[op->id] = got == FPR_PFN_NONE ? NONE32 : (uint32_t)got;
    return got;
}

int fpr_log_put(struct event_log *log, enum op_kind kind, fpr_pfn pfn, unsigned order)
{
    if (!fpr_prep_room((void **)&log->keys, &log->room, log->nr, sizeof(*log->keys)))
        return -ENOMEM;
    log->keys[log->nr++] = pfn << 8 | order << 1 | (kind == OP_DRAINED);
    return 0;
}

static int by_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Events of the kernel that the model did not have, whatever their order. */
static uint64_t missing(struct event_log *mine, struct event_log *theirs)
{
    uint64_t bad = 0;
    size_t i = 0;
    qsort(mine->keys, mine->nr, sizeof(*mine->keys), by_key);
    qsort(theirs->keys, theirs->nr, sizeof(*theirs->keys), by_key);
    for (size_t k = 0; k < theirs->nr; k++) {
        while (i < mine->nr && mine->keys[i] < theirs->keys[k])
            i++;
        if (i < mine->nr && mine->keys[i] == theirs->keys[k])
            i++;
        else
            bad++;
    }
    return bad;
}

void fpr_log_check(struct run *run)
{
    struct event_log *mine = &run->mine, *theirs = &run->theirs;
    if (!run->recorded || (!mine->nr && !theirs->nr))
        return;
    run->r->buddy_events += theirs->nr;
    bool same = mine->nr == theirs->nr;
    for (size_t i = 0; same && i < mine->nr; i++)
        same = mine->keys[i] == theirs->keys[i];
    if (!same && mine->nr && theirs->nr)
        run->r->buddy_wrong += missing(mine, theirs);
    else if (!same)
        run->r->buddy_wrong += theirs->nr;
    mine->nr = theirs->nr = 0;
}

int fpr_on_buddy_event(struct run *run, const struct op *op)
{
    if (!run->recorded)
        return 0;
    if (run->follows_free) {
        bits_put(run->limbo, op->pfn, 1ull << op->order, op->kind == OP_DRAINED);
        if (op->kind == OP_DRAINED)
            fpr_run_repair_drained(run, op);
    }
    return fpr_log_put(&run->theirs, (enum op_kind)op->kind, op->pfn, op->order);
}

static void on_event(void *ctx, const struct fpr_event *event)
{
    struct run *run = ctx;
    if (run->mute)
        return;
    fpr_watch_event(run, event);
    if (!run->predict || !run->recorded)
        return;
    if (event->type == FPR_EVENT_ZONE_LOCKED)
        run->err |= fpr_log_put(&run->mine, OP_TAKEN, event->pfn, event->order);
    else if (event->type == FPR_EVENT_PCPU_DRAIN)
        run->err |= fpr_log_put(&run->mine, OP_DRAINED, event->pfn, event->order);
}

void fpr_score_listen(struct run *run, bool on)
{
    struct fpr_event_sink sink = {on_event, run};
    for (size_t i = 0; i < run->nr_zones; i++)
        fpr_zone_set_event_sink(fpr_machine_zone(run->machine, i), on ? &sink : NULL);
}
