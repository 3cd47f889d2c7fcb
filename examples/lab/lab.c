/* The commands, and running a line. */
#include "lab.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static enum lab_result cmd_help(struct lab *lab, const struct lab_words *words);
static enum lab_result cmd_quit(struct lab *lab, const struct lab_words *words);

/* What both zone and guest take. */
#define OF_ZONES                                                                                   \
    "[pages N] [max-order N] [pageblock N] "                                                       \
    "[profile v16|linux-5.10|linux-5.14|linux-6.1|linux-6.12] [cpus N] [high N batch N] "          \
    "[min N] [low N] [high-mark N] [boost N] [nofragment]"

static const struct lab_command commands[] = {
    {"zone", lab_cmd_zone, true, false, "zone " OF_ZONES " [start N] [dma N]",
     "makes a zone of free memory (default: 64 pages, orders to 4, pageblocks of order 3)"},
    {"guest", lab_cmd_guest, true, false, "guest " OF_ZONES " [pins skip|inhibit|ignore]",
     "makes a zone with real memory behind it, reporting, and an IOVA map"},
    {"import", lab_cmd_import, true, false, "import FOLDER [suffix .before], import FILE",
     "takes over a real machine (/proc) or a saved one (machine.state)"},
    {"select", lab_cmd_select, true, true, "select ZONE [node N]",
     "chooses the zone that is shown and set"},
    {"alloc", lab_cmd_alloc, true, true,
     "[NAME =] alloc ORDER [movable|unmovable|reclaimable|atomic|memalloc|dma] [cpu N]",
     "allocates 2^ORDER pages"},
    {"=", lab_alloc_named, true, true, "NAME = alloc ORDER …", "allocates and gives it a name"},
    {"free", lab_cmd_free, true, true, "free NAME… [cpu N], free FRAME ORDER [cpu N]",
     "gives blocks back"},
    {"split", lab_cmd_split, true, true, "split NAME", "makes a block into single pages, NAME.0 …"},
    {"drain", lab_cmd_drain, true, true, "drain [cpu N]",
     "empties the per-cpu lists, of one cpu or all"},
    {"pcp", lab_cmd_pcp, true, true, "pcp high N batch N, pcp off", "sets the per-cpu lists"},
    {"watermark", lab_cmd_watermark, true, true, "watermark [min N] [low N] [high N]",
     "sets the watermarks"},
    {"reporting", lab_cmd_reporting, true, true,
     "reporting [order N] [capacity N] [budget N] [delay T] [rotate on|off] [patch p4|p7|p8] "
     "[putback rule|head|tail], reporting off",
     "turns page reporting on, or changes its knobs"},
    {"report", lab_cmd_report, true, true, "report", "runs one pass now"},
    {"advance", lab_cmd_advance, true, true, "advance 2s", "lets time pass; passes run as due"},
    {"map", lab_cmd_map, true, true, "map IOVA NAME, map IOVA FRAME PAGES",
     "maps memory for a device"},
    {"unmap", lab_cmd_unmap, true, true, "unmap IOVA [PAGES]", "removes a mapping"},
    {"pin", lab_cmd_pin, true, true, "pin IOVA [PAGES]", "pins mapped pages for a device"},
    {"unpin", lab_cmd_unpin, true, true, "unpin IOVA [PAGES]", "drops the pins"},
    {"rw", lab_cmd_rw, true, true, "rw IOVA LENGTH, rw IOVA \"text\"",
     "a device reads or writes through the map, without pinning"},
    {"dma", lab_cmd_dma, true, true, "dma IOVA LENGTH", "a device reads through its pin"},
    {"store", lab_cmd_store, true, true, "store NAME \"text\"", "the guest writes into a block"},
    {"load", lab_cmd_load, true, true, "load NAME", "the guest reads from a block"},
    {"show", lab_cmd_show, false, false,
     "show "
     "lists|tree|map|zone|zones|names|mappings|stats|buddyinfo|pagetypeinfo|unusable|extfrag|json "
     "[FILE], show svg FILE",
     "shows the state"},
    {"count", lab_cmd_count, false, true, "count COUNTER…", "shows single counters"},
    {"auto", lab_cmd_auto, false, false, "auto lists|tree|map|zone|off",
     "shows it after each step"},
    {"why", lab_cmd_why, false, false, "why", "explains the last step"},
    {"back", lab_cmd_back, false, false, "back [STEPS]", "undoes steps"},
    {"forth", lab_cmd_forth, false, false, "forth [STEPS]", "does them again"},
    {"play", lab_cmd_play, false, false, "play FILE", "runs a script, such as a lesson"},
    {"help", cmd_help, false, false, "help [COMMAND]", "says what there is"},
    {"quit", cmd_quit, false, false, "quit", "ends"},
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct lab_command *lab_command_list(size_t *count)
{
    *count = NR_COMMANDS;
    return commands;
}

const struct lab_command *lab_command_find(const char *name)
{
    for (size_t k = 0; k < NR_COMMANDS; k++) {
        if (!strcmp(commands[k].name, name)) {
            return &commands[k];
        }
    }
    return NULL;
}

static enum lab_result unknown_command(struct lab *lab, const char *word)
{
    const char *names[NR_COMMANDS + 1];
    size_t n = 0;
    for (size_t k = 0; k < NR_COMMANDS; k++) {
        if (isalpha((unsigned char)*commands[k].name)) {
            names[n++] = commands[k].name;
        }
    }
    names[n] = NULL;
    if (!strcmp(word, "=")) {
        return lab_fail(lab, LAB_BAD, "a name is missing: NAME = alloc ORDER");
    }
    const char *near = lab_nearest(word, names);
    return near ? lab_fail(lab, LAB_BAD, "unknown command '%s'; did you mean '%s'?", word, near)
                : lab_fail(lab, LAB_BAD, "unknown command '%s'; help lists them", word);
}

/* Limits and defaults; a test holds them to those that are checked. */
#define LIMITS                                                                                     \
    "  options with their limits (and defaults): pages 1 to 1048576 (64),\n"                       \
    "  max-order 1 to 13 (4), pageblock 1 to 13 (3; at most max-order),\n"                         \
    "  cpus 1 to 8 (1), high 0 to 100000 (0: no per-cpu lists), batch 1 to 1000 (1);\n"            \
    "  watermarks: min 0 to 1048576 (0), low 0 to 1048576 (0),\n"                                  \
    "  high-mark 0 to 1048576 (0); boost 0 to 100000 (0: none; Linux has 15000);\n"                \
    "  profile (v16, the kernel of the patches); nofragment: the first attempt\n"                  \
    "  takes no small block of another type;\n"
#define IOVA  "  an IOVA is an address in the device's view"
#define PAGES IOVA ", a multiple of the page size; PAGES: 1 to 512 (1)"
#define BYTES IOVA "; LENGTH: 1 to 64 bytes"

/* What only `help COMMAND` says, or NULL. */
static const char *more_help(const char *command)
{
    static const struct {
        const char *command, *text;
    } more[] = {
        {"zone", LIMITS "  start 0 to 1099511627776 (0), dma 1 to 1048576 (none; less than pages)"},
        {"guest", LIMITS "  pins (skip)"},
        {"map", IOVA ", a multiple of the page size"},
        {"unmap", PAGES},
        {"pin", PAGES},
        {"unpin", PAGES},
        {"rw", BYTES},
        {"dma", BYTES}};
    for (size_t k = 0; k < sizeof(more) / sizeof(more[0]); k++) {
        if (!strcmp(more[k].command, command)) {
            return more[k].text;
        }
    }
    return NULL;
}

static enum lab_result cmd_help(struct lab *lab, const struct lab_words *words)
{
    if (words->n > 1) {
        const struct lab_command *c = lab_command_find(words->word[1]);
        if (!c) {
            return unknown_command(lab, words->word[1]);
        }
        const char *more = more_help(c->name);
        lab_say(lab, "%s\n  %s%s%s", c->usage, c->help, more ? "\n" : "", more ? more : "");
        return LAB_OK;
    }
    for (size_t k = 0; k < NR_COMMANDS; k++) {
        if (isalpha((unsigned char)*commands[k].name)) {
            lab_say(lab, "%-10s %s", commands[k].name, commands[k].help);
        }
    }
    lab_say(lab, "Lines that begin with > are text, # begins a comment. help COMMAND says more.");
    return LAB_OK;
}

static enum lab_result cmd_quit(struct lab *lab, const struct lab_words *words)
{
    (void)lab;
    (void)words;
    return LAB_QUIT;
}

void lab_init(struct lab *lab, FILE *out, bool color)
{
    memset(lab, 0, sizeof(*lab));
    lab->out = out;
    lab->color = color;
    lab->width = 80;
}

void lab_destroy(struct lab *lab)
{
    lab_world_destroy(&lab->w);
    fpr_machine_destroy(lab->before);
    lab_imports_forget(lab, 0);
    for (size_t k = 0; k < lab->nr_history; k++) {
        free(lab->history[k]);
    }
    free(lab->history);
}

enum lab_result lab_line(struct lab *lab, const char *line)
{
    struct lab_words words;
    lab->error[0] = '\0';
    if (lab_text(lab, line)) {
        return LAB_OK;
    }
    enum lab_result r = lab_split(lab, line, &words);
    if (r || words.n == 0) {
        return r;
    }
    bool named = words.n > 1 && !strcmp(words.word[1], "=");
    const struct lab_command *c = lab_command_find(named ? "=" : words.word[0]);
    if (named && (words.n < 3 || strcmp(words.word[2], "alloc"))) {
        const char *const alloc[] = {"alloc", NULL};
        bool near = words.n > 2 && lab_nearest(words.word[2], alloc);
        return lab_fail(lab, LAB_BAD, "only an allocation can have a name: %s = alloc ORDER%s",
                        words.word[0], near ? "; did you mean 'alloc'?" : "");
    }
    if (!c || (!named && !isalpha((unsigned char)*words.word[0]))) {
        return unknown_command(lab, words.word[0]);
    }
    if (c->needs_zone && !lab->w.zone) {
        return lab_fail(lab, LAB_REFUSED, "nothing is there yet: begin with zone, guest or import");
    }
    return c->step ? lab_step(lab, line, c, &words) : c->run(lab, &words);
}
