/* Checks of the IOVA map's own invariants. */
#ifndef IOVA_CHECK_H
#define IOVA_CHECK_H

#include <stdlib.h>

#include "base/atomic.h"

#ifndef FPR_CHECK_LEVEL
#define FPR_CHECK_LEVEL 1
#endif

/* A broken invariant of ours: nothing sensible can follow. */
#define IOVA_ASSERT(cond)                                                                          \
    do {                                                                                           \
        if (FPR_CHECK_LEVEL >= 1 && !(cond))                                                       \
            abort();                                                                               \
    } while (0)

#endif
