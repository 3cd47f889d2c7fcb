/* A zone from kpageflags, which tells what is free, and pagetypeinfo, which tells how much of it is
 * on the lists of each type. */
#include "replay/import.h"

#include <errno.h>
#include <stdlib.h>

struct pageblock {
    fpr_pfn pfn;
    int64_t kernel; /* pages in use of the kernel's own, less those that can be moved */
    int64_t slab, free;
    int type;
};

struct by_flags {
    struct fpr_zone *zone;
    struct fpr_zone_info info;
    const struct page_flags *f;
    const struct told *told;
    const struct holes *holes;
    struct pageblock *block, **sorted;
    size_t nr;
    /* free blocks on lists of another type than told: more than that, fewer */
    uint64_t surplus[FPR_NR_MIGRATETYPES][FPR_NR_ORDERS], lack[FPR_NR_MIGRATETYPES][FPR_NR_ORDERS];
    int64_t displaced;
};

static void look_at(struct pageblock *b, const struct page_flags *f, fpr_pfn end)
{
    for (fpr_pfn p = b->pfn; p < end; p++) {
        if (fpr_page_free(f, p)) {
            b->free++;
        } else if (!fpr_page_unused(f, p)) {
            b->kernel += fpr_page_movable(f, p) ? -1 : 1;
            b->slab += fpr_page_slab(f, p);
        }
    }
    b->type = b->kernel > 0 ? FPR_UNMOVABLE : FPR_MOVABLE;
}

static int find_blocks(struct by_flags *b)
{
    fpr_pfn step = 1ull << b->info.pageblock_order, end = b->info.start + b->info.spanned, next;
    size_t most = (size_t)(b->info.spanned / step + 2);
    b->block = calloc(most, sizeof(*b->block));
    b->sorted = calloc(most, sizeof(*b->sorted));
    if (!b->block || !b->sorted)
        return -ENOMEM;
    for (fpr_pfn p = b->info.start; p < end; p = next) {
        next = fpr_next_pageblock(p, step, end);
        if (fpr_zone_pageblock_type(b->zone, p) >= 0) {
            b->block[b->nr] = (struct pageblock){.pfn = p};
            look_at(&b->block[b->nr], b->f, next);
            b->sorted[b->nr] = &b->block[b->nr];
            b->nr++;
        }
    }
    return 0;
}

