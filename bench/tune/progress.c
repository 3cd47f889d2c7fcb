#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tune.h"

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void tune_progress_begin(struct tune_progress *progress, size_t total)
{
    memset(progress, 0, sizeof(*progress));
    progress->on = isatty(STDERR_FILENO);
    progress->total = total;
    progress->start_ns = now();
}

void tune_progress_step(struct tune_progress *progress, const char *what)
{
    progress->done++;
    if (!progress->on || !progress->total) {
        return;
    }
    enum { WIDTH = 30 };
    char bar[WIDTH + 1];
    size_t full = progress->done * WIDTH / progress->total;
    memset(bar, '#', full);
    memset(bar + full, '.', WIDTH - full);
    bar[WIDTH] = '\0';
    double spent = (double)(now() - progress->start_ns) / 1e9;
    double left = spent / (double)progress->done * (double)(progress->total - progress->done);
    fprintf(stderr, "\r[%s] %zu of %zu  about %.0f s left  %.32s\033[K", bar, progress->done,
            progress->total, left, what);
    fflush(stderr);
}

void tune_progress_end(struct tune_progress *progress)
{
    if (progress->on) {
        fprintf(stderr, "\r\033[K");
        fflush(stderr);
    }
}
