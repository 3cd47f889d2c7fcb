#include "support/iova_top.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <fpr/iova.h>

#include "support/iova_rb.h"

/* Pages 0..LOW-1 of the window are at address 0, the others end at 2^64. */
enum { PAGE = FPR_IOVA_PAGE_SIZE, LOW = 16, PAGES = 64, CROWD = 41, LIMIT = 200 };

struct model {
    struct rb_ref tree;
    uint64_t size[RB_NODES]; /* of node x's mapping */
    bool pinned[RB_NODES];
    bool v1;
    unsigned avail, told;
};

struct run {
    struct model m;
    struct fpr_iova_space *space;
    struct fpr_iova_reader *reader;
    unsigned char *memory;
    const unsigned char *ops, *end;
    unsigned told;
    bool apart; /* what legacy.h says is not modelled has come */
};

static uint64_t start_of(const struct model *m, int x)
{
    return m->tree.node[x].key;
}

static uint64_t end_of(const struct model *m, int x)
{
    return m->tree.node[x].key + m->size[x]; /* wraps */
}

static int find(const struct model *m, uint64_t start, uint64_t size)
{
    int x = m->tree.root;
    while (x != RB_NIL) {
        if (start + size <= start_of(m, x))
            x = m->tree.node[x].left;
        else if (start >= end_of(m, x))
            x = m->tree.node[x].right;
        else
            break;
    }
    return x;
}

static int find_first(const struct model *m, uint64_t start, uint64_t size)
{
    int x = m->tree.root, found = RB_NIL;
    while (x != RB_NIL) {
        if (start < end_of(m, x)) {
            found = x;
            if (start >= start_of(m, x))
                break;
            x = m->tree.node[x].left;
        } else {
            x = m->tree.node[x].right;
        }
    }
    return found != RB_NIL && start_of(m, found) >= start + size ? RB_NIL : found;
}

static int model_map(struct model *m, uint64_t start, uint64_t size)
{
    if (size == 0 || start + size - 1 < start)
        return -EINVAL;
    if (find(m, start, size) != RB_NIL)
        return -EEXIST;
    if (m->avail == 0)
        return -ENOSPC;
    int x = rb_ref_insert(&m->tree, start);
    m->size[x] = size;
    m->pinned[x] = false;
    m->avail--;
    return 0;
}

static bool cuts(const struct model *m, uint64_t start, uint64_t size)
{
    int x = find(m, start, 1);
    if (x != RB_NIL && start_of(m, x) != start)
        return true;
    x = find(m, start + size - 1, 0);
    return x != RB_NIL && end_of(m, x) != start + size;
}

static int model_unmap(struct model *m, uint64_t start, uint64_t size, bool all, uint64_t *bytes)
{
    if (all)
        size = UINT64_MAX;
    else if (size == 0 || start + size - 1 < start)
        return -EINVAL;
    uint64_t sum = 0;
again:
    if (!m->v1 && !all && cuts(m, start, size))
        return -EINVAL;
    for (int x = find_first(m, start, size); x != RB_NIL;) {
        if (start_of(m, x) >= start + size || (m->v1 && start > start_of(m, x)))
            break;
        if (m->pinned[x]) {
            m->pinned[x] = false;
            m->told++;
            goto again;
        }
        int next = rb_ref_next(&m->tree, x);
        sum += m->size[x];
        m->avail++;
        rb_ref_remove(&m->tree, x);
        x = next;
    }
    *bytes = sum;
    return 0;
}

/* Does this range cover the first byte of a mapping that wraps? */
static bool covers_top(const struct model *m, uint64_t start, uint64_t end)
{
    bool covers = false;
    for (int t = 1; t < RB_NODES; t++)
        covers |= m->tree.node[t].used && end_of(m, t) == 0 && start_of(m, t) >= start &&
                  start_of(m, t) < end;
    return covers;
}

/* Does an ordinary mapping? */
static bool model_apart(const struct model *m)
{
    bool apart = false;
    for (int x = 1; x < RB_NODES; x++)
        apart |= m->tree.node[x].used && covers_top(m, start_of(m, x), end_of(m, x));
    return apart;
}

static unsigned take(struct run *r)
{
    return r->ops < r->end ? *r->ops++ : 0;
}

static uint64_t address(unsigned page)
{
    return page < LOW ? (uint64_t)page * PAGE : UINT64_C(0) - (uint64_t)(PAGES - page) * PAGE;
}

