/* Where pins meet memory that is given away: the device keeps the old frames. */
#include <errno.h>

#include "iova/guard.h"
#include "iova/space.h"

/* A discard under way: the memory, and a place for what will be saved of it, taken before anything
 * changes. Each spare piece's first word is the way to the next. */
struct discard {
    struct fpr_iova_space *space;
    uint64_t first, last;           /* bytes */
    void *frames;                   /* spare: IOVA_FRAME_BYTES each */
    void *tables;                   /* spare: of a chunk's frames */
    struct fpr_iova_run *runs;      /* spare: for what is held and cut in two */
    struct fpr_iova_pinset aliased; /* pages pinned through several mappings, with their frame */
};

static int push(struct fpr_iova_space *space, void **list, size_t size)
{
    void **piece = (void **)space->mem->zalloc(space->mem->ctx, size);
    if (!piece)
        return -ENOMEM;
    *piece = *list;
    *list = (void *)piece;
    return 0;
}

static void *pop(void **list)
{
    void **piece = *list;
    *list = *piece; /* NOLINT(*NullDereference): as many are popped as were pushed */
    *piece = NULL;
    return (void *)piece;
}

static void forget_frame(void *ctx, struct fpr_iova_chunk *chunk)
{
    struct discard *d = ctx;
    const struct fpr_mem_ops *mem = d->space->mem;
    if (chunk->frames)
        mem->free(mem->ctx, (void *)chunk->frames, IOVA_CHUNK * sizeof(void *));
    chunk->frames = NULL; /* the mappings have them */
}

static void free_spare(struct discard *d)
{
    const struct fpr_mem_ops *mem = d->space->mem;
    while (d->frames)
        mem->free(mem->ctx, pop(&d->frames), IOVA_FRAME_BYTES);
    while (d->tables)
        mem->free(mem->ctx, pop(&d->tables), IOVA_CHUNK * sizeof(void *));
    fpr_iova_runs_free(d->runs, mem);
    fpr_iova_pinset_walk(&d->aliased, forget_frame, d);
    fpr_iova_pinset_free(&d->aliased, mem);
}

static uint64_t chunk_address(const struct fpr_iova_ext *ext, const struct fpr_iova_chunk *chunk)
{
    uint64_t va = atomic_load_explicit(&ext->va, memory_order_relaxed) & ~IOVA_FLAGS;
    return va + chunk->key * IOVA_CHUNK * FPR_IOVA_PAGE_SIZE;
}

/* Pinned pages of a chunk that are hit and were not saved yet; `address` is the chunk's. */
static uint64_t hit_mask(const struct discard *d, const struct fpr_iova_chunk *chunk,
                         uint64_t address)
{
    uint64_t hit = 0;
    for (uint64_t mask = chunk->mask; mask; mask &= mask - 1) {
        unsigned i = (unsigned)__builtin_ctzll(mask);
        uint64_t at = address + (uint64_t)i * FPR_IOVA_PAGE_SIZE;
        if (at >= d->first && at <= d->last && !(chunk->frames && chunk->frames[i]))
            hit |= UINT64_C(1) << i;
    }
    return hit;
}

/* Takes a frame for a page; one alone if several mappings pin it. */
static int prepare_page(struct discard *d, uint64_t page)
{
    struct fpr_iova_space *space = d->space;
    const struct fpr_iova_chunk *chunk = fpr_iova_pinset_find(&space->backing, page);
    if (chunk && chunk->refs[page % IOVA_CHUNK] > 1) {
        int64_t times = fpr_iova_pinset_add(&d->aliased, space->mem, page);
        struct fpr_iova_chunk *shared = fpr_iova_pinset_find(&d->aliased, page);
        if (times < 0)
            return -ENOMEM;
        if (!shared->frames)
            shared->frames = space->mem->zalloc(space->mem->ctx, IOVA_CHUNK * sizeof(void *));
        if (!shared->frames || times > 1)
            return shared->frames ? 0 : -ENOMEM;
    }
    return push(space, &d->frames, IOVA_FRAME_BYTES);
}

/* Takes the memory that saving these pages of a chunk needs. */
static int prepare(struct discard *d, struct fpr_iova_chunk *chunk, uint64_t address, uint64_t mask)
{
    int rc = chunk->frames ? 0 : push(d->space, &d->tables, IOVA_CHUNK * sizeof(void *));
    for (; mask && rc == 0; mask &= mask - 1)
        rc = prepare_page(d, address / FPR_IOVA_PAGE_SIZE + (unsigned)__builtin_ctzll(mask));
    return rc;
}

