/* What Tab offers: commands, the words of a command's usage, values, and what has a name. */
#include "lab.h"

#include <string.h>

static const struct lab *completed; /* readline hands nothing through */

void lab_input_for(const struct lab *lab)
{
    completed = lab;
}

#ifdef LAB_HAVE_READLINE
#include "complete.h"

#include <ctype.h>
#include <stdlib.h>

#include <readline/readline.h>

/* What is before the word that is being completed. */
static struct typed {
    char command[LAB_NAME], last[LAB_NAME];
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
        snprintf(typed.last, sizeof(typed.last), "%s", words.word[words.n - 1]);
    }
}

/* All that is offered for one word. */
#define OFFERS (LAB_NAMES + 128)
struct offers {
    const char *text; /* how they begin */
    char word[OFFERS][LAB_NAME * 2];
    size_t n;
};

static void offer(struct offers *o, const char *word)
{
    bool again = false;
    for (size_t k = 0; k < o->n; k++) {
        again |= !strcmp(o->word[k], word);
    }
    if (!again && o->n < OFFERS && !strncmp(word, o->text, strlen(o->text))) {
        snprintf(o->word[o->n++], sizeof(o->word[0]), "%s", word);
    }
}

static void offer_each(struct offers *o, char *choice)
{
    char *save;
    for (char *w = strtok_r(choice, "|", &save); w; w = strtok_r(NULL, "|", &save)) {
        offer(o, w);
    }
}

static bool is_key(const char *word)
{
    return islower((unsigned char)*word) && !strchr(word, '|') && strcmp(word, typed.command);
}

/* The words of a usage. What follows a key and is none itself is its value: those of a choice are
 * offered behind the key and nowhere else. Returns whether a value is wanted. */
static bool offer_usage(struct offers *o, const char *usage)
{
    char text[512], *word[64], *save;
    unsigned n = 0;
    bool value = false;
    snprintf(text, sizeof(text), "%s", usage);
    for (char *w = strtok_r(text, " [],…", &save); w && n < 64;
         w = strtok_r(NULL, " [],…", &save)) {
        word[n++] = w;
    }
    for (unsigned k = 1; k < n; k++) {
        bool behind = typed.words > 1 && is_key(word[k - 1]) && !strcmp(word[k - 1], typed.last);
        if (behind && !is_key(word[k]) && strcmp(word[k], typed.command)) {
            value = true;
            offer_each(o, strchr(word[k], '|') ? word[k] : (char[]){""});
        }
    }
    for (unsigned k = 0; k < n && !value; k++) {
        bool choice = strchr(word[k], '|') && !(k && is_key(word[k - 1]));
        if (choice) {
            offer_each(o, word[k]);
        } else if (is_key(word[k])) {
            offer(o, word[k]);
        }
    }
    return value;
}

static void offer_counter(void *ctx, const char *name, const char *text, uint64_t n)
{
    (void)text;
    (void)n;
    offer(ctx, name);
}

/* Blocks, counters or zones, as the usage says. */
static void offer_names(struct offers *o, const char *usage)
{
    const struct lab_world *w = &completed->w;
    for (size_t k = 0; strstr(usage, "NAME") && strcmp(typed.command, "alloc") && k < w->nr_names;
         k++) {
        offer(o, w->names[k].text);
    }
    if (strstr(usage, "COUNTER") && w->zone) {
        lab_each_counter(completed, offer_counter, o);
    }
    for (size_t z = 0; strstr(usage, "ZONE") && typed.words == 1 && z < w->nr_zones; z++) {
        struct fpr_zone_info info;
        fpr_zone_get_info(fpr_machine_zone(w->machine, z), &info);
        offer(o, info.name);
    }
}

static void offer_commands(struct offers *o)
{
    size_t n;
    const struct lab_command *list = lab_command_list(&n);
    for (size_t k = 0; k < n; k++) {
        if (isalpha((unsigned char)*list[k].name)) {
            offer(o, list[k].name);
        }
    }
}

static void gather(struct offers *o)
{
    const struct lab_command *c = lab_command_find(typed.command);
    bool help = !strcmp(typed.command, "help");
    if (typed.words == 0 && typed.named) {
        offer(o, "alloc");
    } else if (typed.words == 0 || (help && typed.words == 1)) {
        offer_commands(o);
    } else if (c && typed.words == 1 && strstr(c->usage, "ZONE")) {
        offer_names(o, c->usage);
    } else if (c && !help && !offer_usage(o, c->usage)) {
        offer_names(o, c->usage);
    }
}

/* One after the other, as readline asks for them. */
static char *next_offer(const char *text, int state)
{
    static struct offers o;
    static size_t at;
    if (!state) {
        o.text = text;
        o.n = at = 0;
        gather(&o);
    }
    return at < o.n ? strdup(o.word[at++]) : NULL;
}

/* Is it the name of a file that is wanted? */
static bool wants_file(void)
{
    return ((!strcmp(typed.command, "import") || !strcmp(typed.command, "play")) &&
            typed.words == 1) ||
           (!strcmp(typed.command, "show") && typed.words == 2);
}

char **lab_complete(const char *text, int start, int end)
{
    (void)end;
    look_back(start);
    if (!typed.named && wants_file()) {
        return NULL; /* readline's own, of file names */
    }
    rl_attempted_completion_over = true;
    return rl_completion_matches(text, next_offer);
}
#endif
