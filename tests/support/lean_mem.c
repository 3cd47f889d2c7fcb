#include "support/lean_mem.h"

#include "support/misuse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/types.h>

#include <cmocka.h>

/* Before each block; as large as the strictest alignment, so that what follows keeps it. */
union head {
    size_t size;
    max_align_t align;
};

static void *zalloc(void *ctx, size_t size)
{
    struct lean_mem *mem = ctx;
    mem->asked++;
    if (mem->fail_at && (mem->fail_on ? mem->asked >= mem->fail_at : mem->asked == mem->fail_at))
        return NULL;
    union head *head = calloc(1, sizeof(*head) + size);
    if (!head)
        return NULL;
    head->size = size;
    mem->blocks++;
    mem->bytes += size;
    return head + 1;
}

static void give_back(void *ctx, void *ptr, size_t size)
{
    struct lean_mem *mem = ctx;
    if (!ptr)
        fail_msg("NULL is given back");
    union head *head = (union head *)ptr - 1;
    if (head->size != size)
        fail_msg("%zu bytes are given back as %zu", head->size, size);
    mem->blocks--;
    mem->bytes -= size;
    free(head);
}

const struct fpr_mem_ops lean_mem_half[2] = {{.free = give_back}, {.zalloc = zalloc}};

void lean_mem_init(struct lean_mem *mem)
{
    *mem = (struct lean_mem){.ops = {zalloc, give_back, mem}};
}

/* One call whose n-th request fails; false if it makes fewer. */
static bool fail_nth(struct lean_mem *mem, unsigned n, int (*act)(void *ctx), void *ctx)
{
    size_t blocks = mem->blocks, bytes = mem->bytes;
    uint64_t before = misuse_digest();
    mem->fail_at = mem->asked + n;
    int result = act(ctx);
    bool failed = mem->asked >= mem->fail_at;
    mem->fail_at = 0;
    if (result < 0 && (!failed || result != -ENOMEM))
        fail_msg("request %u %s: it answers %d", n, failed ? "failed" : "was not made", result);
    if (mem->blocks != blocks || mem->bytes != bytes)
        fail_msg("request %u failed: %zd blocks, %zd bytes stay out", n,
                 (ssize_t)(mem->blocks - blocks), (ssize_t)(mem->bytes - bytes));
    if (misuse_digest() != before)
        fail_msg("request %u failed: something changed", n);
    return failed;
}

unsigned lean_mem_exhaust(struct lean_mem *mem, int (*act)(void *ctx), void *ctx)
{
    unsigned most = 0;
    for (int on = 1; on >= 0; on--) {
        mem->fail_on = on;
        unsigned n = 1;
        while (fail_nth(mem, n, act, ctx))
            n++;
        most = n - 1 > most ? n - 1 : most;
    }
    return most;
}
