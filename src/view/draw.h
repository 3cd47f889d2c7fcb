/* What the drawings share: the window, colours, and what stands at a frame. */
#ifndef VIEW_DRAW_H
#define VIEW_DRAW_H

#include "view/out.h"

struct draw {
    struct out o;
    const struct fpr_zone *zone;
    struct fpr_zone_info info;
    bool color;
    unsigned width;
    fpr_pfn start, end; /* window */
};

/* A run of frames that belong to one block. */
struct draw_block {
    enum fpr_page_kind kind;
    fpr_pfn start, end; /* cut to the window */
    unsigned order;
    int list_type; /* of the free list; remembered by a per-cpu list */
    int type;      /* of the pageblock; below 0: a hole */
    bool reported;
};

/* Checks arguments and fills the defaults. Returns 0 or -EINVAL. */
int fpr_draw_begin(struct draw *d, const struct fpr_zone *zone,
                   const struct fpr_draw_options *options, fpr_write_fn write, void *ctx);
/* The block that holds `pfn`, cut to the window. */
struct draw_block fpr_draw_block_at(const struct draw *d, fpr_pfn pfn);
/* One letter: U M R H I, '-' for none. */
char fpr_draw_type_letter(int mt);
/* Switches to a type's colour, and back. Nothing without colour. */
void fpr_draw_color(struct draw *d, int mt);
void fpr_draw_plain(struct draw *d);
void fpr_draw_bold(struct draw *d);
void fpr_draw_char(struct draw *d, char c);
/* "0x40", at the left of a field. */
void fpr_draw_pfn(struct draw *d, fpr_pfn pfn, unsigned width);
/* Digits of a frame number as "0x…" text. */
unsigned fpr_draw_pfn_width(fpr_pfn pfn);
/* Digits of a number in decimal. */
unsigned fpr_draw_decimals(uint64_t value);

/* One list: where it belongs and up to `room` of its blocks, those in the window. */
struct draw_list {
    bool pcp;
    unsigned cpu, order;
    int type;
    uint64_t count; /* all in the window */
    unsigned kept;
    unsigned room;
    struct fpr_block *blocks;
    const struct draw *draw;
};

/* Visits every list that holds something: free lists by order and type, then per-cpu lists. */
void fpr_draw_each_list(struct draw *d, struct fpr_block *blocks, unsigned room,
                        void (*print)(void *ctx, const struct draw_list *list), void *ctx);

#endif
