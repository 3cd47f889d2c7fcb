/* 64-bit mixing and hashing: for fingerprints and seeded choices, not against attackers. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <fpr/types.h>

/* The finalizer of splitmix64: every input bit reaches every output bit. */
static inline uint64_t fpr_mix64(uint64_t value)
{
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

/* Adds a value to a running hash; the order of values matters. */
static inline uint64_t fpr_hash_add(uint64_t hash, uint64_t value)
{
    return fpr_mix64(hash + 0x9e3779b97f4a7c15u + value);
}

/* splitmix64: the next number of a seeded sequence. */
static inline uint64_t fpr_random_next(uint64_t *state)
{
    return fpr_mix64(*state += 0x9e3779b97f4a7c15u);
}

#endif