static int order_of(int64_t a, int64_t b, const struct pageblock *x, const struct pageblock *y)
{
    return a != b ? a > b ? -1 : 1 : x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

static int by_kernel(const void *a, const void *b)
{
    const struct pageblock *x = *(struct pageblock *const *)a, *y = *(struct pageblock *const *)b;
    return order_of(x->kernel, y->kernel, x, y);
}

static int by_slab(const void *a, const void *b)
{
    const struct pageblock *x = *(struct pageblock *const *)a, *y = *(struct pageblock *const *)b;
    return order_of(x->slab, y->slab, x, y);
}

static int by_free(const void *a, const void *b)
{
    const struct pageblock *x = *(struct pageblock *const *)a, *y = *(struct pageblock *const *)b;
    return order_of(x->free, y->free, x, y);
}

static size_t give(struct by_flags *b, size_t from, int mt)
{
    for (uint64_t n = b->told->pageblocks[mt]; n && from < b->nr; n--)
        b->sorted[from++]->type = mt;
    return from;
}

/* As many pageblocks of each type as were told of: those of the kernel's own pages are unmovable,
 * and of them those with most slab reclaimable; reserves are where most is free. */
static void type_blocks(struct by_flags *b)
{
    uint64_t kernels = b->told->pageblocks[FPR_UNMOVABLE] + b->told->pageblocks[FPR_RECLAIMABLE];
    size_t own = kernels < b->nr ? (size_t)kernels : b->nr;
    qsort(b->sorted, b->nr, sizeof(*b->sorted), by_kernel);
    qsort(b->sorted, own, sizeof(*b->sorted), by_slab);
    give(b, give(b, 0, FPR_RECLAIMABLE), FPR_UNMOVABLE);
    for (size_t k = own; k < b->nr; k++)
        b->sorted[k]->type = FPR_MOVABLE;
    qsort(b->sorted + own, b->nr - own, sizeof(*b->sorted), by_free);
    give(b, give(b, own, FPR_HIGHATOMIC), FPR_ISOLATE);
}

static int each_free(struct by_flags *b,
                     int (*visit)(struct by_flags *b, fpr_pfn pfn, unsigned order, int mt))
{
    fpr_pfn end = b->info.start + b->info.spanned;
    int err = 0;
    for (fpr_pfn p = b->info.start; p < end && !err;) {
        unsigned order = 0;
        if (fpr_page_free(b->f, p)) {
            int mt = fpr_zone_pageblock_type(b->zone, p);
            order = fpr_page_block(&b->info, b->f, p);
            err = mt < 0 ? -EINVAL : visit(b, p, order, mt);
        }
        p += 1ull << order;
    }
    return err;
}

static int count(struct by_flags *b, fpr_pfn pfn, unsigned order, int mt)
{
    (void)pfn;
    b->surplus[mt][order]++;
    return 0;
}

/* The list that a free block is on is its pageblock's, as long as that agrees with what was told.
 * Isolated memory is never on another one, whatever was told. */
static int load_free(struct by_flags *b, fpr_pfn pfn, unsigned order, int mt)
{
    int to = mt;
    for (int other = 0; mt != FPR_ISOLATE && b->surplus[mt][order] && other < FPR_ISOLATE; other++)
        if (b->lack[other][order]) {
            to = other;
            b->lack[other][order]--;
            b->surplus[mt][order]--;
            b->displaced++;
            break;
        }
    return fpr_zone_load_free(b->zone, pfn, order, to, false);
}

static int load_used(struct by_flags *b)
{
    fpr_pfn end = b->info.start + b->info.spanned;
    size_t at = 0;
    int err = 0;
    for (fpr_pfn p = b->info.start; p < end && !err; p++)
        if (!fpr_page_free(b->f, p) && !fpr_page_unused(b->f, p) &&
            !fpr_import_in_hole(b->holes, &at, p))
            err = fpr_zone_load_allocated(b->zone, p, 0, fpr_page_on_lru(b->f, p));
    return err;
}

static void compare(struct by_flags *b)
{
    for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++)
        for (unsigned o = 0; o < FPR_NR_ORDERS; o++) {
            uint64_t have = b->surplus[mt][o], want = b->told->nr_free[mt][o];
            b->surplus[mt][o] = have > want ? have - want : 0;
            b->lack[mt][o] = want > have ? want - have : 0;
        }
}

int64_t fpr_import_by_flags(struct fpr_zone *zone, const struct page_flags *f,
                            const struct told *told, const struct holes *holes)
{
    struct by_flags *b = calloc(1, sizeof(*b));
    if (!b)
        return -ENOMEM;
    b->zone = zone;
    b->f = f;
    b->told = fpr_told_pageblocks(told) ? told : NULL;
    b->holes = holes;
    int64_t err = fpr_zone_get_info(zone, &b->info);
    if (!err)
        err = find_blocks(b);
    if (!err && b->told)
        type_blocks(b);
    for (size_t k = 0; k < b->nr && !err; k++)
        err = fpr_zone_load_pageblock(zone, b->block[k].pfn, b->block[k].type);
    if (!err)
        err = each_free(b, count);
    if (!err && b->told)
        compare(b);
    if (!err)
        err = each_free(b, load_free);
    if (!err)
        err = load_used(b);
    int64_t displaced = b->displaced;
    free(b->block);
    free(b->sorted);
    free(b);
    return err ? err : displaced;
}
