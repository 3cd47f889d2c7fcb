#include "conform.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool conform_fail(struct conform_result *result, unsigned long line, const char *format, ...)
{
    if (result->reason[0]) {
        return false;
    }
    result->ok = false;
    result->line = line;
    va_list args;
    va_start(args, format);
    vsnprintf(result->reason, sizeof(result->reason), format, args);
    va_end(args);
    return false;
}

void conform_detail(struct conform_result *result, const char *format, ...)
{
    size_t used = strlen(result->detail);
    size_t room = sizeof(result->detail) - used;
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(result->detail + used, room, format, args);
    va_end(args);
    if (wanted < 0 || (size_t)wanted >= room) {
        result->detail[used] = '\0'; /* a line that does not fit is left out whole */
    }
}
