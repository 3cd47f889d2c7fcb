#include "mm/highatomic.h"

#include "mm/pageblock.h"
#include "mm/watermark.h"

static uint64_t limit_pages(const struct fpr_zone *z)
{
    uint64_t percent = z->managed / 100, pageblock = zone_pageblock_pages(z);
    if (z->policy.highatomic == FPR_HIGHATOMIC_V16) {
        return percent + pageblock;
    }
    return percent < pageblock ? 0 : (percent + pageblock - 1) / pageblock * pageblock;
}

static void reserve_pageblock(struct fpr_zone *z, uint32_t i)
{
    uint32_t start;
    if (z->policy.highatomic == FPR_HIGHATOMIC_6_12 && !fpr_pageblock_whole(z, i, &start)) {
        return;
    }
    z->highatomic += zone_pageblock_pages(z);
    fpr_zone_quick_changed(z);
    pageblock_set(z, i, FPR_HIGHATOMIC);
    fpr_pageblock_move(z, i, FPR_HIGHATOMIC);
}

void fpr_highatomic_reserve(struct fpr_zone *z, uint32_t i, unsigned order)
{
    if (z->highatomic >= limit_pages(z) || pageblock_get(z, i) >= FPR_HIGHATOMIC) {
        return;
    }
    if (z->policy.highatomic == FPR_HIGHATOMIC_6_12 && order >= z->pageblock_order) {
        fpr_pageblock_set_all(z, i, order, FPR_HIGHATOMIC);
        z->highatomic += 1ull << order;
        fpr_zone_quick_changed(z);
        return;
    }
    reserve_pageblock(z, i);
}
