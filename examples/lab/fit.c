/* Text on a screen narrower than its lines: broken between words, not inside them. */
#include "lab.h"

#include <string.h>

/* Bytes of what stands at `text`, and how many columns of the screen they take. */
static size_t glyph(const char *text, unsigned *columns)
{
    size_t len = 1;
    *columns = 0;
    if (*text == '\033') {
        return strcspn(text, "m") + (text[strcspn(text, "m")] != '\0');
    }
    while (((unsigned char)text[len] & 0xc0) == 0x80) {
        len++;
    }
    *columns = 1;
    return len;
}

/* How much of a line fits: up to the last blank after its first word or the last '|', or all. */
static size_t fits(const char *line, size_t len, unsigned room)
{
    size_t blank = 0;
    bool word = false;
    unsigned at = 0, columns;
    for (size_t k = 0; k < len; k += glyph(line + k, &columns)) {
        if (line[k] == ' ' && word) {
            blank = k;
        }
        glyph(line + k, &columns);
        word |= columns && line[k] != ' ';
        at += columns;
        if (at > room && blank) {
            return blank;
        }
        blank = line[k] == '|' ? k + 1 : blank;
    }
    return len;
}

void lab_fit(FILE *to, const char *text, unsigned width, unsigned indent)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        unsigned in = 0;
        while (len) {
            size_t part = fits(text, len, width - in);
            fprintf(to, "%*s%.*s", (int)in, "", (int)part, text);
            text += part;
            len -= part;
            size_t blanks = strspn(text, " ");
            blanks = blanks < len ? blanks : len;
            text += blanks;
            len -= blanks;
            in = indent;
            fputs(len ? "\n" : "", to);
        }
        if (*text) {
            fputs("\n", to);
            text++;
        }
    }
}
