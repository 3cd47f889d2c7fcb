/* Lines from a file or a person; with history and completion where readline is built in. */
#include "lab.h"

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#ifdef LAB_HAVE_READLINE
#include <readline/history.h>
#include <readline/readline.h>

static char *next_command(const char *text, int state)
{
    static size_t at;
    size_t n, len = strlen(text);
    const struct lab_command *list = lab_command_list(&n);
    at = state ? at : 0;
    while (at < n) {
        const char *name = list[at++].name;
        if (*name != '=' && !strncmp(name, text, len)) {
            return strdup(name);
        }
    }
    return NULL;
}

static const struct lab *completed; /* readline hands nothing through */

/* Names of blocks, after the command's own words. */
static char *next_name(const char *text, size_t *at)
{
    size_t len = strlen(text);
    while (completed && *at < completed->w.nr_names) {
        const char *name = completed->w.names[(*at)++].text;
        if (!strncmp(name, text, len)) {
            return strdup(name);
        }
    }
    return NULL;
}

/* What is before the word that is being completed. */
static struct typed {
    char command[LAB_NAME];
    unsigned words; /* before it, the command's included; of "NAME = alloc" from alloc on */
    bool named;     /* "NAME =" was there */
} typed;

static void look_back(int start)
{
    struct lab lab = {.out = NULL};
    struct lab_words words;
    char line[1024];
    typed = (struct typed){.words = 0};
    snprintf(line, sizeof(line), "%.*s", start, rl_line_buffer);
    if (lab_split(&lab, line, &words)) {
        return;
    }
    typed.named = words.n > 1 && !strcmp(words.word[1], "=");
    unsigned first = typed.named ? 2 : 0;
    typed.words = words.n - first;
    if (typed.words) {
        snprintf(typed.command, sizeof(typed.command), "%s", words.word[first]);
    }
}

static char *only_alloc(const char *text, int state)
{
    return state == 0 && !strncmp("alloc", text, strlen(text)) ? strdup("alloc") : NULL;
}

/* After a command: the words of its usage; where that says NAME, those that there are. */
static char *next_word(const char *text, int state)
{
    static char usage[512];
    static char *save;
    static size_t at;
    static bool names;
    size_t len = strlen(text);
    if (!state) {
        const struct lab_command *c = lab_command_find(typed.command);
        at = 0;
        names = c && strstr(c->usage, "NAME") && strcmp(c->name, "alloc");
        snprintf(usage, sizeof(usage), "%s", c ? c->usage : "");
    }
    for (char *w = strtok_r(state ? NULL : usage, " []|,…", &save); w;
         w = strtok_r(NULL, " []|,…", &save)) {
        if (*w >= 'a' && *w <= 'z' && strcmp(w, typed.command) && !strncmp(w, text, len)) {
            return strdup(w);
        }
    }
    return names ? next_name(text, &at) : NULL;
}

/* Is it the name of a file that is wanted? */
static bool wants_file(void)
{
    return (!strcmp(typed.command, "import") && typed.words == 1) ||
           (!strcmp(typed.command, "show") && typed.words == 2);
}

static char **complete(const char *text, int start, int end)
{
    (void)end;
    look_back(start);
    if (!typed.named && wants_file()) {
        return NULL; /* readline's own, of file names */
    }
    rl_attempted_completion_over = true;
    if (typed.words == 0) {
        return rl_completion_matches(text, typed.named ? only_alloc : next_command);
    }
    bool help = !strcmp(typed.command, "help");
    if (help && typed.words > 1) {
        return NULL;
    }
    return rl_completion_matches(text, help ? next_command : next_word);
}

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
    rl_attempted_completion_function = complete;
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

void lab_input_for(const struct lab *lab)
{
    completed = lab;
}
#else
void lab_input_for(const struct lab *lab)
{
    (void)lab;
}

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
