/* The state that a replay ended in beside the recorded one. */
#include "replay/prepare.h"
#include "replay/run.h"

#include <errno.h>
#include <stdlib.h>

#define KPF_BUDDY 10

/* A list of blocks, in order. */
struct blocks {
    struct fpr_block *b;
    size_t nr, room;
    int err;
};

static int collect(void *ctx, const struct fpr_block *block)
{
    struct blocks *l = ctx;
    if (!fpr_prep_room((void **)&l->b, &l->room, l->nr, sizeof(*l->b)))
        return l->err = -ENOMEM;
    l->b[l->nr++] = *block;
    return 0;
}

struct differ {
    struct fpr_state_diff *d;
    struct blocks mine, theirs;
};

static int by_pfn(const void *a, const void *b)
{
    const struct fpr_block *x = a, *y = b;
    return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

/* Blocks of one list that the other has not; both in rising order. */
static void count_sorted(struct differ *f)
{
    size_t i = 0, k = 0;
    while (i < f->mine.nr || k < f->theirs.nr) {
        const struct fpr_block *a = i < f->mine.nr ? &f->mine.b[i] : NULL;
        const struct fpr_block *b = k < f->theirs.nr ? &f->theirs.b[k] : NULL;
        if (!b || (a && a->pfn < b->pfn)) {
            f->d->blocks_extra++;
            i++;
        } else if (!a || b->pfn < a->pfn) {
            f->d->blocks_missing++;
            k++;
        } else {
            f->d->flags += a->reported != b->reported;
            i++;
            k++;
        }
    }
}

static void compare_list(struct differ *f)
{
    if (!f->mine.nr && !f->theirs.nr)
        return;
    f->d->lists++;
    bool order = f->mine.nr == f->theirs.nr;
    for (size_t i = 0; order && i < f->mine.nr; i++)
        order = f->mine.b[i].pfn == f->theirs.b[i].pfn;
    if (f->mine.nr)
        qsort(f->mine.b, f->mine.nr, sizeof(*f->mine.b), by_pfn);
    if (f->theirs.nr)
        qsort(f->theirs.b, f->theirs.nr, sizeof(*f->theirs.b), by_pfn);
    uint64_t before = f->d->blocks_missing + f->d->blocks_extra;
    count_sorted(f);
    if (f->d->blocks_missing + f->d->blocks_extra != before)
        f->d->lists_differ++;
    else if (!order)
        f->d->lists_reordered++;
}

static void compare_pcp(struct differ *f, const struct fpr_zone *mine,
                        const struct fpr_zone *theirs, const struct fpr_zone_info *info)
{
    for (unsigned cpu = 0; cpu < info->cpus; cpu++) {
        for (unsigned list = 0; list < info->pcp_lists; list++) {
            f->mine.nr = f->theirs.nr = 0;
            fpr_zone_walk_pcp(mine, cpu, list, collect, &f->mine);
            fpr_zone_walk_pcp(theirs, cpu, list, collect, &f->theirs);
            bool same = f->mine.nr == f->theirs.nr;
            for (size_t i = 0; same && i < f->mine.nr; i++)
                same = f->mine.b[i].pfn == f->theirs.b[i].pfn &&
                       f->mine.b[i].migratetype == f->theirs.b[i].migratetype;
            f->d->pcp_lists += !same;
        }
        struct fpr_pcp_counters a = {0}, b = {0};
        fpr_zone_get_pcp(mine, cpu, &a);
        fpr_zone_get_pcp(theirs, cpu, &b);
        f->d->counters += a.count != b.count;
        f->d->counters += a.free_factor != b.free_factor;
    }
}

static void compare_counters(struct differ *f, const struct fpr_zone *mine,
                             const struct fpr_zone *theirs)
{
    struct fpr_zone_counters a = {0}, b = {0};
    fpr_zone_get_counters(mine, &a);
    fpr_zone_get_counters(theirs, &b);
    f->d->counters += (int64_t)a.free + a.free_lag != (int64_t)b.free + b.free_lag;
    f->d->counters += a.highatomic != b.highatomic;
    f->d->counters += a.boost != b.boost;
    for (int i = 0; i < FPR_NR_ORDERS; i++)
        f->d->counters += a.nr_free[i] != b.nr_free[i];
}

static void compare_zone(struct differ *f, const struct fpr_zone *mine,
                         const struct fpr_zone *theirs)
{
    struct fpr_zone_info info;
    fpr_zone_get_info(theirs, &info);
    for (unsigned order = 0; order <= info.max_order; order++)
        for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++) {
            f->mine.nr = f->theirs.nr = 0;
            fpr_zone_walk_free(mine, order, mt, collect, &f->mine);
            fpr_zone_walk_free(theirs, order, mt, collect, &f->theirs);
            compare_list(f);
        }
    fpr_pfn step = 1ull << info.pageblock_order;
    for (fpr_pfn p = info.start; p < info.start + info.spanned; p = (p & ~(step - 1)) + step)
        f->d->pageblocks += fpr_zone_pageblock_type(mine, p) != fpr_zone_pageblock_type(theirs, p);
    compare_pcp(f, mine, theirs, &info);
    compare_counters(f, mine, theirs);
}

