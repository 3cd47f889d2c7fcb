/* What is in a leaf: mappings packed into 12 bytes each. */
#ifndef IOVA_LEAF_H
#define IOVA_LEAF_H

#include <fpr/iova.h>

#include "iova/node.h"

enum { IOVA_PAGE_SHIFT = 12 };

/* Starts of a leaf lie within so many pages (8 TiB). */
#define IOVA_SPAN ((uint64_t)INT32_MAX)

/* A word is
 *   0 | flags (6 bits) | pages - 1 (21 bits) | page number of the address (36 bits), low bit first,
 * or, with the low bit set, the address of the mapping's extension, which has it all. */
enum { WORD_FLAGS_AT = 1, WORD_PAGES_AT = 7, WORD_VA_AT = 28 };
#define WORD_EXT       UINT64_C(1)
#define WORD_FLAGS     UINT64_C(0x3f)
#define WORD_PAGES_MAX (UINT64_C(1) << (WORD_VA_AT - WORD_PAGES_AT))
#define WORD_VA_END    (UINT64_C(1) << (64 - WORD_VA_AT + IOVA_PAGE_SHIFT))

static inline struct fpr_iova_ext *fpr_iova_word_ext(uint64_t word)
{
    return (void *)(uintptr_t)(word & ~WORD_EXT); // NOLINT(performance-no-int-to-ptr)
}

static inline uint64_t fpr_iova_word_pages(uint64_t word)
{
    return (word >> WORD_PAGES_AT & (WORD_PAGES_MAX - 1)) + 1;
}

static inline uint64_t fpr_iova_word_va(uint64_t word)
{
    return word >> WORD_VA_AT << IOVA_PAGE_SHIFT | (word >> WORD_FLAGS_AT & WORD_FLAGS);
}

/* How many mappings begin at or below a page. Adding up comparisons: no branches, and 32-bit
 * signed comparisons are what every x86-64 can do four at a time. */
static inline unsigned fpr_iova_leaf_count(const struct fpr_iova_leaf *leaf, uint64_t page)
{
    int64_t far = (int64_t)(page - leaf->base);
    int32_t at = far < 0 ? -1 : far >= INT32_MAX ? INT32_MAX - 1 : (int32_t)far;
    int above = 0;
    for (unsigned i = 0; i < IOVA_LEAF; i++)
        above += leaf->delta[i] > at;
    return (unsigned)(IOVA_LEAF - above);
}

/* Can this be a word, or does it need an extension? */
bool fpr_iova_entry_packs(const struct fpr_iova_entry *entry);
struct fpr_iova_entry fpr_iova_leaf_entry(const struct fpr_iova_leaf *leaf, unsigned i);
/* Gives a mapping its extension. */
void fpr_iova_leaf_set_ext(struct fpr_iova_leaf *leaf, unsigned i, struct fpr_iova_ext *ext);

void fpr_iova_leaf_empty(struct fpr_iova_leaf *leaf);
/* Would the mapping fit at this place: room, and starts not too far apart? */
bool fpr_iova_leaf_fits(const struct fpr_iova_leaf *leaf, const struct fpr_iova_entry *entry);
/* to = from with the mapping at place `at`. */
void fpr_iova_leaf_insert(struct fpr_iova_leaf *to, const struct fpr_iova_leaf *from, unsigned at,
                          const struct fpr_iova_entry *entry);
/* to = from without `count` mappings from place `at` on. */
void fpr_iova_leaf_remove(struct fpr_iova_leaf *to, const struct fpr_iova_leaf *from, unsigned at,
                          unsigned count);
/* left and right = from with the mapping at place `at`, the first `first` of them in left. */
void fpr_iova_leaf_split(struct fpr_iova_leaf *left, struct fpr_iova_leaf *right,
                         const struct fpr_iova_leaf *from, unsigned at,
                         const struct fpr_iova_entry *entry, unsigned first);
/* to = all of two neighbours. False: they do not fit together. */
bool fpr_iova_leaf_join(struct fpr_iova_leaf *to, const struct fpr_iova_leaf *low,
                        const struct fpr_iova_leaf *high, unsigned most);
/* to = from with another address word for one mapping. */
void fpr_iova_leaf_set_va(struct fpr_iova_leaf *to, const struct fpr_iova_leaf *from, unsigned at,
                          uint64_t va);

static inline uint64_t fpr_iova_leaf_start(const struct fpr_iova_leaf *leaf, unsigned i)
{
    return (leaf->base + (uint64_t)leaf->delta[i]) << IOVA_PAGE_SHIFT;
}

#endif
