/* What a frame is: one 16-bit tag at the first frame of each block; all other frames have 0.
 *
 *   bits 0-2 kind   3-6 order   8 Reported   9 movable   10 taken   12-14 migratetype
 *
 * Kind and order share a byte, so that "a block of this kind and order" is one comparison, and
 * nothing stands above the migratetype, so that it is one shift. A free or held block of the
 * largest order has its tag in a dense array of its own (see zone.h), so that memory that was
 * never touched costs next to nothing.
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include <fpr/types.h>

enum page_kind { PAGE_NONE = 0, PAGE_FREE = 1, PAGE_ALLOCATED = 2, PAGE_PCP = 3, PAGE_HELD = 4 };

#define TAG_KIND_MASK   0x0007u
#define TAG_ORDER_SHIFT 3
#define TAG_ORDER_MASK  0x0078u
#define TAG_ORDER_UNIT  (1u << TAG_ORDER_SHIFT)
#define TAG_REPORTED    0x0100u
#define TAG_MOVABLE     0x0200u
#define TAG_TAKEN       0x0400u /* held for a device or a capturer: not the caller's to put back */
#define TAG_MT_SHIFT    12
#define TAG_MT_MASK     0x7000u

static inline uint16_t tag_make(enum page_kind kind, unsigned order, int mt)
{
    return (uint16_t)((unsigned)kind | order << TAG_ORDER_SHIFT | (unsigned)mt << TAG_MT_SHIFT);
}

static inline enum page_kind tag_kind(uint16_t tag)
{
    return (enum page_kind)(tag & TAG_KIND_MASK);
}

static inline unsigned tag_order(uint16_t tag)
{
    return (tag & TAG_ORDER_MASK) >> TAG_ORDER_SHIFT;
}

static inline int tag_mt(uint16_t tag)
{
    return tag >> TAG_MT_SHIFT;
}

/* The byte that all blocks of this kind and order have. */
static inline uint8_t tag_byte(enum page_kind kind, unsigned order)
{
    return (uint8_t)((unsigned)kind | order << TAG_ORDER_SHIFT);
}

/* Is it a block of this kind and order? */
static inline bool tag_is(uint16_t tag, enum page_kind kind, unsigned order)
{
    return (uint8_t)tag == tag_byte(kind, order);
}

/* Tags are read by threads that hold the zone's lock while owners of allocated blocks write theirs
 * without it; relaxed atomics make that defined and cost nothing. */
static inline uint16_t tag_load(const uint16_t *tag)
{
    return __atomic_load_n(tag, __ATOMIC_RELAXED);
}

static inline void tag_store(uint16_t *tag, uint16_t value)
{
    __atomic_store_n(tag, value, __ATOMIC_RELAXED);
}

#endif
