/* A source of metadata that fails when told, knows what is out, and notices what is given back
 * with another size than it was asked for. */
#ifndef TESTS_LEAN_MEM_H
#define TESTS_LEAN_MEM_H

#include <fpr/mem.h>

struct lean_mem {
    struct fpr_mem_ops ops; /* to be given to the library */
    uint64_t asked;         /* requests so far */
    uint64_t fail_at;       /* this request fails; 0: none */
    bool fail_on;           /* so do all behind it */
    size_t blocks;          /* out now */
    size_t bytes;           /* likewise */
};

void lean_mem_init(struct lean_mem *mem);

/* Sources that lack a function: the one without zalloc, the one without free. */
extern const struct fpr_mem_ops lean_mem_half[2];

/* Calls act(ctx) with the first request failing, then the second …, until a call makes no more of
 * them; then all over again, failing from that request on. What fails must answer -ENOMEM, give
 * back what it took and change nothing that is watched (misuse.h); what finds a way round must
 * answer from 0 on. Returns how many requests there were to fail. */
unsigned lean_mem_exhaust(struct lean_mem *mem, int (*act)(void *ctx), void *ctx);

#endif
