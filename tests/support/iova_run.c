/* Operation strings: the map and its reference side by side. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "support/iova_ref.h"

enum { PAGE = FPR_IOVA_PAGE_SIZE, WORDS = REF_PAGES / 64 };

struct run {
    struct iova_ref ref;
    struct fpr_iova_space *space;
    struct fpr_iova_reader *reader;
    unsigned char *memory;
    const unsigned char *ops, *end;
    unsigned told;
    unsigned char mine[16 * PAGE], theirs[16 * PAGE];
};

static unsigned take(struct run *r)
{
    return r->ops < r->end ? *r->ops++ : 0;
}

static unsigned take_page(struct run *r)
{
    return (take(r) << 8 | take(r)) % (REF_PAGES + 1);
}

/* Mostly small. */
static unsigned take_pages(struct run *r)
{
    unsigned n = take(r);
    return n < 200 ? n % 9 : n % 97;
}

static uint64_t address(unsigned page)
{
    return REF_BASE + (uint64_t)page * PAGE;
}

static void on_unmap(void *ctx, struct fpr_iova_space *space, uint64_t iova, uint64_t size)
{
    struct run *r = ctx;
    r->told++;
    fpr_iova_unpin_range(space, iova, size);
}

/* A range that the model calls out of bounds wraps in the real one. */
static const char *do_map(struct run *r)
{
    unsigned first = take_page(r), pages = take_pages(r);
    unsigned memory = take(r) % REF_MEMORY, prot = take(r) % 4;
    if (memory + pages > REF_MEMORY)
        memory = 0;
    if (pages > REF_MEMORY)
        pages = REF_MEMORY;
    int got = fpr_iova_map(r->space, address(first), (uint64_t)pages * PAGE,
                           (uintptr_t)r->memory + (uint64_t)memory * PAGE, prot);
    /* The window's end is address 0: the model knows nothing below the window. */
    if (first == REF_PAGES)
        return got == 0 && fpr_iova_unmap(r->space, 0, (uint64_t)pages * PAGE, NULL) ? "unmap at 0"
                                                                                     : NULL;
    return got == ref_map(&r->ref, first, pages, memory, prot) ? NULL : "map";
}

static const char *do_unmap(struct run *r, bool dirty)
{
    unsigned first = take_page(r) % REF_PAGES, pages = take_pages(r);
    uint64_t got_bytes = 1, want_bytes = 1, got_bits[WORDS], want_bits[WORDS];
    memset(got_bits, (int)take(r), sizeof(got_bits));
    memcpy(want_bits, got_bits, sizeof(want_bits));
    struct fpr_iova_bitmap bitmap = {PAGE, sizeof(got_bits), got_bits};
    int got =
        fpr_iova_unmap_flags(r->space, address(first), (uint64_t)pages * PAGE,
                             dirty ? FPR_IOVA_UNMAP_DIRTY : 0, dirty ? &bitmap : NULL, &got_bytes);
    int want = ref_unmap(&r->ref, first, pages, &want_bytes, dirty ? want_bits : NULL);
    if (got != want || got_bytes != want_bytes)
        return "unmap";
    return memcmp(got_bits, want_bits, sizeof(got_bits)) ? "dirty bits of an unmap" : NULL;
}

static const char *do_rw(struct run *r, bool write)
{
    uint64_t offset = (uint64_t)take_page(r) % REF_PAGES * PAGE + (take(r) << 4 | take(r) % 16);
    size_t len = take(r) < 128 ? take(r) : (take(r) << 8 | take(r));
    if (len > sizeof(r->mine))
        len = sizeof(r->mine);
    unsigned seed = take(r);
    for (size_t i = 0; i < len; i++)
        r->mine[i] = r->theirs[i] = (unsigned char)(seed + i * 7);
    size_t got_done, want_done;
    int got = fpr_iova_rw_progress(r->reader, REF_BASE + offset, r->mine, len, write, &got_done);
    int want = ref_rw(&r->ref, offset, r->theirs, len, write, &want_done);
    if (got != want || got_done != want_done)
        return "result of a read or write";
    return memcmp(r->mine, r->theirs, len) ? "bytes read" : NULL;
}

static const char *do_pin(struct run *r)
{
    unsigned first = take_page(r) % REF_PAGES, pages = take_pages(r), prot = take(r) % 4;
    void *frames[FPR_IOVA_PIN_MAX];
    if (first + pages > REF_PAGES)
        pages = REF_PAGES - first;
    int got = fpr_iova_pin(r->space, address(first), pages, prot, frames);
    int want = ref_pin(&r->ref, first, pages, prot);
    if (got != want)
        return "pin";
    for (int i = 0; i < got; i++) {
        const struct ref_map *map = &r->ref.map[r->ref.page[first + (unsigned)i].map];
        unsigned page = map->memory + first + (unsigned)i - map->first;
        if (frames[i] != r->memory + (size_t)page * PAGE)
            return "frame of a pinned page";
        if (!fpr_iova_is_pinned(r->space, frames[i], 1))
            return "a pinned page that is not pinned";
    }
    return NULL;
}

