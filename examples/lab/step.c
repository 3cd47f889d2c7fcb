/* Steps, back and forth. A guest's memory and its IOVA map cannot be copied, but every step is
 * deterministic: stepping back builds the world anew from the steps before. What `why` compares
 * with is a copy of the machine. */
#include "lab.h"

#include <stdlib.h>
#include <string.h>

static void take_before(struct lab *lab)
{
    fpr_machine_destroy(lab->before);
    lab->before = NULL;
    lab->stats_before = (struct fpr_zone_stats){0};
    lab->report_before = (struct fpr_report_stats){0};
    if (lab->w.zone) {
        fpr_zone_get_stats(lab->w.zone, &lab->stats_before);
        if (fpr_machine_clone(lab->w.machine, &lab->before)) {
            lab->before = NULL;
        }
    }
    lab->guest_before = (struct fpr_guest_stats){0};
    if (lab->w.reporter) {
        fpr_reporter_get_stats(lab->w.reporter, &lab->report_before);
    }
    if (lab->w.guest) {
        fpr_guest_get_stats(lab->w.guest, &lab->guest_before);
    }
}

static enum lab_result run(struct lab *lab, const struct lab_command *command,
                           const struct lab_words *words)
{
    take_before(lab);
    lab_log_clear(&lab->log);
    lab->cpu = 0;
    enum lab_result r = command->run(lab, words);
    lab_listen(lab);
    return r;
}

static enum lab_result remember(struct lab *lab, const char *line)
{
    while (lab->nr_history > lab->done) { /* a new step: what was undone is gone */
        free(lab->history[--lab->nr_history]);
    }
    char *copy = strdup(line);
    char **grown = realloc(lab->history, (lab->done + 1) * sizeof(*grown));
    lab->history = grown ? grown : lab->history;
    if (!copy || !grown) {
        free(copy);
        return lab_fail(lab, LAB_REFUSED, "out of memory");
    }
    lab->history[lab->done++] = copy; /* analyzer: malloc-leak; it is in the history */
    lab->nr_history = lab->done;
    return LAB_OK;
}

static void run_again(struct lab *lab, const char *line, bool last)
{
    struct lab_words words;
    if (lab_split(lab, line, &words) || words.n == 0) {
        return;
    }
    bool named = words.n > 2 && !strcmp(words.word[1], "=");
    const struct lab_command *command = lab_command_find(named ? "=" : words.word[0]);
    if (command && last) {
        run(lab, command, &words);
    } else if (command) {
        command->run(lab, &words);
        lab_log_clear(&lab->log);
        lab_listen(lab);
    }
}

/* The world as it was after `steps` steps. */
static void go_to(struct lab *lab, size_t steps)
{
    bool quiet = lab->quiet;
    lab->quiet = lab->again = true;
    lab_world_destroy(&lab->w);
    fpr_machine_destroy(lab->before);
    lab->before = NULL;
    lab_log_clear(&lab->log);
    for (size_t k = 0; k < steps; k++) {
        lab->done = k;
        run_again(lab, lab->history[k], k + 1 == steps);
    }
    lab->quiet = quiet;
    lab->again = false;
    lab->done = steps;
}

enum lab_result lab_step(struct lab *lab, const char *line, const struct lab_command *command,
                         const struct lab_words *words)
{
    enum lab_result r = run(lab, command, words);
    if (!r) {
        r = remember(lab, line);
    } else if (lab->done) {
        go_to(lab, lab->done); /* a refused step changes nothing, and why tells of the one before */
    }
    if (!r && lab->auto_draw[0] && lab->w.zone) {
        lab_show(lab, lab->auto_draw, NULL);
    }
    return r;
}

static enum lab_result steps_of(struct lab *lab, const struct lab_words *words, uint64_t *n)
{
    *n = 1;
    if (words->n > 2) {
        return lab_fail(lab, LAB_BAD, "%s [STEPS]", words->word[0]);
    }
    return words->n == 2 ? lab_number(lab, "steps", words->word[1], 1, 1000000, n) : LAB_OK;
}

static enum lab_result too_far(struct lab *lab, size_t there, const char *way)
{
    return there ? lab_fail(lab, LAB_REFUSED, "only %zu step%s to go %s", there,
                            there == 1 ? "" : "s", way)
                 : lab_fail(lab, LAB_REFUSED, "no step to go %s", way);
}

static void say_where(struct lab *lab)
{
    lab_say(lab, "after step %zu of %zu%s%s", lab->done, lab->nr_history, lab->done ? ": " : "",
            lab->done ? lab->history[lab->done - 1] : "");
    if (lab->auto_draw[0] && lab->w.zone) {
        lab_show(lab, lab->auto_draw, NULL);
    }
}

enum lab_result lab_cmd_back(struct lab *lab, const struct lab_words *words)
{
    uint64_t n;
    enum lab_result r = steps_of(lab, words, &n);
    if (!r && n > lab->done) {
        r = too_far(lab, lab->done, "back");
    }
    if (!r) {
        go_to(lab, lab->done - n);
        say_where(lab);
    }
    return r;
}

enum lab_result lab_cmd_forth(struct lab *lab, const struct lab_words *words)
{
    uint64_t n;
    enum lab_result r = steps_of(lab, words, &n);
    if (!r && n > lab->nr_history - lab->done) {
        r = too_far(lab, lab->nr_history - lab->done, "forth");
    }
    if (!r) {
        go_to(lab, lab->done + n);
        say_where(lab);
    }
    return r;
}
