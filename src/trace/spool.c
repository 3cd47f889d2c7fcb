#include "trace/spool.h"

#include "trace/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_unread(struct fpr_input *in, int fd)
{
    while (in->begin < in->end) {
        ssize_t n = write(fd, in->buf + in->begin, in->end - in->begin);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -EIO;
        in->begin += (size_t)n;
    }
    return 0;
}

int fpr_spool(struct fpr_input *in, int *fd, struct fpr_trace_error *error)
{
    char path[512];
    const char *folder = getenv("TMPDIR");
    int len = snprintf(path, sizeof(path), "%s/fpr-traceXXXXXX", folder ? folder : "/tmp");
    int copy = len > 0 && (size_t)len < sizeof(path) ? mkstemp(path) : -1;
    if (copy < 0)
        return fpr_trace_error_set(error, -EIO, in->path, 0, NULL,
                                   "no place for a decompressed copy in %.80s",
                                   folder ? folder : "/tmp");
    unlink(path);
    int rc;
    do {
        rc = write_unread(in, copy);
        if (rc < 0)
            fpr_trace_error_set(error, rc, in->path, 0, NULL,
                                "cannot write a decompressed copy to %.80s: %s",
                                folder ? folder : "/tmp", strerror(errno));
        else
            rc = fpr_input_fill(in, error);
    } while (rc > 0);
    if (rc < 0) {
        close(copy);
        return rc;
    }
    *fd = copy;
    return 0;
}
