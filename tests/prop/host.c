/* The host against an obvious reference: arrays of bools and loops over pages. */
#include <check.h>
#include <fpr/host.h>
#include <stdlib.h>

#include "support/suite.h"
#include "support/support.h"

enum { MAX_PAGES = 90, MAX_UNITS = 90, RUNS = 600, STEPS = 120 };

struct page {
    bool resident, dropped, given;
};

struct reference {
    struct fpr_host_config config;
    unsigned unit; /* pages */
    struct page page[MAX_PAGES];
    bool split[MAX_UNITS];
    struct fpr_host_stats stats;
};

static unsigned unit_end(const struct reference *ref, unsigned unit)
{
    unsigned end = (unit + 1) * ref->unit, pages = (unsigned)ref->config.pages;
    return end < pages ? end : pages;
}

static bool all_resident(const struct reference *ref, unsigned unit)
{
    for (unsigned p = unit * ref->unit; p < unit_end(ref, unit); p++)
        if (!ref->page[p].resident)
            return false;
    return true;
}

static bool none_resident(const struct reference *ref, unsigned unit)
{
    for (unsigned p = unit * ref->unit; p < unit_end(ref, unit); p++)
        if (ref->page[p].resident)
            return false;
    return true;
}

static void ref_fault(struct reference *ref, unsigned pages, bool again)
{
    uint64_t bytes = (uint64_t)pages << ref->config.page_shift;
    ref->stats.faults++;
    ref->stats.zeroed_bytes += bytes;
    if (again) {
        ref->stats.refault_faults++;
        ref->stats.rezeroed_bytes += bytes;
    }
}

static void ref_appear(struct page *page)
{
    *page = (struct page){.resident = true};
}

/* Touches within one unit, as one access. */
static unsigned ref_touch_in(struct reference *ref, unsigned unit, unsigned from, unsigned to)
{
    unsigned before = 0, again = 0, more = 0;
    bool rescue = ref->config.mode == FPR_HOST_FREE && all_resident(ref, unit) && !ref->split[unit];
    for (unsigned p = from; p < to; p++) {
        ref->stats.lazy_hits += ref->page[p].given;
        before += ref->page[p].resident;
        again += !ref->page[p].resident && ref->page[p].dropped;
        ref->page[p].given = false;
    }
    for (unsigned p = unit * ref->unit; rescue && p < unit_end(ref, unit); p++)
        ref->page[p].given = false;
    ref->stats.refaults += again;
    ref->stats.refault_bytes += (uint64_t)again << ref->config.page_shift;
    if (before == to - from)
        return 0;
    if (none_resident(ref, unit) && !ref->split[unit]) {
        unsigned pages = unit_end(ref, unit) - unit * ref->unit;
        ref_fault(ref, pages, again > 0);
        for (unsigned p = unit * ref->unit; p < unit_end(ref, unit); p++)
            ref_appear(&ref->page[p]);
        return pages;
    }
    for (unsigned p = from; p < to; p++) {
        if (ref->page[p].resident)
            continue;
        ref_fault(ref, 1, ref->page[p].dropped);
        ref_appear(&ref->page[p]);
        more++;
    }
    return more;
}

static unsigned ref_vanish(struct page *page)
{
    if (!page->resident)
        return 0;
    *page = (struct page){.dropped = true};
    return 1;
}

static bool all_given(const struct reference *ref, unsigned unit)
{
    for (unsigned p = unit * ref->unit; p < unit_end(ref, unit); p++)
        if (ref->page[p].resident && !ref->page[p].given)
            return false;
    return true;
}

/* A report of pages within one unit. */
static unsigned ref_drop_in(struct reference *ref, unsigned unit, unsigned from, unsigned to)
{
    unsigned dropped = 0, start = unit * ref->unit, end = unit_end(ref, unit);
    bool whole = from == start && to == end;
    bool keep = ref->config.mode == FPR_HOST_FREE;
    if (ref->config.mode == FPR_HOST_INHIBITED)
        return 0;
    if (keep || (!whole && !ref->config.split_huge)) {
        for (unsigned p = from; p < to; p++)
            ref->page[p].given = ref->page[p].resident;
        if (!keep && all_given(ref, unit)) {
            whole = true;
            from = start;
            to = end;
        } else if (!keep) {
            return 0;
        }
    }
    if (!whole && all_resident(ref, unit) && !ref->split[unit]) {
        ref->split[unit] = true;
        ref->stats.huge_splits++;
    }
    for (unsigned p = from; p < to && !keep; p++)
        dropped += ref_vanish(&ref->page[p]);
    if (whole && !keep && ref->config.refault_huge)
        ref->split[unit] = false;
    return dropped;
}

