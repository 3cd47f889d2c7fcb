#include "view/out.h"

#include <string.h>

void fpr_out_init(struct out *o, fpr_write_fn write, void *ctx)
{
    o->write = write;
    o->ctx = ctx;
    o->err = 0;
    fpr_text_init(&o->t, o->buffer, sizeof(o->buffer));
}

static void flush(struct out *o)
{
    if (!o->err && o->t.len) {
        o->err = o->write(o->ctx, o->buffer, o->t.len);
    }
    fpr_text_init(&o->t, o->buffer, sizeof(o->buffer));
}

int fpr_out_end(struct out *o)
{
    flush(o);
    return o->err;
}

void fpr_out_str(struct out *o, const char *s)
{
    for (; *s; s++) {
        if (o->t.len + 1 >= o->t.size) {
            flush(o);
        }
        fpr_text_char(&o->t, *s);
    }
}

void fpr_out_repeat(struct out *o, const char *s, unsigned n)
{
    while (n--) {
        fpr_out_str(o, s);
    }
}

void fpr_out_str_in(struct out *o, const char *s, unsigned width)
{
    size_t len = strlen(s);
    fpr_out_repeat(o, " ", len < width ? width - (unsigned)len : 0);
    fpr_out_str(o, s);
}

void fpr_out_dec_in(struct out *o, uint64_t value, unsigned width)
{
    char digits[24];
    struct fpr_text t;
    fpr_text_init(&t, digits, sizeof(digits));
    fpr_text_dec(&t, value);
    fpr_out_str_in(o, digits, width);
}

void fpr_out_dec(struct out *o, uint64_t value)
{
    fpr_out_dec_in(o, value, 0);
}

void fpr_out_int(struct out *o, int64_t value)
{
    fpr_out_str(o, value < 0 ? "-" : "");
    fpr_out_dec(o, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void fpr_out_hex(struct out *o, uint64_t value)
{
    char digits[24];
    struct fpr_text t;
    fpr_text_init(&t, digits, sizeof(digits));
    fpr_text_hex(&t, value);
    fpr_out_str(o, digits);
}
