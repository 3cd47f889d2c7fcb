/* The HTML page round a result: style, script and data in one file, nothing from the network. */
#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include <stddef.h>
#include <stdio.h>

struct json_object;

/* Embedded when building; each ends with a NUL that its size does not count. */
extern const unsigned char page_css[];
extern const size_t page_css_size;
extern const unsigned char page_js[];
extern const size_t page_js_size;
/* Chart.js; of size 0 if it was not found when building: the page has only tables then. */
extern const unsigned char page_chart_js[];
extern const size_t page_chart_js_size;

/* Whether charts can be drawn. */
int page_has_charts(void);

/* Text with the characters that HTML gives a meaning replaced. */
void page_text(FILE *to, const char *text);
/* Plain text from a writer as paragraphs: lines that start with four blanks become commands, with
 * two a list. */
void page_words(FILE *to, const char *text);

/* Everything before and after the page's own body; the data go in with the end. */
void page_begin(FILE *to, const char *title);
void page_end(FILE *to, struct json_object *data);

/* Places that the script fills; nothing but a note without charts. `words` (HTML) stand above it,
 * NULL: those of a sweep. */
void page_chart_host(FILE *to, const char *words);
void page_chart_pareto(FILE *to);
void page_chart_gap(FILE *to, const char *words);
void page_chart_refaults(FILE *to, const char *words);

#endif
