/* Reading a state dump line by line, word by word. */
#ifndef MM_STATE_TEXT_H
#define MM_STATE_TEXT_H

#include <fpr/machine.h>

/* A place in a text, and the first thing found wrong with it. */
struct cursor {
    const char *at;   /* rest of the current line */
    const char *stop; /* its end */
    const char *next; /* next line */
    const char *end;  /* of the text */
    unsigned line;
    bool failed;
    struct fpr_text_error error;
};

void fpr_cursor_init(struct cursor *c, const char *text, size_t len);
/* Next line that is neither empty nor a comment; false at the end or after a failure. */
bool fpr_cursor_line(struct cursor *c);
/* Next word of the line; its length, 0 if there is none. */
size_t fpr_cursor_word(struct cursor *c, const char **word);
/* Is the line at its end? */
bool fpr_cursor_done(struct cursor *c);
/* Next word as a number; fails the cursor if it is none. `what` names it. */
uint64_t fpr_cursor_dec(struct cursor *c, const char *what);
uint64_t fpr_cursor_hex(struct cursor *c, const char *what);
int64_t fpr_cursor_int(struct cursor *c, const char *what);
/* Reads the hexadecimal digits at the front of [*p, stop); false if there are none. */
bool fpr_text_read_hex(const char **p, const char *stop, uint64_t *value);
/* Notes what is wrong, once. */
void fpr_cursor_fail(struct cursor *c, const char *reason, const char *detail);
/* Compares a word with a text. */
bool fpr_word_is(const char *word, size_t len, const char *text);

#endif
