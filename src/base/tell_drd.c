/* Apart from tell_helgrind.c because the two tools' headers define the same names. */
#include "base/atomic.h"

#if defined(FPR_CHECK_LEVEL) && FPR_CHECK_LEVEL >= 2

#if __has_include(<valgrind/drd.h>)
#include <valgrind/drd.h>
#endif

void fpr_tell_drd(const void *at, size_t size)
{
#ifdef ANNOTATE_BENIGN_RACE_SIZED
    ANNOTATE_BENIGN_RACE_SIZED(at, size, "relaxed atomics");
#else
    (void)at;
    (void)size;
#endif
}

#else
typedef int fpr_nothing_to_tell; /* a file may not be empty */
#endif
