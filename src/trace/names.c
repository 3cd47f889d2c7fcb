#include <fpr/trace.h>

const char *fpr_trace_type_name(enum fpr_trace_type type)
{
    static const char *const names[] = {
#define FPR_X(symbol, name) [symbol] = name,
        FPR_TRACE_TYPES(FPR_X)
#undef FPR_X
    };
    return (unsigned)type < FPR_NR_TRACE_TYPES ? names[type] : NULL;
}
