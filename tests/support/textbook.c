#include "support/textbook.h"

#include <stdbool.h>
#include <stdlib.h>

#define NO_BLOCK 0xffffffffu /* a frame that is not the first of a free block */

struct frame {
    uint32_t next;
    uint32_t prev;
    uint32_t order;
    uint32_t unused; /* a kernel's struct page would have more to say here */
};

_Static_assert(sizeof(struct frame) == 16, "the yardstick has 16 bytes a frame");

/* Frame numbers from `frames` on are the list heads. */
struct textbook {
    uint32_t frames;
    struct frame *frame;
};

static uint32_t head_of(const struct textbook *t, unsigned order)
{
    return t->frames + order;
}

static void add(struct textbook *t, uint32_t f, unsigned order)
{
    uint32_t head = head_of(t, order);
    uint32_t first = t->frame[head].next;

    t->frame[f].next = first;
    t->frame[f].prev = head;
    t->frame[f].order = order;
    t->frame[first].prev = f;
    t->frame[head].next = f;
}

static void del(struct textbook *t, uint32_t f)
{
    struct frame *frame = &t->frame[f];

    t->frame[frame->prev].next = frame->next;
    t->frame[frame->next].prev = frame->prev;
    frame->order = NO_BLOCK;
}

struct textbook *textbook_create(uint64_t frames)
{
    struct textbook *t = malloc(sizeof *t);
    uint64_t f = 0;

    if (!t || frames >= UINT32_MAX - TEXTBOOK_ORDERS) {
        free(t);
        return NULL;
    }
    t->frames = (uint32_t)frames;
    t->frame = calloc(frames + TEXTBOOK_ORDERS, sizeof *t->frame);
    if (!t->frame) {
        free(t);
        return NULL;
    }
    for (uint64_t i = 0; i < frames; i++)
        t->frame[i].order = NO_BLOCK;
    for (unsigned o = 0; o < TEXTBOOK_ORDERS; o++) {
        uint32_t head = head_of(t, o);

        t->frame[head].next = t->frame[head].prev = head;
    }
    while (f < frames) {
        unsigned o = TEXTBOOK_ORDERS - 1;

        while (f % (1ull << o) != 0 || f + (1ull << o) > frames)
            o--;
        add(t, (uint32_t)f, o);
        f += 1ull << o;
    }
    return t;
}

int64_t textbook_alloc(struct textbook *t, unsigned order)
{
    for (unsigned o = order; o < TEXTBOOK_ORDERS; o++) {
        uint32_t head = head_of(t, o);
        uint32_t f = t->frame[head].next;

        if (f == head)
            continue;
        del(t, f);
        while (o-- > order)
            add(t, f + (1u << o), o);
        return f;
    }
    return -1;
}

void textbook_free(struct textbook *t, uint64_t frame, unsigned order)
{
    uint32_t f = (uint32_t)frame;

    for (; order < TEXTBOOK_ORDERS - 1; order++) {
        uint32_t buddy = f ^ (1u << order);

        if (buddy >= t->frames || t->frame[buddy].order != order)
            break;
        del(t, buddy);
        f &= ~(1u << order);
    }
    add(t, f, order);
}

uint64_t textbook_nr_free(const struct textbook *t)
{
    uint64_t n = 0;

    for (unsigned o = 0; o < TEXTBOOK_ORDERS; o++) {
        uint32_t head = head_of(t, o);

        for (uint32_t f = t->frame[head].next; f != head; f = t->frame[f].next)
            n += 1ull << o;
    }
    return n;
}

void textbook_destroy(struct textbook *t)
{
    if (!t)
        return;
    free(t->frame);
    free(t);
}
