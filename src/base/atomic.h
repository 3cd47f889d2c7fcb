/* Values that one thread at a time changes, under a lock, while others read them without. */
#ifndef BASE_ATOMIC_H
#define BASE_ATOMIC_H

#define read_relaxed(x)     __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define write_relaxed(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

#endif
