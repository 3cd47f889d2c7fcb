/* Asking, and grading what was answered. */
#include "quiz.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Words in one form: lower case, numbers decimal, single blanks; commas count as blanks. */
static void normalise(const char *text, char *to, size_t size)
{
    size_t at = 0;
    to[0] = '\0';
    while (*text && at + 24 < size) {
        size_t len = strcspn(text, " \t,;/\r\n");
        char word[24], *end;
        if (len > 0 && len < sizeof(word)) {
            for (size_t k = 0; k < len; k++) {
                word[k] = (char)tolower((unsigned char)text[k]);
            }
            word[len] = '\0';
            unsigned long long n = lab_digits(word, &end);
            bool is_number = end > word && !*end;
            at += (size_t)(is_number ? snprintf(to + at, size - at, "%s%llu", at ? " " : "", n)
                                     : snprintf(to + at, size - at, "%s%s", at ? " " : "", word));
        } else if (len > 0) {
            at += (size_t)snprintf(to + at, size - at, "?");
        }
        text += len + (text[len] != '\0');
    }
}

static void ask(const struct lab_quiz *quiz, FILE *out, unsigned n, const struct question *q,
                const char *topic)
{
    fprintf(out, "\nQuestion %u (%s)\n%s", n + 1, topic, q->text);
    if (quiz->solutions) {
        fprintf(out, "Answer: %s\n%s", q->answer, q->why ? q->why : "");
    }
}

/* Reads "N: answer" lines. Returns 0, or -1 with one line on stderr. */
static int read_answers(const struct lab_quiz *quiz, char (*given)[200])
{
    FILE *f = fopen(quiz->grade, "r");
    if (!f) {
        fprintf(stderr, "fpr-lab: %s: %s\n", quiz->grade, strerror(errno));
        return -1;
    }
    char line[400], *colon, *end;
    int err = 0;
    for (unsigned number = 1; !err && fgets(line, sizeof(line), f); number++) {
        bool mark = number == 1 && !strncmp(line, "\xef\xbb\xbf", 3); /* of an editor */
        const char *text = line + (mark ? 3 : 0);
        text += strspn(text, " \t\r\n");
        line[strcspn(line, "#")] = '\0';
        if (!*text) {
            continue;
        }
        unsigned long n = strtoul(text, &colon, 10);
        end = colon;
        if (!isdigit((unsigned char)*text) || *end != ':' || n < 1 || n > quiz->questions ||
            strlen(colon) >= 200) {
            fprintf(stderr, "fpr-lab: %s:%u: not 'N: ANSWER' with N from 1 to %u\n", quiz->grade,
                    number, quiz->questions);
            err = -1;
        } else if (given[n - 1][0]) {
            fprintf(stderr, "fpr-lab: %s:%u: question %lu is answered twice\n", quiz->grade, number,
                    n);
            err = -1;
        } else {
            normalise(colon + 1, given[n - 1], sizeof(given[0]));
        }
    }
    if (!err && ferror(f)) {
        fprintf(stderr, "fpr-lab: %s: %s\n", quiz->grade, strerror(errno));
        err = -1;
    }
    fclose(f);
    return err;
}

static bool grade_one(const struct lab_quiz *quiz, FILE *out, unsigned n, const struct question *q,
                      const char *given)
{
    char right[200];
    normalise(q->answer, right, sizeof(right));
    bool ok = !strcmp(right, given);
    fprintf(out, "%u: %s", n + 1, ok ? "right" : *given ? "wrong" : "no answer");
    if (!ok && quiz->solutions) {
        fprintf(out, ", it is %s", q->answer);
    }
    fprintf(out, "\n");
    return ok;
}

int lab_quiz(const struct lab_quiz *quiz, FILE *out)
{
    static char given[100][200];
    unsigned score = 0;
    if (quiz->grade && read_answers(quiz, given)) {
        return LAB_BAD;
    }
    if (!quiz->grade) {
        fprintf(out, "Quiz, seed %llu. Frames may be written as 0x10 or 16.\n",
                (unsigned long long)quiz->seed);
    }
    for (unsigned n = 0; n < quiz->questions; n++) {
        struct question q;
        const char *topic = lab_question(quiz, n, &q);
        if (!topic) {
            fprintf(stderr, "fpr-lab: out of memory\n");
            return LAB_REFUSED;
        }
        if (quiz->grade) {
            score += grade_one(quiz, out, n, &q, given[n]);
        } else {
            ask(quiz, out, n, &q, topic);
        }
        lab_question_free(&q);
    }
    if (quiz->grade) {
        fprintf(out, "score: %u of %u\n", score, quiz->questions);
    }
    return quiz->grade && score < quiz->questions ? LAB_REFUSED : LAB_OK;
}
