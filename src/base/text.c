#include "base/text.h"

void fpr_text_init(struct fpr_text *t, char *buffer, size_t size)
{
    t->buffer = buffer;
    t->size = size;
    t->len = 0;
    if (size) {
        buffer[0] = '\0';
    }
}

void fpr_text_char(struct fpr_text *t, char c)
{
    if (t->len + 1 < t->size) {
        t->buffer[t->len++] = c;
        t->buffer[t->len] = '\0';
    }
}

void fpr_text_str(struct fpr_text *t, const char *s)
{
    while (*s) {
        fpr_text_char(t, *s++);
    }
}

static void number(struct fpr_text *t, uint64_t value, unsigned base)
{
    char digits[24];
    unsigned n = 0;
    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n) {
        fpr_text_char(t, digits[--n]);
    }
}

void fpr_text_dec(struct fpr_text *t, uint64_t value)
{
    number(t, value, 10);
}

void fpr_text_int(struct fpr_text *t, int64_t value)
{
    if (value < 0) {
        fpr_text_char(t, '-');
    }
    number(t, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10);
}

void fpr_text_hex(struct fpr_text *t, uint64_t value)
{
    number(t, value, 16);
}
