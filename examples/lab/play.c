/* Scripts: what is repeated of them, and playing one from within the lab. */
#include "lab.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Lessons are written for this many columns. */
#define TEXT_WIDTH 80

static void say_text(struct lab *lab, const char *text)
{
    lab_say(lab, "%s%s%s", lab->color ? "\033[36m" : "", text, lab->color ? "\033[0m" : "");
}

void lab_text_end(struct lab *lab)
{
    if (lab->text[0]) {
        FILE *out = lab->out;
        char *filled = NULL;
        size_t size;
        lab->out = open_memstream(&filled, &size);
        lab->out = lab->out ? lab->out : out;
        say_text(lab, lab->text);
        if (lab->out != out && fclose(lab->out) == 0) {
            lab_fit(out, filled, lab->width, 0);
        }
        free(filled);
        lab->out = out;
        lab->text[0] = '\0';
    }
}

bool lab_text(struct lab *lab, const char *line)
{
    line += strspn(line, " \t");
    if (*line != '>') {
        return false;
    }
    line += line[1] == ' ' ? 2 : 1;
    size_t at = strlen(lab->text), len = strlen(line);
    bool joins = isgraph((unsigned char)*line) && (lab->script || lab->playing);
    if (lab->width < TEXT_WIDTH && joins && at + 1 + len < sizeof(lab->text)) {
        snprintf(lab->text + at, sizeof(lab->text) - at, "%s%s", at ? " " : "", line);
    } else {
        lab_text_end(lab);
        say_text(lab, line);
    }
    return true;
}

void lab_echo(struct lab *lab, const char *line)
{
    const char *text = line + strspn(line, " \t");
    if (*text != '>') {
        lab_text_end(lab);
    }
    if (lab->no_echo || *text == '>' || *text == '#') {
        return;
    }
    lab_put(lab, "%s%s", lab->color ? "\033[1m" : "", *text ? "lab> " : "");
    for (; *text; text++) { /* a script may be anything */
        lab_put(lab, "%c", iscntrl((unsigned char)*text) && *text != '\t' ? '?' : *text);
    }
    lab_say(lab, "%s", lab->color ? "\033[0m" : "");
}

static enum lab_result lines(struct lab *lab, FILE *f, const char *path)
{
    enum lab_result r = LAB_OK;
    char *line, reason[sizeof(lab->error)];
    for (unsigned n = 1; !r && (line = lab_input(f, false)); n++) {
        lab_echo(lab, line);
        r = lab_line(lab, line);
        free(line);
        if (r == LAB_BAD || r == LAB_REFUSED) {
            snprintf(reason, sizeof(reason), "%s", lab->error);
            lab_fail(lab, r, "%s:%u: %s", path, n, reason);
        }
    }
    lab_text_end(lab);
    return ferror(f) ? lab_fail(lab, LAB_REFUSED, "%s: %s", path, strerror(errno)) : r;
}

/* play FILE */
enum lab_result lab_cmd_play(struct lab *lab, const struct lab_words *words)
{
    if (words->n != 2) {
        return lab_fail(lab, LAB_BAD, "play FILE");
    }
    if (lab->playing) {
        return lab_fail(lab, LAB_REFUSED, "a script that is played cannot play another");
    }
    FILE *f = fopen(words->word[1], "r");
    if (!f) {
        return lab_fail(lab, LAB_REFUSED, "%s: %s", words->word[1], strerror(errno));
    }
    lab->playing = true;
    enum lab_result r = lines(lab, f, words->word[1]);
    lab->playing = false;
    fclose(f);
    return r == LAB_QUIT ? LAB_OK : r; /* the end of the script, not of the lab */
}
