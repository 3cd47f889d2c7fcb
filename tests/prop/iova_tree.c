/* The IOVA map's tree with many mappings, near and far, small and huge, against a sorted array. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <fpr/iova.h>

#include "support/suite.h"
#include "support/support.h"

enum { SEEDS = 12, STEPS = 6000, MOST = 4096, PAGE = FPR_IOVA_PAGE_SIZE };

struct map {
    uint64_t start, last, va;
};

struct model {
    struct map map[MOST];
    size_t n;
    struct fpr_iova_space *space;
    struct fpr_iova_reader *reader;
    uint64_t random;
    bool fill; /* the map fills, or empties */
};

static uint64_t below(struct model *m, uint64_t n)
{
    return test_random(&m->random) % n;
}

/* First mapping whose last byte is at or above x. */
static size_t seek(const struct model *m, uint64_t x)
{
    size_t low = 0, high = m->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (m->map[mid].last < x)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* An address: in a dense cluster, in a wide one, or anywhere in 2^64. */
static uint64_t draw_address(struct model *m)
{
    switch (below(m, 4)) {
    case 0:
        return below(m, UINT64_C(1) << 52) * PAGE;
    case 1:
        return (UINT64_C(1) << 44) + below(m, 1 << 20) * (UINT64_C(1) << 33);
    default:
        return (UINT64_C(7) << 40) + below(m, 4 * MOST) * PAGE;
    }
}

/* Larger ones while the map empties: they take the place of several that were. */
static uint64_t draw_size(struct model *m)
{
    if (!m->fill && below(m, 2))
        return (20 + below(m, 400)) * PAGE;
    switch (below(m, 8)) {
    case 0:
        return (1 + below(m, 1 << 24)) * PAGE;
    case 1:
        return (1 + below(m, 300)) * PAGE;
    default:
        return (1 + below(m, 4)) * PAGE;
    }
}

static void step_map(struct model *m)
{
    uint64_t start = draw_address(m), size = draw_size(m);
    uint64_t last = start + (size - 1), va = (1 + below(m, 1 << 30)) * PAGE;
    int got = fpr_iova_map(m->space, start, size, va, FPR_IOVA_READ);
    if (last < start) {
        ck_assert_int_eq(got, -EINVAL);
        return;
    }
    size_t at = seek(m, start);
    if (at < m->n && m->map[at].start <= last) {
        ck_assert_int_eq(got, -EEXIST);
        return;
    }
    if (m->n == MOST) {
        ck_assert_int_eq(got, -ENOSPC);
        return;
    }
    ck_assert_int_eq(got, 0);
    memmove(&m->map[at + 1], &m->map[at], (m->n - at) * sizeof(m->map[0]));
    m->map[at] = (struct map){start, last, va};
    m->n++;
}

static void step_unmap(struct model *m)
{
    uint64_t first = draw_address(m), last, bytes = 0, want = 0;
    if (m->n > 0 && below(m, 3) > 0) {
        /* One that is there, often with some behind it. */
        size_t i = below(m, m->n), j = i + (below(m, 4) ? 0 : below(m, 60));
        first = m->map[i].start;
        last = m->map[j < m->n ? j : m->n - 1].last;
    } else {
        last = first + (draw_size(m) - 1);
    }
    if (last < first || last - first == UINT64_MAX)
        return;
    int got = fpr_iova_unmap(m->space, first, last - first + 1, &bytes);
    size_t from = seek(m, first), to = from;
    while (to < m->n && m->map[to].start <= last)
        want += m->map[to].last - m->map[to].start + 1, to++;
    if (to > from && (m->map[from].start < first || m->map[to - 1].last > last)) {
        ck_assert_int_eq(got, -EINVAL);
        return;
    }
    ck_assert_int_eq(got, 0);
    ck_assert_uint_eq(bytes, want);
    memmove(&m->map[from], &m->map[to], (m->n - to) * sizeof(m->map[0]));
    m->n -= to - from;
}

/* Look-ups are compared without touching memory. */
static void step_find(struct model *m)
{
    uint64_t x = draw_address(m) + below(m, PAGE);
    if (m->n > 0 && below(m, 2)) {
        const struct map *some = &m->map[below(m, m->n)];
        x = some->start + below(m, some->last - some->start + 1);
    }
    size_t at = seek(m, x);
    void *ptr = NULL;
    int got = fpr_iova_get(m->reader, x, 1, FPR_IOVA_READ, &ptr);
    if (at == m->n || m->map[at].start > x) {
        ck_assert_int_eq(got, -EINVAL);
        return;
    }
    ck_assert_int_eq(got, 0);
    ck_assert_uint_eq((uintptr_t)ptr, m->map[at].va + (x - m->map[at].start));
    ck_assert_int_eq(fpr_iova_put(m->reader), 0);
}

struct compare {
    const struct model *m;
    size_t i;
};

static int compare(void *ctx, uint64_t iova, uint64_t size, uint64_t vaddr, unsigned prot)
{
    struct compare *c = ctx;
    const struct map *map = &c->m->map[c->i];
    ck_assert_uint_lt(c->i, c->m->n);
    ck_assert_uint_eq(iova, map->start);
    ck_assert_uint_eq(iova + (size - 1), map->last);
    ck_assert_uint_eq(vaddr, map->va);
    ck_assert_uint_eq(prot, FPR_IOVA_READ);
    c->i++;
    return 0;
}

static void check_all(const struct model *m)
{
    const char *reason = "";
    struct compare c = {m, 0};
    int rc = fpr_iova_space_validate(m->space, &reason);
    ck_assert_msg(rc == 0, "%s", reason);
    ck_assert_int_eq(fpr_iova_walk(m->space, compare, &c), 0);
    ck_assert_uint_eq(c.i, m->n);
}

static void run(uint64_t seed)
{
    struct model *m = calloc(1, sizeof(*m));
    struct fpr_iova_config config;
    ck_assert_ptr_nonnull(m);
    m->random = seed;
    fpr_iova_config_init(&config, FPR_IOVA_MERGED);
    config.broken_top = false;
    config.entry_limit = MOST;
    ck_assert_int_eq(fpr_iova_space_create(&config, &m->space), 0);
    ck_assert_int_eq(fpr_iova_reader_create(m->space, &m->reader), 0);
    for (unsigned i = 0; i < STEPS; i++) {
        m->fill = i / 1500 % 2 == 0;
        if (below(m, 10) < (m->fill ? 8 : 4))
            step_map(m);
        else
            step_unmap(m);
        step_find(m);
        if (i % 50 == 0)
            check_all(m);
    }
    uint64_t bytes = 0, want = 0;
    for (size_t i = 0; i < m->n; i++)
        want += m->map[i].last - m->map[i].start + 1;
    ck_assert_int_eq(fpr_iova_unmap_all(m->space, &bytes), 0);
    ck_assert_uint_eq(bytes, want);
    m->n = 0;
    check_all(m);
    fpr_iova_reader_destroy(m->reader);
    fpr_iova_space_destroy(m->space);
    free(m);
}

START_TEST(test_iova_tree_as_array)
{
    for (uint64_t seed = 1; seed <= test_times(SEEDS, 6); seed++)
        run(seed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("iova_tree");
    TCase *tcase = tcase_create("array");
    tcase_set_timeout(tcase, 600);
    tcase_add_test(tcase, test_iova_tree_as_array);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
