#include "gen/make.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *room(size_t count, size_t size)
{
    void *p = calloc(count, size);
    if (!p) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    return p;
}

char **gen_paths(const struct gen_job *job)
{
    size_t guests = job->values[GEN_GUESTS];
    char **paths = room(guests, sizeof(*paths));
    const char *slash = strrchr(job->out, '/'), *dot = strrchr(job->out, '.');
    size_t stem = dot && dot != job->out && (!slash || dot > slash + 1) ? (size_t)(dot - job->out)
                                                                        : strlen(job->out);
    for (size_t i = 0; i < guests; i++) {
        int n = guests == 1 ? asprintf(&paths[i], "%s", job->out)
                            : asprintf(&paths[i], "%.*s-%zu%s", (int)stem, job->out, i + 1,
                                       job->out + stem);
        if (n < 0) {
            bench_die(BENCH_FAILED, "out of memory");
        }
    }
    return paths;
}

struct making {
    struct fpr_trace_writer **writers;
    size_t count;
    struct fpr_trace_error error;
};

/* Unfinished files go before the program does. */
static _Noreturn void give_up(struct making *m, const char *path, int err)
{
    int why = errno; /* of the writer's -EIO */
    for (size_t i = 0; i < m->count; i++) {
        fpr_trace_writer_close(m->writers[i]);
    }
    if (err == -EINTR) {
        bench_die(BENCH_FAILED, "interrupted: no file was written");
    }
    if (!m->error.file[0]) {
        snprintf(m->error.file, sizeof(m->error.file), "%.255s", path);
    }
    if (m->error.reason[0]) { /* a folder that is not there is no input file */
        bench_die(BENCH_FAILED, "%s: %s", m->error.file, m->error.reason);
    }
    bench_die(BENCH_FAILED, "%s: %s", m->error.file, strerror(err == -EIO && why ? why : -err));
}

/* A rehearsal tells what the last state is, which stands before the records in the file. */
static void make_one(const struct gen_job *job, size_t i, const char *path, struct making *m,
                     struct gen_outcome *outcome)
{
    struct gen_outcome rehearsed;
    int err = fpr_trace_writer_open(path, &m->writers[i], &m->error);
    if (!err) {
        err = gen_guest_run(job, (unsigned)i, NULL, NULL, &rehearsed);
    }
    if (!err) {
        err = gen_guest_run(job, (unsigned)i, &rehearsed, m->writers[i], outcome);
    }
    if (err) {
        give_up(m, path, err);
    }
    if (rehearsed.after.size != outcome->after.size ||
        memcmp(rehearsed.after.data, outcome->after.data, outcome->after.size) != 0) {
        snprintf(m->error.reason, sizeof(m->error.reason),
                 "two runs of the same workload ended differently");
        give_up(m, path, -EIO);
    }
    gen_outcome_free(&rehearsed);
}

struct gen_outcome *gen_make(const struct gen_job *job, char *const *paths)
{
    struct making m = {.count = job->values[GEN_GUESTS]};
    struct gen_outcome *outcomes = room(m.count, sizeof(*outcomes));
    m.writers = room(m.count, sizeof(struct fpr_trace_writer *));
    for (size_t i = 0; i < m.count; i++) {
        make_one(job, i, paths[i], &m, &outcomes[i]);
    }
    for (size_t i = 0; i < m.count; i++) {
        int err = fpr_trace_writer_commit(m.writers[i]);
        if (err) {
            give_up(&m, paths[i], err);
        }
    }
    for (size_t i = 0; i < m.count; i++) {
        fpr_trace_writer_close(m.writers[i]);
    }
    free(m.writers);
    return outcomes;
}

void gen_made_free(const struct gen_job *job, char **paths, struct gen_outcome *outcomes)
{
    for (size_t i = 0; i < job->values[GEN_GUESTS]; i++) {
        gen_outcome_free(&outcomes[i]);
        free(paths[i]);
    }
    free(outcomes);
    free(paths);
}
