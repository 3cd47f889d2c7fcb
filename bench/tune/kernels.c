/* Recordings of several kernels: what can be set differs, so each kernel is a sweep of its own. */
#include <stdlib.h>
#include <string.h>

#include "tune.h"

const char *tune_kernel_name(const struct tune_trace *trace)
{
    return trace->release[0] ? trace->release : trace->profile;
}

bool tune_same_kernel(const struct tune_trace *a, const struct tune_trace *b)
{
    return !strcmp(a->release, b->release) && !strcmp(a->profile, b->profile);
}

/* The sweep of this kernel, made if it is the first of it. */
static struct tune_sweep *kernel_of(struct tune_kernels *kernels, const struct tune_sweep *sweep,
                                    const struct tune_trace *trace)
{
    for (size_t k = 0; k < kernels->count; k++) {
        if (tune_same_kernel(&kernels->each[k].traces[0], trace)) {
            return &kernels->each[k];
        }
    }
    struct tune_sweep *one = &kernels->each[kernels->count++];
    *one = *sweep;
    one->traces = tune_alloc(sweep->nr_traces, sizeof(*one->traces));
    one->totals = tune_alloc(sweep->nr_settings, sizeof(*one->totals));
    one->nr_traces = 0;
    return one;
}

void tune_kernels_split(const struct tune_sweep *sweep, struct tune_kernels *kernels)
{
    kernels->count = 0;
    kernels->each = tune_alloc(sweep->nr_traces, sizeof(*kernels->each));
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        if (tune_counts(&sweep->traces[t])) {
            struct tune_sweep *one = kernel_of(kernels, sweep, &sweep->traces[t]);
            one->traces[one->nr_traces++] = sweep->traces[t];
        }
    }
    for (size_t k = 0; k < kernels->count; k++) {
        tune_sweep_mark(&kernels->each[k]);
        tune_advise_kernel(&kernels->each[k]);
    }
}

void tune_kernels_free(struct tune_kernels *kernels)
{
    for (size_t k = 0; k < kernels->count; k++) {
        free(kernels->each[k].traces); /* what they point to is the whole sweep's */
        free(kernels->each[k].totals);
    }
    free(kernels->each);
}
