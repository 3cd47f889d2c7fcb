/* What a simulated host holds at the start of a recording. */
#include "host/host.h"

#include "base/bits.h"

#include <errno.h>
#include <string.h>

static bool ranges_ok(const struct fpr_host *host, const struct fpr_range *ranges, size_t count)
{
    if (ranges == NULL)
        return count == 0;
    for (size_t i = 0; i < count; i++)
        if (!fpr_host_in_memory(host, ranges[i].start, ranges[i].pages))
            return false;
    return true;
}

/* Keeps the memory's ranges for fpr_host_load_measured(), which must not fill holes. */
static int remember_memory(struct fpr_host *host, const struct fpr_host_start *start)
{
    struct fpr_range *copy = NULL;
    if (start->nr_memory > 0) {
        copy = host->mem->zalloc(host->mem->ctx, start->nr_memory * sizeof(*copy));
        if (copy == NULL)
            return -ENOMEM;
        memcpy(copy, start->memory, start->nr_memory * sizeof(*copy));
    }
    if (host->memory != NULL)
        host->mem->free(host->mem->ctx, host->memory, host->nr_memory * sizeof(*host->memory));
    host->memory = copy;
    host->nr_memory = start->nr_memory;
    return 0;
}

/* Rule 1: in-use pages were touched, and a touch brings in a whole unit. */
static void load_used(struct fpr_host *host, const uint64_t *free_map, struct fpr_range range)
{
    while (range.pages > 0) {
        struct fpr_host_part part = fpr_host_first_part(host, range.start, range.pages);
        if (fpr_bitmap_count(free_map, part.pfn, part.pages) < part.pages) {
            struct fpr_host_part unit = {part.unit, fpr_host_unit_start(host, part.unit),
                                         fpr_host_unit_pages(host, part.unit)};
            fpr_host_fill(host, unit);
        }
        range.start += part.pages;
        range.pages -= part.pages;
    }
}

/* Rule 2: absent, and known to be absent because of a report. */
static void load_reported(struct fpr_host *host, struct fpr_range range)
{
    if (host->config.mode == FPR_HOST_INHIBITED || fpr_host_skips(host, range.start, range.pages))
        return;
    while (range.pages > 0) {
        struct fpr_host_part part = fpr_host_first_part(host, range.start, range.pages);
        fpr_host_discard(host, part);
        if (fpr_bitmap_count(host->resident, part.pfn, part.pages) == 0)
            fpr_bitmap_set(host->dropped, part.pfn, part.pages);
        range.start += part.pages;
        range.pages -= part.pages;
    }
}

static void load_known(struct fpr_host *host, const struct fpr_host_start *start,
                       const uint64_t *free_map)
{
    const struct fpr_range all = {0, host->config.pages};
    if (start->nr_memory == 0)
        load_used(host, free_map, all);
    for (size_t i = 0; i < start->nr_memory; i++)
        load_used(host, free_map, start->memory[i]);
    for (size_t i = 0; i < start->nr_reported; i++)
        load_reported(host, start->reported[i]);
}

int64_t fpr_host_load_start(struct fpr_host *host, const struct fpr_host_start *start)
{
    if (host == NULL || start == NULL || !ranges_ok(host, start->memory, start->nr_memory) ||
        !ranges_ok(host, start->free, start->nr_free) ||
        !ranges_ok(host, start->reported, start->nr_reported))
        return -EINVAL;
    size_t bytes = (size_t)fpr_bitmap_words(host->config.pages) * sizeof(uint64_t);
    uint64_t *free_map = host->mem->zalloc(host->mem->ctx, bytes);
    if (free_map == NULL)
        return -ENOMEM;
    int error = remember_memory(host, start);
    if (error == 0) {
        for (size_t i = 0; i < start->nr_free; i++)
            fpr_bitmap_set(free_map, start->free[i].start, start->free[i].pages);
        struct fpr_host_stats stats = host->stats;
        load_known(host, start, free_map);
        host->stats = stats;
    }
    host->mem->free(host->mem->ctx, free_map, bytes);
    if (error != 0)
        return error;
    return fpr_host_load_measured(host, start->measured_bytes, start->from_top);
}

static bool unit_is_memory(const struct fpr_host *host, struct fpr_host_part unit)
{
    if (host->nr_memory == 0)
        return true;
    for (size_t i = 0; i < host->nr_memory; i++) {
        const struct fpr_range *range = &host->memory[i];
        if (range->start <= unit.pfn && unit.pfn - range->start <= range->pages &&
            unit.pages <= range->pages - (unit.pfn - range->start))
            return true;
    }
    return false;
}

int64_t fpr_host_load_measured(struct fpr_host *host, uint64_t measured_bytes, bool from_top)
{
    if (host == NULL)
        return -EINVAL;
    uint64_t want = measured_bytes >> host->config.page_shift;
    for (uint64_t i = 0; i < host->units && host->resident_total < want; i++) {
        uint64_t number = from_top ? host->units - 1 - i : i;
        struct fpr_host_part unit = {number, fpr_host_unit_start(host, number),
                                     fpr_host_unit_pages(host, number)};
        if (unit.pages > want - host->resident_total)
            break;
        if (host->count[number] == 0 && unit_is_memory(host, unit) &&
            fpr_bitmap_count(host->dropped, unit.pfn, unit.pages) == 0)
            fpr_host_fill(host, unit);
    }
    return (int64_t)host->resident_total;
}
