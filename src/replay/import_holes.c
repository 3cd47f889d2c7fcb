/* Frames of a zone that are not memory. kpageflags tells them apart if nobody has page structures
 * for them; else zoneinfo and pagetypeinfo tell how many there are. */
#include "replay/import.h"

#include <errno.h>
#include <stdlib.h>

uint64_t fpr_told_pageblocks(const struct told *told)
{
    uint64_t sum = 0;
    for (int mt = 0; told && mt < FPR_NR_MIGRATETYPES; mt++)
        sum += told->pageblocks[mt];
    return sum;
}

fpr_pfn fpr_next_pageblock(fpr_pfn p, fpr_pfn step, fpr_pfn end)
{
    fpr_pfn next = (p & ~(step - 1)) + step;
    return next < end ? next : end;
}

/* Pageblocks of the zone that no type was told for; UINT64_MAX: types were not told. */
static uint64_t untold(const struct zoneinfo *z, const struct told *told, unsigned pageblock_order)
{
    uint64_t sum = fpr_told_pageblocks(told), size = 1ull << pageblock_order;
    uint64_t all = (z->start + z->spanned + size - 1) / size - z->start / size;
    return sum == 0 ? UINT64_MAX : sum < all ? all - sum : 0;
}

struct fpr_range fpr_import_present(const struct zoneinfo *z, const struct told *told,
                                    unsigned max_order, unsigned pageblock_order)
{
    bool at_start = z->start & ((1ull << max_order) - 1);
    uint64_t missing = z->spanned > z->present ? z->spanned - z->present : 0;
    uint64_t blocks = untold(z, told, pageblock_order);
    if (blocks != UINT64_MAX && blocks << pageblock_order > missing)
        missing = blocks << pageblock_order;
    missing = missing < z->spanned ? missing : z->spanned - 1;
    return (struct fpr_range){z->start + (at_start ? missing : 0), z->spanned - missing};
}

static int add(struct holes *h, fpr_pfn start, uint64_t pages)
{
    struct fpr_range *last = h->nr ? &h->run[h->nr - 1] : NULL;
    if (last && last->start + last->pages == start) {
        last->pages += pages;
        return 0;
    }
    if (!h->run || h->nr == h->room) {
        size_t room = h->room ? 2 * h->room : 16;
        struct fpr_range *grown = realloc(h->run, room * sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        h->run = grown;
        h->room = room;
    }
    h->run[h->nr++] = (struct fpr_range){start, pages};
    return 0;
}

int fpr_import_holes_by_counts(struct holes *h, const struct zoneinfo *z,
                               const struct fpr_range *present)
{
    fpr_pfn end = present->start + present->pages, zone_end = z->start + z->spanned;
    int err = present->start > z->start ? add(h, z->start, present->start - z->start) : 0;
    return err || end == zone_end ? err : add(h, end, zone_end - end);
}

/* One pageblock: none of its frames was ever described, or only those without a page structure. */
static int block_holes(struct holes *h, const struct page_flags *f, fpr_pfn p, fpr_pfn end,
                       uint64_t *blank)
{
    bool blank_all = *blank > 0;
    int err = 0;
    for (fpr_pfn k = p; k < end && blank_all; k++)
        blank_all = f->words[k] == 0 || fpr_page_absent(f, k);
    if (blank_all) {
        --*blank;
        return add(h, p, end - p);
    }
    for (; p < end && !err; p++)
        err = fpr_page_absent(f, p) ? add(h, p, 1) : 0;
    return err;
}

int fpr_import_holes_by_flags(struct holes *h, const struct zoneinfo *z, const struct told *told,
                              unsigned pageblock_order, const struct page_flags *f)
{
    fpr_pfn step = 1ull << pageblock_order, end = z->start + z->spanned, next;
    uint64_t blank = untold(z, told, pageblock_order);
    int err = 0;
    if (blank == UINT64_MAX)
        blank = z->spanned > z->present ? (z->spanned - z->present) >> pageblock_order : 0;
    for (fpr_pfn p = z->start; p < end && !err; p = next) {
        next = fpr_next_pageblock(p, step, end);
        err = block_holes(h, f, p, next, &blank);
    }
    return err;
}

int fpr_import_mark_holes(struct fpr_zone *zone, const struct holes *h)
{
    struct fpr_zone_info info;
    int err = fpr_zone_get_info(zone, &info);
    fpr_pfn step = 1ull << info.pageblock_order, zone_end = info.start + info.spanned;
    for (size_t k = 0; k < h->nr && !err; k++) {
        fpr_pfn end = h->run[k].start + h->run[k].pages, p = h->run[k].start;
        if (p & (step - 1) && p != info.start)
            p = fpr_next_pageblock(p, step, UINT64_MAX);
        for (fpr_pfn next; p < end && !err; p = next) {
            next = fpr_next_pageblock(p, step, UINT64_MAX);
            if (next <= end || end == zone_end)
                err = fpr_zone_load_pageblock(zone, p, FPR_PAGEBLOCK_HOLE);
        }
    }
    return err;
}

bool fpr_import_in_hole(const struct holes *h, size_t *at, fpr_pfn pfn)
{
    while (*at < h->nr && h->run[*at].start + h->run[*at].pages <= pfn)
        ++*at;
    return *at < h->nr && h->run[*at].start <= pfn;
}
