#include "fields.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void fields_begin(struct fields *f, const char *line)
{
    f->at = line;
    f->taken = 0;
    f->dangling = false;
    f->error[0] = '\0';
}

bool fields_bad(struct fields *f, const char *format, ...)
{
    if (!f->error[0]) {
        va_list args;
        va_start(args, format);
        vsnprintf(f->error, sizeof(f->error), format, args);
        va_end(args);
    }
    return false;
}

/* Length of the next field; 0 (with the error set) if there is none. */
static size_t next(struct fields *f, const char *name)
{
    if (f->error[0]) {
        return 0;
    }
    size_t n = strcspn(f->at, " ");
    if (!n) {
        fields_bad(f,
                   f->at[0] || f->dangling ? "field %u (%s) is empty" : "field %u (%s) is missing",
                   f->taken + 1, name);
    }
    return n;
}

static bool wrong(struct fields *f, const char *name, size_t n, const char *what)
{
    return fields_bad(f, "field %u (%s): '%.*s' is not %s", f->taken + 1, name,
                      n > 40 ? 40 : (int)n, f->at, what);
}

static bool take(struct fields *f, size_t n)
{
    f->at += n;
    f->dangling = *f->at == ' ';
    if (f->dangling) {
        f->at++;
    }
    f->taken++;
    return true;
}

bool fields_word(struct fields *f, const char *name, char *word, size_t size)
{
    size_t n = next(f, name);
    if (!n) {
        return false;
    }
    if (n >= size) {
        return wrong(f, name, n, "a name of sensible length");
    }
    memcpy(word, f->at, n);
    word[n] = '\0';
    return take(f, n);
}

bool fields_dec(struct fields *f, const char *name, uint64_t max, uint64_t *value)
{
    size_t n = next(f, name);
    if (!n) {
        return false;
    }
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned)f->at[i] - '0';
        if (digit > 9) {
            return wrong(f, name, n, "a decimal number");
        }
        if (v > (UINT64_MAX - digit) / 10) {
            return wrong(f, name, n, "in range");
        }
        v = v * 10 + digit;
    }
    if (v > max) {
        return fields_bad(f, "field %u (%s): %.*s is above %llu", f->taken + 1, name,
                          n > 40 ? 40 : (int)n, f->at, (unsigned long long)max);
    }
    *value = v;
    return take(f, n);
}

bool fields_uint(struct fields *f, const char *name, unsigned max, unsigned *value)
{
    uint64_t v = 0;
    if (!fields_dec(f, name, max, &v)) {
        return false;
    }
    *value = (unsigned)v;
    return true;
}

static bool hex_digits(const char *text, size_t n, uint64_t *value)
{
    uint64_t v = 0;
    if (!n || n > 16) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                : 16;
        if (digit == 16) {
            return false;
        }
        v = v << 4 | digit;
    }
    *value = v;
    return true;
}

bool fields_hex(struct fields *f, const char *name, uint64_t *value)
{
    size_t n = next(f, name);
    if (!n) {
        return false;
    }
    return hex_digits(f->at, n, value) ? take(f, n)
                                       : wrong(f, name, n, "a lower-case hexadecimal number");
}

bool fields_hex_until(struct fields *f, const char *name, char after, uint64_t *value)
{
    size_t n = next(f, name);
    if (!n) {
        return false;
    }
    const char *end = memchr(f->at, after, n);
    if (!end || !hex_digits(f->at, (size_t)(end - f->at), value)) {
        char form[48];
        snprintf(form, sizeof(form), "a lower-case hexadecimal number and '%c'", after);
        return wrong(f, name, n, form);
    }
    f->at = end + 1;
    return true;
}

bool fields_hex_marked(struct fields *f, const char *name, char mark, uint64_t *value, bool *marked)
{
    size_t n = next(f, name);
    if (!n) {
        return false;
    }
    *marked = f->at[n - 1] == mark;
    return hex_digits(f->at, n - *marked, value)
               ? take(f, n)
               : wrong(f, name, n, "a lower-case hexadecimal number");
}

bool fields_int(struct fields *f, const char *name, int *value)
{
    size_t n = next(f, name);
    if (!n) {
        return false;
    }
    bool minus = f->at[0] == '-' && n > 1;
    uint64_t v = 0;
    if (n > 11) {
        return wrong(f, name, n, "in range");
    }
    for (size_t i = minus; i < n; i++) {
        unsigned digit = (unsigned)f->at[i] - '0';
        if (digit > 9) {
            return wrong(f, name, n, "a decimal number");
        }
        v = v * 10 + digit;
    }
    if (v > INT_MAX) {
        return wrong(f, name, n, "in range");
    }
    *value = minus ? -(int)v : (int)v;
    return take(f, n);
}

bool fields_word64(struct fields *f, const char *name, uint64_t *value)
{
    size_t n = next(f, name);
    if (!n) {
        return false;
    }
    return n == 16 && hex_digits(f->at, n, value) ? take(f, n)
                                                  : wrong(f, name, n, "16 hexadecimal digits");
}

bool fields_over(const struct fields *f)
{
    return !f->at[0] && !f->dangling;
}

bool fields_end(struct fields *f)
{
    if (f->error[0]) {
        return false;
    }
    if (!fields_over(f)) {
        return fields_bad(f, "field %u: '%.40s' is one too many", f->taken + 1, f->at);
    }
    return true;
}
