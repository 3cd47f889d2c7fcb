#include "view/draw.h"

#include <errno.h>

#define MIN_WIDTH 40
#define MAX_WIDTH 1000

int fpr_draw_begin(struct draw *d, const struct fpr_zone *zone,
                   const struct fpr_draw_options *options, fpr_write_fn write, void *ctx)
{
    static const struct fpr_draw_options defaults;
    const struct fpr_draw_options *o = options ? options : &defaults;
    if (!write || fpr_zone_get_info(zone, &d->info)) {
        return -EINVAL;
    }
    fpr_pfn end = d->info.start + d->info.spanned;
    d->start = o->start > d->info.start ? o->start : d->info.start;
    if (d->start >= end) {
        return -EINVAL;
    }
    d->end = o->pages && o->pages < end - d->start ? d->start + o->pages : end;
    d->zone = zone;
    d->color = o->color;
    d->width = o->width ? o->width : 80;
    d->width = d->width < MIN_WIDTH ? MIN_WIDTH : d->width > MAX_WIDTH ? MAX_WIDTH : d->width;
    fpr_out_init(&d->o, write, ctx);
    return 0;
}

struct draw_block fpr_draw_block_at(const struct draw *d, fpr_pfn pfn)
{
    struct draw_block b = {.kind = FPR_PAGE_RESERVED};
    struct fpr_block block = {.pfn = pfn};
    fpr_zone_page(d->zone, pfn, &b.kind, &block);
    b.order = block.order;
    b.list_type = block.migratetype;
    b.reported = b.kind == FPR_PAGE_FREE && block.reported;
    b.type = fpr_zone_pageblock_type(d->zone, pfn);
    b.start = block.pfn > d->start ? block.pfn : d->start;
    b.end = block.pfn + (1ull << block.order);
    b.end = b.end < d->end ? b.end : d->end;
    return b;
}

char fpr_draw_type_letter(int mt)
{
    return mt >= 0 && mt < FPR_NR_MIGRATETYPES ? "UMRHI"[mt] : '-';
}

void fpr_draw_color(struct draw *d, int mt)
{
    static const char *const codes[FPR_NR_MIGRATETYPES] = {"\033[31m", "\033[32m", "\033[33m",
                                                           "\033[35m", "\033[36m"};
    if (d->color && mt >= 0 && mt < FPR_NR_MIGRATETYPES) {
        fpr_out_str(&d->o, codes[mt]);
    }
}

void fpr_draw_plain(struct draw *d)
{
    fpr_out_str(&d->o, d->color ? "\033[0m" : "");
}

void fpr_draw_bold(struct draw *d)
{
    fpr_out_str(&d->o, d->color ? "\033[1m" : "");
}

void fpr_draw_char(struct draw *d, char c)
{
    const char text[2] = {c, '\0'};
    fpr_out_str(&d->o, text);
}

unsigned fpr_draw_pfn_width(fpr_pfn pfn)
{
    unsigned n = 3;
    for (; pfn > 15; pfn >>= 4) {
        n++;
    }
    return n;
}

void fpr_draw_pfn(struct draw *d, fpr_pfn pfn, unsigned width)
{
    unsigned n = fpr_draw_pfn_width(pfn);
    fpr_out_str(&d->o, "0x");
    fpr_out_hex(&d->o, pfn);
    fpr_out_repeat(&d->o, " ", n < width ? width - n : 0);
}

unsigned fpr_draw_decimals(uint64_t value)
{
    unsigned n = 1;
    for (; value >= 10; value /= 10) {
        n++;
    }
    return n;
}

static int keep(void *ctx, const struct fpr_block *block)
{
    struct draw_list *l = ctx;
    if (block->pfn + (1ull << block->order) <= l->draw->start || block->pfn >= l->draw->end) {
        return 0;
    }
    if (l->kept < l->room) {
        l->blocks[l->kept++] = *block;
    }
    l->count++;
    return 0;
}

void fpr_draw_each_list(struct draw *d, struct fpr_block *blocks, unsigned room,
                        void (*print)(void *ctx, const struct draw_list *list), void *ctx)
{
    const struct draw_list empty = {.room = room, .blocks = blocks, .draw = d};
    for (unsigned order = 0; order <= d->info.max_order; order++) {
        for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++) {
            struct draw_list l = empty;
            l.order = order;
            l.type = mt;
            fpr_zone_walk_free(d->zone, order, mt, keep, &l);
            if (l.count) {
                print(ctx, &l);
            }
        }
    }
    for (unsigned cpu = 0; cpu < d->info.cpus; cpu++) {
        for (unsigned k = 0; k < d->info.pcp_lists; k++) {
            struct draw_list l = empty;
            l.pcp = true;
            l.cpu = cpu;
            fpr_zone_walk_pcp(d->zone, cpu, k, keep, &l);
            l.order = l.kept ? blocks[0].order : 0;
            l.type = k < 12 ? (int)(k % 3) : FPR_MOVABLE; /* the huge list is the movable one's */
            if (l.count) {
                print(ctx, &l);
            }
        }
    }
}
