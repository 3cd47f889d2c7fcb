/* Internal checks. A caller's mistake is an error code; a broken invariant of our own aborts. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include <stdint.h>

#ifndef FPR_CHECK_LEVEL
#define FPR_CHECK_LEVEL 1
#endif

/* Says on stderr which check failed, with both numbers, and aborts. */
_Noreturn void fpr_check_failed(const char *file, int line, const char *text, uint64_t left,
                                uint64_t right);

/* Level 1: cheap enough for release builds. */
#if FPR_CHECK_LEVEL >= 1
#define FPR_CHECK_EQ(a, b)                                                                         \
    do {                                                                                           \
        uint64_t check_a_ = (uint64_t)(a), check_b_ = (uint64_t)(b);                               \
        if (__builtin_expect(check_a_ != check_b_, 0)) {                                           \
            fpr_check_failed(__FILE__, __LINE__, #a " == " #b, check_a_, check_b_);                \
        }                                                                                          \
    } while (0)
#else
#define FPR_CHECK_EQ(a, b) ((void)(a), (void)(b))
#endif

/* Level 2: debug builds. */
#if FPR_CHECK_LEVEL >= 2
#define FPR_DEBUG_EQ(a, b) FPR_CHECK_EQ(a, b)
#else
#define FPR_DEBUG_EQ(a, b) ((void)sizeof(a), (void)sizeof(b))
#endif

/* Code that is seldom run is kept out of the way of code that often is. */
#define fpr_cold __attribute__((noinline, cold))

/* A path of its own, so that its registers cost the other paths nothing. */
#define fpr_apart __attribute__((noinline))

/* Makes the compiler forget what it knows of a value, so that it neither works it out anew nor
 * keeps what it read through it in a register: on paths where that would cost more steps. */
#define fpr_opaque(x) __asm__("" : "+r"(x))

#define fpr_likely(x)   __builtin_expect(!!(x), 1)
#define fpr_unlikely(x) __builtin_expect(!!(x), 0)

#endif
