/* The pages of a simulated host: what makes them resident and what drops them. */
#include "host/host.h"

#include "base/bits.h"

#include <errno.h>

bool fpr_host_in_memory(const struct fpr_host *host, fpr_pfn pfn, uint64_t pages)
{
    return pfn <= host->config.pages && pages <= host->config.pages - pfn;
}

fpr_pfn fpr_host_unit_start(const struct fpr_host *host, uint64_t unit)
{
    return unit << host->unit_order;
}

uint64_t fpr_host_unit_pages(const struct fpr_host *host, uint64_t unit)
{
    uint64_t rest = host->config.pages - fpr_host_unit_start(host, unit);
    return rest < host->unit_pages ? rest : host->unit_pages;
}

struct fpr_host_part fpr_host_first_part(const struct fpr_host *host, fpr_pfn pfn, uint64_t pages)
{
    uint64_t room = host->unit_pages - (pfn & (host->unit_pages - 1));
    return (struct fpr_host_part){pfn >> host->unit_order, pfn, pages < room ? pages : room};
}

static struct fpr_host_part whole_unit(const struct fpr_host *host, uint64_t unit)
{
    return (struct fpr_host_part){unit, fpr_host_unit_start(host, unit),
                                  fpr_host_unit_pages(host, unit)};
}

static bool is_huge(const struct fpr_host *host, uint64_t unit)
{
    return host->count[unit] == fpr_host_unit_pages(host, unit) &&
           !fpr_bitmap_test(host->split, unit);
}

static void take_back(struct fpr_host *host, struct fpr_host_part part)
{
    if (host->given != NULL && host->given_total > 0)
        host->given_total -= fpr_bitmap_clear(host->given, part.pfn, part.pages);
}

uint64_t fpr_host_fill(struct fpr_host *host, struct fpr_host_part part)
{
    take_back(host, part);
    uint64_t more = fpr_bitmap_set(host->resident, part.pfn, part.pages);
    if (more == 0)
        return 0;
    fpr_bitmap_clear(host->dropped, part.pfn, part.pages);
    /* Pages that came one by one are mapped one by one, even if they fill the unit at last. */
    if (part.pages < fpr_host_unit_pages(host, part.unit))
        fpr_bitmap_set(host->split, part.unit, 1);
    host->count[part.unit] += (uint32_t)more;
    host->resident_total += more;
    if (is_huge(host, part.unit))
        host->huge_total += host->count[part.unit];
    return more;
}

/* Pages that leave the host although a device works on them: it would go on with memory that the
 * guest no longer sees. */
static void count_hazards(struct fpr_host *host, struct fpr_host_part part)
{
    const struct fpr_host_config *config = &host->config;
    if (config->pinned != NULL)
        host->stats.hazards += config->pinned(config->pinned_ctx, part.pfn, part.pages);
}

static uint64_t drop_resident(struct fpr_host *host, struct fpr_host_part part)
{
    take_back(host, part);
    if (host->count[part.unit] == 0)
        return 0;
    count_hazards(host, part);
    fpr_bitmap_or(host->dropped, host->resident, part.pfn, part.pages);
    uint64_t dropped = fpr_bitmap_clear(host->resident, part.pfn, part.pages);
    host->count[part.unit] -= (uint32_t)dropped;
    host->resident_total -= dropped;
    return dropped;
}

static void unhuge(struct fpr_host *host, struct fpr_host_part part, bool whole)
{
    if (!is_huge(host, part.unit))
        return;
    host->huge_total -= host->count[part.unit];
    if (!whole) {
        fpr_bitmap_set(host->split, part.unit, 1);
        host->stats.huge_splits++;
    }
}

/* Reported pages that the host keeps for now. */
static void give(struct fpr_host *host, struct fpr_host_part part)
{
    host->given_total += fpr_bitmap_or(host->given, host->resident, part.pfn, part.pages);
}

uint64_t fpr_host_discard(struct fpr_host *host, struct fpr_host_part part)
{
    bool whole = part.pages == fpr_host_unit_pages(host, part.unit);
    if (host->config.mode == FPR_HOST_INHIBITED)
        return 0;
    if (host->config.mode == FPR_HOST_FREE) {
        if (!whole)
            unhuge(host, part, false);
        give(host, part);
        return 0;
    }
    if (!host->config.split_huge && !whole) {
        give(host, part);
        struct fpr_host_part unit = whole_unit(host, part.unit);
        if (fpr_bitmap_count(host->given, unit.pfn, unit.pages) < host->count[part.unit])
            return 0;
        part = unit;
        whole = true;
    }
    unhuge(host, part, whole);
    uint64_t dropped = drop_resident(host, part);
    if (whole && host->config.refault_huge)
        fpr_bitmap_clear(host->split, part.unit, 1);
    return dropped;
}

