#include "page/page.h"

#include <stdbool.h>
#include <string.h>

#include <fpr/version.h>

#include "json.h"

int page_has_charts(void)
{
    return page_chart_js_size > 0;
}

static void put(FILE *to, char c)
{
    switch (c) {
    case '<':
        fputs("&lt;", to);
        break;
    case '>':
        fputs("&gt;", to);
        break;
    case '&':
        fputs("&amp;", to);
        break;
    case '"':
        fputs("&quot;", to);
        break;
    default:
        fputc(c, to);
    }
}

void page_text(FILE *to, const char *text)
{
    for (; *text; text++) {
        put(to, *text);
    }
}

/* The start of one line's element; returns how many characters to leave out. */
static size_t open_line(FILE *to, const char *line, const char **close)
{
    if (!strncmp(line, "    ", 4)) {
        fputs("<pre><code>", to);
        *close = "</code></pre>\n";
        return 4;
    }
    if (!strncmp(line, "  ", 2)) {
        fputs("<p class=item>", to);
        *close = "</p>\n";
        return 2;
    }
    fputs("<p>", to);
    *close = "</p>\n";
    return 0;
}

void page_words(FILE *to, const char *text)
{
    while (*text) {
        const char *close;
        size_t length = strcspn(text, "\n");
        for (size_t i = open_line(to, text, &close); i < length; i++) {
            bool dot = !strncmp(text + i, "GiB*min", 7);
            i += dot ? 6 : 0;
            dot ? (void)fputs("GiB·min", to) : put(to, text[i]);
        }
        fputs(close, to);
        text += length + (text[length] == '\n');
    }
}

void page_begin(FILE *to, const char *title)
{
    fputs("<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
          "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=color-scheme content=\"light dark\">\n<title>",
          to);
    page_text(to, title);
    fputs("</title>\n<style>\n", to);
    fwrite(page_css, 1, page_css_size, to);
    fputs("</style>\n</head>\n<body>\n<main>\n", to);
}

void page_end(FILE *to, struct json_object *data)
{
    fprintf(to,
            "<footer>Made by fpr-bench %s. The page is complete in itself; its data are in it "
            "as JSON.</footer>\n</main>\n",
            fpr_version());
    if (page_has_charts()) {
        fputs("<noscript><p class=note>The charts need JavaScript; the numbers are above.</p>"
              "</noscript>\n",
              to);
        fputs("<script id=data type=\"application/json\">", to);
        bench_json_write_in_html(data, to);
        fputs("</script>\n<script>\n", to);
        fwrite(page_chart_js, 1, page_chart_js_size, to);
        fputs("\n</script>\n<script>\n", to);
        fwrite(page_js, 1, page_js_size, to);
        fputs("\n</script>\n", to);
    }
    fputs("</body>\n</html>\n", to);
}

static void chart(FILE *to, const char *id, const char *label)
{
    if (page_has_charts()) {
        fprintf(to, "<div class=chart><canvas id=%s role=img aria-label=\"%s\"></canvas></div>\n",
                id, label);
    } else {
        fprintf(to,
                "<p class=note>%s: no picture, as Chart.js was not there when fpr-bench was "
                "built (Debian package libjs-chart.js). The numbers are in the table.</p>\n",
                label);
    }
}

/* What stands above a chart: a heading, words, and where recordings and settings are picked. */
static void above(FILE *to, const char *heading, const char *words, const char *picker)
{
    fprintf(to, "<section>\n<h2>%s</h2>\n<p>%s</p>\n", heading, words);
    if (picker) {
        fprintf(to, "<div class=picker data-for=%s></div>\n", picker);
    }
}

void page_chart_host(FILE *to, const char *words)
{
    above(to, "What the host holds over time",
          words ? words
                : "Guest memory resident on the host. Lower is better: what lies between a curve "
                  "and <em>reporting off</em> was given back. <em>Measured</em> is what the "
                  "recorded guest really held, with the setting that it ran with.",
          "host");
    chart(to, "host", "Host memory over time");
    fputs("</section>\n", to);
}

void page_chart_pareto(FILE *to)
{
    fputs("<section>\n<h2>What it gives back, and what that costs</h2>\n"
          "<p>Every point is a setting. Up is more memory given back; right is more CPU time. The "
          "line joins those that no other beats in both.</p>\n",
          to);
    chart(to, "pareto", "Memory given back against CPU time");
    fputs("</section>\n", to);
}

void page_chart_gap(FILE *to, const char *words)
{
    above(to, "Free in the guest, yet held by the host: why",
          words ? words
                : "The height is memory that is free in the guest but still resident on the host, "
                  "split by the reason. Much <em>below the order</em> asks for a lower order; much "
                  "<em>waiting for a pass</em> for a shorter delay; much <em>budget</em> for a "
                  "larger budget.",
          "gap");
    chart(to, "gap", "Free memory still held, by reason, over time");
    fputs("</section>\n", to);
}

void page_chart_refaults(FILE *to, const char *words)
{
    above(to, "Refaults",
          words ? words
                : "Pages that were reported and then used again, added up: each costs a host page "
                  "fault and zeroing. Settings that report sooner and smaller blocks have more.",
          NULL);
    chart(to, "refaults", "Pages reported, then touched again, over time");
    fputs("</section>\n", to);
}
