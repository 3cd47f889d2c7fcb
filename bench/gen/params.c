/* Workloads by name, and their parameters. */
#include <inttypes.h>
#include <string.h>

#include "gen/gen.h"
#include "near.h"

const struct gen_workload *const gen_workloads[] = {
    &gen_compile, &gen_memhog, &gen_page_fault1, &gen_page_fault2, &gen_kv, &gen_fragment, NULL};

const char *const gen_on_off[] = {"off", "on", NULL};

/* In the order of the table of releases in guest.c. */
static const char *const profiles[] = {"v16",       "linux-5.10", "linux-5.14",
                                       "linux-6.1", "linux-6.12", NULL};

const struct gen_param gen_common_params[GEN_NR_COMMON] = {
    [GEN_MIB] = {"mib", "MIB", "Memory of the guest", 64, 65536, 0, NULL},
    [GEN_SEED] = {"seed", "N", "Of everything that is left to chance; guest K of several has N+K-1",
                  0, UINT32_MAX, 1, NULL},
    [GEN_PROFILE] = {"profile", "NAME", "Kernel whose rules the guest has", 0, 0, 3, profiles},
    [GEN_CPUS] = {"cpus", "N", "CPUs of the guest: task K runs on CPU K modulo N", 1, 64, 1, NULL},
    [GEN_REPORTING] = {"reporting", "on|off", "Is free memory reported?", 0, 0, 1, gen_on_off},
    [GEN_ORDER] = {"order", "N", "Lowest order reported", 0, 10, 9, NULL},
    [GEN_IDLE] = {"idle-s", "S", "Seconds of quiet after the workload", 0, 3600, 0, NULL},
    [GEN_GUESTS] = {"guests", "N", "So many guests, a file each: FILE-1.fprt and so on", 1, 64, 1,
                    NULL},
    [GEN_STAGGER] = {"stagger-s", "S", "Seconds by which each guest begins after the one before", 0,
                     3600, 10, NULL},
};

const struct gen_param *gen_param_at(const struct gen_workload *workload, size_t i)
{
    if (i < GEN_NR_COMMON) {
        return &gen_common_params[i];
    }
    return i - GEN_NR_COMMON < workload->nr_params ? &workload->params[i - GEN_NR_COMMON] : NULL;
}

const uint64_t *gen_own(const struct gen_job *job)
{
    return job->values + GEN_NR_COMMON;
}

void gen_job_init(struct gen_job *job, const struct gen_workload *workload)
{
    memset(job, 0, sizeof(*job));
    job->workload = workload;
    const struct gen_param *p;
    for (size_t i = 0; i < GEN_MAX_PARAMS && (p = gen_param_at(workload, i)); i++) {
        job->values[i] = p->preset;
    }
    job->values[GEN_MIB] = workload->mib;
    job->values[GEN_IDLE] = workload->idle_s;
}

void gen_job_set(struct gen_job *job, size_t i, const char *text, const char *prefix)
{
    const struct gen_param *p = gen_param_at(job->workload, i);
    char option[80];
    /* analyzer: null-dereference; whoever sets a parameter has found it */
    snprintf(option, sizeof(option), "%s%s", prefix, p->name);
    job->values[i] =
        p->words ? bench_word(option, text, p->words) : bench_number(option, text, p->min, p->max);
}

void gen_job_check(const struct gen_job *job, const char *prefix)
{
    const char *option = "mib";
    uint64_t need = job->workload->needs(gen_own(job), &option), mib = job->values[GEN_MIB];
    uint64_t most = mib * 85 / 100; /* the rest is the booted kernel's, or kept back */
    if (need > most) {
        bench_die(BENCH_USAGE,
                  "%s%s: the workload needs %" PRIu64 " MiB, and of %smib=%" PRIu64
                  " it can have %" PRIu64,
                  prefix, option, need, *prefix == '-' ? prefix : "", mib, most);
    }
}

/* As a shell reads one word. */
static void quoted(const char *word, FILE *to)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=./:,@%";
    if (*word && !word[strspn(word, plain)]) {
        fputs(word, to);
        return;
    }
    fputc('\'', to);
    for (; *word; word++) {
        *word == '\'' ? (void)fputs("'\\''", to) : (void)fputc(*word, to);
    }
    fputc('\'', to);
}

void gen_job_line(const struct gen_job *job, const char *out, FILE *to)
{
    const struct gen_param *p;
    fprintf(to, "fpr-bench gen %s", job->workload->name);
    for (size_t i = 0; (p = gen_param_at(job->workload, i)); i++) {
        if (p->words) {
            fprintf(to, " --%s=%s", p->name, p->words[job->values[i]]);
        } else if ((i != GEN_GUESTS && i != GEN_STAGGER) || job->values[GEN_GUESTS] > 1) {
            fprintf(to, " --%s=%" PRIu64, p->name, job->values[i]);
        }
    }
    fprintf(to, " -o ");
    quoted(out, to);
}

const struct gen_workload *gen_workload_find(const char *name, size_t length, const char *prefix)
{
    struct bench_near near = {.best = NULL};
    char meant[64];
    for (const struct gen_workload *const *w = gen_workloads; *w; w++) {
        if (strlen((*w)->name) == length && !strncmp((*w)->name, name, length)) {
            return *w;
        }
        bench_near_look(&near, name, length, (*w)->name);
    }
    bench_die(BENCH_USAGE, "%s'%.*s': no such workload (there are %s)%s", prefix, (int)length, name,
              near.all, bench_near_text(&near, meant, sizeof(meant)));
}
