#include "host/host.h"

#include "base/bits.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

#define MAX_PAGES (1ull << 40)

int fpr_host_config_init(struct fpr_host_config *config)
{
    if (config == NULL)
        return -EINVAL;
    *config = (struct fpr_host_config){
        .page_shift = 12,
        .backing_shift = 21,
        .split_huge = true,
        .refault_huge = true,
        .mode = FPR_HOST_DONTNEED,
        .costs =
            {
#define FPR_X(name, value, text) .name = (value),
                FPR_HOST_COSTS(FPR_X)
#undef FPR_X
            },
    };
    return 0;
}

static bool config_ok(const struct fpr_host_config *config)
{
    return config->pages >= 1 && config->pages <= MAX_PAGES && config->page_shift >= 12 &&
           config->page_shift <= 16 && config->backing_shift >= 12 && config->backing_shift <= 30 &&
           (unsigned)config->mode <= FPR_HOST_INHIBITED && fpr_mem_ok(config->mem);
}

static size_t bitmap_bytes(uint64_t bits)
{
    return (size_t)fpr_bitmap_words(bits) * sizeof(uint64_t);
}

static uint64_t *new_bitmap(const struct fpr_mem_ops *mem, uint64_t bits)
{
    return mem->zalloc(mem->ctx, bitmap_bytes(bits));
}

/* Who can hold pages that were reported: only these pay for the bitmap. */
static bool keeps_given(const struct fpr_host_config *config)
{
    return config->mode == FPR_HOST_FREE || !config->split_huge;
}

static bool allocate_tables(struct fpr_host *host)
{
    const struct fpr_mem_ops *mem = host->mem;
    uint64_t pages = host->config.pages;
    host->resident = new_bitmap(mem, pages);
    host->dropped = new_bitmap(mem, pages);
    host->split = new_bitmap(mem, host->units);
    host->count = mem->zalloc(mem->ctx, (size_t)host->units * sizeof(*host->count));
    if (keeps_given(&host->config))
        host->given = new_bitmap(mem, pages);
    return host->resident != NULL && host->dropped != NULL && host->split != NULL &&
           host->count != NULL && (host->given != NULL || !keeps_given(&host->config));
}

int fpr_host_create(const struct fpr_host_config *config, struct fpr_host **host)
{
    if (config == NULL || host == NULL || !config_ok(config))
        return -EINVAL;
    const struct fpr_mem_ops *mem = config->mem != NULL ? config->mem : fpr_mem_default();
    struct fpr_host *made = mem->zalloc(mem->ctx, sizeof(*made));
    if (made == NULL)
        return -ENOMEM;
    made->config = *config;
    made->mem = mem;
    if (config->backing_shift > config->page_shift)
        made->unit_order = config->backing_shift - config->page_shift;
    made->unit_pages = 1ull << made->unit_order;
    made->units = fpr_div_up(config->pages, made->unit_pages);
    if (!allocate_tables(made)) {
        fpr_host_destroy(made);
        return -ENOMEM;
    }
    *host = made;
    return 0;
}

static void release(const struct fpr_mem_ops *mem, void *ptr, size_t size)
{
    if (ptr != NULL)
        mem->free(mem->ctx, ptr, size);
}

void fpr_host_destroy(struct fpr_host *host)
{
    if (host == NULL)
        return;
    const struct fpr_mem_ops *mem = host->mem;
    size_t bytes = bitmap_bytes(host->config.pages);
    release(mem, host->resident, bytes);
    release(mem, host->dropped, bytes);
    release(mem, host->given, bytes);
    release(mem, host->split, bitmap_bytes(host->units));
    release(mem, host->count, (size_t)host->units * sizeof(*host->count));
    release(mem, host->memory, host->nr_memory * sizeof(*host->memory));
    release(mem, host, sizeof(*host));
}

uint64_t fpr_host_resident_pages(const struct fpr_host *host)
{
    return host == NULL ? 0 : host->resident_total;
}

uint64_t fpr_host_huge_pages(const struct fpr_host *host)
{
    return host == NULL || host->unit_pages == 1 ? 0 : host->huge_total;
}

int64_t fpr_host_resident_in(const struct fpr_host *host, fpr_pfn pfn, uint64_t pages)
{
    if (host == NULL || !fpr_host_in_memory(host, pfn, pages))
        return -EINVAL;
    return (int64_t)fpr_bitmap_count(host->resident, pfn, pages);
}

int fpr_host_get_stats(const struct fpr_host *host, struct fpr_host_stats *stats)
{
    if (host == NULL || stats == NULL)
        return -EINVAL;
    *stats = host->stats;
    return 0;
}

/* sum + each * times, or the largest number. */
static uint64_t add_cost(uint64_t sum, uint64_t each, uint64_t times)
{
    uint64_t part;
    if (__builtin_mul_overflow(each, times, &part) || __builtin_add_overflow(sum, part, &sum))
        return UINT64_MAX;
    return sum;
}

uint64_t fpr_host_cost_ns(const struct fpr_host *host, uint64_t isolated_blocks,
                          uint64_t walked_blocks)
{
    if (host == NULL)
        return 0;
    const struct fpr_host_costs *costs = &host->config.costs;
    const struct fpr_host_stats *stats = &host->stats;
    const struct {
        uint64_t each, times;
    } part[] = {
        {costs->report_call_ns, stats->report_calls},
        {costs->report_entry_ns, stats->report_entries},
        {costs->drop_page_ns, stats->dropped_bytes >> 12},
        {costs->fault_ns, stats->refault_faults},
        {costs->zero_page_ns, stats->rezeroed_bytes >> 12},
        {costs->split_huge_ns, stats->huge_splits},
        {costs->isolate_ns, isolated_blocks},
        {costs->walk_ns, walked_blocks},
    };
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++)
        sum = add_cost(sum, part[i].each, part[i].times);
    return sum;
}

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct fpr_host *host = ctx;
    host->stats.report_calls++;
    host->stats.report_entries += nents;
    for (unsigned i = 0; i < nents; i++)
        if (sg[i].order >= 64 || fpr_host_drop(host, sg[i].pfn, 1ull << sg[i].order) < 0)
            host->stats.misaligned_entries++;
    return 0;
}

int fpr_host_device(struct fpr_host *host, struct fpr_device *device)
{
    if (host == NULL || device == NULL)
        return -EINVAL;
    *device = (struct fpr_device){.name = "host", .report = report, .ctx = host};
    return 0;
}
