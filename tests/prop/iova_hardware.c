/* What a hardware-backed container pins, against a table of pages: any history of mappings that
 * come, fail, change their address and go, and of memory that is discarded under them. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <fpr/iova.h>

#include "support/suite.h"
#include "support/support.h"

enum { SEEDS = 20, STEPS = 1500, PAGE = FPR_IOVA_PAGE_SIZE, PAGES = 96, SLOTS = 24, HOLE = 90 };
enum { RW = FPR_IOVA_READ | FPR_IOVA_WRITE };

/* Slot k begins at IOVA k * PAGES pages. */
struct mapping {
    unsigned first, pages; /* in the memory; 0 pages: not there */
    bool invalid;
    bool lost[PAGES]; /* its own pages that were discarded */
};

struct world {
    struct mapping of[SLOTS];
    struct fpr_iova_space *space;
    char *memory; /* nothing is at HOLE */
    uint64_t random;
    uint64_t discarded;
};

static unsigned below(struct world *w, unsigned n)
{
    return (unsigned)(test_random(&w->random) % n);
}

static uint64_t address(const struct world *w, unsigned page)
{
    return (uintptr_t)w->memory + (uint64_t)page * PAGE;
}

static bool is_pinned(const struct world *w, unsigned page)
{
    for (unsigned k = 0; k < SLOTS; k++) {
        const struct mapping *m = &w->of[k];
        if (page >= m->first && page < m->first + m->pages && !m->lost[page - m->first])
            return true;
    }
    return false;
}

static unsigned pinned_in(const struct world *w, unsigned first, unsigned pages)
{
    unsigned count = 0;
    for (unsigned page = first; page < first + pages; page++)
        count += is_pinned(w, page);
    return count;
}

static void map(struct world *w, unsigned k)
{
    struct mapping *m = &w->of[k];
    unsigned first = below(w, PAGES), pages = 1 + below(w, PAGES - first);
    bool fails = first <= HOLE && first + pages > HOLE;
    int rc = fpr_iova_map(w->space, (uint64_t)k * PAGES * PAGE, (uint64_t)pages * PAGE,
                          address(w, first), RW);
    ck_assert_int_eq(rc, fails ? -EFAULT : 0);
    if (!fails)
        *m = (struct mapping){.first = first, .pages = pages};
}

static void unmap(struct world *w, unsigned k)
{
    struct mapping *m = &w->of[k];
    ck_assert_int_eq(
        fpr_iova_unmap(w->space, (uint64_t)k * PAGES * PAGE, (uint64_t)m->pages * PAGE, NULL), 0);
    *m = (struct mapping){0};
}

/* Its address is invalidated, or it gets another. */
static void readdress(struct world *w, unsigned k)
{
    struct mapping *m = &w->of[k];
    uint64_t iova = (uint64_t)k * PAGES * PAGE, size = (uint64_t)m->pages * PAGE;
    if (!m->invalid) {
        ck_assert_int_eq(fpr_iova_unmap_flags(w->space, iova, size, FPR_IOVA_VADDR, NULL, NULL), 0);
        m->invalid = true;
        return;
    }
    unsigned first = below(w, PAGES - m->pages + 1);
    ck_assert_int_eq(fpr_iova_map(w->space, iova, size, address(w, first), FPR_IOVA_VADDR), 0);
    m->first = first;
    m->invalid = false;
}

static void discard(struct world *w)
{
    unsigned first = below(w, PAGES), pages = 1 + below(w, below(w, 4) ? 3 : PAGES - first);
    pages = first + pages > PAGES ? PAGES - first : pages;
    unsigned hits = pinned_in(w, first, pages);
    ck_assert_int_eq(
        fpr_iova_discard(w->space, w->memory + (size_t)first * PAGE, (size_t)pages * PAGE), hits);
    w->discarded += hits;
    for (unsigned page = first; page < first + pages; page++)
        for (unsigned k = 0; k < SLOTS; k++)
            if (page >= w->of[k].first && page < w->of[k].first + w->of[k].pages)
                w->of[k].lost[page - w->of[k].first] = true;
}

static void compare(struct world *w)
{
    unsigned first = below(w, PAGES), pages = 1 + below(w, PAGES - first);
    const char *at = w->memory + (size_t)first * PAGE;
    unsigned want = pinned_in(w, first, pages);
    const char *reason = NULL;
    ck_assert_uint_eq(fpr_iova_pinned_in(w->space, at, (size_t)pages * PAGE), want);
    ck_assert_int_eq(fpr_iova_is_pinned(w->space, at, (size_t)pages * PAGE), want > 0);
    ck_assert_uint_eq(fpr_iova_pinned_in(w->space, NULL, SIZE_MAX), pinned_in(w, 0, PAGES));
    ck_assert_msg(fpr_iova_space_validate(w->space, &reason) == 0, "%s", reason);
}

static void run(uint64_t seed)
{
    struct world w = {.random = seed};
    struct fpr_iova_config config;
    struct fpr_iova_stats stats;
    fpr_iova_config_init(&config, FPR_IOVA_MERGED);
    config.emulated = false;
    config.hardware = true;
    w.memory = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                    -1, 0);
    ck_assert(w.memory != MAP_FAILED);
    ck_assert_int_eq(munmap(w.memory + (size_t)HOLE * PAGE, PAGE), 0);
    ck_assert_int_eq(fpr_iova_space_create(&config, &w.space), 0);
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned k = below(&w, SLOTS), what = below(&w, 8);
        if (what < 2)
            discard(&w);
        else if (w.of[k].pages == 0)
            map(&w, k);
        else if (what < 5)
            readdress(&w, k);
        else
            unmap(&w, k);
        compare(&w);
    }
    ck_assert_int_eq(fpr_iova_get_stats(w.space, &stats), 0);
    ck_assert_uint_eq(stats.discarded_pinned, w.discarded);
    fpr_iova_space_destroy(w.space);
    munmap(w.memory, (size_t)PAGES * PAGE);
}

START_TEST(test_pins_as_a_table)
{
    for (uint64_t seed = 1; seed <= test_times(SEEDS, 10); seed++)
        run(seed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("iova_hardware");
    TCase *tcase = tcase_create("pins");
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, test_pins_as_a_table);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