int fpr_host_load_resident(struct fpr_host *host, fpr_pfn pfn, uint64_t pages)
{
    if (host == NULL || !fpr_host_in_memory(host, pfn, pages))
        return -EINVAL;
    while (pages > 0) {
        struct fpr_host_part part = fpr_host_first_part(host, pfn, pages);
        fpr_host_fill(host, part);
        pfn += part.pages;
        pages -= part.pages;
    }
    return 0;
}

/* One fault; `again`: because of a page that had been dropped. */
static void count_fault(struct fpr_host *host, uint64_t pages, bool again)
{
    uint64_t bytes = pages << host->config.page_shift;
    host->stats.faults++;
    host->stats.zeroed_bytes += bytes;
    if (again) {
        host->stats.refault_faults++;
        host->stats.rezeroed_bytes += bytes;
    }
}

static uint64_t touch_part(struct fpr_host *host, struct fpr_host_part part)
{
    if (host->given_total > 0) {
        host->stats.lazy_hits += fpr_bitmap_count(host->given, part.pfn, part.pages);
        /* Writing to a lazily freed huge page makes all of it wanted again. */
        bool huge = host->config.mode == FPR_HOST_FREE && is_huge(host, part.unit);
        take_back(host, huge ? whole_unit(host, part.unit) : part);
    }
    uint64_t absent = part.pages - fpr_bitmap_count(host->resident, part.pfn, part.pages);
    if (absent == 0)
        return 0;
    uint64_t again = fpr_bitmap_count(host->dropped, part.pfn, part.pages);
    host->stats.refaults += again;
    host->stats.refault_bytes += again << host->config.page_shift;
    if (host->count[part.unit] == 0 && !fpr_bitmap_test(host->split, part.unit)) {
        struct fpr_host_part unit = whole_unit(host, part.unit);
        count_fault(host, unit.pages, again > 0);
        return fpr_host_fill(host, unit);
    }
    for (uint64_t i = 0; i < absent; i++)
        count_fault(host, 1, i < again);
    return fpr_host_fill(host, part);
}

int64_t fpr_host_touch(struct fpr_host *host, fpr_pfn pfn, uint64_t pages)
{
    if (host == NULL || !fpr_host_in_memory(host, pfn, pages))
        return -EINVAL;
    host->stats.touches += pages;
    /* Nearly every touch is of one page that is there. */
    if (pages == 1 && host->given_total == 0 && fpr_bitmap_test(host->resident, pfn))
        return 0;
    uint64_t more = 0;
    while (pages > 0) {
        struct fpr_host_part part = fpr_host_first_part(host, pfn, pages);
        more += touch_part(host, part);
        pfn += part.pages;
        pages -= part.pages;
    }
    return (int64_t)more;
}

/* A hypervisor that backs memory with hugetlbfs ignores blocks that are not whole pages of it. */
bool fpr_host_skips(const struct fpr_host *host, fpr_pfn pfn, uint64_t pages)
{
    bool to_end = pfn + pages == host->config.pages;
    return host->config.mode == FPR_HOST_PUNCH &&
           (pfn % host->unit_pages != 0 || (pages % host->unit_pages != 0 && !to_end));
}

int64_t fpr_host_drop(struct fpr_host *host, fpr_pfn pfn, uint64_t pages)
{
    if (host == NULL || !fpr_host_in_memory(host, pfn, pages))
        return -EINVAL;
    host->stats.reported_bytes += pages << host->config.page_shift;
    if (fpr_host_skips(host, pfn, pages)) {
        host->stats.misaligned_entries++;
        return 0;
    }
    uint64_t dropped = 0;
    while (pages > 0) {
        struct fpr_host_part part = fpr_host_first_part(host, pfn, pages);
        dropped += fpr_host_discard(host, part);
        pfn += part.pages;
        pages -= part.pages;
    }
    host->stats.dropped_bytes += dropped << host->config.page_shift;
    return (int64_t)dropped;
}

int64_t fpr_host_pressure(struct fpr_host *host)
{
    if (host == NULL)
        return -EINVAL;
    /* Held parts of unsplit units are not lazy: only a report of the rest frees them. */
    if (host->config.mode != FPR_HOST_FREE)
        return 0;
    uint64_t dropped = 0;
    for (uint64_t pfn = 0; pfn < host->config.pages && host->given_total > 0; pfn++) {
        if (pfn % FPR_WORD_BITS == 0 && host->given[pfn / FPR_WORD_BITS] == 0) {
            pfn += FPR_WORD_BITS - 1;
            continue;
        }
        if (!fpr_bitmap_test(host->given, pfn))
            continue;
        struct fpr_host_part page = fpr_host_first_part(host, pfn, 1);
        unhuge(host, page, true);
        dropped += drop_resident(host, page);
    }
    host->stats.dropped_bytes += dropped << host->config.page_shift;
    return (int64_t)dropped;
}
