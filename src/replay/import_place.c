/* Addresses for free blocks of which only the number is known. Each pageblock type gets a run of
 * pageblocks, cut into aligned regions. A block below the largest order takes half of a region, and
 * only smaller ones may lie in the other half, so that a pair of buddies is never free as a whole.
 */
#include "replay/import.h"

#include <errno.h>
#include <stdlib.h>

struct regions {
    fpr_pfn *pfn;
    size_t nr, room;
};

struct layout {
    struct fpr_zone *zone;
    struct fpr_zone_info info;
    fpr_pfn start, end; /* frames that are there */
    /* [0]: the buddy may become free; [1]: it can not */
    struct regions free[2][FPR_NR_MIGRATETYPES][FPR_NR_ORDERS];
};

static int push(struct layout *l, bool sure, int mt, unsigned order, fpr_pfn pfn)
{
    struct regions *r = &l->free[sure][mt][order];
    if (r->nr == r->room) {
        size_t room = r->room ? 2 * r->room : 64;
        fpr_pfn *grown = realloc(r->pfn, room * sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        r->pfn = grown;
        r->room = room;
    }
    r->pfn[r->nr++] = pfn;
    return 0;
}

/* Cuts [from, to) into the largest aligned regions; the lowest one is on top. */
static int add_run(struct layout *l, int mt, fpr_pfn from, fpr_pfn to)
{
    int err = 0;
    while (to > from && !err) {
        unsigned order = 0;
        while (order < l->info.max_order && !(to & 1ull << order) && to - from >= 2ull << order)
            order++;
        to -= 1ull << order;
        fpr_pfn buddy = to ^ 1ull << order;
        bool sure =
            order == l->info.max_order || buddy < l->start || buddy + (1ull << order) > l->end;
        err = push(l, sure, mt, order, to);
    }
    return err;
}

/* Pageblocks by type, in an order that keeps the kernel's own low; what was not told is movable. */
static int lay_out(struct layout *l, const struct told *told)
{
    static const int order[] = {FPR_UNMOVABLE, FPR_RECLAIMABLE, FPR_HIGHATOMIC, FPR_ISOLATE};
    fpr_pfn step = 1ull << l->info.pageblock_order, p = l->start, end = l->end;
    int err = 0;
    for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
        fpr_pfn from = p;
        for (uint64_t n = told->pageblocks[order[k]]; n && p < end && !err; n--) {
            err = fpr_zone_load_pageblock(l->zone, p, order[k]);
            p = (p & ~(step - 1)) + step;
            p = p < end ? p : end;
        }
        if (!err)
            err = add_run(l, order[k], from, p);
    }
    return err ? err : add_run(l, FPR_MOVABLE, p, end);
}

/* Takes a region of at least this order out of those of a type. */
static int take(struct layout *l, int mt, unsigned order, fpr_pfn *pfn)
{
    for (unsigned o = order; o <= l->info.max_order; o++)
        for (int sure = 0; sure < 2; sure++) {
            struct regions *r = &l->free[sure][mt][o];
            if (r->nr == 0)
                continue;
            int err = 0;
            *pfn = r->pfn[--r->nr];
            while (o > order && !err) { /* what is split off has a buddy that is used by half */
                o--;
                err = push(l, true, mt, o, *pfn + (1ull << o));
            }
            return err;
        }
    return -ENOENT;
}

static int place_among(struct layout *l, unsigned order, int mt, fpr_pfn *pfn)
{
    struct regions *exact = &l->free[1][mt][order];
    if (exact->nr) {
        *pfn = exact->pfn[--exact->nr];
        return 0;
    }
    if (order == l->info.max_order)
        return -ENOENT;
    int err = take(l, mt, order + 1, pfn);
    return err ? err : push(l, false, mt, order, *pfn + (1ull << order));
}

/* One free block. Returns 1 if it is in a pageblock of another type, 0, -EINVAL, -ENOMEM. */
static int place(struct layout *l, unsigned order, int mt)
{
    int from = mt;
    fpr_pfn pfn;
    int err = place_among(l, order, mt, &pfn);
    for (int other = 0; err == -ENOENT && other < FPR_NR_PCPTYPES; other++) {
        from = other;
        err = place_among(l, order, other, &pfn);
    }
    if (!err)
        err = fpr_zone_load_free(l->zone, pfn, order, mt == FPR_ISOLATE ? from : mt, false);
    return err == -ENOENT ? -EINVAL : err ? err : from != mt;
}

static int64_t place_all(struct layout *l, const struct told *told)
{
    int64_t displaced = 0;
    for (unsigned order = l->info.max_order + 1; order-- > 0;)
        for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++)
            for (uint64_t n = told->nr_free[mt][order]; n; n--) {
                int r = place(l, order, mt);
                if (r < 0)
                    return r;
                displaced += r;
            }
    return displaced;
}

/* All else is in use, movable where the pageblock is. */
static int fill(struct layout *l)
{
    fpr_pfn step = 1ull << l->info.pageblock_order, end = l->end, next;
    int err = 0;
    for (fpr_pfn p = l->start; p < end && !err; p = next) {
        next = (p & ~(step - 1)) + step;
        next = next < end ? next : end;
        err = fpr_zone_load_allocated_rest(l->zone, p, next - p,
                                           fpr_zone_pageblock_type(l->zone, p) == FPR_MOVABLE);
    }
    return err;
}

int64_t fpr_import_place(struct fpr_zone *zone, const struct told *told,
                         const struct fpr_range *present)
{
    struct layout *l = calloc(1, sizeof(*l));
    if (!l)
        return -ENOMEM;
    l->zone = zone;
    int64_t r = fpr_zone_get_info(zone, &l->info);
    l->start = present->start;
    l->end = present->start + present->pages;
    if (!r)
        r = lay_out(l, told);
    if (!r)
        r = place_all(l, told);
    if (r >= 0) {
        int err = fill(l);
        r = err ? err : r;
    }
    for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++)
        for (unsigned o = 0; o < FPR_NR_ORDERS; o++) {
            free(l->free[0][mt][o].pfn);
            free(l->free[1][mt][o].pfn);
        }
    free(l);
    return r;
}
