/* Where the parts of a recording come from: a folder, or the attachments of a native file. */
#ifndef TRACE_SOURCE_H
#define TRACE_SOURCE_H

#include <fpr/trace.h>

struct fpr_source {
    const char *path;        /* of the folder or the native file */
    struct fpr_trace *trace; /* the native file, open; NULL: a folder */
};

/* Whether this can be read once only: a pipe or the like, no file and no folder. */
bool fpr_source_is_stream(const char *path);
/* Finds a file in a folder, plain, .gz or .zst. @return 0 and its path, -ENOENT */
int fpr_source_find(const char *folder, const char *name, char *path, size_t size);
/* Reads a part, decompressed, into memory of its own with a NUL behind it; `path` tells where it
 * came from. @return 0, -ENOENT (there is none; `error` is left alone), -errno */
int fpr_source_get(const struct fpr_source *src, const char *name, char *path, size_t path_size,
                   char **data, size_t *size, struct fpr_trace_error *error);

#endif
