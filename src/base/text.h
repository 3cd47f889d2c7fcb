/* Building short texts without stdio. Always NUL-terminated; what does not fit is cut. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct fpr_text {
    char *buffer;
    size_t size; /* bytes of buffer */
    size_t len;  /* without the NUL */
};

void fpr_text_init(struct fpr_text *t, char *buffer, size_t size);
void fpr_text_str(struct fpr_text *t, const char *s);
void fpr_text_char(struct fpr_text *t, char c);
void fpr_text_dec(struct fpr_text *t, uint64_t value);
void fpr_text_int(struct fpr_text *t, int64_t value);
void fpr_text_hex(struct fpr_text *t, uint64_t value);

#endif