static unsigned ref_each_unit(struct reference *ref, unsigned from, unsigned pages,
                              unsigned (*act)(struct reference *, unsigned, unsigned, unsigned))
{
    unsigned sum = 0, to = from + pages;
    for (unsigned unit = 0; unit * ref->unit < ref->config.pages; unit++) {
        unsigned low = unit * ref->unit, high = unit_end(ref, unit);
        low = low > from ? low : from;
        high = high < to ? high : to;
        if (low < high)
            sum += act(ref, unit, low, high);
    }
    return sum;
}

static unsigned ref_drop(struct reference *ref, unsigned from, unsigned pages)
{
    ref->stats.reported_bytes += (uint64_t)pages << ref->config.page_shift;
    if (ref->config.mode == FPR_HOST_PUNCH &&
        (from % ref->unit || (pages % ref->unit && from + pages != ref->config.pages))) {
        ref->stats.misaligned_entries++;
        return 0;
    }
    unsigned dropped = ref_each_unit(ref, from, pages, ref_drop_in);
    ref->stats.dropped_bytes += (uint64_t)dropped << ref->config.page_shift;
    return dropped;
}

static unsigned ref_pressure(struct reference *ref)
{
    unsigned dropped = 0;
    for (unsigned p = 0; p < ref->config.pages && ref->config.mode == FPR_HOST_FREE; p++)
        if (ref->page[p].given)
            dropped += ref_vanish(&ref->page[p]);
    ref->stats.dropped_bytes += (uint64_t)dropped << ref->config.page_shift;
    return dropped;
}

/* libcheck notes every assertion that holds, which is slow in loops. */
static void same(uint64_t got, uint64_t want, const char *what)
{
    if (got != want)
        ck_abort_msg("%s: %llu, want %llu", what, (unsigned long long)got,
                     (unsigned long long)want);
}

static void compare(const struct reference *ref, const struct fpr_host *host)
{
    unsigned resident = 0, huge = 0;
    for (unsigned p = 0; p < ref->config.pages; p++) {
        same((uint64_t)fpr_host_resident_in(host, p, 1), ref->page[p].resident, "page");
        resident += ref->page[p].resident;
    }
    for (unsigned u = 0; u * ref->unit < ref->config.pages; u++)
        if (ref->unit > 1 && all_resident(ref, u) && !ref->split[u])
            huge += unit_end(ref, u) - u * ref->unit;
    same(fpr_host_resident_pages(host), resident, "resident pages");
    same(fpr_host_huge_pages(host), huge, "huge pages");
    struct fpr_host_stats stats;
    fpr_host_get_stats(host, &stats);
#define FPR_X(name, text) same(stats.name, ref->stats.name, #name);
    FPR_HOST_STATS(FPR_X)
#undef FPR_X
}

static void step(struct reference *ref, struct fpr_host *host, uint64_t *seed)
{
    unsigned total = (unsigned)ref->config.pages;
    unsigned from = (unsigned)(test_random(seed) % total);
    unsigned pages = (unsigned)(test_random(seed) % (total - from + 1));
    if (test_random(seed) % 2) /* whole units are rare otherwise */
        from -= from % ref->unit, pages -= pages % ref->unit;
    else if (test_random(seed) % 2)
        pages = pages < 3 ? pages : 3;
    switch (test_random(seed) % 8) {
    case 0:
        same((uint64_t)fpr_host_pressure(host), ref_pressure(ref), "pressure");
        break;
    case 1:
    case 2:
    case 3:
        ref->stats.touches += pages;
        same((uint64_t)fpr_host_touch(host, from, pages),
             ref_each_unit(ref, from, pages, ref_touch_in), "touched");
        break;
    default:
        same((uint64_t)fpr_host_drop(host, from, pages), ref_drop(ref, from, pages), "dropped");
    }
}

START_TEST(host_equals_its_reference)
{
    for (uint64_t run = 0; run < RUNS; run++) {
        uint64_t seed = run * 77 + (uint64_t)_i;
        struct reference *ref = calloc(1, sizeof(*ref));
        struct fpr_host *host = NULL;
        fpr_host_config_init(&ref->config);
        ref->config.pages = 1 + test_random(&seed) % MAX_PAGES;
        ref->config.backing_shift = 12 + (unsigned)(test_random(&seed) % 5);
        ref->unit = 1u << (ref->config.backing_shift - 12);
        ref->config.split_huge = test_random(&seed) % 2;
        ref->config.refault_huge = test_random(&seed) % 2;
        ref->config.mode = (enum fpr_host_mode)_i;
        ck_assert_int_eq(fpr_host_create(&ref->config, &host), 0);
        for (int i = 0; i < STEPS; i++) {
            step(ref, host, &seed);
            compare(ref, host);
        }
        fpr_host_destroy(host);
        free(ref);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("host");
    TCase *tcase = tcase_create("reference");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, host_equals_its_reference, 0, FPR_HOST_INHIBITED + 1);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
