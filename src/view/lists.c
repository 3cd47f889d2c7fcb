/* The free lists as text: a line a list, its head at the left. */
#include "view/draw.h"

#define KEPT 256

static unsigned label(struct draw *d, const struct draw_list *l)
{
    const char *name = fpr_migratetype_name(l->type);
    struct out *o = &d->o;
    fpr_out_str(o, l->pcp ? "cpu " : "order ");
    fpr_out_dec_in(o, l->pcp ? l->cpu : l->order, 2);
    if (l->pcp) {
        fpr_out_str(o, ", order ");
        fpr_out_dec_in(o, l->order, 2);
    }
    fpr_out_str(o, "  ");
    fpr_draw_color(d, l->type);
    fpr_out_str(o, name);
    fpr_draw_plain(d);
    unsigned len = 0;
    while (name[len]) {
        len++;
    }
    fpr_out_repeat(o, " ", 12 - len);
    return (l->pcp ? 16 : 8) + 2 + 12;
}

static unsigned block_width(const struct fpr_block *b)
{
    return 1 + fpr_draw_pfn_width(b->pfn) + b->reported;
}

/* Does the whole list fit behind its label? */
static bool all_fits(const struct draw *d, const struct draw_list *l, unsigned at)
{
    for (unsigned k = 0; k < l->kept && at <= d->width; k++) {
        at += block_width(&l->blocks[k]);
    }
    return l->kept == l->count && at <= d->width;
}

/* " +N more" */
static unsigned more_width(uint64_t more)
{
    return 7 + fpr_draw_decimals(more);
}

static void print_list(void *ctx, const struct draw_list *l)
{
    struct draw *d = ctx;
    unsigned begin = label(d, l), at = begin, k = 0;
    bool whole = all_fits(d, l, at);
    for (; k < l->kept; k++) { /* at least the head, whatever the width */
        unsigned n = block_width(&l->blocks[k]);
        if (k && !whole && at + n + more_width(l->count - k - 1) > d->width) {
            break;
        }
        fpr_out_str(&d->o, " ");
        fpr_draw_pfn(d, l->blocks[k].pfn, 0);
        fpr_draw_bold(d);
        fpr_out_str(&d->o, l->blocks[k].reported ? "*" : "");
        fpr_draw_plain(d);
        at += n;
    }
    if (k < l->count) {
        if (at + more_width(l->count - k) > d->width) {
            fpr_out_str(&d->o, "\n");
            fpr_out_repeat(&d->o, " ", begin);
        }
        fpr_out_str(&d->o, " +");
        fpr_out_dec(&d->o, l->count - k);
        fpr_out_str(&d->o, " more");
    }
    fpr_out_str(&d->o, "\n");
}

struct printed {
    struct draw *d;
    bool any;
};

static void print_any(void *ctx, const struct draw_list *l)
{
    struct printed *p = ctx;
    p->any = true;
    print_list(p->d, l);
}

int fpr_draw_free_lists(const struct fpr_zone *zone, const struct fpr_draw_options *options,
                        fpr_write_fn write, void *ctx)
{
    struct draw d;
    int err = fpr_draw_begin(&d, zone, options, write, ctx);
    if (err) {
        return err;
    }
    struct fpr_block blocks[KEPT];
    struct printed p = {&d, false};
    fpr_draw_each_list(&d, blocks, KEPT, print_any, &p);
    fpr_out_str(&d.o, p.any ? "" : "no free block\n");
    return fpr_out_end(&d.o);
}
