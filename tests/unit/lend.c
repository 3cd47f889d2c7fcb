/* In a zone of several threads blocks come back to per-cpu lists in another way than in a zone of
 * one thread (src/mm/lend.h). Nobody may see that: two zones that differ in nothing else answer the
 * same, and look the same frame by frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include <fpr/fpr.h>

#include "support/support.h"

enum { ONE, SEVERAL, ZONES };
enum { PAGES = 4096, CPUS = 2, STEPS = 20000, LOOK_EVERY = 97 };

struct fixture {
    struct fpr_zone *zone[ZONES];
    uint64_t random;
};

static void create(struct fixture *f, enum fpr_profile profile)
{
    struct fpr_zone_config config;
    assert_int_equal(fpr_zone_config_init(&config, profile), 0);
    config.spanned = PAGES;
    config.cpus = CPUS;
    config.pcp_high = 60;
    config.pcp_batch = 7;
    for (int k = 0; k < ZONES; k++) {
        config.locked = k == SEVERAL;
        assert_int_equal(fpr_zone_create(&config, &f->zone[k]), 0);
    }
    f->random = 1;
}

static void destroy(struct fixture *f)
{
    for (int k = 0; k < ZONES; k++) {
        fpr_zone_destroy(f->zone[k]);
    }
}

static uint64_t below(struct fixture *f, uint64_t n)
{
    return test_random(&f->random) % n;
}

static void look(const struct fixture *f)
{
    const struct fpr_zone *a = f->zone[ONE], *b = f->zone[SEVERAL];
    for (fpr_pfn pfn = 0; pfn < PAGES; pfn++) {
        enum fpr_page_kind kind[ZONES];
        struct fpr_block block[ZONES];
        for (int k = 0; k < ZONES; k++) {
            assert_int_equal(fpr_zone_page(f->zone[k], pfn, &kind[k], &block[k]), 0);
        }
        assert_int_equal(kind[SEVERAL], kind[ONE]);
        assert_int_equal(block[SEVERAL].pfn, block[ONE].pfn);
        assert_int_equal(block[SEVERAL].order, block[ONE].order);
        assert_int_equal(block[SEVERAL].migratetype, block[ONE].migratetype);
    }
    assert_int_equal(fpr_zone_hash(b, true), fpr_zone_hash(a, true));
    assert_int_equal(fpr_zone_validate(b, NULL, NULL, 0), 0);
}

/* A frame in use, now and then any frame, and an order that is mostly its own. */
static fpr_pfn pick(struct fixture *f, unsigned *order)
{
    fpr_pfn pfn = 0;
    for (int tries = 0; tries < 20; tries++) {
        enum fpr_page_kind kind;
        struct fpr_block block;
        pfn = below(f, PAGES);
        assert_int_equal(fpr_zone_page(f->zone[ONE], pfn, &kind, &block), 0);
        *order = block.order;
        if (kind == FPR_PAGE_ALLOCATED) {
            pfn = block.pfn;
            break;
        }
    }
    if (below(f, 16) == 0) {
        *order = (unsigned)below(f, 12);
    }
    return pfn;
}

static int alloc(struct fpr_zone *zone, uint64_t bits, fpr_pfn *pfn)
{
    static const fpr_gfp types[] = {FPR_GFP_KERNEL, FPR_GFP_HIGHUSER_MOVABLE,
                                    FPR_GFP_KERNEL | FPR_GFP_RECLAIMABLE};
    static const unsigned orders[] = {0, 0, 0, 0, 1, 1, 2, 3, 4, 9};
    return fpr_zone_alloc(zone, orders[bits % 10], types[bits / 10 % 3],
                          (unsigned)(bits / 30 % CPUS), pfn);
}

struct step {
    uint64_t bits;
    unsigned what, cpu, order;
    fpr_pfn pfn;
};

static int play(struct fpr_zone *zone, const struct step *s, fpr_pfn *pfn)
{
    switch (s->what) {
    case 0:
        return fpr_zone_free_as(zone, s->pfn, s->order, (int)(s->bits % 5) - 1, s->cpu, 0);
    case 1:
        return fpr_zone_split(zone, s->pfn, s->order, (unsigned)(s->bits % (s->order + 1)));
    case 2:
        return fpr_zone_set_movable(zone, s->pfn, s->order, s->bits & 1);
    case 3:
        return fpr_zone_pcp_push(zone, s->pfn, s->order, s->cpu);
    case 4:
        return fpr_zone_regroup(zone, s->pfn & ~((1ull << s->order) - 1), s->order);
    case 5:
        return s->bits % 50 ? fpr_zone_free_prepare(zone, s->pfn, s->order)
                            : fpr_zone_drain(zone, s->cpu);
    case 6:
        return fpr_zone_pcp_take(zone, s->pfn, s->order);
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
        return fpr_zone_free(zone, s->pfn, s->order, s->cpu);
    default:
        return alloc(zone, s->bits, pfn);
    }
}

static void step(struct fixture *f)
{
    int answer[ZONES];
    fpr_pfn pfn[ZONES] = {0, 0};
    struct step s = {.what = (unsigned)below(f, 20), .cpu = (unsigned)below(f, CPUS)};
    s.pfn = pick(f, &s.order);
    s.bits = test_random(&f->random) >> 1;
    for (int k = 0; k < ZONES; k++) {
        answer[k] = play(f->zone[k], &s, &pfn[k]);
    }
    assert_int_equal(answer[SEVERAL], answer[ONE]);
    assert_int_equal(pfn[SEVERAL], pfn[ONE]);
}

static void play_all(enum fpr_profile profile)
{
    struct fixture f;
    create(&f, profile);
    for (int n = 0; n < STEPS; n++) {
        step(&f);
        if (n % LOOK_EVERY == 0) {
            look(&f);
        }
    }
    look(&f);
    destroy(&f);
}

static void test_v16(void **state)
{
    (void)state;
    play_all(FPR_PROFILE_V16);
}

static void test_6_1(void **state)
{
    (void)state;
    play_all(FPR_PROFILE_LINUX_6_1);
}

/* Back on its list, out of it again, and to another's. */
static void test_of_two_frees_one_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    create(&f, FPR_PROFILE_LINUX_6_1);
    struct fpr_zone *zone = f.zone[SEVERAL];
    for (unsigned order = 0; order <= 3; order++) {
        fpr_pfn pfn, again;
        assert_int_equal(fpr_zone_alloc(zone, order, FPR_GFP_HIGHUSER_MOVABLE, 0, &pfn), 0);
        assert_int_equal(fpr_zone_free(zone, pfn, order, 0), 0);
        assert_int_equal(fpr_zone_free(zone, pfn, order, 0), -EINVAL);
        assert_int_equal(fpr_zone_free(zone, pfn, order, 1), -EINVAL);
        assert_int_equal(fpr_zone_split(zone, pfn, order, 0), -EINVAL);
        assert_int_equal(fpr_zone_alloc(zone, order, FPR_GFP_HIGHUSER_MOVABLE, 0, &again), 0);
        assert_int_equal(again, pfn);
        assert_int_equal(fpr_zone_free(zone, pfn, order, 1), 0);
        assert_int_equal(fpr_zone_free(zone, pfn, order, 0), -EINVAL);
    }
    destroy(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_v16),
        cmocka_unit_test(test_6_1),
        cmocka_unit_test(test_of_two_frees_one_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
