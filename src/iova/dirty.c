#include "iova/dirty.h"

#include <errno.h>

#include "iova/check.h"
#include "iova/epoch.h"
#include "iova/legacy.h"

/* DIRTY_BITMAP_SIZE_MAX of type1. */
#define MAX_BITMAP UINT64_C(0x10000000)

bool fpr_iova_bitmap_valid(const struct fpr_iova_bitmap *bitmap, uint64_t size)
{
    if (!bitmap || !bitmap->data || bitmap->pgsize == 0)
        return false;
    uint64_t pages = size >> __builtin_ctzll(bitmap->pgsize);
    if (pages == 0 || bitmap->size == 0 || bitmap->size > MAX_BITMAP)
        return false;
    return bitmap->size >= (pages / 64 + (pages % 64 != 0)) * 8;
}

static _Atomic uint64_t *bits_of(struct fpr_iova_ext *ext)
{
    return atomic_load_explicit(&ext->bitmap, memory_order_relaxed);
}

static uint64_t pages_of(const struct fpr_iova_ext *ext)
{
    return (ext->last - ext->start) / FPR_IOVA_PAGE_SIZE + 1;
}

void fpr_iova_dirty_page(struct fpr_iova_ext *ext, uint64_t page)
{
    atomic_fetch_or_explicit(&bits_of(ext)[page / 64], UINT64_C(1) << (page % 64),
                             memory_order_relaxed);
}

static void dirty_chunk(void *ctx, struct fpr_iova_chunk *chunk)
{
    struct fpr_iova_ext *ext = ctx;
    atomic_fetch_or_explicit(&bits_of(ext)[chunk->key], chunk->mask, memory_order_relaxed);
}

/* Bits that a mapping begins with and gets back after each report: its pins; with hardware that
 * does not track, all. */
static void repopulate(const struct fpr_iova_space *space, struct fpr_iova_ext *ext)
{
    fpr_iova_pinset_walk(&ext->pins, dirty_chunk, ext);
    if (!space->config.hardware)
        return;
    uint64_t n = pages_of(ext);
    for (uint64_t w = 0; w < n / 64; w++)
        atomic_store_explicit(&bits_of(ext)[w], ~UINT64_C(0), memory_order_relaxed);
    if (n % 64)
        atomic_fetch_or_explicit(&bits_of(ext)[n / 64], (UINT64_C(1) << n % 64) - 1,
                                 memory_order_relaxed);
}

/* Which bits of word w are pages of a mapping of n pages. */
static uint64_t page_mask(uint64_t n, uint64_t w)
{
    if (w < n / 64)
        return ~UINT64_C(0);
    return w == n / 64 ? (UINT64_C(1) << n % 64) - 1 : 0;
}

/* True dirty bits: the caller's words that the mapping touches hold them and nothing else. */
static void report_exact(struct fpr_iova_ext *ext, uint64_t first, struct fpr_iova_bitmap *bitmap,
                         uint64_t *written)
{
    uint64_t n = pages_of(ext), shift = first % 64, at = first / 64;
    uint64_t words = (n + shift + 63) / 64;
    if (*written < at)
        *written = at;
    for (; *written < at + words; (*written)++)
        bitmap->data[*written] = 0;
    for (uint64_t w = 0; w < (n + 63) / 64; w++) {
        fpr_race_point();
        uint64_t bits = atomic_exchange_explicit(&bits_of(ext)[w], 0, memory_order_seq_cst);
        bits &= page_mask(n, w);
        bitmap->data[at + w] |= bits << shift;
        if (shift && bits >> (64 - shift))
            bitmap->data[at + w + 1] |= bits >> (64 - shift);
    }
}

/* 5.8 to 6.12: the mapping's own words are shifted in place to where the caller wants them, take in
 * the caller's first word, and only the bits of pages are cleared afterwards; what was shifted
 * beyond them stays and comes back. Here each word is taken, and what stays is put back, so that a
 * bit set meanwhile is not lost. */
static void report_stale(struct fpr_iova_ext *ext, uint64_t first, struct fpr_iova_bitmap *bitmap)
{
    uint64_t n = pages_of(ext), shift = first % 64, at = first / 64;
    uint64_t words = (n + shift + 63) / 64, carry = 0;
    for (uint64_t w = 0; w < words; w++) {
        fpr_race_point();
        uint64_t own = atomic_exchange_explicit(&bits_of(ext)[w], 0, memory_order_seq_cst);
        uint64_t bits = own;
        if (shift) {
            bits = own << shift | carry;
            carry = own >> (64 - shift);
            if (w == 0)
                bits |= bitmap->data[at];
        }
        bitmap->data[at + w] = bits;
        uint64_t stays = bits & ~page_mask(n, w);
        if (stays)
            atomic_fetch_or_explicit(&bits_of(ext)[w], stays, memory_order_relaxed);
    }
}

