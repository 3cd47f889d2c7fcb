#include "iova_arena.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static uint64_t mix(uint64_t z)
{
    z += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void pattern(void *to, size_t n, uint64_t seed)
{
    unsigned char *out = to;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t word = mix((seed << 32) + i / 8);
        for (size_t k = 0; k < 8 && i + k < n; k++)
            out[i + k] = (unsigned char)(word >> (8 * k));
    }
}

uint64_t fnv(uint64_t hash, const void *data, size_t n)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

int arena_fill(char *arena)
{
    if (mprotect(arena, ARENA_SIZE, PROT_READ | PROT_WRITE))
        return -errno;
    pattern(arena, ARENA_SIZE, 0);
    if (mprotect(arena + ARENA_NONE, ARENA_RO - ARENA_NONE, PROT_NONE) ||
        mprotect(arena + ARENA_RO, ARENA_RW - ARENA_RO, PROT_READ))
        return -errno;
    return 0;
}

char *arena_new(void)
{
    char *arena =
        mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (arena == MAP_FAILED)
        return NULL;
    int rc = arena_fill(arena);
    if (rc) {
        arena_free(arena);
        errno = -rc;
        return NULL;
    }
    return arena;
}

void arena_free(char *arena)
{
    if (arena)
        munmap(arena, ARENA_SIZE);
}
