/* Resynchronising after a miss: the model is made to have given out what the kernel did. */
#include "replay/prepare.h"
#include "replay/run.h"

#include <errno.h>
#include <stdlib.h>

/* Pages of a list that may have gone unseen between two events that show it. */
#define MAX_UNSEEN 1024

/* The head of one per-cpu list down to the block looked for. */
struct ahead {
    fpr_pfn want;
    fpr_pfn *pfns;
    size_t nr, room;
    bool found;
};

static bool remember(struct ahead *a, fpr_pfn pfn)
{
    if (!fpr_prep_room((void **)&a->pfns, &a->room, a->nr, sizeof(*a->pfns)))
        return false;
    a->pfns[a->nr++] = pfn;
    return true;
}

static int collect(void *ctx, const struct fpr_block *block)
{
    struct ahead *a = ctx;
    if (!remember(a, block->pfn))
        return -ENOMEM;
    a->found = block->pfn == a->want;
    return a->found;
}

/* What the request was given, and what stood between that and the kernel's page. */
static void scout(struct run *run, const struct op *op, fpr_pfn got, const struct ahead *a, int mt)
{
    struct unseen_list *l = run->scout;
    for (size_t i = 0; l && op->order == 0 && i < a->nr; i++) {
        if (!fpr_prep_room((void **)&l->list, &l->room, l->nr, sizeof(*l->list))) {
            run->err = -ENOMEM;
            return;
        }
        l->list[l->nr++] = (struct unseen){.op = (uint32_t)(op - run->p->ops),
                                           .pfn = (uint32_t)(i ? a->pfns[i - 1] : got),
                                           .mt = (uint8_t)mt};
    }
}

/* A block that is off the model's lists: the kernel has it on its free lists, or it is gone. */
static void let_go(struct run *run, struct fpr_zone *zone, fpr_pfn pfn, unsigned order)
{
    if (bit_get(run->limbo, pfn))
        fpr_zone_free_as(zone, pfn, order, -1, 0, FPR_ALLOC_PCP_LOCKED);
}

/* If the block is on a per-cpu list: what stood ahead of it went unseen, and is allocated now. */
static bool take_from_pcp(struct run *run, const struct op *op, fpr_pfn got)
{
    struct fpr_zone *zone = fpr_run_zone(run, op->pfn);
    struct fpr_zone_info info;
    struct fpr_block block;
    enum fpr_page_kind kind;
    if (fpr_zone_page(zone, op->pfn, &kind, &block) || kind != FPR_PAGE_PCP ||
        block.order != op->order || block.pfn != op->pfn || fpr_zone_get_info(zone, &info))
        return false;
    struct ahead a = {.want = op->pfn};
    for (unsigned cpu = 0; cpu < info.cpus && !a.found; cpu++)
        for (unsigned list = 0; list < info.pcp_lists && !a.found; list++) {
            a.nr = 0;
            fpr_zone_walk_pcp(zone, cpu, list, collect, &a);
            if (a.found)
                scout(run, op, got, &a, (int)(list % FPR_NR_PCPTYPES));
        }
    for (size_t i = 0; a.found && i < a.nr; i++)
        fpr_zone_pcp_take(zone, a.pfns[i], op->order);
    for (size_t i = 0; a.found && i + 1 < a.nr; i++)
        let_go(run, zone, a.pfns[i], op->order);
    if (a.found)
        let_go(run, zone, got, op->order);
    free(a.pfns);
    return a.found;
}

/* Did the kernel just take this page off the free lists, for a per-cpu list? */
static bool just_refilled(const struct run *run, const struct op *op)
{
    for (size_t i = 0; i < run->theirs.nr; i++)
        if (run->theirs.keys[i] == (uint64_t)op->pfn << 8)
            return true;
    return false;
}

/* If the kernel refilled, its list was empty: what the model still has on its own is elsewhere.
 * (With guessed pageblock types it may be another list.) */
static bool take_from_refill(struct run *run, const struct op *op, fpr_pfn got)
{
    struct fpr_zone *zone = fpr_run_zone(run, op->pfn);
    struct fpr_pcp_counters pcp;
    unsigned cpu = run_cpu(run, op);
    if (op->order || !run_knows(run, FPR_KNOW_BIT_PBTYPE) || !just_refilled(run, op) ||
        fpr_zone_get_pcp(zone, cpu, &pcp))
        return false;
    struct ahead a = {0};
    fpr_pfn pfn = FPR_PFN_NONE;
    unsigned left = pcp.count + pcp.batch < MAX_UNSEEN ? pcp.count + pcp.batch : MAX_UNSEEN;
    for (; left && pfn != op->pfn; left--)
        if (fpr_zone_alloc_bulk_page(zone, op->mt, cpu, &pfn) || !remember(&a, pfn))
            break;
    bool found = a.nr && pfn == op->pfn;
    if (found)
        scout(run, op, got, &a, op->mt);
    for (size_t i = 0; found && i + 1 < a.nr; i++)
        let_go(run, zone, a.pfns[i], 0);
    if (found)
        let_go(run, zone, got, 0);
    while (!found && a.nr) /* it was something else: the list as it was */
        fpr_zone_pcp_push(zone, a.pfns[--a.nr], 0, cpu);
    free(a.pfns);
    return found;
}

