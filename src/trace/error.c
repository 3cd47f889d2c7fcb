#include "trace/error.h"

#include <stdarg.h>
#include <stdio.h>

int fpr_trace_error_set(struct fpr_trace_error *error, int code, const char *file, uint64_t line,
                        const char *field, const char *format, ...)
{
    if (!error)
        return code;
    /* The end of a long path says more than its beginning. */
    size_t len = 0;
    while (file[len])
        len++;
    if (len >= sizeof(error->file))
        snprintf(error->file, sizeof(error->file), "...%s", file + len - (sizeof(error->file) - 4));
    else
        snprintf(error->file, sizeof(error->file), "%s", file);
    error->line = line;
    snprintf(error->field, sizeof(error->field), "%s", field ? field : "");
    va_list args;
    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): the analyser does not see va_start */
    vsnprintf(error->reason, sizeof(error->reason), format, args);
    va_end(args);
    return code;
}
