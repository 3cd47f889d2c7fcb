#include "support/worker.h"

#include "support/support.h"

void worker_stamp(struct arena *a, const struct block *b, uint8_t from, uint8_t to)
{
    for (uint64_t k = 0; k < 1ull << b->order; k++) {
        uint8_t was = from;
        if (!__atomic_compare_exchange_n(&a->owner[b->pfn + k], &was, to, false, __ATOMIC_RELAXED,
                                         __ATOMIC_RELAXED)) {
            __atomic_fetch_add(&a->broken, 1, __ATOMIC_RELAXED);
        }
    }
}

static void take(struct worker *w)
{
    static const fpr_gfp kinds[] = {FPR_GFP_KERNEL, FPR_GFP_HIGHUSER_MOVABLE,
                                    FPR_GFP_KERNEL | FPR_GFP_RECLAIMABLE, FPR_GFP_ATOMIC_REQUEST};
    uint64_t r = test_random(&w->random);
    struct block b = {.order = (unsigned)__builtin_ctzll(r | 1024)};
    if (w->count < BLOCKS &&
        !fpr_zone_alloc(w->arena->zone, b.order, kinds[r >> 20 & 3], w->cpu, &b.pfn)) {
        worker_stamp(w->arena, &b, 0, (uint8_t)(w->cpu + 1));
        w->own[w->count++] = b;
    }
}

struct block worker_pick(struct worker *w)
{
    unsigned k = (unsigned)(test_random(&w->random) % w->count);
    struct block b = w->own[k];
    w->own[k] = w->own[--w->count];
    return b;
}

void worker_give(struct worker *w)
{
    struct block b = worker_pick(w);
    worker_stamp(w->arena, &b, (uint8_t)(w->cpu + 1), 0);
    if (fpr_zone_free(w->arena->zone, b.pfn, b.order, w->cpu)) {
        __atomic_fetch_add(&w->arena->broken, 1, __ATOMIC_RELAXED);
    }
}

/* One of mine for the one in a slot. */
static void swap(struct worker *w)
{
    struct arena *a = w->arena;
    struct block mine = worker_pick(w);
    struct block *slot = &a->slots[test_random(&w->random) % SLOTS];
    worker_stamp(a, &mine, (uint8_t)(w->cpu + 1), 255);
    pthread_mutex_lock(&a->post);
    struct block theirs = *slot;
    *slot = mine;
    pthread_mutex_unlock(&a->post);
    if (theirs.order <= 10) {
        worker_stamp(a, &theirs, 255, (uint8_t)(w->cpu + 1));
        w->own[w->count++] = theirs;
    }
}

static void split(struct worker *w)
{
    struct block b = worker_pick(w);
    if (b.order >= 1 && w->count + 2 <= BLOCKS &&
        !fpr_zone_split(w->arena->zone, b.pfn, b.order, b.order - 1)) {
        b.order--;
        w->own[w->count++] = b;
        b.pfn += 1ull << b.order;
    }
    w->own[w->count++] = b;
}

static void seldom(struct worker *w, uint64_t r)
{
    struct fpr_zone *z = w->arena->zone;
    struct fpr_zone_stats stats;
    struct fpr_zone_counters counters;
    switch (r % 8) {
    case 0:
        fpr_zone_drain(z, w->cpu);
        break;
    case 1:
        fpr_zone_drain(z, (w->cpu + 1) % WORKERS);
        break;
    case 2:
        fpr_zone_get_stats(z, &stats);
        break;
    case 3:
        fpr_zone_get_counters(z, &counters);
        break;
    case 4:
        fpr_zone_set_pcp(z, (unsigned)(r >> 8) % 400, 1 + (unsigned)(r >> 20) % 63);
        break;
    case 5:
        fpr_zone_set_reclaiming(z, r >> 8 & 1);
        break;
    default:
        if (w->count) {
            const struct block *b = &w->own[(r >> 8) % w->count];
            fpr_zone_set_movable(z, b->pfn, b->order, r >> 40 & 1);
        }
    }
}

void worker_act(struct worker *w)
{
    uint64_t r = test_random(&w->random);
    unsigned what = r % 256;
    if (what == 0) {
        seldom(w, r >> 8);
    } else if (w->count == 0 || what < 130) {
        take(w);
    } else if (what < 230) {
        worker_give(w);
    } else if (what < 245) {
        swap(w);
    } else {
        split(w);
    }
}
