#include "near.h"

#include <stdio.h>
#include <string.h>

/* Insertions, deletions, replacements and swapped neighbours between two short words. */
static unsigned distance(const char *a, size_t m, const char *b)
{
    enum { MAX = 24 };
    size_t n = strlen(b);
    unsigned d[MAX + 1][MAX + 1];
    if (m > MAX || n > MAX) {
        return MAX;
    }
    for (size_t i = 0; i <= m; i++) {
        for (size_t k = 0; k <= n; k++) {
            if (i == 0 || k == 0) {
                d[i][k] = (unsigned)(i + k);
                continue;
            }
            unsigned best = d[i - 1][k - 1] + (a[i - 1] != b[k - 1]);
            best = d[i - 1][k] + 1 < best ? d[i - 1][k] + 1 : best;
            best = d[i][k - 1] + 1 < best ? d[i][k - 1] + 1 : best;
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]) {
                best = d[i - 2][k - 2] + 1 < best ? d[i - 2][k - 2] + 1 : best;
            }
            d[i][k] = best;
        }
    }
    /* analyzer: use-of-uninitialized-value; the loops fill it up to here */
    return d[m][n];
}

void bench_near_look(struct bench_near *near, const char *word, size_t length, const char *other)
{
    int n = snprintf(near->all + near->used, sizeof(near->all) - near->used, "%s%s",
                     near->used ? ", " : "", other);
    near->used += n > 0 && near->used + (size_t)n < sizeof(near->all) ? (size_t)n : 0;
    unsigned most = length <= 1 ? 0 : length <= 3 ? 1 : length <= 6 ? 2 : 3;
    unsigned d = distance(word, length, other);
    if (d <= most && (!near->best || d < near->distance)) {
        near->best = other;
        near->distance = d;
    }
}

const char *bench_near_text(const struct bench_near *near, char *text, size_t size)
{
    text[0] = '\0';
    if (near->best) {
        snprintf(text, size, "; did you mean '%s'?", near->best);
    }
    return text;
}