/* Gives a page back that is now known not to have been taken. */
static void put_back(struct run *run, const struct op *op, fpr_pfn pfn)
{
    struct fpr_zone *zone = fpr_run_zone(run, pfn);
    if (bit_get(run->limbo, pfn) || fpr_zone_pcp_push(zone, pfn, op->order, run_cpu(run, op)))
        fpr_zone_free_as(zone, pfn, op->order, -1, run_cpu(run, op), FPR_ALLOC_PCP_LOCKED);
}

/* Takes a per-cpu block apart and frees what lies outside of the wanted range. */
static void break_pcp_block(struct run *run, struct fpr_zone *zone, const struct fpr_block *block,
                            fpr_pfn from, fpr_pfn to)
{
    if (fpr_zone_pcp_take(zone, block->pfn, block->order))
        return;
    fpr_pfn end = block->pfn + (1ull << block->order);
    if (block->pfn >= from && end <= to)
        return;
    fpr_zone_split(zone, block->pfn, block->order, 0);
    for (fpr_pfn p = block->pfn; p < end; p++)
        if (p < from || p >= to)
            fpr_zone_free_as(zone, p, 0, -1, 0, FPR_ALLOC_PCP_LOCKED);
    (void)run;
}

/* The model gives up whatever it still has of a block. */
static void force(struct run *run, fpr_pfn pfn, unsigned order)
{
    struct fpr_zone *zone = fpr_run_zone(run, pfn);
    fpr_pfn end = pfn + (1ull << order);
    for (fpr_pfn p = pfn; zone && p < end;) {
        struct fpr_block block;
        enum fpr_page_kind kind;
        if (fpr_zone_page(zone, p, &kind, &block))
            break;
        fpr_pfn block_end = block.pfn + (1ull << block.order);
        if (kind == FPR_PAGE_PCP)
            break_pcp_block(run, zone, &block, pfn, end);
        if (kind != FPR_PAGE_FREE) {
            p = block_end;
            continue;
        }
        bool inside = block.pfn == p && block_end <= end;
        unsigned take = inside ? block.order : 0;
        if (block.pfn <= pfn && block_end >= end)
            take = order;
        fpr_zone_take(zone, p, take);
        p += 1ull << take;
    }
    if (zone)
        fpr_zone_regroup(zone, pfn, order);
}

fpr_pfn fpr_run_repair(struct run *run, const struct op *op, fpr_pfn got)
{
    run->mute = true;
    struct fpr_zone *zone = op->pfn == NONE32 ? NULL : fpr_run_zone(run, op->pfn);
    bool same_zone = zone && got != FPR_PFN_NONE && zone == fpr_run_zone(run, got);
    if (!same_zone || !(take_from_pcp(run, op, got) || take_from_refill(run, op, got))) {
        if (got != FPR_PFN_NONE)
            put_back(run, op, got);
        if (zone)
            force(run, op->pfn, op->order);
    }
    run->mute = false;
    return op->pfn == NONE32 ? FPR_PFN_NONE : op->pfn;
}

/* What the kernel drains is free from now on; if the model holds it for allocated, an earlier
 * repair was wrong about it, and nothing else would bring it back. */
void fpr_run_repair_drained(struct run *run, const struct op *op)
{
    struct fpr_zone *zone = fpr_run_zone(run, op->pfn);
    enum fpr_page_kind kind;
    if (!zone || fpr_zone_page(zone, op->pfn, &kind, NULL) || kind != FPR_PAGE_ALLOCATED)
        return;
    int mt = op->mt < FPR_NR_MIGRATETYPES ? op->mt : -1;
    run->mute = true;
    if (fpr_zone_free_as(zone, op->pfn, op->order, mt, 0, FPR_ALLOC_PCP_LOCKED) == -EINVAL &&
        !fpr_zone_regroup(zone, op->pfn, op->order))
        fpr_zone_free_as(zone, op->pfn, op->order, mt, 0, FPR_ALLOC_PCP_LOCKED);
    run->mute = false;
}
