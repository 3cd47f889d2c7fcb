#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "support/iova_unit.h"

enum { R = FPR_IOVA_READ, W = FPR_IOVA_WRITE, RW = R | W, V = FPR_IOVA_VADDR };

static struct iova_unit u;
static struct fpr_iova_config config;

static int setup(void **state)
{
    (void)state;
    unit_config(&u, FPR_IOVA_MERGED, &config);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    const char *reason = NULL;
    if (u.space && fpr_iova_space_validate(u.space, &reason))
        fail_msg("%s", reason);
    unit_close(&u);
    return 0;
}

static uint64_t avail(void)
{
    struct fpr_iova_info info;
    assert_int_equal(fpr_iova_get_info(u.space, &info), 0);
    return info.avail;
}

static void test_config_is_the_kernels(void **state)
{
    (void)state;
    assert_int_equal(config.entry_limit, 65535);
    assert_int_equal(config.type, FPR_IOVA_TYPE1V2);
    assert_true(config.broken_top && config.stale_dirty && config.emulated && config.capable);
    assert_int_equal(fpr_iova_config_init(NULL, FPR_IOVA_MERGED), -EINVAL);
    assert_int_equal(fpr_iova_config_init(&config, (enum fpr_iova_profile)7), -EINVAL);
    config.type = (enum fpr_iova_type)2;
    assert_int_equal(fpr_iova_space_create(&config, &u.space), -EINVAL);
    assert_null(u.space);
}

static void test_profiles_have_names(void **state)
{
    (void)state;
    enum fpr_iova_profile profile = FPR_IOVA_MERGED;
    assert_string_equal(fpr_iova_profile_name(FPR_IOVA_MERGED), "merged");
    assert_int_equal(fpr_iova_profile_from_name("seed-v1", &profile), 0);
    assert_int_equal(profile, FPR_IOVA_SEED_V1);
    assert_int_equal(fpr_iova_profile_from_name("seed", &profile), -EINVAL);
    assert_null(fpr_iova_profile_name((enum fpr_iova_profile)2));
}

static void test_the_first_failing_check_answers(void **state)
{
    (void)state;
    config.entry_limit = 1;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x1000, 1, 0, RW), 0);
    assert_int_equal(unit_map(&u, 0x1000, 1, 0, RW | V), -EINVAL); /* flags before overlap */
    assert_int_equal(unit_map(&u, 0x1000, 1, 0, 0), -EINVAL);
    assert_int_equal(unit_map(&u, 0x1800, 1, 0, RW), -EINVAL); /* alignment before overlap */
    assert_int_equal(unit_map(&u, 0x1000, 1, 0, RW), -EEXIST); /* overlap before the limit */
    assert_int_equal(unit_map(&u, 0x2000, 1, 0, RW), -ENOSPC);
    assert_int_equal(unit_map(&u, 0x2000, 1, 0, V), -ENOENT); /* before the limit too */
    assert_int_equal(unit_map(&u, 0x1000, 1, 0, V), -EINVAL);
    assert_int_equal(avail(), 0);
}

static void test_a_range_that_wraps(void **state)
{
    (void)state;
    uint64_t top = UINT64_C(0) - 0x1000, bytes = 77;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, top, 2, 0, RW), -EINVAL);
    assert_int_equal(fpr_iova_map(u.space, 0x1000, 0x2000, top, RW), -EINVAL);
    assert_int_equal(fpr_iova_unmap(u.space, top, 0x2000, &bytes), -EINVAL);
    assert_int_equal(bytes, 77);
    unit_close(&u);
    config.wrap_overflow = true;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, top, 2, 0, RW), -EOVERFLOW);
    assert_int_equal(fpr_iova_map(u.space, top + 1, 0x2000, 0, RW), -EOVERFLOW);
    assert_int_equal(fpr_iova_unmap(u.space, top, 0x2000, &bytes), -EOVERFLOW);
}

/*   … |ffe000|fff000|   the last two pages of the space */
static void test_the_last_page_works(void **state)
{
    (void)state;
    uint64_t top = UINT64_C(0) - 0x1000, bytes;
    unsigned char byte;
    config.broken_top = false;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, top, 1, 3, RW), 0);
    assert_int_equal(unit_map(&u, top, 1, 3, RW), -EEXIST);
    assert_int_equal(unit_map(&u, top - 0x1000, 2, 3, RW), -EEXIST);
    assert_int_equal(fpr_iova_read8(u.reader, UINT64_MAX, &byte), 0);
    assert_int_equal(byte, u.arena[4 * UNIT_PAGE - 1]);
    /* What follows it is not address 0. */
    assert_int_equal(unit_map(&u, 0, 1, 0, RW), 0);
    uint16_t word;
    assert_int_equal(fpr_iova_read16(u.reader, UINT64_MAX, &word), -EINVAL);
    assert_int_equal(fpr_iova_unmap(u.space, top - 0x1000, 0x2000, &bytes), 0);
    assert_int_equal(bytes, 0x1000);
}

