/* The memory that IOVA golden files speak of, its pattern and its hash. */
#ifndef TESTS_CONFORM_IOVA_ARENA_H
#define TESTS_CONFORM_IOVA_ARENA_H

#include <stddef.h>
#include <stdint.h>

enum {
    ARENA_NONE = 0x400000, /* from here on no access, */
    ARENA_RO = 0x410000,   /* then read-only, */
    ARENA_RW = 0x420000,   /* then read-write again */
    ARENA_SIZE = 0x440000,
};

/* Maps the arena; NULL and errno on failure. */
char *arena_new(void);
void arena_free(char *arena);
/* Puts pattern(0) everywhere. Returns 0 or a negative errno. */
int arena_fill(char *arena);

/* The first n bytes of pattern(seed). */
void pattern(void *to, size_t n, uint64_t seed);
/* 64-bit FNV-1a; start with FNV_START. */
#define FNV_START UINT64_C(0xcbf29ce484222325)
uint64_t fnv(uint64_t hash, const void *data, size_t n);

#endif
