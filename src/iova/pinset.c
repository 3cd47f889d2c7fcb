#include "iova/pinset.h"

#include <errno.h>

#include "iova/check.h"

enum { FIRST_SIZE = 8 };

static size_t slot_of(const struct fpr_iova_pinset *set, uint64_t key)
{
    uint64_t z = key * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(z >> 32) & (set->size - 1);
}

static struct fpr_iova_chunk **find_slot(const struct fpr_iova_pinset *set, uint64_t key)
{
    size_t i = slot_of(set, key);
    while (set->table[i] && set->table[i]->key != key)
        i = (i + 1) & (set->size - 1);
    return &set->table[i];
}

bool fpr_iova_frame_put(const struct fpr_mem_ops *mem, void *frame)
{
    if (--*fpr_iova_frame_users(frame) > 0)
        return false;
    mem->free(mem->ctx, frame, IOVA_FRAME_BYTES);
    return true;
}

static void chunk_free(struct fpr_iova_chunk *chunk, const struct fpr_mem_ops *mem)
{
    if (chunk->frames) {
        for (unsigned i = 0; i < IOVA_CHUNK; i++)
            if (chunk->frames[i])
                fpr_iova_frame_put(mem, chunk->frames[i]);
        mem->free(mem->ctx, (void *)chunk->frames, IOVA_CHUNK * sizeof(void *));
    }
    mem->free(mem->ctx, chunk, sizeof(*chunk));
}

void fpr_iova_pinset_free(struct fpr_iova_pinset *set, const struct fpr_mem_ops *mem)
{
    for (size_t i = 0; i < set->size; i++)
        if (set->table[i])
            chunk_free(set->table[i], mem);
    if (set->table)
        mem->free(mem->ctx, (void *)set->table, set->size * sizeof(*set->table));
    *set = (struct fpr_iova_pinset){0};
}

struct fpr_iova_chunk *fpr_iova_pinset_find(const struct fpr_iova_pinset *set, uint64_t page)
{
    return set->size ? *find_slot(set, page / IOVA_CHUNK) : NULL;
}

static int resize(struct fpr_iova_pinset *set, const struct fpr_mem_ops *mem)
{
    struct fpr_iova_pinset old = *set;
    set->size = old.size ? old.size * 2 : FIRST_SIZE;
    set->table = (struct fpr_iova_chunk **)mem->zalloc(mem->ctx, set->size * sizeof(*set->table));
    if (!set->table) {
        *set = old;
        return -ENOMEM;
    }
    for (size_t i = 0; i < old.size; i++)
        if (old.table[i])
            *find_slot(set, old.table[i]->key) = old.table[i];
    if (old.table)
        mem->free(mem->ctx, (void *)old.table, old.size * sizeof(*old.table));
    return 0;
}

int64_t fpr_iova_pinset_add(struct fpr_iova_pinset *set, const struct fpr_mem_ops *mem,
                            uint64_t page)
{
    struct fpr_iova_chunk *chunk = fpr_iova_pinset_find(set, page);
    if (!chunk) {
        if (2 * (set->chunks + 1) > set->size && resize(set, mem))
            return -ENOMEM;
        chunk = mem->zalloc(mem->ctx, sizeof(*chunk));
        if (!chunk)
            return -ENOMEM;
        chunk->key = page / IOVA_CHUNK;
        *find_slot(set, chunk->key) = chunk;
        set->chunks++;
    }
    unsigned i = page % IOVA_CHUNK;
    if (chunk->refs[i] == UINT32_MAX)
        return -ENOMEM;
    set->pages += chunk->refs[i] == 0;
    chunk->mask |= UINT64_C(1) << i;
    return ++chunk->refs[i];
}

/* Takes an empty chunk out, moving up those behind it that could not have their own place. */
static void remove_chunk(struct fpr_iova_pinset *set, const struct fpr_mem_ops *mem,
                         struct fpr_iova_chunk *chunk)
{
    size_t hole = (size_t)(find_slot(set, chunk->key) - set->table);
    chunk_free(chunk, mem);
    set->chunks--;
    set->table[hole] = NULL;
    for (size_t i = (hole + 1) & (set->size - 1); set->table[i]; i = (i + 1) & (set->size - 1)) {
        struct fpr_iova_chunk *moved = set->table[i];
        set->table[i] = NULL;
        *find_slot(set, moved->key) = moved;
    }
}

int64_t fpr_iova_pinset_drop(struct fpr_iova_pinset *set, const struct fpr_mem_ops *mem,
                             uint64_t page, uint32_t refs, void **frame)
{
    struct fpr_iova_chunk *chunk = fpr_iova_pinset_find(set, page);
    unsigned i = page % IOVA_CHUNK;
    *frame = NULL;
    if (!chunk || chunk->refs[i] == 0)
        return -1;
    chunk->refs[i] -= refs < chunk->refs[i] ? refs : chunk->refs[i];
    if (chunk->refs[i] > 0)
        return chunk->refs[i];
    if (chunk->frames) {
        *frame = chunk->frames[i];
        chunk->frames[i] = NULL;
    }
    set->pages--;
    chunk->mask &= ~(UINT64_C(1) << i);
    if (chunk->mask == 0)
        remove_chunk(set, mem, chunk);
    return 0;
}

/* Pages [from, to) of a chunk as a mask; both at most 64. */
static uint64_t span_mask(uint64_t from, uint64_t to)
{
    uint64_t upper = to == IOVA_CHUNK ? ~UINT64_C(0) : (UINT64_C(1) << to) - 1;
    return upper & ~((UINT64_C(1) << from) - 1);
}

/* The same by looking at every chunk, for ranges that have room for more of them. */
static uint64_t count_chunks(const struct fpr_iova_pinset *set, uint64_t first, uint64_t end)
{
    uint64_t count = 0;
    for (size_t i = 0; i < set->size; i++) {
        const struct fpr_iova_chunk *chunk = set->table[i];
        uint64_t base = chunk ? chunk->key * IOVA_CHUNK : end;
        if (base >= end || base + IOVA_CHUNK <= first)
            continue;
        uint64_t from = first > base ? first - base : 0;
        uint64_t to = end - base < IOVA_CHUNK ? end - base : IOVA_CHUNK;
        count += (uint64_t)__builtin_popcountll(chunk->mask & span_mask(from, to));
    }
    return count;
}

uint64_t fpr_iova_pinset_count(const struct fpr_iova_pinset *set, uint64_t first, uint64_t n)
{
    uint64_t count = 0, end = first + n;
    if (set->pages == 0)
        return 0;
    if (n / IOVA_CHUNK > set->size)
        return count_chunks(set, first, end);
    for (uint64_t page = first; page < end;) {
        uint64_t base = page - page % IOVA_CHUNK;
        uint64_t stop = end - base < IOVA_CHUNK ? end : base + IOVA_CHUNK;
        const struct fpr_iova_chunk *chunk = fpr_iova_pinset_find(set, page);
        if (chunk)
            count +=
                (uint64_t)__builtin_popcountll(chunk->mask & span_mask(page - base, stop - base));
        page = stop;
    }
    return count;
}

void fpr_iova_pinset_walk(const struct fpr_iova_pinset *set,
                          void (*visit)(void *ctx, struct fpr_iova_chunk *chunk), void *ctx)
{
    for (size_t i = 0; i < set->size; i++)
        if (set->table[i])
            visit(ctx, set->table[i]);
}
