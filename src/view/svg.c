/* Map and free lists as a picture. Sizes are in units of a 480 wide view box, so that its letters
 * can be read on a narrow page as well. */
#include "view/draw.h"

#define WIDTH   480u
#define MARGIN  10u
#define COLUMNS 64u
#define CELL    7u
#define CELL_H  11u
#define ROWS    40u
#define LINE    20u
#define KEPT    64u

/* Where the next thing goes: text is written twice, first only to learn the height. */
struct page {
    struct draw *d;
    unsigned y;
    bool dry;
};

static void style(struct out *o)
{
    fpr_out_str(
        o, "<style>svg{--bg:#fff;--fg:#1c1c22;--dim:#5d5d68;--line:#c9c9d2;--free:#eef0f4;"
           "--u:#d1495b;--m:#2a9d6f;--r:#c98a12;--h:#8a56c2;--i:#2d86b8;background:var(--bg);"
           "max-width:1100px}\n"
           "@media(prefers-color-scheme:dark){svg{--bg:#16161b;--fg:#ececf1;--dim:#a3a3af;"
           "--line:#4a4a55;--free:#2b2b33;--u:#f07585;--m:#4fcb98;--r:#ecb34b;--h:#b78aec;"
           "--i:#63b9ea}}\n"
           "text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:var(--fg)}"
           ".t{font-weight:bold;font-size:13px}.d{fill:var(--dim)}"
           ".U{fill:var(--u)}.M{fill:var(--m)}.R{fill:var(--r)}.H{fill:var(--h)}.I{fill:var(--i)}"
           ".f{fill:var(--free);stroke:var(--line);stroke-width:.5}.r{fill:url(#rep)}"
           ".p{fill:var(--dim)}.x{fill:none}.b{fill:var(--free);stroke:var(--line)}"
           ".sU{stroke:var(--u)}.sM{stroke:var(--m)}.sR{stroke:var(--r)}.sH{stroke:var(--h)}"
           ".sI{stroke:var(--i)}.s{stroke-width:2}</style>\n"
           "<defs><pattern id=\"rep\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\">"
           "<path d=\"M0 4L4 0\" stroke=\"var(--dim)\" stroke-width=\".9\"/></pattern></defs>\n");
}

static void attribute(struct page *p, const char *key, unsigned value)
{
    fpr_out_str(&p->d->o, " ");
    fpr_out_str(&p->d->o, key);
    fpr_out_str(&p->d->o, "=\"");
    fpr_out_dec(&p->d->o, value);
    fpr_out_str(&p->d->o, "\"");
}

static void open_text(struct page *p, unsigned x, unsigned y, const char *class)
{
    fpr_out_str(&p->d->o, "<text");
    attribute(p, "x", x);
    attribute(p, "y", y);
    fpr_out_str(&p->d->o, " class=\"");
    fpr_out_str(&p->d->o, class);
    fpr_out_str(&p->d->o, "\">");
}

static void rect(struct page *p, unsigned x, unsigned y, unsigned w, unsigned h, const char *class)
{
    fpr_out_str(&p->d->o, "<rect");
    attribute(p, "x", x);
    attribute(p, "y", y);
    attribute(p, "width", w);
    attribute(p, "height", h);
    fpr_out_str(&p->d->o, " class=\"");
    fpr_out_str(&p->d->o, class);
    fpr_out_str(&p->d->o, "\"/>");
}

static void words(struct page *p, unsigned x, unsigned y, const char *class, const char *text)
{
    open_text(p, x, y, class);
    fpr_out_str(&p->d->o, text);
    fpr_out_str(&p->d->o, "</text>\n");
}

/* Cells of the map: a run of cells that look alike is one rectangle. */
enum look { LOOK_NONE, LOOK_FREE, LOOK_REPORTED, LOOK_PCP, LOOK_USED };

static unsigned look_of(const struct draw_block *b)
{
    switch (b->kind) {
    case FPR_PAGE_FREE:
        return b->reported ? LOOK_REPORTED : LOOK_FREE;
    case FPR_PAGE_PCP:
    case FPR_PAGE_HELD:
        return LOOK_PCP;
    case FPR_PAGE_ALLOCATED:
        return LOOK_USED + (b->type < 0 ? 0 : (unsigned)b->type);
    case FPR_PAGE_RESERVED:
        break;
    }
    return LOOK_NONE;
}

