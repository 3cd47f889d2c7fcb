/* Small arithmetic on powers of two and bitmaps that several layers need. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <fpr/types.h>

#define FPR_WORD_BITS 64u

/* a / b rounded up; b > 0, and a + b must not overflow. */
static inline uint64_t fpr_div_up(uint64_t a, uint64_t b)
{
    return (a + b - 1) / b;
}

/* Position of the highest set bit; value > 0. */
static inline unsigned fpr_log2(uint64_t value)
{
    return 63u - (unsigned)__builtin_clzll(value);
}

static inline bool fpr_is_pow2(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* Words of a bitmap of so many bits. */
static inline uint64_t fpr_bitmap_words(uint64_t bits)
{
    return bits / FPR_WORD_BITS + (bits % FPR_WORD_BITS != 0);
}

static inline bool fpr_bitmap_test(const uint64_t *map, uint64_t bit)
{
    return (map[bit / FPR_WORD_BITS] >> (bit % FPR_WORD_BITS)) & 1;
}

/* The part of one word that a range of bits covers: `mask` of the word that holds `bit`, and as
 * result how many bits of the range it takes. */
static inline uint64_t fpr_bitmap_step(uint64_t bit, uint64_t bits, uint64_t *mask)
{
    uint64_t offset = bit % FPR_WORD_BITS;
    uint64_t room = FPR_WORD_BITS - offset;
    uint64_t step = bits < room ? bits : room;
    *mask = (step == FPR_WORD_BITS ? ~0ull : (1ull << step) - 1) << offset;
    return step;
}

/* Sets a range of bits; returns how many were clear before. */
static inline uint64_t fpr_bitmap_set(uint64_t *map, uint64_t bit, uint64_t bits)
{
    uint64_t changed = 0;
    for (uint64_t step, mask; bits > 0; bit += step, bits -= step) {
        step = fpr_bitmap_step(bit, bits, &mask);
        uint64_t *word = &map[bit / FPR_WORD_BITS];
        changed += (uint64_t)__builtin_popcountll(~*word & mask);
        *word |= mask;
    }
    return changed;
}

/* Clears a range of bits; returns how many were set before. */
static inline uint64_t fpr_bitmap_clear(uint64_t *map, uint64_t bit, uint64_t bits)
{
    uint64_t changed = 0;
    for (uint64_t step, mask; bits > 0; bit += step, bits -= step) {
        step = fpr_bitmap_step(bit, bits, &mask);
        uint64_t *word = &map[bit / FPR_WORD_BITS];
        changed += (uint64_t)__builtin_popcountll(*word & mask);
        *word &= ~mask;
    }
    return changed;
}

/* Sets in `map` those bits of a range that `from` has; returns how many were clear before. */
static inline uint64_t fpr_bitmap_or(uint64_t *map, const uint64_t *from, uint64_t bit,
                                     uint64_t bits)
{
    uint64_t changed = 0;
    for (uint64_t step, mask; bits > 0; bit += step, bits -= step) {
        step = fpr_bitmap_step(bit, bits, &mask);
        uint64_t *word = &map[bit / FPR_WORD_BITS];
        uint64_t more = from[bit / FPR_WORD_BITS] & mask;
        changed += (uint64_t)__builtin_popcountll(~*word & more);
        *word |= more;
    }
    return changed;
}

/* Number of set bits in a range. */
static inline uint64_t fpr_bitmap_count(const uint64_t *map, uint64_t bit, uint64_t bits)
{
    uint64_t count = 0;
    for (uint64_t step, mask; bits > 0; bit += step, bits -= step) {
        step = fpr_bitmap_step(bit, bits, &mask);
        count += (uint64_t)__builtin_popcountll(map[bit / FPR_WORD_BITS] & mask);
    }
    return count;
}

#endif
