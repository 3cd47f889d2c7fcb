/* Values that one thread at a time changes, under a lock, while others read them without. */
#ifndef BASE_ATOMIC_H
#define BASE_ATOMIC_H

#include <stddef.h>

#define read_relaxed(x)     __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define write_relaxed(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

/* For tests that play threads against each other, which build the sources once more with other
 * definitions (tests/support/interleave_hooks.h): a place beside the locks where it matters whether
 * another thread gets in between; a loop that waits for another thread; a store that others may see
 * late, and their load of it; what makes it seen. Of objects of stdatomic.h. */
#ifndef FPR_HOOKED
#define fpr_race_point()          ((void)0)
#define fpr_spin_point()          ((void)0)
#define fpr_store_late(object, v) atomic_store_explicit(object, v, memory_order_release)
#define fpr_load_others(object)   atomic_load_explicit(object, memory_order_seq_cst)
#define fpr_full_fence()          atomic_thread_fence(memory_order_seq_cst)
#endif

/* Tells the processor that a loop waits for another one. */
static inline void fpr_pause(void)
{
    fpr_spin_point();
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Helgrind and DRD know locks but take an atomic access for a plain one: builds with internal
 * checks tell them where such accesses are meant. */
#if defined(FPR_CHECK_LEVEL) && FPR_CHECK_LEVEL >= 2
void fpr_tell_helgrind(const void *at, size_t size);
void fpr_tell_drd(const void *at, size_t size);

static inline void fpr_expect_atomics(const void *at, size_t size)
{
    fpr_tell_helgrind(at, size);
    fpr_tell_drd(at, size);
}
#else
static inline void fpr_expect_atomics(const void *at, size_t size)
{
    (void)at;
    (void)size;
}
#endif

#endif
