/* Values that one thread at a time changes, under a lock, while others read them without. */
#ifndef BASE_ATOMIC_H
#define BASE_ATOMIC_H

#define read_relaxed(x)     __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define write_relaxed(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

/* Tells the processor that a loop waits for another one. */
static inline void fpr_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