/* What fills most of [from, to). */
static unsigned cell_look(const struct draw *d, fpr_pfn from, fpr_pfn to)
{
    fpr_pfn pages[LOOK_USED + FPR_NR_MIGRATETYPES] = {0};
    unsigned best = LOOK_NONE;
    for (fpr_pfn p = from; p < to;) {
        struct draw_block b = fpr_draw_block_at(d, p);
        fpr_pfn end = b.end < to ? b.end : to;
        unsigned look = look_of(&b);
        pages[look] += end - p;
        best = pages[look] > pages[best] ? look : best;
        p = end;
    }
    return best;
}

static void run_of_cells(struct page *p, unsigned column, unsigned n, unsigned look)
{
    static const char *const classes[] = {"", "f", "f", "p", "U", "M", "R", "H", "I"};
    unsigned x = MARGIN + column * CELL;
    if (look != LOOK_NONE) {
        rect(p, x, p->y, n * CELL, CELL_H - 1, classes[look]);
    }
    if (look == LOOK_REPORTED) {
        rect(p, x, p->y, n * CELL, CELL_H - 1, "r");
    }
}

/* Does a block of its own begin at this frame? Its outline should show. */
static bool block_begins(const struct draw *d, fpr_pfn pfn)
{
    struct fpr_block b;
    enum fpr_page_kind kind;
    return fpr_zone_page(d->zone, pfn, &kind, &b) == 0 && b.pfn == pfn && kind == FPR_PAGE_FREE;
}

static void map_row(struct page *p, fpr_pfn row, fpr_pfn group)
{
    const struct draw *d = p->d;
    unsigned from = 0, last = LOOK_NONE;
    for (unsigned k = 0; k <= COLUMNS; k++) {
        fpr_pfn at = row + k * group, to = at + group < d->end ? at + group : d->end;
        bool in = k < COLUMNS && at < d->end && at + group > d->start;
        unsigned look = in ? cell_look(d, at > d->start ? at : d->start, to) : LOOK_NONE;
        if (k && (look != last || (in && block_begins(d, at)) || k == COLUMNS)) {
            run_of_cells(p, from, k - from, last);
            from = k;
        }
        last = look;
    }
    fpr_out_str(&p->d->o, "\n");
}

/* A line under the cells in the colour of the pageblock. */
static void map_types(struct page *p, fpr_pfn row, fpr_pfn group)
{
    const struct draw *d = p->d;
    int last = -1;
    unsigned from = 0;
    for (unsigned k = 0; k <= COLUMNS; k++) {
        fpr_pfn at = row + k * group;
        bool in = k < COLUMNS && at < d->end && at >= d->start;
        int type = in ? fpr_zone_pageblock_type(d->zone, at) : -1;
        type = type < 0 ? -1 : type;
        if (type != last || k == COLUMNS) {
            const char class[2] = {fpr_draw_type_letter(last), '\0'};
            if (last >= 0) {
                rect(p, MARGIN + from * CELL, p->y + CELL_H - 1, (k - from) * CELL, 2, class);
            }
            from = k;
            last = type;
        }
    }
}

static void map(struct page *p)
{
    struct draw *d = p->d;
    fpr_pfn group = 1;
    while ((d->end - d->start) / group > (fpr_pfn)ROWS * COLUMNS) {
        group *= 2;
    }
    fpr_pfn per_row = COLUMNS * group, first = d->start & ~(per_row - 1);
    for (fpr_pfn row = first; row < d->end; row += per_row) {
        bool labelled = row == first || (row - first) / per_row % 4 == 0;
        if (labelled && !p->dry) {
            open_text(p, MARGIN, p->y + 11, "d");
            fpr_draw_pfn(d, row, 0);
            fpr_out_str(&d->o, "</text>");
        }
        p->y += labelled ? 15 : 0;
        if (!p->dry) {
            map_row(p, row, group);
            map_types(p, row, group);
        }
        p->y += CELL_H + 3;
    }
}

