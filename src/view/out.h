/* Text on its way to a caller's function. */
#ifndef VIEW_OUT_H
#define VIEW_OUT_H

#include <fpr/view.h>

#include "base/text.h"

struct out {
    char buffer[2048];
    struct fpr_text t;
    fpr_write_fn write;
    void *ctx;
    int err;
};

void fpr_out_init(struct out *o, fpr_write_fn write, void *ctx);
/* Writes what is left. Returns the first error. */
int fpr_out_end(struct out *o);
void fpr_out_str(struct out *o, const char *s);
/* Text, or a decimal number, at the right of a field of `width`. */
void fpr_out_str_in(struct out *o, const char *s, unsigned width);
void fpr_out_dec_in(struct out *o, uint64_t value, unsigned width);
void fpr_out_dec(struct out *o, uint64_t value);
void fpr_out_int(struct out *o, int64_t value);
void fpr_out_hex(struct out *o, uint64_t value);
/* The same text n times. */
void fpr_out_repeat(struct out *o, const char *s, unsigned n);

#endif