static const char *do_unpin(struct run *r)
{
    unsigned first = take_page(r) % REF_PAGES, pages = take_pages(r);
    if (first + pages > REF_PAGES)
        pages = REF_PAGES - first;
    fpr_iova_unpin(r->space, address(first), pages);
    ref_unpin(&r->ref, first, pages);
    return NULL;
}

static const char *do_get(struct run *r)
{
    unsigned first = take_page(r) % REF_PAGES, pages = take_pages(r) * 4;
    uint64_t got_bits[WORDS], want_bits[WORDS];
    memset(got_bits, (int)take(r), sizeof(got_bits));
    memcpy(want_bits, got_bits, sizeof(want_bits));
    struct fpr_iova_bitmap bitmap = {PAGE, sizeof(got_bits), got_bits};
    int got = fpr_iova_dirty_get(r->space, address(first), (uint64_t)pages * PAGE, &bitmap);
    int want = ref_dirty_get(&r->ref, first, pages, want_bits);
    if (got != want)
        return "dirty get";
    return memcmp(got_bits, want_bits, sizeof(got_bits)) ? "dirty bits" : NULL;
}

static const char *do_all(struct run *r)
{
    uint64_t bytes;
    if (take(r) % 4) /* seldom */
        return NULL;
    if (fpr_iova_unmap_all(r->space, &bytes) || bytes != ref_unmap_all(&r->ref))
        return "unmap of everything";
    return NULL;
}

static const char *step(struct run *r)
{
    switch (take(r) % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        return do_map(r);
    case 5:
    case 6:
        return do_unmap(r, false);
    case 7:
        return do_unmap(r, true);
    case 8:
    case 9:
        return do_rw(r, false);
    case 10:
    case 11:
        return do_rw(r, true);
    case 12:
        return do_pin(r);
    case 13:
        return do_unpin(r);
    case 14:
        return do_get(r);
    default:
        switch (take(r) % 3) {
        case 0:
            return fpr_iova_dirty_start(r->space) == ref_dirty_start(&r->ref) ? NULL : "start";
        case 1:
            return fpr_iova_dirty_stop(r->space) == ref_dirty_stop(&r->ref) ? NULL : "stop";
        default:
            return do_all(r);
        }
    }
}

static const char *compare(struct run *r)
{
    const char *reason;
    struct fpr_iova_info info;
    if (fpr_iova_space_validate(r->space, &reason))
        return reason;
    fpr_iova_get_info(r->space, &info);
    if (info.mappings != r->ref.count)
        return "number of mappings";
    if (fpr_iova_locked_pages(r->space) != ref_locked(&r->ref))
        return "locked pages";
    if (r->told != r->ref.told)
        return "unmap notifications";
    return memcmp(r->memory, r->ref.memory, sizeof(r->ref.memory)) ? "memory" : NULL;
}

static const char *start(struct run *r)
{
    struct fpr_iova_config config;
    unsigned how = take(r);
    fpr_iova_config_init(&config, FPR_IOVA_MERGED);
    config.broken_top = config.stale_dirty = false;
    config.type = how & 1 ? FPR_IOVA_TYPE1 : FPR_IOVA_TYPE1V2;
    config.entry_limit = how & 2 ? 1 + how / 4 : REF_PAGES;
    config.guard = FPR_IOVA_GUARD_TRUSTED;
    config.unmap = on_unmap;
    config.unmap_ctx = r;
    ref_init(&r->ref, how & 1, (unsigned)config.entry_limit);
    r->memory = mmap(NULL, sizeof(r->ref.memory), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (r->memory == MAP_FAILED || fpr_iova_space_create(&config, &r->space) ||
        fpr_iova_reader_create(r->space, &r->reader))
        return "no memory for the test";
    return NULL;
}

const char *iova_ref_run(const unsigned char *ops, size_t n)
{
    struct run *r = calloc(1, sizeof(*r));
    if (!r)
        return "no memory for the test";
    r->ops = ops;
    r->end = ops + n;
    const char *wrong = start(r);
    while (!wrong && r->ops < r->end) {
        wrong = step(r);
        if (!wrong)
            wrong = compare(r);
    }
    fpr_iova_reader_destroy(r->reader);
    fpr_iova_space_destroy(r->space);
    if (r->memory != MAP_FAILED)
        munmap(r->memory, sizeof(r->ref.memory));
    free(r);
    return wrong;
}
