#include "mm/pageblock.h"

#include "mm/freelist.h"
#include "mm/lend.h"

bool fpr_pageblock_whole(const struct fpr_zone *z, uint32_t i, uint32_t *start)
{
    uint32_t s = i & ~(uint32_t)(zone_pageblock_pages(z) - 1);
    if (s < z->first || s + zone_pageblock_pages(z) > z->end) {
        return false;
    }
    *start = s;
    return true;
}

/* Tag of the block that begins at `i`, wherever it is kept. */
static uint16_t block_tag(const struct fpr_zone *z, uint32_t i)
{
    if ((i & ((1u << z->max_order) - 1)) == 0) {
        uint16_t top = tag_load(&z->top_tags[i >> z->max_order]);
        if (top) {
            return top;
        }
    }
    return tag_seen(z, i);
}

/* Walks [start, end) block by block. With mt ≥ 0 free blocks move to mt's lists. */
static struct pageblock_census walk(struct fpr_zone *z, uint32_t start, uint64_t end, int mt)
{
    struct pageblock_census c = {0, 0};
    uint64_t i = start;
    while (i < end) {
        uint16_t tag = block_tag(z, (uint32_t)i);
        enum page_kind kind = tag_kind(tag);
        uint64_t pages = kind == PAGE_NONE ? 1 : 1ull << tag_order(tag);
        if (kind == PAGE_FREE) {
            if (mt >= 0) {
                freelist_move(z, (uint32_t)i, tag_order(tag), mt);
            }
            c.free += pages;
        } else if (kind == PAGE_ALLOCATED && (tag & TAG_MOVABLE)) {
            c.movable += i + pages > end ? end - i : pages;
        }
        i += pages;
    }
    return c;
}

struct pageblock_census fpr_pageblock_count(const struct fpr_zone *z, uint32_t start, uint64_t end)
{
    return walk((struct fpr_zone *)(uintptr_t)z, start, end, -1);
}

struct pageblock_census fpr_pageblock_move(struct fpr_zone *z, uint32_t i, int mt)
{
    const struct pageblock_census nothing = {0, 0};
    uint32_t start = i & ~(uint32_t)(zone_pageblock_pages(z) - 1);
    uint64_t end = start + zone_pageblock_pages(z);
    if (end > z->end) {
        return nothing;
    }
    if (start < z->first) {
        if (z->policy.move_needs_whole_block) {
            return nothing;
        }
        start = i;
    }
    return walk(z, start, end, mt);
}

void fpr_pageblock_set_all(struct fpr_zone *z, uint32_t i, unsigned order, int mt)
{
    uint32_t n = order > z->pageblock_order ? 1u << (order - z->pageblock_order) : 1;
    for (uint32_t k = 0; k < n; k++) {
        pageblock_set(z, i + (k << z->pageblock_order), mt);
    }
}