void fpr_iova_dirty_report(struct fpr_iova_space *space, struct fpr_iova_ext *ext, uint64_t base,
                           struct fpr_iova_bitmap *bitmap, uint64_t *written)
{
    if (!bits_of(ext))
        return;
    uint64_t first = (ext->start - base) / FPR_IOVA_PAGE_SIZE;
    if (space->config.stale_dirty)
        report_stale(ext, first, bitmap);
    else
        report_exact(ext, first, bitmap, written);
    repopulate(space, ext);
}

/* Takes all bitmaps away, waits for readers, frees them. */
static void forget(struct fpr_iova_space *space)
{
    struct fpr_iova_path path;
    bool more = fpr_iova_tree_seek(&space->tree, 0, &path);
    for (; more; more = fpr_iova_tree_next(&path)) {
        struct fpr_iova_ext *ext = fpr_iova_path_entry(&path).ext;
        if (ext)
            fpr_iova_ext_untrack(ext);
    }
    fpr_iova_epoch_wait(space);
    more = fpr_iova_tree_seek(&space->tree, 0, &path);
    for (; more; more = fpr_iova_tree_next(&path)) {
        struct fpr_iova_ext *ext = fpr_iova_path_entry(&path).ext;
        if (ext)
            fpr_iova_ext_free_bitmap(space, ext);
    }
}

static int start(struct fpr_iova_space *space)
{
    if (fpr_iova_legacy_larger(space, IOVA_MAX_TRACKED))
        return -EINVAL;
    struct fpr_iova_path path;
    bool more = fpr_iova_tree_seek(&space->tree, 0, &path);
    for (; more; more = fpr_iova_tree_next(&path)) {
        struct fpr_iova_ext *ext = fpr_iova_ext_get(space, &path);
        int rc = ext ? fpr_iova_ext_track(space, ext) : -ENOMEM;
        if (rc) {
            forget(space);
            return rc;
        }
        repopulate(space, ext);
    }
    space->tracking = true;
    /* From here on no write is under way that does not know of the bitmaps. */
    fpr_iova_epoch_wait(space);
    return 0;
}

int fpr_iova_dirty_start(struct fpr_iova_space *space)
{
    if (!space)
        return -EINVAL;
    if (space->config.type == FPR_IOVA_TYPE1)
        return -EACCES;
    int rc = fpr_iova_epoch_lock(space);
    if (rc)
        return rc;
    if (!space->tracking)
        rc = start(space);
    pthread_mutex_unlock(&space->lock);
    return rc;
}

int fpr_iova_dirty_stop(struct fpr_iova_space *space)
{
    if (!space)
        return -EINVAL;
    if (space->config.type == FPR_IOVA_TYPE1)
        return -EACCES;
    int rc = fpr_iova_epoch_lock(space);
    if (rc)
        return rc;
    if (space->tracking) {
        space->tracking = false;
        forget(space);
    }
    pthread_mutex_unlock(&space->lock);
    return 0;
}

/* The kernel's order; what ends at 2^64 itself was refused before 6.18. */
static int check_get(struct fpr_iova_space *space, uint64_t iova, uint64_t size,
                     const struct fpr_iova_bitmap *bitmap)
{
    uint64_t end = iova + size;
    if (end < iova && (space->config.broken_top || end != 0))
        return space->config.wrap_overflow ? -EOVERFLOW : -EINVAL;
    if (!fpr_iova_bitmap_valid(bitmap, size))
        return -EINVAL;
    if (bitmap->pgsize != FPR_IOVA_PAGE_SIZE || (iova | size) & (FPR_IOVA_PAGE_SIZE - 1))
        return -EINVAL;
    struct fpr_iova_path path;
    bool found;
    if (!space->tracking || fpr_iova_bisects(space, iova, iova + (size - 1), &path, &found))
        return -EINVAL;
    return 0;
}

int fpr_iova_dirty_get(struct fpr_iova_space *space, uint64_t iova, uint64_t size,
                       struct fpr_iova_bitmap *bitmap)
{
    if (!space)
        return -EINVAL;
    if (space->config.type == FPR_IOVA_TYPE1)
        return -EACCES;
    if (fpr_iova_lock(space))
        return -EDEADLK;
    int rc = check_get(space, iova, size, bitmap);
    struct fpr_iova_path path;
    uint64_t written = 0;
    bool more = rc == 0 && fpr_iova_tree_seek(&space->tree, iova, &path);
    for (; more; more = fpr_iova_tree_next(&path)) {
        struct fpr_iova_entry e = fpr_iova_path_entry(&path);
        if (e.start > iova + (size - 1))
            break;
        if (e.ext)
            fpr_iova_dirty_report(space, e.ext, iova, bitmap, &written);
    }
    space->stats.dirty_queries += rc == 0;
    pthread_mutex_unlock(&space->lock);
    return rc;
}
