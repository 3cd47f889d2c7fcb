/* /proc/buddyinfo and /proc/pagetypeinfo as the kernel prints them. */
#include "view/out.h"

#include <errno.h>

#define WALK_LIMIT 100000u

static bool populated(const struct fpr_zone_info *info)
{
    return info->present > 0;
}

static void zone_head(struct out *o, const struct fpr_zone_info *info, unsigned node_width)
{
    fpr_out_str(o, "Node ");
    fpr_out_dec_in(o, (uint64_t)info->node, node_width);
    fpr_out_str(o, ", zone ");
    fpr_out_str_in(o, info->name, 8);
}

int fpr_view_buddyinfo(const struct fpr_machine *machine, fpr_write_fn write, void *ctx)
{
    if (!machine || !write) {
        return -EINVAL;
    }
    struct out o;
    fpr_out_init(&o, write, ctx);
    for (size_t k = 0; k < fpr_machine_nr_zones(machine); k++) {
        struct fpr_zone_info info;
        struct fpr_zone_counters c;
        fpr_zone_get_info(fpr_machine_zone(machine, k), &info);
        fpr_zone_get_counters(fpr_machine_zone(machine, k), &c);
        if (!populated(&info)) {
            continue;
        }
        zone_head(&o, &info, 0);
        fpr_out_str(&o, " ");
        for (unsigned order = 0; order <= info.max_order; order++) {
            fpr_out_dec_in(&o, c.nr_free[order], 6);
            fpr_out_str(&o, " ");
        }
        fpr_out_str(&o, "\n");
    }
    return fpr_out_end(&o);
}

static int count_one(void *ctx, const struct fpr_block *block)
{
    (void)block;
    uint64_t *n = ctx;
    return ++*n > WALK_LIMIT; /* the kernel stops there as well */
}

static void list_lengths(struct out *o, const struct fpr_zone *z, const struct fpr_zone_info *info)
{
    for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++) {
        zone_head(o, info, 4);
        fpr_out_str(o, ", type ");
        fpr_out_str_in(o, fpr_migratetype_name(mt), 12);
        fpr_out_str(o, " ");
        for (unsigned order = 0; order <= info->max_order; order++) {
            uint64_t n = 0;
            bool over = fpr_zone_walk_free(z, order, mt, count_one, &n) != 0;
            fpr_out_str(o, over ? ">" : "");
            fpr_out_dec_in(o, over ? WALK_LIMIT : n, 6);
            fpr_out_str(o, " ");
        }
        fpr_out_str(o, "\n");
    }
}

static void pageblock_counts(struct out *o, const struct fpr_zone *z,
                             const struct fpr_zone_info *info)
{
    uint64_t count[FPR_NR_MIGRATETYPES] = {0}, step = 1ull << info->pageblock_order;
    fpr_pfn end = info->start + info->spanned;
    for (fpr_pfn p = info->start; p < end; p = (p & ~(step - 1)) + step) {
        enum fpr_page_kind kind;
        int mt = fpr_zone_pageblock_type(z, p);
        if (mt >= 0 && fpr_zone_page(z, p, &kind, NULL) == 0) {
            count[mt]++;
        }
    }
    zone_head(o, info, 0);
    fpr_out_str(o, " ");
    for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++) {
        fpr_out_dec_in(o, count[mt], 12);
        fpr_out_str(o, " ");
    }
    fpr_out_str(o, "\n");
}

static void each_zone(struct out *o, const struct fpr_machine *m,
                      void (*print)(struct out *o, const struct fpr_zone *z,
                                    const struct fpr_zone_info *info))
{
    for (size_t k = 0; k < fpr_machine_nr_zones(m); k++) {
        struct fpr_zone_info info;
        fpr_zone_get_info(fpr_machine_zone(m, k), &info);
        if (populated(&info)) {
            print(o, fpr_machine_zone(m, k), &info);
        }
    }
}

int fpr_view_pagetypeinfo(const struct fpr_machine *machine, fpr_write_fn write, void *ctx)
{
    struct fpr_zone_info info;
    if (!machine || !write || fpr_zone_get_info(fpr_machine_zone(machine, 0), &info)) {
        return -EINVAL;
    }
    struct out o;
    fpr_out_init(&o, write, ctx);
    fpr_out_str(&o, "Page block order: ");
    fpr_out_dec(&o, info.pageblock_order);
    fpr_out_str(&o, "\nPages per block:  ");
    fpr_out_dec(&o, 1ull << info.pageblock_order);
    fpr_out_str(&o, "\n\nFree pages count per migrate type at order  ");
    for (unsigned order = 0; order <= info.max_order; order++) {
        fpr_out_dec_in(&o, order, 6);
        fpr_out_str(&o, " ");
    }
    fpr_out_str(&o, "\n");
    each_zone(&o, machine, list_lengths);
    fpr_out_str(&o, "\nNumber of blocks type  ");
    for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++) {
        fpr_out_str_in(&o, fpr_migratetype_name(mt), 12);
        fpr_out_str(&o, " ");
    }
    fpr_out_str(&o, "\n");
    each_zone(&o, machine, pageblock_counts);
    return fpr_out_end(&o);
}
