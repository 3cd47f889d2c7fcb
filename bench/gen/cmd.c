#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <fpr/version.h>

#include "gen/gen.h"
#include "gen/make.h"
#include "out.h"
#include "stop.h"

enum { KEY_OUT = 'o', KEY_LIST = BENCH_KEY(1), KEY_PARAM = BENCH_KEY(100) };

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct gen_job *job = state->input;
    if (key >= KEY_PARAM && key < KEY_PARAM + GEN_MAX_PARAMS) {
        gen_job_set(job, (size_t)(key - KEY_PARAM), arg, "--");
        return 0;
    }
    if (key == KEY_OUT) {
        job->out = arg;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

/* "Memory of the guest, 64 to 65536 (1024)" */
static char *describe(const struct gen_job *job, size_t i)
{
    const struct gen_param *p = gen_param_at(job->workload, i);
    char *text = NULL;
    int n;
    if (!p->words) {
        n = asprintf(&text, "%s, %" PRIu64 " to %" PRIu64 " (%" PRIu64 ")", p->doc, p->min, p->max,
                     job->values[i]);
    } else if (p->words == gen_on_off) {
        n = asprintf(&text, "%s (%s)", p->doc, p->words[job->values[i]]);
    } else {
        char words[200] = "";
        size_t used = 0;
        for (size_t k = 0; p->words[k]; k++) {
            used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s", k ? ", " : "",
                                     p->words[k]);
        }
        n = asprintf(&text, "%s: %s (%s)", p->doc, words, p->words[job->values[i]]);
    }
    if (n < 0) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    return text;
}

static void parse_line(int argc, char **argv, struct gen_job *job)
{
    struct argp_option options[GEN_MAX_PARAMS + 4] = {
        {"output", KEY_OUT, "FILE.fprt", 0, "The native file to make", 1},
        {NULL, 0, NULL, 0, "The workload:", 2},
    };
    char *docs[GEN_MAX_PARAMS] = {NULL};
    size_t n = 2;
    for (int common = 0; common < 2; common++) {
        for (size_t i = common ? 0 : GEN_NR_COMMON; common ? i < GEN_NR_COMMON : true; i++) {
            const struct gen_param *p = gen_param_at(job->workload, i);
            if (!p) {
                break;
            }
            docs[i] = describe(job, i);
            options[n++] = (struct argp_option){p->name, KEY_PARAM + (int)i, p->unit, 0,
                                                docs[i], common ? 3 : 2};
        }
        if (!common) {
            options[n++] = (struct argp_option){NULL, 0, NULL, 0, "The guest:", 3};
        }
    }
    options[n] = (struct argp_option){0};
    const struct argp argp = {options, parse, NULL, job->workload->doc, NULL, NULL, NULL};
    bench_parse(&argp, argc, argv, job);
    for (size_t i = 0; i < GEN_MAX_PARAMS; i++) {
        free(docs[i]);
    }
}

static void list(FILE *to)
{
    for (const struct gen_workload *const *w = gen_workloads; *w; w++) {
        fprintf(to, "  %-12s %s\n", (*w)->name, (*w)->summary);
    }
}

static void help(void)
{
    printf("Usage: fpr-bench gen WORKLOAD -o FILE.fprt [OPTION...]\n"
           "  or:  fpr-bench gen --list\n"
           "Runs a workload on a simulated guest and records it as kernels are recorded, with the\n"
           "allocator's state before and after. The same line makes the same file, to the byte.\n\n"
           "Workloads:\n");
    list(stdout);
    printf("\nEvery workload has --help. As a source without a file, for replay and tune:\n"
           "  fpr-bench tune gen:memhog,mib=512,fill-mib=300,seed=3\n\n"
           "      --list                 Name the workloads\n"
           "  -?, --help                 Give this help\n"
           "      --usage                Give a short usage message\n"
           "  -V, --version              Print the version\n");
}

/* What can stand where a workload should. Returns whether that was all. */
static bool without_workload(const char *word)
{
    if (!strcmp(word, "--list")) {
        list(stdout);
    } else if (!strcmp(word, "--help") || !strcmp(word, "-?")) {
        help();
    } else if (!strcmp(word, "--usage")) {
        printf("Usage: fpr-bench gen WORKLOAD -o FILE.fprt [OPTION...]\n");
    } else if (!strcmp(word, "--version") || !strcmp(word, "-V")) {
        printf("fpr-bench (libfpr) %s\n", fpr_version());
    } else {
        return false;
    }
    return true;
}

static void tell(const struct gen_job *job, char *const *paths, const struct gen_outcome *outcomes)
{
    struct stat st;
    char size[32];
    for (size_t i = 0; i < job->values[GEN_GUESTS]; i++) {
        const struct gen_outcome *o = &outcomes[i];
        printf("written        %s: %.1f s of a guest of %" PRIu64 " MiB, %" PRIu64 " records, %s",
               paths[i], (double)o->span / (double)FPR_NS_PER_S, job->values[GEN_MIB], o->records,
               bench_size_text(stat(paths[i], &st) ? 0 : (uint64_t)st.st_size, size, sizeof(size)));
        if (o->failures) {
            printf("; %" PRIu64 " requests were refused", o->failures);
        }
        printf("\n");
    }
    printf("the same again ");
    gen_job_line(job, job->out, stdout);
    printf("\n");
}

int bench_gen(int argc, char **argv)
{
    if (argc < 2) {
        bench_die(BENCH_USAGE, "no workload given (fpr-bench gen --list names them)");
    }
    if (argc == 2 && without_workload(argv[1])) {
        return BENCH_OK;
    }
    if (argv[1][0] == '-' && argc == 2) {
        bench_die(BENCH_USAGE, "%s: unknown option (see --help)", argv[1]);
    }
    if (argv[1][0] == '-') {
        bench_die(BENCH_USAGE, "%s: the workload comes first (fpr-bench gen --list names them)",
                  argv[1]);
    }
    struct gen_job job;
    char program[64];
    const struct gen_workload *workload = gen_workload_find(argv[1], strlen(argv[1]), "");
    snprintf(program, sizeof(program), "fpr-bench gen %s", workload->name);
    bench_set_program(program);
    gen_job_init(&job, workload);
    parse_line(argc - 1, argv + 1, &job);
    gen_job_check(&job, "--");
    if (!job.out) {
        bench_die(BENCH_USAGE, "-o: no output file given");
    }
    bench_out_check_file("-o", job.out);
    job.stop = bench_stop_install();
    bench_stop_graceful(1);
    char **paths = gen_paths(&job);
    for (size_t i = 0; i < job.values[GEN_GUESTS]; i++) {
        bench_out_check_file("-o", paths[i]);
    }
    struct gen_outcome *outcomes = gen_make(&job, paths);
    tell(&job, paths, outcomes);
    gen_made_free(&job, paths, outcomes);
    bench_set_program("fpr-bench gen");
    return BENCH_OK;
}
