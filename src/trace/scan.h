/* Small scanners over a line that is not NUL-terminated. All are told where it ends. */
#ifndef TRACE_SCAN_H
#define TRACE_SCAN_H

#include <fpr/trace.h>

/* A piece of a line. */
struct fpr_span {
    const char *p;
    const char *end;
};

static inline bool fpr_scan_is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static inline const char *fpr_scan_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

/* Decimal digits. @return behind them, NULL if there is none or the number is too large. */
static inline const char *fpr_scan_decimal(const char *p, const char *end, uint64_t *out)
{
    uint64_t n = 0;
    const char *start = p;
    while (p < end && fpr_scan_is_digit(*p))
        n = n * 10 + (uint64_t)(*p++ - '0');
    /* Nineteen digits always fit; twenty may not. */
    if (p == start || p - start > 20 ||
        (p - start == 20 && (*start > '1' || n < 10000000000000000000u)))
        return NULL;
    *out = n;
    return p;
}

/* Hexadecimal digits without 0x. @return behind them, NULL if none or more than 16. */
static inline const char *fpr_scan_hex(const char *p, const char *end, uint64_t *out)
{
    uint64_t n = 0;
    const char *start = p;
    for (; p < end; p++) {
        unsigned c = (unsigned char)*p;
        unsigned digit = c - '0';
        if (digit > 9) {
            digit = (c | 0x20) - 'a';
            if (digit > 5)
                break;
            digit += 10;
        }
        n = n << 4 | digit;
    }
    if (p == start || p - start > 16)
        return NULL;
    *out = n;
    return p;
}

/* A number in decimal or, behind 0x, hexadecimal. @return behind it, NULL. */
static inline const char *fpr_scan_number(const char *p, const char *end, uint64_t *out)
{
    if (end - p > 2 && p[0] == '0' && (p[1] | 0x20) == 'x')
        return fpr_scan_hex(p + 2, end, out);
    return fpr_scan_decimal(p, end, out);
}

/* "seconds.fraction" (up to nine digits behind the dot) in nanoseconds; without a dot the number
 * is taken as nanoseconds. @return behind it, NULL. */
static inline const char *fpr_scan_time(const char *p, const char *end, fpr_ns *out)
{
    uint64_t seconds;
    p = fpr_scan_decimal(p, end, &seconds);
    if (!p)
        return NULL;
    if (p == end || *p != '.') {
        *out = seconds;
        return p;
    }
    const char *dot = p++;
    uint64_t fraction = 0;
    while (p < end && fpr_scan_is_digit(*p) && p - dot <= 9)
        fraction = fraction * 10 + (uint64_t)(*p++ - '0');
    if (p == dot + 1 || (p < end && fpr_scan_is_digit(*p)) ||
        seconds > UINT64_MAX / FPR_NS_PER_S - 1)
        return NULL;
    for (ptrdiff_t digits = p - dot - 1; digits < 9; digits++)
        fraction *= 10;
    *out = seconds * FPR_NS_PER_S + fraction;
    return p;
}

#endif
