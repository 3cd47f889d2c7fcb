/* Lines from a file or a person; with history and completion where readline is built in. */
#include "lab.h"

#ifdef LAB_HAVE_READLINE
#include "complete.h"
#endif

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#ifdef LAB_HAVE_READLINE
#include <readline/history.h>
#include <readline/readline.h>

/* An interrupt drops the line that is being typed; while a command works it ends the program. */
static volatile sig_atomic_t reading, interrupted;

static void on_interrupt(int number)
{
    if (!reading) {
        signal(number, SIG_DFL);
        raise(number);
    }
    interrupted = 1;
}

static sigjmp_buf dropped;

static int drop_line(void)
{
    if (interrupted) {
        interrupted = 0;
        siglongjmp(dropped, 1); /* a mere rl_done is looked at after one more key */
    }
    return 0;
}

static char *from_person(void)
{
    rl_signal_event_hook = drop_line;
    signal(SIGINT, on_interrupt);
    rl_readline_name = "fpr-lab";
    rl_basic_word_break_characters = " \t=\"";
    rl_attempted_completion_function = lab_complete;
    if (sigsetjmp(dropped, 1)) {
        rl_free_line_state();
        rl_cleanup_after_signal();
        fputc('\n', rl_outstream); /* readline has shown ^C */
    }
    reading = 1;
    char *line = readline("lab> ");
    reading = 0;
    if (line && *line) {
        add_history(line);
    }
    return line;
}

#else
static char *from_person(void)
{
    fputs("lab> ", stdout);
    fflush(stdout);
    return lab_input(stdin, false);
}
#endif

char *lab_input(FILE *in, bool interactive)
{
    if (interactive) {
        return from_person();
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t len = getline(&line, &room, in);
    if (len < 0) {
        free(line);
        return NULL;
    }
    for (ssize_t k = 0; k < len; k++) { /* no text: a word that nothing knows, not a line's end */
        line[k] = line[k] ? line[k] : '\1';
    }
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r')) {
        line[--len] = '\0';
    }
    return line;
}