static void test_the_last_page_of_old(void **state)
{
    (void)state;
    uint64_t top = UINT64_C(0) - 0x1000, bytes;
    unsigned char byte;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, top, 1, 3, RW), 0);
    assert_int_equal(unit_map(&u, top, 1, 3, RW), 0);
    assert_int_equal(avail(), 65533);
    assert_int_equal(fpr_iova_read8(u.reader, top, &byte), -EINVAL);
    assert_int_equal(fpr_iova_unmap_all(u.space, &bytes), 0);
    assert_int_equal(bytes, 0);
}

/* The end of a range up to 2^64 wraps, so everything seems to begin behind it. */
static void test_a_range_up_to_the_top_of_old(void **state)
{
    (void)state;
    uint64_t below = UINT64_C(0) - 0x3000, bytes = 1;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, below, 1, 3, RW), 0);
    assert_int_equal(fpr_iova_unmap(u.space, below - 0x1000, 0x4000, &bytes), 0);
    assert_int_equal(bytes, 0);
    assert_int_equal(avail(), 65534);
    assert_int_equal(fpr_iova_unmap(u.space, below - 0x1000, 0x3000, &bytes), 0);
    assert_int_equal(bytes, 0x1000);
}

/*   |100000 ....|104000 ....|   v2 cuts nothing */
static void test_v2_refuses_to_bisect(void **state)
{
    (void)state;
    uint64_t bytes = 5;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x100000, 4, 0, RW), 0);
    assert_int_equal(unit_map(&u, 0x104000, 4, 4, RW), 0);
    assert_int_equal(fpr_iova_unmap(u.space, 0x101000, 0x3000, &bytes), -EINVAL);
    assert_int_equal(fpr_iova_unmap(u.space, 0x100000, 0x5000, &bytes), -EINVAL);
    assert_int_equal(fpr_iova_unmap(u.space, 0xff000, 0x2000, &bytes), -EINVAL);
    assert_int_equal(bytes, 5);
    assert_int_equal(avail(), 65533);
    assert_int_equal(fpr_iova_unmap(u.space, 0xff000, 0xa000, &bytes), 0);
    assert_int_equal(bytes, 0x8000);
}

static void test_v1_takes_whole_mappings(void **state)
{
    (void)state;
    uint64_t bytes = 5;
    config.type = FPR_IOVA_TYPE1;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x100000, 4, 0, RW), 0);
    assert_int_equal(unit_map(&u, 0x104000, 4, 4, RW), 0);
    assert_int_equal(fpr_iova_unmap(u.space, 0x101000, 0x100000, &bytes), 0);
    assert_int_equal(bytes, 0);
    assert_int_equal(fpr_iova_unmap(u.space, 0x100000, 0x1000, &bytes), 0);
    assert_int_equal(bytes, 0x4000);
    assert_int_equal(fpr_iova_dirty_start(u.space), -EACCES);
    void *page;
    assert_int_equal(fpr_iova_pin(u.space, 0x104000, 1, R, &page), -EACCES);
}

static void test_unmap_flags(void **state)
{
    (void)state;
    uint64_t bytes = 5;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(fpr_iova_unmap_flags(u.space, 0, 0, 8, NULL, &bytes), -EINVAL);
    assert_int_equal(fpr_iova_unmap_flags(u.space, 1, 0x1000, V, NULL, &bytes), -EBUSY);
    assert_int_equal(fpr_iova_unmap_flags(u.space, 0, 0x1000, FPR_IOVA_UNMAP_ALL, NULL, NULL),
                     -EINVAL);
    assert_int_equal(fpr_iova_unmap_dirty(u.space, 0, 0x1000, NULL, NULL), -EINVAL);
    assert_int_equal(fpr_iova_unmap(u.space, 0, 0, NULL), -EINVAL);
    assert_int_equal(fpr_iova_unmap_all(u.space, NULL), 0);
    assert_int_equal(fpr_iova_unmap_all(NULL, NULL), -EINVAL);
}

