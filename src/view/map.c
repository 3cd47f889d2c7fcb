/* Memory as characters, a frame or a group of frames each. */
#include "view/draw.h"

#include <string.h>

#define ROWS 32

static char kind_char(const struct draw_block *b)
{
    switch (b->kind) {
    case FPR_PAGE_FREE:
        return b->reported ? '*' : '.';
    case FPR_PAGE_ALLOCATED:
        return fpr_draw_type_letter(b->type);
    case FPR_PAGE_PCP:
        return 'p';
    case FPR_PAGE_HELD:
        return 'h';
    case FPR_PAGE_RESERVED:
        break;
    }
    return '-';
}

/* One character for [from, to): what all of it is, or how many tenths are in use. */
static char cell_char(const struct draw *d, fpr_pfn from, fpr_pfn to, struct draw_block *b)
{
    char c = '\0';
    bool mixed = false;
    fpr_pfn used = 0;
    for (fpr_pfn p = from; p < to; p = b->end) {
        if (p >= b->end) {
            *b = fpr_draw_block_at(d, p);
        }
        char k = kind_char(b);
        mixed |= c && c != k;
        c = k;
        fpr_pfn end = b->end < to ? b->end : to;
        used += b->kind == FPR_PAGE_FREE ? 0 : end - p;
        if (b->end > to) {
            break;
        }
    }
    if (mixed) {
        fpr_pfn tenths = used * 10 / (to - from); /* ten where it is used in more than one way */
        c = (char)('0' + (tenths < 9 ? tenths : 9));
    }
    return c;
}

static void print_row(struct draw *d, fpr_pfn row, unsigned cells, fpr_pfn group)
{
    unsigned width = fpr_draw_pfn_width(d->info.start + d->info.spanned);
    struct draw_block b = {.end = 0};
    int last = -1;
    fpr_draw_pfn(d, row, width + 1);
    for (unsigned k = 0; k < cells && row + k * group < d->end; k++) {
        fpr_pfn from = row + k * group, to = from + group;
        if (to <= d->start) {
            fpr_out_str(&d->o, " ");
            continue;
        }
        from = from > d->start ? from : d->start;
        to = to < d->end ? to : d->end;
        int type = fpr_zone_pageblock_type(d->zone, from);
        if (type != last) {
            fpr_draw_plain(d);
            fpr_draw_color(d, type);
            last = type;
        }
        fpr_draw_char(d, cell_char(d, from, to, &b));
    }
    fpr_draw_plain(d);
    fpr_out_str(&d->o, "\n");
}

/* Begins an item of a list of them, which is `len` columns wide: after a blank, or on a line of its
 * own where the line would get wider than asked for. */
static void next_item(struct draw *d, unsigned *at, unsigned len)
{
    bool fits = *at + 1 + len <= d->width;
    if (*at) {
        fpr_out_str(&d->o, fits ? " " : "\n");
    }
    *at = (*at && fits ? *at + 1 : 0) + len;
}

/* "pageblocks of 8 frames: 0x0 M, 0x10 U": where the type changes. */
static void print_types(struct draw *d)
{
    fpr_pfn step = 1ull << d->info.pageblock_order;
    int last = -2;
    unsigned shown = 0, more = 0, at = 22 + fpr_draw_decimals(step);
    fpr_out_str(&d->o, "pageblocks of ");
    fpr_out_dec(&d->o, step);
    fpr_out_str(&d->o, " frames:");
    for (fpr_pfn p = d->start; p < d->end; p = (p & ~(step - 1)) + step) {
        int type = fpr_zone_pageblock_type(d->zone, p);
        type = type < 0 ? -1 : type;
        if (type == last) {
            continue;
        }
        last = type;
        if (++shown > 12) {
            more++;
            continue;
        }
        if (shown > 1) {
            fpr_out_str(&d->o, ",");
            at++;
        }
        /* its type, and the comma that may follow */
        next_item(d, &at, fpr_draw_pfn_width(p) + 3);
        at--;
        fpr_draw_pfn(d, p, 0);
        fpr_out_str(&d->o, " ");
        fpr_draw_color(d, type);
        fpr_draw_char(d, fpr_draw_type_letter(type));
        fpr_draw_plain(d);
    }
    if (more) {
        fpr_out_str(&d->o, ",");
        at++;
        next_item(d, &at, 6 + fpr_draw_decimals(more));
        fpr_out_str(&d->o, "+");
        fpr_out_dec(&d->o, more);
        fpr_out_str(&d->o, " more");
    }
    fpr_out_str(&d->o, "\n");
}

static void print_legend(struct draw *d, fpr_pfn group)
{
    static const char *const items[] = {"U M R H I in use, by pageblock;",
                                        ". free;",
                                        "* reported;",
                                        "p per-cpu;",
                                        "h held;",
                                        "- hole"};
    unsigned at = 0;
    for (size_t k = 0; k < sizeof(items) / sizeof(items[0]); k++) {
        next_item(d, &at, (unsigned)strlen(items[k]));
        fpr_out_str(&d->o, items[k]);
    }
    fpr_out_str(&d->o, "\n");
    if (group > 1) {
        static const char digit[] = "a digit: mixed, so many tenths in use";
        at = 23 + fpr_draw_decimals(group);
        fpr_out_str(&d->o, "a character is ");
        fpr_out_dec(&d->o, group);
        fpr_out_str(&d->o, " frames;");
        next_item(d, &at, sizeof(digit) - 1);
        fpr_out_str(&d->o, digit);
        fpr_out_str(&d->o, "\n");
    }
}

int fpr_draw_map(const struct fpr_zone *zone, const struct fpr_draw_options *options,
                 fpr_write_fn write, void *ctx)
{
    struct draw d;
    int err = fpr_draw_begin(&d, zone, options, write, ctx);
    if (err) {
        return err;
    }
    unsigned label = fpr_draw_pfn_width(d.info.start + d.info.spanned) + 1, cells = 8;
    while (cells * 2 + label <= d.width) {
        cells *= 2;
    }
    fpr_pfn group = 1;
    while ((d.end - d.start) / group > (fpr_pfn)ROWS * cells) {
        group *= 2;
    }
    for (fpr_pfn row = d.start & ~(cells * group - 1); row < d.end; row += cells * group) {
        print_row(&d, row, cells, group);
    }
    print_types(&d);
    print_legend(&d, group);
    return fpr_out_end(&d.o);
}
