#include "mm/state_text.h"

#include "base/text.h"

#include <string.h>

void fpr_cursor_init(struct cursor *c, const char *text, size_t len)
{
    memset(c, 0, sizeof(*c));
    c->at = c->stop = c->next = text;
    c->end = text + len;
}

void fpr_cursor_fail(struct cursor *c, const char *reason, const char *detail)
{
    if (c->failed) {
        return;
    }
    c->failed = true;
    c->error.line = c->line;
    struct fpr_text t;
    fpr_text_init(&t, c->error.reason, sizeof(c->error.reason));
    fpr_text_str(&t, reason);
    if (detail) {
        fpr_text_str(&t, ": ");
        fpr_text_str(&t, detail);
    }
}

bool fpr_cursor_line(struct cursor *c)
{
    while (!c->failed && c->next < c->end) {
        const char *newline = memchr(c->next, '\n', (size_t)(c->end - c->next));
        c->at = c->next;
        c->stop = newline ? newline : c->end;
        c->next = newline ? newline + 1 : c->end;
        c->line++;
        if (c->at < c->stop && *c->at != '#') {
            return true;
        }
    }
    return false;
}

size_t fpr_cursor_word(struct cursor *c, const char **word)
{
    while (c->at < c->stop && (*c->at == ' ' || *c->at == '\r')) {
        c->at++;
    }
    *word = c->at;
    while (c->at < c->stop && *c->at != ' ' && *c->at != '\r') {
        c->at++;
    }
    return (size_t)(c->at - *word);
}

bool fpr_cursor_done(struct cursor *c)
{
    const char *word, *at = c->at;
    bool done = fpr_cursor_word(c, &word) == 0;
    c->at = at;
    return done;
}

static int digit(char ch, unsigned base)
{
    int d = ch >= '0' && ch <= '9' ? ch - '0' : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : 99;
    return d < (int)base ? d : -1;
}

static bool read_number(const char **p, const char *stop, unsigned base, uint64_t *value)
{
    uint64_t v = 0;
    const char *at = *p;
    for (int d; at < stop && (d = digit(*at, base)) >= 0; at++) {
        if (v > (UINT64_MAX - (unsigned)d) / base) {
            return false;
        }
        v = v * base + (unsigned)d;
    }
    if (at == *p) {
        return false;
    }
    *p = at;
    *value = v;
    return true;
}

bool fpr_text_read_hex(const char **p, const char *stop, uint64_t *value)
{
    return read_number(p, stop, 16, value);
}

static uint64_t number(struct cursor *c, unsigned base, const char *what)
{
    const char *word;
    uint64_t value = 0;
    size_t len = fpr_cursor_word(c, &word);
    const char *p = word;
    if (len == 0) {
        fpr_cursor_fail(c, "missing number", what);
    } else if (!read_number(&p, word + len, base, &value) || p != word + len) {
        fpr_cursor_fail(c, "not a number", what);
        value = 0;
    }
    return value;
}

uint64_t fpr_cursor_dec(struct cursor *c, const char *what)
{
    return number(c, 10, what);
}

uint64_t fpr_cursor_hex(struct cursor *c, const char *what)
{
    return number(c, 16, what);
}

int64_t fpr_cursor_int(struct cursor *c, const char *what)
{
    const char *word, *at = c->at;
    bool negative = fpr_cursor_word(c, &word) > 1 && *word == '-';
    c->at = negative ? word + 1 : at;
    uint64_t value = number(c, 10, what);
    if (value > INT64_MAX) {
        fpr_cursor_fail(c, "number too large", what);
        return 0;
    }
    return negative ? -(int64_t)value : (int64_t)value;
}

bool fpr_word_is(const char *word, size_t len, const char *text)
{
    return strlen(text) == len && memcmp(word, text, len) == 0;
}
