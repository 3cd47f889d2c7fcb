/* The two indices of external fragmentation. */
#include "view/out.h"

#include <errno.h>

/* What both indices are made of. */
struct fill {
    uint64_t free_pages;
    uint64_t free_blocks;
    uint64_t suitable; /* blocks of the order that the larger free blocks would give */
};

static int fill_of(const struct fpr_zone *z, unsigned order, struct fill *f)
{
    struct fpr_zone_info info;
    struct fpr_zone_counters c;
    if (fpr_zone_get_info(z, &info) || fpr_zone_get_counters(z, &c) || order > info.max_order) {
        return -EINVAL;
    }
    *f = (struct fill){0, 0, 0};
    for (unsigned o = 0; o <= info.max_order; o++) {
        f->free_pages += c.nr_free[o] << o;
        f->free_blocks += c.nr_free[o];
        f->suitable += o >= order ? c.nr_free[o] << (o - order) : 0;
    }
    return 0;
}

int fpr_zone_unusable_index(const struct fpr_zone *zone, unsigned order)
{
    struct fill f;
    if (fill_of(zone, order, &f)) {
        return -EINVAL;
    }
    if (f.free_pages == 0) {
        return 1000;
    }
    return (int)((f.free_pages - (f.suitable << order)) * 1000 / f.free_pages);
}

int fpr_zone_extfrag_index(const struct fpr_zone *zone, unsigned order, int *index)
{
    struct fill f;
    if (!index || fill_of(zone, order, &f)) {
        return -EINVAL;
    }
    if (f.free_blocks == 0) {
        *index = 0;
    } else if (f.suitable) {
        *index = -1000;
    } else {
        uint64_t wanted = f.free_pages * 1000 / (1ull << order);
        *index = 1000 - (int)((1000 + wanted) / f.free_blocks);
    }
    return 0;
}

/* Thousandths as the kernel prints them: whole and remainder by C's division. */
static void thousandths(struct out *o, int index)
{
    int whole = index / 1000, rest = index % 1000;
    fpr_out_int(o, whole);
    fpr_out_str(o, ".");
    char digits[4] = {(char)('0' + (rest < 0 ? -rest : rest) / 100),
                      (char)('0' + (rest < 0 ? -rest : rest) / 10 % 10),
                      (char)('0' + (rest < 0 ? -rest : rest) % 10), '\0'};
    fpr_out_str(o, rest < 0 ? "-" : "");
    fpr_out_str(o, digits);
    fpr_out_str(o, " ");
}

static int print(const struct fpr_machine *m, fpr_write_fn write, void *ctx, bool unusable)
{
    if (!m || !write) {
        return -EINVAL;
    }
    struct out o;
    fpr_out_init(&o, write, ctx);
    for (size_t k = 0; k < fpr_machine_nr_zones(m); k++) {
        const struct fpr_zone *z = fpr_machine_zone(m, k);
        struct fpr_zone_info info;
        fpr_zone_get_info(z, &info);
        fpr_out_str(&o, "Node ");
        fpr_out_dec(&o, (uint64_t)info.node);
        fpr_out_str(&o, ", zone ");
        fpr_out_str_in(&o, info.name, 8);
        fpr_out_str(&o, " ");
        for (unsigned order = 0; order <= info.max_order; order++) {
            int index = fpr_zone_unusable_index(z, order);
            if (!unusable) {
                fpr_zone_extfrag_index(z, order, &index);
            }
            thousandths(&o, index);
        }
        fpr_out_str(&o, "\n");
    }
    return fpr_out_end(&o);
}

int fpr_view_unusable_index(const struct fpr_machine *machine, fpr_write_fn write, void *ctx)
{
    return print(machine, write, ctx, true);
}

int fpr_view_extfrag_index(const struct fpr_machine *machine, fpr_write_fn write, void *ctx)
{
    return print(machine, write, ctx, false);
}
