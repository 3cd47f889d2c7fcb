#include "iova/leaf.h"

#include <string.h>

#include "iova/check.h"
#include "iova/ext.h"

bool fpr_iova_entry_packs(const struct fpr_iova_entry *entry)
{
    return (entry->last - entry->start) >> IOVA_PAGE_SHIFT < WORD_PAGES_MAX &&
           entry->va < WORD_VA_END;
}

static uint64_t pack(const struct fpr_iova_entry *entry)
{
    if (entry->ext)
        return (uintptr_t)entry->ext | WORD_EXT;
    uint64_t pages_less_1 = (entry->last - entry->start) >> IOVA_PAGE_SHIFT;
    return (entry->va & WORD_FLAGS) << WORD_FLAGS_AT | pages_less_1 << WORD_PAGES_AT |
           entry->va >> IOVA_PAGE_SHIFT << WORD_VA_AT;
}

static uint64_t word_at(const struct fpr_iova_leaf *leaf, unsigned i)
{
    return atomic_load_explicit(&leaf->word[i], memory_order_relaxed);
}

struct fpr_iova_entry fpr_iova_leaf_entry(const struct fpr_iova_leaf *leaf, unsigned i)
{
    uint64_t word = word_at(leaf, i);
    struct fpr_iova_entry entry = {.start = fpr_iova_leaf_start(leaf, i)};
    if (word & WORD_EXT) {
        entry.ext = fpr_iova_word_ext(word);
        entry.last = entry.ext->last;
        entry.va = atomic_load_explicit(&entry.ext->va, memory_order_relaxed);
    } else {
        entry.last = entry.start + ((fpr_iova_word_pages(word) << IOVA_PAGE_SHIFT) - 1);
        entry.va = fpr_iova_word_va(word);
    }
    return entry;
}

void fpr_iova_leaf_set_ext(struct fpr_iova_leaf *leaf, unsigned i, struct fpr_iova_ext *ext)
{
    atomic_store_explicit(&leaf->word[i], (uintptr_t)ext | WORD_EXT, memory_order_release);
}

/* Copies n mappings, whose deltas grow by `shift`. */
static void copy(struct fpr_iova_leaf *to, unsigned at, const struct fpr_iova_leaf *from,
                 unsigned first, unsigned n, int32_t shift)
{
    for (unsigned i = 0; i < n; i++) {
        to->delta[at + i] = from->delta[first + i] + shift;
        atomic_store_explicit(&to->word[at + i], word_at(from, first + i), memory_order_relaxed);
    }
}

static void put(struct fpr_iova_leaf *leaf, unsigned i, const struct fpr_iova_entry *entry)
{
    leaf->delta[i] = (int32_t)((entry->start >> IOVA_PAGE_SHIFT) - leaf->base);
    atomic_store_explicit(&leaf->word[i], pack(entry), memory_order_relaxed);
}

static void finish(struct fpr_iova_leaf *leaf, unsigned n)
{
    leaf->n = n;
    for (unsigned i = n; i < IOVA_LEAF; i++)
        leaf->delta[i] = INT32_MAX;
}

void fpr_iova_leaf_empty(struct fpr_iova_leaf *leaf)
{
    leaf->base = 0;
    finish(leaf, 0);
}

bool fpr_iova_leaf_fits(const struct fpr_iova_leaf *leaf, const struct fpr_iova_entry *entry)
{
    if (leaf->n == 0)
        return true;
    if (leaf->n == IOVA_LEAF)
        return false;
    uint64_t page = entry->start >> IOVA_PAGE_SHIFT;
    uint64_t top = leaf->base + (uint64_t)leaf->delta[leaf->n - 1];
    uint64_t low = page < leaf->base ? page : leaf->base;
    return (page > top ? page : top) - low < IOVA_SPAN;
}

void fpr_iova_leaf_insert(struct fpr_iova_leaf *to, const struct fpr_iova_leaf *from, unsigned at,
                          const struct fpr_iova_entry *entry)
{
    uint64_t page = entry->start >> IOVA_PAGE_SHIFT;
    to->base = from->n == 0 || page < from->base ? page : from->base;
    int32_t shift = (int32_t)(from->n == 0 ? 0 : from->base - to->base);
    copy(to, 0, from, 0, at, shift);
    put(to, at, entry);
    copy(to, at + 1, from, at, from->n - at, shift);
    finish(to, from->n + 1);
}

void fpr_iova_leaf_remove(struct fpr_iova_leaf *to, const struct fpr_iova_leaf *from, unsigned at,
                          unsigned count)
{
    IOVA_ASSERT(at + count <= from->n);
    to->base = from->base;
    copy(to, 0, from, 0, at, 0);
    copy(to, at, from, at + count, from->n - at - count, 0);
    finish(to, from->n - count);
}

void fpr_iova_leaf_split(struct fpr_iova_leaf *left, struct fpr_iova_leaf *right,
                         const struct fpr_iova_leaf *from, unsigned at,
                         const struct fpr_iova_entry *entry, unsigned first)
{
    unsigned total = from->n + 1;
    for (unsigned i = 0; i < total; i++) {
        struct fpr_iova_entry e = i == at ? *entry : fpr_iova_leaf_entry(from, i < at ? i : i - 1);
        struct fpr_iova_leaf *leaf = i < first ? left : right;
        unsigned place = i < first ? i : i - first;
        if (place == 0)
            leaf->base = e.start >> IOVA_PAGE_SHIFT;
        put(leaf, place, &e);
    }
    finish(left, first);
    finish(right, total - first);
}

bool fpr_iova_leaf_join(struct fpr_iova_leaf *to, const struct fpr_iova_leaf *low,
                        const struct fpr_iova_leaf *high, unsigned most)
{
    if (low->n + high->n > most)
        return false;
    uint64_t top = high->base + (uint64_t)high->delta[high->n - 1];
    if (top - low->base >= IOVA_SPAN || high->base < low->base)
        return false;
    to->base = low->base;
    copy(to, 0, low, 0, low->n, 0);
    copy(to, low->n, high, 0, high->n, (int32_t)(high->base - low->base));
    finish(to, low->n + high->n);
    return true;
}

void fpr_iova_leaf_set_va(struct fpr_iova_leaf *to, const struct fpr_iova_leaf *from, unsigned at,
                          uint64_t va)
{
    fpr_iova_leaf_remove(to, from, 0, 0);
    struct fpr_iova_entry entry = fpr_iova_leaf_entry(from, at);
    entry.va = va;
    if (entry.ext)
        atomic_store_explicit(&entry.ext->va, va, memory_order_relaxed);
    put(to, at, &entry);
}