/* And for cutting what is held. */
static int prepare_runs(struct discard *d)
{
    const struct fpr_mem_ops *mem = d->space->mem;
    uint64_t first = d->first / FPR_IOVA_PAGE_SIZE, last = d->last / FPR_IOVA_PAGE_SIZE;
    uint64_t need = fpr_iova_held_splits(&d->space->held, first, last);
    for (; need > 0; need--) {
        struct fpr_iova_run *run = fpr_iova_run_new(mem, 0, 0, 0);
        if (!run)
            return -ENOMEM;
        run->next = d->runs;
        d->runs = run;
    }
    return 0;
}

/* What devices see from now on where the owner loses this page: a copy of it. */
static void *save_page(struct discard *d, uint64_t at)
{
    struct fpr_iova_space *space = d->space;
    uint64_t page = at / FPR_IOVA_PAGE_SIZE;
    struct fpr_iova_chunk *shared = fpr_iova_pinset_find(&d->aliased, page);
    void *frame = shared ? shared->frames[page % IOVA_CHUNK] : NULL;
    if (!frame) {
        frame = pop(&d->frames);
        fpr_iova_guard_copy(space->guard, frame, (void *)(uintptr_t)at, // NOLINT
                            FPR_IOVA_PAGE_SIZE, false);
        space->kept++;
        if (shared && shared->refs[page % IOVA_CHUNK] > 0)
            shared->frames[page % IOVA_CHUNK] = frame;
    }
    ++*fpr_iova_frame_users(frame);
    return frame;
}

/* The device keeps the frames that the owner loses: copies of them, which further pins are given.
 */
static int save(struct discard *d, struct fpr_iova_chunk *chunk, uint64_t address, uint64_t mask)
{
    struct fpr_iova_space *space = d->space;
    if (!chunk->frames)
        chunk->frames = pop(&d->tables);
    for (; mask; mask &= mask - 1) {
        unsigned i = (unsigned)__builtin_ctzll(mask);
        uint64_t at = address + (uint64_t)i * FPR_IOVA_PAGE_SIZE;
        void *none;
        chunk->frames[i] = save_page(d, at);
        pthread_mutex_lock(&space->pin_lock);
        fpr_iova_pinset_drop(&space->backing, space->mem, at / FPR_IOVA_PAGE_SIZE, 1, &none);
        pthread_mutex_unlock(&space->pin_lock);
    }
    return 0;
}

/* The hardware keeps its frames, too; nobody can ask for those. */
static void let_go(struct discard *d)
{
    struct fpr_iova_space *space = d->space;
    pthread_mutex_lock(&space->pin_lock);
    fpr_iova_held_cut(&space->held, d->first / FPR_IOVA_PAGE_SIZE, d->last / FPR_IOVA_PAGE_SIZE,
                      &d->runs);
    pthread_mutex_unlock(&space->pin_lock);
}

/* Does that to every chunk with pages that are hit. Returns 0 or what it returned. */
static int for_hits(struct discard *d, int (*act)(struct discard *d, struct fpr_iova_chunk *chunk,
                                                  uint64_t address, uint64_t mask))
{
    int rc = 0;
    for (struct fpr_iova_ext *ext = d->space->pinned; ext; ext = ext->next) {
        for (size_t slot = 0; slot < ext->pins.size && rc == 0; slot++) {
            struct fpr_iova_chunk *chunk = ext->pins.table[slot];
            uint64_t address = chunk ? chunk_address(ext, chunk) : 0;
            uint64_t mask = chunk ? hit_mask(d, chunk, address) : 0;
            if (mask)
                rc = act(d, chunk, address, mask);
        }
    }
    return rc;
}

int64_t fpr_iova_discard(struct fpr_iova_space *space, const void *addr, size_t len)
{
    if (!space || len == 0 || (uintptr_t)addr + (len - 1) < (uintptr_t)addr)
        return -EINVAL;
    if (!fpr_iova_is_pinned(space, addr, len))
        return 0;
    struct discard d = {
        .space = space,
        .first = (uintptr_t)addr & ~(uint64_t)(FPR_IOVA_PAGE_SIZE - 1),
        .last = (uintptr_t)addr + (len - 1),
    };
    if (fpr_iova_lock(space))
        return -EDEADLK;
    uint64_t hits =
        fpr_iova_count_pages(space, d.first / FPR_IOVA_PAGE_SIZE, d.last / FPR_IOVA_PAGE_SIZE);
    int rc = for_hits(&d, prepare);
    if (rc == 0)
        rc = prepare_runs(&d);
    if (rc == 0) {
        for_hits(&d, save);
        let_go(&d);
        space->stats.discarded_pinned += hits;
    }
    free_spare(&d);
    pthread_mutex_unlock(&space->lock);
    return rc ? rc : (int64_t)hits;
}
