/* Recordings that are made on the spot, from a name that says how. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gen/make.h"
#include "gen/source.h"
#include "near.h"
#include "stop.h"

static const char prefix[] = "gen:";

bool gen_is_source(const char *path)
{
    return !strncmp(path, prefix, sizeof(prefix) - 1);
}

/* No such parameter: the message names those that there are. */
static _Noreturn void unknown(const struct gen_job *job, const char *word, size_t length)
{
    const struct gen_param *p;
    struct bench_near near = {.best = NULL};
    char meant[64];
    for (size_t i = 0; (p = gen_param_at(job->workload, i)); i++) {
        if (i == GEN_GUESTS || i == GEN_STAGGER) {
            continue; /* a source is one guest */
        }
        bench_near_look(&near, word, length, p->name);
    }
    bench_die(BENCH_USAGE, "gen:%s: '%.*s': no such parameter (there are %s)%s",
              job->workload->name, (int)length, word, near.all,
              bench_near_text(&near, meant, sizeof(meant)));
}

/* `given` has a bit for each parameter that was set. */
static void set_word(struct gen_job *job, const char *word, size_t length, uint64_t *given)
{
    const struct gen_param *p;
    const char *equals = memchr(word, '=', length);
    size_t name = equals ? (size_t)(equals - word) : length, i = 0;
    char value[64], begin[32];
    while ((p = gen_param_at(job->workload, i)) &&
           (strlen(p->name) != name || strncmp(p->name, word, name) != 0)) {
        i++;
    }
    if (!p && length) {
        unknown(job, word, name);
    }
    if (!equals || length - name > sizeof(value)) {
        bench_die(BENCH_USAGE, "gen:%s: '%.*s' is not NAME=VALUE", job->workload->name, (int)length,
                  word);
    }
    if (*given >> i & 1) {
        bench_die(BENCH_USAGE, "gen:%s: %.*s: given twice", job->workload->name, (int)name, word);
    }
    *given |= (uint64_t)1 << i;
    snprintf(value, sizeof(value), "%.*s", (int)(length - name - 1), equals + 1);
    snprintf(begin, sizeof(begin), "gen:%s: ", job->workload->name);
    gen_job_set(job, i, value, begin);
}

static void read_source(const char *path, struct gen_job *job)
{
    const char *word = path + sizeof(prefix) - 1;
    size_t length = strcspn(word, ",");
    uint64_t given = 0;
    char begin[32];
    gen_job_init(job, gen_workload_find(word, length, "gen:"));
    for (word += length; *word; word += length) {
        length = strcspn(++word, ",");
        set_word(job, word, length, &given);
    }
    if (job->values[GEN_GUESTS] != 1) {
        bench_die(BENCH_USAGE, "%s: guests: a source is one guest", path);
    }
    snprintf(begin, sizeof(begin), "gen:%s: ", job->workload->name);
    gen_job_check(job, begin);
}

void gen_source_check(const char *path)
{
    struct gen_job job;
    read_source(path, &job);
}

int gen_source_open(const char *source)
{
    struct gen_job job;
    char *name;
    const char *folder = getenv("TMPDIR");
    read_source(source, &job);
    if (asprintf(&name, "%s/fpr-gen-%ld.fprt", folder && *folder ? folder : "/tmp",
                 (long)getpid()) < 0) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    job.out = name;
    job.stop = bench_stop_install();
    bench_stop_graceful(1);
    char **paths = gen_paths(&job);
    gen_made_free(&job, paths, gen_make(&job, paths));
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        bench_die(BENCH_FAILED, "%s: %s", name, strerror(errno));
    }
    unlink(name);
    free(name);
    return fd;
}

void gen_source_name_error(const char *name, const char *path, struct fpr_trace_error *error)
{
    if (!strncmp(error->file, name, strlen(name))) {
        snprintf(error->file, sizeof(error->file), "%.255s", path);
    }
}

uint64_t bench_lost(const struct fpr_prepared *prepared)
{
    const struct fpr_recording *rec = fpr_prepared_recording(prepared);
    struct fpr_trace_summary summary;
    uint64_t lost = rec ? rec->lost_events : 0;
    if (!fpr_prepared_summary(prepared, &summary) && summary.lost_events > lost) {
        lost = summary.lost_events;
    }
    return lost;
}

int bench_prepare(const char *path, const struct fpr_trace_options *options,
                  struct fpr_prepared **prepared, struct fpr_trace_error *error)
{
    if (!gen_is_source(path)) {
        return fpr_prepare(path, options, prepared, error);
    }
    char name[32];
    int fd = gen_source_open(path);
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    int err = fpr_prepare(name, options, prepared, error);
    close(fd);
    gen_source_name_error(name, path, error);
    return err;
}
