#include "support/misuse.h"

#include "support/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_WATCHED = 8 };

struct watched {
    uint64_t (*digest)(const void *object); /* NULL: bytes */
    const void *object;
    size_t size;
};

/* One test runs at a time. */
static struct watched watched[MAX_WATCHED];
static unsigned nr_watched;
static uint64_t before;
static int nr_wrong;

static void add(struct watched w)
{
    if (nr_watched == MAX_WATCHED)
        fail_msg("too much is watched");
    watched[nr_watched++] = w;
}

void misuse_watch(uint64_t (*digest)(const void *object), const void *object)
{
    add((struct watched){digest, object, 0});
}

void misuse_watch_bytes(void *bytes, size_t size)
{
    memset(bytes, 0xa5, size);
    add((struct watched){NULL, bytes, size});
}

int misuse_end(void)
{
    int wrong = nr_wrong;
    nr_watched = 0;
    nr_wrong = 0;
    return wrong;
}

/* A test without that teardown fails all the same. */
__attribute__((destructor)) static void check_ended(void)
{
    if (nr_wrong)
        _exit(1);
}

uint64_t misuse_digest(void)
{
    uint64_t h = DIGEST_BASIS;
    for (unsigned k = 0; k < nr_watched; k++) {
        const struct watched *w = &watched[k];
        h = w->digest ? digest_word(h, w->digest(w->object)) : digest_bytes(h, w->object, w->size);
    }
    return h;
}

void misuse_before(void)
{
    before = misuse_digest();
}

void misuse_after(const char *call, const char *wrong, intptr_t got, intptr_t answer,
                  const char *file, int line)
{
    if (got != answer)
        print_error("%s:%d: %s (%s) answers %lld instead of %lld\n", file, line, call, wrong,
                    (long long)got, (long long)answer);
    bool changed = misuse_digest() != before;
    if (changed)
        print_error("%s:%d: %s (%s) changed something\n", file, line, call, wrong);
    nr_wrong += got != answer || changed;
}
