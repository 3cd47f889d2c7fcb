/* Checks of the IOVA map's own invariants, and what it tells tools that watch memory. */
#ifndef IOVA_CHECK_H
#define IOVA_CHECK_H

#include <stdlib.h>

#ifndef FPR_CHECK_LEVEL
#define FPR_CHECK_LEVEL 1
#endif

/* A broken invariant of ours: nothing sensible can follow. */
#define IOVA_ASSERT(cond)                                                                          \
    do {                                                                                           \
        if (FPR_CHECK_LEVEL >= 1 && !(cond))                                                       \
            abort();                                                                               \
    } while (0)

/* Helgrind knows locks but no C11 atomics, so words that readers reach without a lock are taken out
 * of its sight (build with -DFPR_VALGRIND=1). ThreadSanitizer knows them and checks them. */
#if defined(FPR_VALGRIND) && FPR_VALGRIND
#include <valgrind/helgrind.h>
#define IOVA_UNTRACKED(addr, size) VALGRIND_HG_DISABLE_CHECKING(addr, size)
#else
#define IOVA_UNTRACKED(addr, size) ((void)(addr), (void)(size))
#endif

#endif