static void on_unmap(void *ctx, struct fpr_iova_space *space, uint64_t iova, uint64_t size)
{
    struct run *r = ctx;
    r->told++;
    fpr_iova_unpin_range(space, iova, size);
}

/* Near the top, mostly: wrapping ones begin at even pages, ordinary ones are one odd page. */
static const char *do_map(struct run *r)
{
    unsigned first = take(r) % PAGES, how = take(r), pages = 1 + how % 3;
    if (first >= CROWD)
        pages = first % 2 ? 1 : PAGES - first;
    else if (first >= LOW && first + pages > CROWD)
        pages = CROWD - first;
    if (how == 255)
        pages = 4 + first % 8; /* anything */
    uint64_t start = address(first), size = (uint64_t)pages * PAGE;
    int want = model_map(&r->m, start, size);
    int got =
        fpr_iova_map(r->space, start, size, (uintptr_t)r->memory, FPR_IOVA_READ | FPR_IOVA_WRITE);
    /* Such a range is compared with fewer mappings by the kernel than here. */
    r->apart |= (got != want && covers_top(&r->m, start, start + size)) || model_apart(&r->m);
    return r->apart || got == want ? NULL : "map";
}

static const char *do_unmap(struct run *r, bool all)
{
    unsigned first = take(r) % PAGES, last = take(r) % PAGES;
    uint64_t start = all ? 0 : address(first);
    uint64_t size = all ? 0 : address(last) - start + PAGE;
    uint64_t got_bytes = 1, want_bytes = 1;
    int want = model_unmap(&r->m, start, size, all, &want_bytes);
    int got =
        fpr_iova_unmap_flags(r->space, start, size, all ? FPR_IOVA_UNMAP_ALL : 0, NULL, &got_bytes);
    return r->apart || (got == want && got_bytes == want_bytes) ? NULL : "unmap";
}

static const char *do_pin(struct run *r)
{
    uint64_t at = address(take(r) % PAGES);
    void *frame;
    int x = find(&r->m, at, 1);
    int want = r->m.v1 ? -EACCES : x == RB_NIL ? -EINVAL : 1;
    int got = fpr_iova_pin(r->space, at, 1, FPR_IOVA_READ, &frame);
    if (want == 1)
        r->m.pinned[x] = true;
    return r->apart || got == want ? NULL : "pin";
}

static const char *compare(struct run *r)
{
    const char *reason;
    struct fpr_iova_info info;
    if (fpr_iova_space_validate(r->space, &reason))
        return reason;
    fpr_iova_get_info(r->space, &info);
    if (r->apart)
        return NULL;
    if (info.avail != r->m.avail)
        return "room for mappings";
    if (r->told != r->m.told)
        return "unmap notifications";
    for (unsigned i = 0; i < PAGES; i++) {
        uint8_t byte;
        int want = find(&r->m, address(i), 1) == RB_NIL ? -EINVAL : 0;
        if (fpr_iova_read8(r->reader, address(i), &byte) != want)
            return "what can be read";
    }
    return NULL;
}

static const char *step(struct run *r)
{
    switch (take(r) % 16) {
    case 0:
    case 1:
    case 2:
        return do_unmap(r, false);
    case 3:
        return take(r) % 16 ? NULL : do_unmap(r, true);
    case 4:
        return do_pin(r);
    default:
        return do_map(r);
    }
}

static const char *start(struct run *r)
{
    struct fpr_iova_config config;
    unsigned how = take(r);
    fpr_iova_config_init(&config, FPR_IOVA_MERGED);
    config.type = how & 1 ? FPR_IOVA_TYPE1 : FPR_IOVA_TYPE1V2;
    config.entry_limit = how & 2 ? 1 + how / 4 : LIMIT;
    config.guard = FPR_IOVA_GUARD_TRUSTED;
    config.unmap = on_unmap;
    config.unmap_ctx = r;
    r->m.v1 = how & 1;
    r->m.avail = (unsigned)config.entry_limit;
    r->memory = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (r->memory == MAP_FAILED || fpr_iova_space_create(&config, &r->space) ||
        fpr_iova_reader_create(r->space, &r->reader))
        return "no memory for the test";
    return NULL;
}

const char *iova_top_run(const unsigned char *ops, size_t n)
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
        munmap(r->memory, (size_t)PAGES * PAGE);
    free(r);
    return wrong;
}
