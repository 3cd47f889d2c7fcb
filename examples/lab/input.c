/* Lines from a file or a person; with history and completion where readline is built in. */
#include "lab.h"

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
        if (!strncmp(name, text, len)) {
            return strdup(name);
        }
    }
    return NULL;
}

/* After a command: the words of its usage. */
static char *next_word(const char *text, int state)
{
    static char usage[512];
    static char *save;
    char command[32];
    size_t len = strlen(text);
    if (!state) {
        usage[0] = '\0';
        const struct lab_command *c =
            sscanf(rl_line_buffer, " %31s", command) == 1 ? lab_command_find(command) : NULL;
        snprintf(usage, sizeof(usage), "%s", c ? c->usage : "");
    }
    for (char *w = strtok_r(state ? NULL : usage, " []|,…", &save); w;
         w = strtok_r(NULL, " []|,…", &save)) {
        if (*w >= 'a' && *w <= 'z' && !strncmp(w, text, len)) {
            return strdup(w);
        }
    }
    return NULL;
}

static char **complete(const char *text, int start, int end)
{
    (void)end;
    rl_attempted_completion_over = !rl_line_buffer || strncmp(rl_line_buffer, "show svg", 8) != 0;
    bool first = true;
    for (int k = 0; k < start; k++) {
        /* NOLINTNEXTLINE(*NullDereference): it is there where start is not 0 */
        first &= rl_line_buffer[k] == ' ';
    }
    return rl_completion_matches(text, first ? next_command : next_word);
}

static char *from_person(void)
{
    rl_readline_name = "fpr-lab";
    rl_attempted_completion_function = complete;
    char *line = readline("lab> ");
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
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r')) {
        line[--len] = '\0';
    }
    return line;
}
