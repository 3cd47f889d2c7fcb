/* Curves as a picture that needs nothing else. */
#include <math.h>

#include "live.h"
#include "page/page.h"

enum { WIDTH = 760, HEIGHT = 360, LEFT = 64, RIGHT = 16, TOP = 56, BOTTOM = 44 };

struct scale {
    double x0, x1, y1;
};

static double at_x(const struct scale *s, double x)
{
    return LEFT + (x - s->x0) / (s->x1 - s->x0) * (WIDTH - LEFT - RIGHT);
}

static double at_y(const struct scale *s, double y)
{
    return HEIGHT - BOTTOM - y / s->y1 * (HEIGHT - TOP - BOTTOM);
}

static struct scale scale_of(const struct live_line *lines, size_t nr_lines)
{
    struct scale s = {0, 0, 0};
    for (size_t l = 0; l < nr_lines; l++) {
        for (size_t k = 0; k < lines[l].curve->count; k++) {
            const struct live_point *p = &lines[l].curve->point[k];
            s.x0 = fmin(s.x0, p->time_s);
            s.x1 = fmax(s.x1, p->time_s);
            s.y1 = fmax(s.y1, p->mib);
        }
    }
    s.x1 = s.x1 > s.x0 ? s.x1 : s.x0 + 1;
    s.y1 = s.y1 > 0 ? s.y1 : 1;
    return s;
}

/* A round distance between marks, for about five of them. */
static double step_of(double span)
{
    double raw = span / 5, power = pow(10, floor(log10(raw))), m = raw / power;
    return power * (m < 1.5 ? 1 : m < 3.5 ? 2 : m < 7.5 ? 5 : 10);
}

static void axes(FILE *to, const struct scale *s, const char *unit)
{
    double dx = step_of(s->x1 - s->x0), dy = step_of(s->y1);
    /* NOLINTNEXTLINE(*FloatLoopCounter): a dozen steps, and room for rounding at the end */
    for (double y = 0; y <= s->y1 * 1.0001; y += dy) {
        fprintf(to,
                "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.10g</text>\n",
                LEFT, WIDTH - RIGHT, at_y(s, y), at_y(s, y), LEFT - 6, at_y(s, y) + 4, y);
    }
    /* NOLINTNEXTLINE(*FloatLoopCounter): likewise */
    for (double x = ceil(s->x0 / dx) * dx; x <= s->x1 * 1.0001; x += dx) {
        fprintf(to, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.10g</text>\n", at_x(s, x),
                HEIGHT - BOTTOM + 18, fabs(x) < dx / 1000 ? 0 : x);
    }
    fprintf(to,
            "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">seconds</text>"
            "<text x=\"%d\" y=\"%d\">%s</text>\n",
            WIDTH - RIGHT, HEIGHT - 8, 8, TOP - 12, unit);
}

static void line(FILE *to, const struct scale *s, const struct live_line *l)
{
    const struct live_curve *c = l->curve;
    if (l->dots) {
        for (size_t k = 0; k < c->count; k++) {
            fprintf(to,
                    "<circle class=\"curve\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"none\" "
                    "stroke=\"%s\" "
                    "stroke-width=\"2\"/>\n",
                    at_x(s, c->point[k].time_s), at_y(s, c->point[k].mib), l->color);
        }
        return;
    }
    fprintf(to,
            "<polyline class=\"curve\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"",
            l->color);
    for (size_t k = 0; k < c->count; k++) {
        fprintf(to, "%.1f,%.1f ", at_x(s, c->point[k].time_s), at_y(s, c->point[k].mib));
    }
    fputs("\"/>\n", to);
}

void live_svg(FILE *to, const char *title, const char *unit, const struct live_line *lines,
              size_t nr_lines)
{
    struct scale s = scale_of(lines, nr_lines);
    fprintf(to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" class=\"curves\" "
            "font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n<style>"
            ".curves{width:100%%;max-width:%dpx;background:#fff;color:#1d1f23}"
            ".curves text{fill:currentColor}.curves .grid{stroke:#ccc}"
            "@media (prefers-color-scheme:dark){.curves{background:#1d2026;color:#e7e9ed}"
            ".curves .grid{stroke:#363b45}.curves .curve{filter:brightness(1.5)}}"
            "@media (max-width:640px){.curves text{font-size:20px}}</style>\n<title>",
            WIDTH, HEIGHT, WIDTH);
    page_text(to, title);
    fprintf(to, "</title>\n<text x=\"%d\" y=\"18\" font-size=\"14\">", LEFT);
    page_text(to, title);
    fputs("</text>\n", to);
    axes(to, &s, unit);
    for (size_t l = 0; l < nr_lines; l++) {
        line(to, &s, &lines[l]);
        fprintf(to, "<text x=\"%zu\" y=\"36\" class=\"curve\" style=\"fill:%s\">%s</text>\n",
                LEFT + l * 230, lines[l].color, lines[l].name);
    }
    fputs("</svg>\n", to);
}
