#include "fuzz/support/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void check_record(const struct fpr_trace_record *r)
{
    if ((unsigned)r->type >= FPR_NR_TRACE_TYPES || r->order > FPR_MAX_ORDER ||
        (r->sg && r->nr > FPR_TRACE_MAX_SG)) {
        abort();
    }
}

void fuzz_read_trace(const uint8_t *data, size_t size, enum fpr_trace_format format)
{
    char path[64];
    struct fpr_trace *t;
    struct fpr_trace_record r;
    struct fpr_trace_error e;
    int fd = memfd_create("trace", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct fpr_trace_options options = {.format = format};
    if (fpr_trace_open(path, &options, &t, &e) == 0) {
        const void *attached;
        size_t attached_size;
        fpr_trace_attachment(t, "phases.txt", &attached, &attached_size);
        while (fpr_trace_next(t, &r, &e) > 0) {
            check_record(&r);
        }
        fpr_trace_close(t);
    }
    close(fd);
}
