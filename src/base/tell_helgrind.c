/* Apart from tell_drd.c because the two tools' headers define the same names. */
#include "base/atomic.h"

#if defined(FPR_CHECK_LEVEL) && FPR_CHECK_LEVEL >= 2

#if __has_include(<valgrind/helgrind.h>)
#include <valgrind/helgrind.h>
#endif

void fpr_tell_helgrind(const void *at, size_t size)
{
#ifdef VALGRIND_HG_DISABLE_CHECKING
    VALGRIND_HG_DISABLE_CHECKING(at, size);
#else
    (void)at;
    (void)size;
#endif
}

#else
typedef int fpr_nothing_to_tell; /* a file may not be empty */
#endif
