#include <stdlib.h>
#include <string.h>

#include "gen/gen.h"

static void make_room(struct gen_blocks *b)
{
    size_t count = b->tail - b->head;
    if (b->head > b->room / 2) {
        memmove(b->block, b->block + b->head, count * sizeof(*b->block));
    } else {
        size_t room = b->room ? 2 * b->room : 64;
        struct gen_block *more = malloc(room * sizeof(*more));
        if (!more) {
            bench_die(BENCH_FAILED, "out of memory");
        }
        if (count) {
            memcpy(more, b->block + b->head, count * sizeof(*more));
        }
        free(b->block);
        b->block = more;
        b->room = room;
    }
    b->head = 0;
    b->tail = count;
}

void gen_blocks_add(struct gen_blocks *b, fpr_pfn pfn, unsigned order)
{
    if (b->tail == b->room) {
        make_room(b);
    }
    b->block[b->tail++] = (struct gen_block){pfn, order};
    b->pages += UINT64_C(1) << order;
}

size_t gen_blocks_count(const struct gen_blocks *b)
{
    return b->tail - b->head;
}

static struct gen_block taken(struct gen_blocks *b, struct gen_block block)
{
    b->pages -= UINT64_C(1) << block.order;
    return block;
}

struct gen_block gen_blocks_take_oldest(struct gen_blocks *b)
{
    return taken(b, b->block[b->head++]);
}

struct gen_block gen_blocks_take_newest(struct gen_blocks *b)
{
    return taken(b, b->block[--b->tail]);
}

struct gen_block gen_blocks_take(struct gen_blocks *b, size_t i)
{
    struct gen_block block = b->block[b->head + i];
    b->block[b->head + i] = b->block[--b->tail];
    return taken(b, block);
}

void gen_blocks_release(struct gen_blocks *b)
{
    free(b->block);
    memset(b, 0, sizeof(*b));
}
