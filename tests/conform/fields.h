/* A record taken apart strictly: fields separated by single spaces, no signs, no leading "0x". */
#ifndef TESTS_CONFORM_FIELDS_H
#define TESTS_CONFORM_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fields {
    const char *at;  /* next field, or the terminating NUL */
    unsigned taken;  /* fields taken so far */
    bool dangling;   /* a separator was taken, so a field must follow */
    char error[160]; /* empty: all is well; set by the first failure */
};

void fields_begin(struct fields *f, const char *line);
/* Each takes the next field; false (with the error set) if it is not there or not of that form. */
bool fields_word(struct fields *f, const char *name, char *word, size_t size);
bool fields_dec(struct fields *f, const char *name, uint64_t max, uint64_t *value);
bool fields_uint(struct fields *f, const char *name, unsigned max, unsigned *value);
bool fields_hex(struct fields *f, const char *name, uint64_t *value);
/* A hexadecimal number followed at once by the character `after`, then the field goes on. */
bool fields_hex_until(struct fields *f, const char *name, char after, uint64_t *value);
/* The same, if the next field ends in `mark` (then *marked). */
bool fields_hex_marked(struct fields *f, const char *name, char mark, uint64_t *value,
                       bool *marked);
/* A signed decimal number, as device errors are. */
bool fields_int(struct fields *f, const char *name, int *value);
/* 16 hexadecimal digits. */
bool fields_word64(struct fields *f, const char *name, uint64_t *value);
/* Whether no field is left; fields_end() makes it an error if one is. */
bool fields_over(const struct fields *f);
bool fields_end(struct fields *f);
/* Sets the error; returns false. */
__attribute__((format(printf, 2, 3))) bool fields_bad(struct fields *f, const char *format, ...);

#endif