static void list_row(void *ctx, const struct draw_list *l)
{
    struct page *p = ctx;
    struct draw *d = p->d;
    unsigned x = MARGIN + 165, k = 0;
    const char type_class[] = {'b', ' ', 's', ' ', 's', fpr_draw_type_letter(l->type), '\0'};
    p->y += LINE;
    if (p->dry) {
        return;
    }
    open_text(p, MARGIN, p->y - 5, "");
    fpr_out_str(&d->o, l->pcp ? "cpu " : "");
    fpr_out_dec(&d->o, l->pcp ? l->cpu : l->order);
    fpr_out_str(&d->o, l->pcp ? ": " : " ");
    if (l->pcp) {
        fpr_out_dec(&d->o, l->order);
        fpr_out_str(&d->o, " ");
    }
    fpr_out_str(&d->o, fpr_migratetype_name(l->type));
    fpr_out_str(&d->o, "</text>");
    for (; k < l->kept; k++) {
        unsigned n = 15 * fpr_draw_pfn_width(l->blocks[k].pfn) / 2 + 7;
        unsigned w = n + (l->blocks[k].reported ? 10 : 0);
        if (x + w + (k + 1 < l->count ? 40 : 0) > WIDTH - MARGIN) {
            break;
        }
        rect(p, x, p->y - LINE + 3, w, LINE - 5, type_class);
        if (l->blocks[k].reported) {
            rect(p, x + n - 1, p->y - LINE + 4, 10, LINE - 7, "r");
        }
        open_text(p, x + 4, p->y - 6, "");
        fpr_draw_pfn(d, l->blocks[k].pfn, 0);
        fpr_out_str(&d->o, "</text>");
        x += w + 4;
    }
    if (k < l->count) {
        open_text(p, x, p->y - 6, "d");
        fpr_out_str(&d->o, "+");
        fpr_out_dec(&d->o, l->count - k);
        fpr_out_str(&d->o, "</text>");
    }
    fpr_out_str(&d->o, "\n");
}

static void legend(struct page *p)
{
    static const struct {
        const char *class, *text;
        unsigned width;
    } items[] = {{"U", "Unmovable", 76},  {"M", "Movable", 62}, {"R", "Reclaimable", 90},
                 {"H", "HighAtomic", 84}, {"I", "Isolate", 62}, {"f", "free", 42},
                 {"r", "reported", 70},   {"p", "per-cpu", 62}};
    unsigned x = MARGIN + 58;
    if (!p->dry) {
        words(p, MARGIN, p->y + 13, "", "in use:");
    }
    for (size_t k = 0; k < sizeof(items) / sizeof(items[0]); k++) {
        if (x + items[k].width + 16 > WIDTH - MARGIN) {
            x = MARGIN;
            p->y += LINE;
        }
        if (!p->dry) {
            rect(p, x, p->y + 4, 10, 10, items[k].class[0] == 'r' ? "f" : items[k].class);
            rect(p, x, p->y + 4, 10, 10, items[k].class);
            words(p, x + 14, p->y + 13, "", items[k].text);
        }
        x += items[k].width + 20;
    }
    p->y += LINE;
}

static void contents(struct page *p)
{
    struct draw *d = p->d;
    struct fpr_block blocks[KEPT];
    p->y = MARGIN + 14;
    if (!p->dry) {
        open_text(p, MARGIN, p->y, "t");
        fpr_out_str(&d->o, "Memory from ");
        fpr_draw_pfn(d, d->start, 0);
        fpr_out_str(&d->o, ", ");
        fpr_out_dec(&d->o, d->end - d->start);
        fpr_out_str(&d->o, " frames</text>\n");
    }
    p->y += 4;
    map(p);
    p->y += 4;
    legend(p);
    p->y += 18;
    if (!p->dry) {
        words(p, MARGIN, p->y, "t", "Free lists by order, head first");
    }
    p->y += 4;
    fpr_draw_each_list(d, blocks, KEPT, list_row, p);
    p->y += MARGIN;
}

int fpr_draw_svg(const struct fpr_zone *zone, const struct fpr_draw_options *options,
                 fpr_write_fn write, void *ctx)
{
    struct draw d;
    int err = fpr_draw_begin(&d, zone, options, write, ctx);
    if (err) {
        return err;
    }
    struct page p = {.d = &d, .dry = true};
    contents(&p);
    fpr_out_str(&d.o, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ");
    fpr_out_dec(&d.o, WIDTH);
    fpr_out_str(&d.o, " ");
    fpr_out_dec(&d.o, p.y);
    fpr_out_str(&d.o, "\" width=\"100%\" preserveAspectRatio=\"xMinYMin\" "
                      "role=\"img\">\n<title>Page allocator</title>\n");
    style(&d.o);
    p.dry = false;
    contents(&p);
    fpr_out_str(&d.o, "</svg>\n");
    return fpr_out_end(&d.o);
}
