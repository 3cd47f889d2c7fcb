/* What Tab offers; with readline only. */
#ifndef LAB_COMPLETE_H
#define LAB_COMPLETE_H

/* As readline's rl_attempted_completion_function. */
char **lab_complete(const char *text, int start, int end);

#endif