static int mark_free(void *ctx, const struct fpr_block *block)
{
    bits_put(ctx, block->pfn, 1ull << block->order, true);
    return 0;
}

static void free_set(const struct fpr_machine *machine, uint64_t *bits)
{
    for (size_t z = 0; z < fpr_machine_nr_zones(machine); z++)
        for (unsigned order = 0; order < FPR_NR_ORDERS; order++)
            for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++)
                fpr_zone_walk_free(fpr_machine_zone(machine, z), order, mt, mark_free, bits);
}

static void compare_sets(struct run *run, const uint64_t *mine, const uint64_t *theirs,
                         size_t words)
{
    run->r->free_set_known = true;
    for (size_t i = 0; i < words; i++) {
        run->r->free_set_missing += (uint64_t)__builtin_popcountll(theirs[i] & ~mine[i]);
        run->r->free_set_extra += (uint64_t)__builtin_popcountll(mine[i] & ~theirs[i]);
    }
}

static int against_state(struct run *run, uint64_t *mine, uint64_t *theirs, size_t words)
{
    const struct fpr_recording *rec = run->p->recording;
    struct fpr_machine *after;
    struct fpr_text_error bad;
    struct fpr_zone_info info;
    if (fpr_zone_get_info(fpr_machine_zone(run->machine, 0), &info))
        return 0;
    int err = fpr_machine_load(rec->state_after, rec->state_after_size, &info.policy, NULL, &after,
                               NULL, &bad);
    if (err)
        return err == -ENOMEM ? err : 0; /* a damaged state.after only costs the comparison */
    struct differ f = {.d = &run->r->state_after};
    for (size_t z = 0; z < fpr_machine_nr_zones(after); z++) {
        const struct fpr_zone *zone = fpr_machine_zone(after, z);
        fpr_zone_get_info(zone, &info);
        const struct fpr_zone *same = fpr_run_zone(run, info.start);
        if (same && info.start + info.spanned <= run->frames)
            compare_zone(&f, same, zone);
    }
    f.d->known = true;
    if (fpr_machine_zone_of(after, run->frames) == NULL) {
        free_set(run->machine, mine);
        free_set(after, theirs);
        compare_sets(run, mine, theirs, words);
    }
    err = f.mine.err ? f.mine.err : f.theirs.err;
    free(f.mine.b);
    free(f.theirs.b);
    fpr_machine_destroy(after);
    return err;
}

static void against_flags(struct run *run, uint64_t *mine, uint64_t *theirs, size_t words)
{
    const struct fpr_recording *rec = run->p->recording;
    free_set(run->machine, mine);
    for (fpr_pfn p = 0; p < rec->kpageflags_after_pages && p < run->frames; p++)
        if (rec->kpageflags_after[p] >> KPF_BUDDY & 1)
            bits_put(theirs, p, 1, true);
    compare_sets(run, mine, theirs, words);
}

int fpr_diff_after(struct run *run)
{
    const struct fpr_recording *rec = run->p->recording;
    size_t words = run->frames / 64 + 1;
    uint64_t *mine = calloc(words, sizeof(*mine)), *theirs = calloc(words, sizeof(*theirs));
    int err = mine && theirs ? 0 : -ENOMEM;
    if (!err && rec->state_after)
        err = against_state(run, mine, theirs, words);
    else if (!err && rec->kpageflags_after)
        against_flags(run, mine, theirs, words);
    free(mine);
    free(theirs);
    return err;
}
