/* Any bytes as results of tune, CSV or JSON, as merge reads them. What is read is written again; if
 * that can be read back (not, for example, if a recording occurs twice), it must say the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/support/ending.h"
#include "tune/tune.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct job {
    const char *text;
    struct tune_sweep sweep;
};

static void read_text(void *ctx)
{
    struct job *job = ctx;
    tune_sweep_init(&job->sweep);
    if (job->text[0] == '{') {
        tune_read_json("in", job->text, &job->sweep);
    } else {
        tune_read_csv("in", job->text, &job->sweep);
    }
}

static char *write_csv(struct tune_sweep *sweep)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to) {
        abort();
    }
    tune_csv(sweep, to);
    fclose(to);
    return text;
}

static void check_again(struct job *job)
{
    int status;
    tune_sweep_mark(&job->sweep);
    tune_advise(&job->sweep);
    char *first = write_csv(&job->sweep);
    struct job again = {.text = first};
    if (fuzz_run_to_exit(read_text, &again, &status)) {
        free(first);
        return;
    }
    tune_sweep_mark(&again.sweep);
    tune_advise(&again.sweep);
    char *second = write_csv(&again.sweep);
    if (strcmp(first, second) != 0) {
        fprintf(stderr, "read and written again it is another:\n%s---\n%s", first, second);
        abort();
    }
    tune_sweep_free(&again.sweep);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int status = 0;
    char *text = malloc(size + 1);
    if (!text) {
        abort();
    }
    memcpy(text, data, size);
    text[size] = '\0';
    struct job job = {.text = text};
    bench_set_quiet(true);
    if (fuzz_run_to_exit(read_text, &job, &status)) {
        if (status != BENCH_USAGE) {
            abort();
        }
    } else {
        check_again(&job);
        tune_sweep_free(&job.sweep);
    }
    free(text);
    return 0;
}
