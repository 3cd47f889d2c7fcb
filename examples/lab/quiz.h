/* One question of a quiz and its answer. */
#ifndef LAB_QUIZ_H
#define LAB_QUIZ_H

#include "lab.h"

struct question {
    char *text;       /* what is done, what is asked; allocated */
    char answer[200]; /* words: frames, numbers, yes, no, types */
    char *why;        /* the explanation; allocated */
};

/* Makes the n-th question (from 0). Returns its topic, or NULL if memory is short. */
const char *lab_question(const struct lab_quiz *quiz, unsigned n, struct question *q);
void lab_question_free(struct question *q);

#endif
