/* What boot does: all memory goes to the free lists. */
#include "base/fill.h"
#include "mm/buddy.h"
#include "mm/freelist.h"

/* Blocks of the largest order from `i` on. They have nothing to merge with, and their frames' own
 * metadata stay untouched: a terabyte must not take long. */
static void release_largest(struct fpr_zone *z, uint32_t i, uint64_t n)
{
    unsigned order = z->max_order;
    struct area *a = &z->area[order];
    struct list *l = &a->list[FPR_MOVABLE]; /* as all pageblocks are at boot */
    bool tail = fpr_buddy_goes_to_tail(z, i, order, z->policy.boot);
    for (uint64_t k = i >> order, end = k + n; k < end; k++) {
        list_add(a->links, l, (uint32_t)k, tail);
        tag_store(&a->tags[k], l->tag);
        if (z->shuffle && k + 1 < end) {
            tail = fpr_buddy_goes_to_tail(z, i, order, z->policy.boot);
        }
    }
    zone_mask_add(z, FPR_MOVABLE, 1u << order);
    zone_account(z, (int64_t)(n << order));
}

/* Boot gives [start, end) to the free lists: the largest aligned blocks, by rising address. */
static void release_range(struct fpr_zone *z, fpr_pfn start, fpr_pfn end)
{
    uint64_t largest = 1ull << z->max_order;
    while (start < end) {
        uint32_t i = (uint32_t)(start - z->base);
        uint64_t n = i & (largest - 1) ? 0 : (end - start) >> z->max_order;
        if (n) {
            release_largest(z, i, n);
            start += n << z->max_order;
            continue;
        }
        unsigned order = i ? (unsigned)__builtin_ctz(i) : z->max_order;
        while (1ull << order > end - start) {
            order--;
        }
        zone_touch(z, i);
        fpr_buddy_free(z, i, order, FPR_MOVABLE, z->policy.boot, false);
        start += 1ull << order;
    }
}

void fpr_zone_boot(struct fpr_zone *z, const struct fpr_zone_config *c)
{
    fpr_pfn at = c->start;
    uint64_t holes = 0;
    if (!c->empty) {
        fpr_fill_soon(z->top_links, z->nr_top * sizeof(*z->top_links));
        fpr_fill_soon(z->top_tags, z->nr_top * sizeof(*z->top_tags));
    }
    for (size_t k = 0; k <= c->nr_holes; k++) {
        bool last = k == c->nr_holes;
        fpr_pfn end = last ? c->start + c->spanned : c->holes[k].start;
        if (!c->empty) {
            release_range(z, at, end);
        }
        at = last ? end : end + c->holes[k].pages;
        holes += last ? 0 : c->holes[k].pages;
    }
    z->present = c->spanned - holes;
    z->managed = c->managed ? c->managed : c->spanned - holes;
    z->stats = (struct fpr_zone_stats){0};
}
