/* fpr-bench: replay recorded traces, choose settings, measure the library. */
#include <stdio.h>
#include <string.h>

#include <fpr/version.h>

#include "cli.h"
#include "near.h"

static const struct bench_command commands[] = {
    {"tune", "try many settings of reporting on recordings and recommend one", bench_tune},
    {"replay", "replay one recording and say how right the model was", bench_replay},
    {"import", "turn a recording into one native file, and check it", bench_import},
    {"gen", "make a recording of a seeded workload, without a guest", bench_gen},
    {"merge", "join the shares of a sweep (tune --shard)", bench_merge},
    {"series", "repeat the patch series' experiment on real memory", bench_series},
    {"overcommit", "several guests on a host with less memory than theirs", bench_overcommit},
    {"micro", "measure the library's own speed", bench_micro},
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(FILE *to)
{
    fprintf(to, "Usage: fpr-bench COMMAND [OPTION...]\n"
                "Free page reporting on recorded page traces, in userspace.\n\nCommands:\n");
    for (size_t i = 0; i < NR_COMMANDS; i++) {
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
    }
    fprintf(to, "\nEvery command has --help. Exit status: 0 done, 1 failed, 2 usage or input.\n");
}

static int dispatch(int argc, char **argv)
{
    for (size_t i = 0; i < NR_COMMANDS; i++) {
        if (!strcmp(argv[1], commands[i].name)) {
            static char program[64]; /* lives as long as the messages that name it */
            snprintf(program, sizeof(program), "fpr-bench %s", commands[i].name);
            bench_set_program(program);
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    char meant[64];
    struct bench_near near = {.best = NULL};
    for (size_t i = 0; i < NR_COMMANDS; i++) {
        bench_near_look(&near, argv[1], strlen(argv[1]), commands[i].name);
    }
    bench_die(BENCH_USAGE, "%s: no such command (see fpr-bench --help)%s", argv[1],
              bench_near_text(&near, meant, sizeof(meant)));
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        bench_die(BENCH_USAGE, "no command given (see fpr-bench --help)");
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-?") || !strcmp(argv[1], "help")) {
        help(stdout);
        return BENCH_OK;
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
        printf("fpr-bench (libfpr) %s\n", fpr_version());
        return BENCH_OK;
    }
    return dispatch(argc, argv);
}

int main(int argc, char **argv)
{
    bench_begin();
    return bench_end(run(argc, argv));
}
