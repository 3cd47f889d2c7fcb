#include "trace/source.h"

#include "trace/error.h"
#include "trace/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Far above what any machine of today gives; a guard against reading something else. */
#define PART_LIMIT ((size_t)1 << 32)

bool fpr_source_is_stream(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

int fpr_source_find(const char *folder, const char *name, char *path, size_t size)
{
    static const char *const suffixes[] = {"", ".gz", ".zst"};
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        struct stat st;
        int len = snprintf(path, size, "%s/%s%s", folder, name, suffixes[i]);
        if (len > 0 && (size_t)len < size && stat(path, &st) == 0 &&
            (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode)))
            return 0;
    }
    return -ENOENT;
}

int fpr_source_get(const struct fpr_source *src, const char *name, char *path, size_t path_size,
                   char **data, size_t *size, struct fpr_trace_error *error)
{
    if (!src->trace) {
        int rc = fpr_source_find(src->path, name, path, path_size);
        return rc < 0 ? rc : fpr_input_slurp(path, PART_LIMIT, data, size, error);
    }
    const void *attached;
    snprintf(path, path_size, "%s(%s)", src->path, name);
    int rc = fpr_trace_attachment(src->trace, name, &attached, size);
    if (rc == -ENOENT)
        return rc;
    if (rc < 0)
        return fpr_trace_error_set(error, rc, path, 0, NULL, "the attachment cannot be unpacked");
    *data = malloc(*size + 1);
    if (!*data)
        return fpr_trace_error_set(error, -ENOMEM, path, 0, NULL, "out of memory");
    if (*size)
        memcpy(*data, attached, *size);
    (*data)[*size] = '\0';
    return 0;
}
