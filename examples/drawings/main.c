/* Draws the free lists of a tiny zone before, during and after reporting passes. */
#include <stdio.h>
#include <fpr/fpr.h>

static int put(void *ctx, const char *text, size_t len)
{
    return fwrite(text, 1, len, ctx) == len ? 0 : -1;
}

static void draw(const struct fpr_zone *zone, const char *title)
{
    printf("--- %s\n", title);
    fpr_draw_free_lists(zone, NULL, put, stdout);
}

/* In the middle of a pass: the blocks of the batch are on no list. */
static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    printf("--- reported to the device:");
    for (unsigned i = 0; i < nents; i++)
        printf(" 0x%llx+%u", (unsigned long long)sg[i].pfn, 1u << sg[i].order);
    printf("\n");
    draw(ctx, "the lists meanwhile");
    return 0;
}

int main(void)
{
    struct fpr_zone_config config;
    struct fpr_machine_config machine_config;
    struct fpr_machine *machine;
    struct fpr_reporter *reporter;
    struct fpr_report_config knobs;

    if (fpr_zone_config_init(&config, FPR_PROFILE_V16) || fpr_machine_config_init(&machine_config))
        return 1;
    config.spanned = 64;
    config.max_order = 3;
    config.pageblock_order = 2;
    config.watermark[FPR_WMARK_MIN] = 1;
    config.watermark[FPR_WMARK_LOW] = 2;
    config.watermark[FPR_WMARK_HIGH] = 3;
    config.pcp_auto = false; /* no per-cpu lists: every free shows */
    config.pcp_batch = 1;
    machine_config.zones = &config;
    machine_config.nr_zones = 1;
    machine_config.compute_watermarks = false;
    if (fpr_machine_create(&machine_config, &machine) || fpr_report_config_init(&knobs))
        return 1;
    knobs.capacity = 2;
    if (fpr_reporter_create(machine, NULL, &knobs, &reporter))
        return 1;
    struct fpr_zone *zone = fpr_machine_zone(machine, 0);
    const struct fpr_device device = {.name = "drawing", .report = report, .ctx = zone};

    draw(zone, "eight free blocks of 8 pages");
    if (fpr_reporter_register(reporter, &device) || fpr_reporter_pass(reporter, NULL))
        return 1;
    draw(zone, "after the first pass: its budget was two calls");
    if (fpr_reporter_pass(reporter, NULL))
        return 1;
    draw(zone, "after the second pass");
    fpr_pfn pfn;
    if (fpr_alloc_pages(machine, 0, FPR_GFP_HIGHUSER_MOVABLE, &pfn))
        return 1;
    draw(zone, "one page allocated: a reported block was split");
    if (fpr_free_pages(machine, pfn, 0))
        return 1;
    draw(zone, "and freed again: merged, and no longer reported");
    fpr_reporter_destroy(reporter);
    fpr_machine_destroy(machine);
    return 0;
}