/* A mapping too large or with an address too odd for a leaf's word. */
static void test_odd_mappings(void **state)
{
    (void)state;
    unsigned char byte = 0xaa;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(
        fpr_iova_map(u.space, UINT64_C(1) << 40, UINT64_C(1) << 40, (uintptr_t)u.arena, RW), 0);
    assert_int_equal(fpr_iova_read8(u.reader, (UINT64_C(1) << 40) + 5, &byte), 0);
    assert_int_equal(byte, u.arena[5]);
    assert_int_equal(fpr_iova_map(u.space, 0x1000, 0x1000, UINT64_C(0xffff888000000000), RW), 0);
    assert_int_equal(fpr_iova_read8(u.reader, 0x1000, &byte), -EFAULT);
    void *ptr;
    assert_int_equal(fpr_iova_get(u.reader, 0x1000, 1, R, &ptr), -EFAULT);
    assert_int_equal(fpr_iova_unmap_all(u.space, NULL), 0);
}

static int remember(void *ctx, uint64_t iova, uint64_t size, uint64_t vaddr, unsigned prot)
{
    uint64_t *seen = ctx;
    assert_int_equal(prot, RW);
    assert_int_equal(vaddr, (uintptr_t)u.arena + 2 * UNIT_PAGE);
    seen[0] += iova;
    seen[1] += size;
    return seen[1] > 0x5000 ? 42 : 0;
}

static void test_walk_and_stats(void **state)
{
    (void)state;
    uint64_t seen[2] = {0};
    struct fpr_iova_stats stats;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x1000, 2, 2, RW), 0);
    assert_int_equal(unit_map(&u, 0x8000, 2, 2, RW), 0);
    assert_int_equal(unit_map(&u, 0x8000, 2, 2, RW), -EEXIST);
    assert_int_equal(fpr_iova_walk(u.space, remember, seen), 0);
    assert_int_equal(seen[0], 0x9000);
    assert_int_equal(seen[1], 0x4000);
    assert_int_equal(fpr_iova_walk(u.space, remember, seen), 42);
    assert_int_equal(fpr_iova_unmap_all(u.space, NULL), 0);
    assert_int_equal(fpr_iova_get_stats(u.space, &stats), 0);
    assert_int_equal(stats.maps, 2);
    assert_int_equal(stats.unmaps, 2);
    assert_int_equal(stats.map_failures, 1);
}

/* Memory source whose n-th request fails. */
static unsigned requests_left;

static void *failing_zalloc(void *ctx, size_t size)
{
    (void)ctx;
    if (requests_left == 0)
        return NULL;
    requests_left--;
    return fpr_mem_default()->zalloc(NULL, size);
}

static void plain_free(void *ctx, void *ptr, size_t size)
{
    (void)ctx;
    fpr_mem_default()->free(NULL, ptr, size);
}

static int scenario(void)
{
    void *pages[4];
    uint64_t bits[2];
    struct fpr_iova_bitmap bitmap = {UNIT_PAGE, sizeof(bits), bits};
    int rc = unit_open(&u, &config);
    for (unsigned i = 0; i < 100 && rc == 0; i++)
        rc = unit_map(&u, 0x100000 + i * UINT64_C(0x10000), 1, i % 8, RW);
    rc = rc ? rc : fpr_iova_pin(u.space, 0x100000, 1, R, pages);
    rc = rc < 0 ? rc : fpr_iova_dirty_start(u.space);
    rc = rc ? rc : fpr_iova_write8(u.reader, 0x110000, 1);
    rc = rc ? rc : fpr_iova_dirty_get(u.space, 0x110000, 0x1000, &bitmap);
    int64_t hit = rc ? rc : fpr_iova_discard(u.space, u.arena, UNIT_PAGE);
    rc = hit < 0 ? (int)hit : rc;
    if (u.space) {
        const char *reason = NULL;
        if (fpr_iova_space_validate(u.space, &reason))
            fail_msg("%s", reason);
        assert_int_equal(fpr_iova_unmap_all(u.space, NULL), 0); /* whatever failed */
    }
    unit_close(&u);
    return rc;
}

static void test_no_memory_at_any_point(void **state)
{
    (void)state;
    static const struct fpr_mem_ops failing = {failing_zalloc, plain_free, NULL};
    config.mem = &failing;
    int rc = -ENOMEM;
    for (unsigned n = 0; rc; n++) {
        requests_left = n;
        rc = scenario();
        assert_true(rc == 0 || rc == -ENOMEM);
        assert_true(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_config_is_the_kernels, setup, teardown),
        cmocka_unit_test_setup_teardown(test_profiles_have_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_first_failing_check_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_range_that_wraps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_last_page_works, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_last_page_of_old, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_range_up_to_the_top_of_old, setup, teardown),
        cmocka_unit_test_setup_teardown(test_v2_refuses_to_bisect, setup, teardown),
        cmocka_unit_test_setup_teardown(test_v1_takes_whole_mappings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unmap_flags, setup, teardown),
        cmocka_unit_test_setup_teardown(test_odd_mappings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_walk_and_stats, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_memory_at_any_point, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
