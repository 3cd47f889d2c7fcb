/* Blocks as a tree of halves. Halves that hold no free page are one line. */
#include "view/draw.h"

/* What lies in a node that is no block itself. */
struct inside {
    bool has_free;
    uint64_t blocks;
    uint64_t pages;
    enum fpr_page_kind kind;
    bool mixed;
};

static struct inside look_inside(const struct draw *d, fpr_pfn from, fpr_pfn to)
{
    struct inside s = {.blocks = 0};
    for (fpr_pfn p = from; p < to;) {
        struct draw_block b = fpr_draw_block_at(d, p);
        fpr_pfn end = b.end < to ? b.end : to;
        s.has_free |= b.kind == FPR_PAGE_FREE;
        s.mixed |= s.blocks && b.kind != s.kind;
        s.kind = b.kind;
        s.blocks++;
        s.pages += end - p;
        if (s.has_free) {
            break;
        }
        p = end;
    }
    return s;
}

static const char *kind_name(enum fpr_page_kind kind)
{
    static const char *const names[] = {
        [FPR_PAGE_RESERVED] = "hole", [FPR_PAGE_FREE] = "free", [FPR_PAGE_ALLOCATED] = "in use",
        [FPR_PAGE_PCP] = "per-cpu",   [FPR_PAGE_HELD] = "held",
    };
    return names[kind];
}

static void node_head(struct draw *d, fpr_pfn pfn, unsigned order, unsigned depth, unsigned more)
{
    fpr_out_repeat(&d->o, "  ", depth);
    fpr_draw_pfn(d, pfn, 0);
    fpr_out_str(&d->o, " order ");
    fpr_out_dec(&d->o, order);
    if (more) {
        fpr_out_str(&d->o, " and ");
        fpr_out_dec(&d->o, more);
        fpr_out_str(&d->o, " more like it");
    }
    fpr_out_str(&d->o, ": ");
}

static void leaf(struct draw *d, const struct draw_block *b)
{
    bool listed = b->kind == FPR_PAGE_FREE || b->kind == FPR_PAGE_PCP;
    int type = listed ? b->list_type : b->type;
    fpr_out_str(&d->o, kind_name(b->kind));
    if (b->kind != FPR_PAGE_RESERVED) {
        fpr_out_str(&d->o, ", ");
        fpr_draw_color(d, type);
        fpr_out_str(&d->o, type < 0 ? "?" : fpr_migratetype_name(type));
        fpr_draw_plain(d);
    }
    fpr_out_str(&d->o, b->reported ? ", reported\n" : "\n");
}

static void closed(struct draw *d, const struct inside *s)
{
    fpr_out_str(&d->o, s->mixed ? "nothing free" : kind_name(s->kind));
    fpr_out_str(&d->o, ", ");
    fpr_out_dec(&d->o, s->pages);
    fpr_out_str(&d->o, s->pages == 1 ? " page in " : " pages in ");
    fpr_out_dec(&d->o, s->blocks);
    fpr_out_str(&d->o, s->blocks == 1 ? " block\n" : " blocks\n");
}

/* Depth is at most the number of orders. */
static void node(struct draw *d, fpr_pfn pfn, unsigned order, unsigned depth, unsigned more)
{
    fpr_pfn from = pfn > d->start ? pfn : d->start, to = pfn + (1ull << order);
    to = to < d->end ? to : d->end;
    if (from >= to) {
        return;
    }
    struct draw_block b = fpr_draw_block_at(d, from);
    node_head(d, pfn, order, depth, more);
    if (b.order >= order) {
        leaf(d, &b);
        return;
    }
    struct inside s = look_inside(d, from, to);
    if (!s.has_free) {
        closed(d, &s);
        return;
    }
    fpr_out_str(&d->o, "split\n");
    node(d, pfn, order - 1, depth + 1, 0);
    node(d, pfn + (1ull << (order - 1)), order - 1, depth + 1, 0);
}

/* How many of the largest blocks behind this one are just like it. */
static unsigned alike_behind(const struct draw *d, fpr_pfn pfn)
{
    fpr_pfn size = 1ull << d->info.max_order;
    struct draw_block first = fpr_draw_block_at(d, pfn > d->start ? pfn : d->start);
    unsigned n = 0;
    if (first.order < d->info.max_order || first.end != pfn + size) {
        return 0;
    }
    for (fpr_pfn p = pfn + size; p < d->end; p += size, n++) {
        struct draw_block b = fpr_draw_block_at(d, p);
        if (b.order != first.order || b.kind != first.kind || b.reported != first.reported ||
            b.list_type != first.list_type || b.type != first.type) {
            break;
        }
    }
    return n;
}

int fpr_draw_tree(const struct fpr_zone *zone, const struct fpr_draw_options *options,
                  fpr_write_fn write, void *ctx)
{
    struct draw d;
    int err = fpr_draw_begin(&d, zone, options, write, ctx);
    if (err) {
        return err;
    }
    fpr_pfn size = 1ull << d.info.max_order;
    for (fpr_pfn p = d.start & ~(size - 1); p < d.end; p += size) {
        unsigned more = alike_behind(&d, p);
        node(&d, p, d.info.max_order, 0, more);
        p += more * size;
    }
    return fpr_out_end(&d.o);
}
