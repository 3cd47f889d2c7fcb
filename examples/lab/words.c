/* Words of a command line: numbers, options, and what was probably meant. */
#include "lab.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum lab_result lab_fail(struct lab *lab, enum lab_result result, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(lab->error, sizeof(lab->error), format, args);
    va_end(args);
    for (char *c = lab->error; *c; c++) { /* what was typed may be anything */
        *c = iscntrl((unsigned char)*c) ? '?' : *c;
    }
    return result;
}

static void put(struct lab *lab, const char *format, va_list args)
{
    if (!lab->quiet) {
        vfprintf(lab->out, format, args);
    }
}

void lab_put(struct lab *lab, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put(lab, format, args);
    va_end(args);
}

void lab_say(struct lab *lab, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put(lab, format, args);
    va_end(args);
    lab_put(lab, "\n");
}

struct lab_hex lab_hex(fpr_pfn pfn)
{
    struct lab_hex h;
    snprintf(h.text, sizeof(h.text), "0x%" PRIx64, pfn);
    return h;
}

enum lab_result lab_split(struct lab *lab, const char *line, struct lab_words *words)
{
    words->n = 0;
    char *to = words->text, *end = words->text + sizeof(words->text) - 2;
    while (*line) {
        if (isspace((unsigned char)*line)) {
            line++;
            continue;
        }
        if (*line == '#') {
            break;
        }
        if (words->n == LAB_WORDS) {
            return lab_fail(lab, LAB_BAD, "more than %d words", LAB_WORDS);
        }
        words->word[words->n++] = to;
        if (*line == '"') {
            for (line++; *line && *line != '"' && to < end; line++) {
                *to++ = *line;
            }
            if (*line != '"') {
                return lab_fail(lab, LAB_BAD, "a quotation mark is missing");
            }
            line++;
        } else if (*line == '=') {
            *to++ = *line++;
        } else {
            while (*line && !isspace((unsigned char)*line) && !strchr("=#\"", *line) && to < end) {
                *to++ = *line++;
            }
        }
        if (to >= end) {
            return lab_fail(lab, LAB_BAD, "the line is too long");
        }
        *to++ = '\0';
    }
    return LAB_OK;
}

unsigned long long lab_digits(const char *text, char **end)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    *end = (char *)text;
    return isdigit((unsigned char)*text) ? strtoull(text, end, hex ? 16 : 10) : 0;
}

enum lab_result lab_number(struct lab *lab, const char *what, const char *text, uint64_t min,
                           uint64_t max, uint64_t *value)
{
    char *end = NULL;
    errno = 0;
    unsigned long long n = lab_digits(text, &end);
    if (end == text || *end) {
        return lab_fail(lab, LAB_BAD, "%s: '%s' is not a number from %" PRIu64 " to %" PRIu64, what,
                        text, min, max);
    }
    if (errno || n < min || n > max) {
        return lab_fail(lab, LAB_BAD, "%s: %s is not between %" PRIu64 " and %" PRIu64, what, text,
                        min, max);
    }
    *value = n;
    return LAB_OK;
}

enum lab_result lab_time(struct lab *lab, const char *text, fpr_ns *value)
{
    char *end;
    double n = strtod(text, &end);
    double unit = !strcmp(end, "s") ? 1e9 : !strcmp(end, "ms") ? 1e6 : !strcmp(end, "us") ? 1e3 : 0;
    if (!isdigit((unsigned char)*text) || unit == 0) {
        return lab_fail(lab, LAB_BAD, "'%s' is not a time (2s, 500ms, 10us)", text);
    }
    if (!(n * unit < 1e18)) {
        return lab_fail(lab, LAB_BAD, "%s is too long, more than 30 years", text);
    }
    *value = (fpr_ns)(n * unit + 0.5);
    return LAB_OK;
}

void lab_join(char *to, size_t size, const char *const *words)
{
    size_t at = 0;
    for (to[0] = '\0'; *words && at + 1 < size; words++) {
        at += (size_t)snprintf(to + at, size - at, "%s%s", at ? ", " : "", *words);
    }
}

/* Insertions, deletions, replacements and swapped neighbours between two short words. */
static unsigned distance(const char *a, const char *b)
{
    enum { MAX = 24 };
    size_t m = strlen(a), n = strlen(b);
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

const char *lab_nearest(const char *word, const char *const *among)
{
    const char *best = NULL, *longer = NULL, *shorter = NULL;
    size_t len = strlen(word);
    unsigned least = (len <= 1 ? 0 : len <= 3 ? 1 : len <= 6 ? 2 : 3) + 1, begin = 0;
    for (; *among; among++) {
        unsigned d = distance(word, *among);
        if (d < least) {
            least = d;
            best = *among;
        } else if (len > 0 && strncmp(word, *among, len) == 0) {
            longer = longer ? longer : *among;
            begin++;
        } else if (strlen(*among) > 3 && strncmp(word, *among, strlen(*among)) == 0) {
            shorter = *among; /* allocate: alloc */
        }
    }
    longer = len > 1 || begin == 1 ? longer : NULL; /* a letter may mean anything */
    return best ? best : longer ? longer : shorter;
}

static enum lab_result unknown(struct lab *lab, const char *word, const struct lab_option *options)
{
    const char *keys[32];
    unsigned n = 0;
    for (; options->kind != LAB_END && n < 31; options++) {
        keys[n++] = options->key;
    }
    keys[n] = NULL;
    const char *near = lab_nearest(word, keys);
    return near ? lab_fail(lab, LAB_BAD, "unknown option '%s'; did you mean '%s'?", word, near)
                : lab_fail(lab, LAB_BAD, "unknown option '%s'", word);
}

static enum lab_result word_value(struct lab *lab, const struct lab_option *o, const char *text)
{
    for (int k = 0; o->among[k]; k++) {
        if (!strcmp(o->among[k], text)) {
            *(int *)o->to = k;
            return LAB_OK;
        }
    }
    char list[160];
    lab_join(list, sizeof(list), o->among);
    return lab_fail(lab, LAB_BAD, "%s: '%s' is none of %s", o->key, text, list);
}

static enum lab_result one_option(struct lab *lab, struct lab_option *o, const char *text)
{
    if (!text) {
        return lab_fail(lab, LAB_BAD, "%s needs a value", o->key);
    }
    switch (o->kind) {
    case LAB_NUMBER:
        return lab_number(lab, o->key, text, o->min, o->max, o->to);
    case LAB_TIME:
        return lab_time(lab, text, o->to);
    case LAB_WORD:
        return word_value(lab, o, text);
    case LAB_FLAG:
    case LAB_END:
        break;
    }
    return LAB_OK;
}

enum lab_result lab_options(struct lab *lab, const struct lab_words *words, unsigned from,
                            struct lab_option *options)
{
    for (unsigned k = from; k < words->n; k++) {
        struct lab_option *o = options;
        while (o->kind != LAB_END && strcmp(o->key, words->word[k])) {
            o++;
        }
        if (o->kind == LAB_END) {
            return unknown(lab, words->word[k], options);
        }
        if (o->given) {
            return lab_fail(lab, LAB_BAD, "%s is given twice", o->key);
        }
        o->given = true;
        if (o->kind == LAB_FLAG) {
            *(bool *)o->to = true;
            continue;
        }
        k++;
        enum lab_result r = one_option(lab, o, k < words->n ? words->word[k] : NULL);
        if (r) {
            return r;
        }
    }
    return LAB_OK;
}
