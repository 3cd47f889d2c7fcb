/* Addresses that are invalidated and given anew (FPR_IOVA_VADDR). */
#include <fpr/iova.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/iova_unit.h"

enum { RW = FPR_IOVA_READ | FPR_IOVA_WRITE, V = FPR_IOVA_VADDR, MANY = 500 };
#define TOP(pages) (UINT64_C(0) - (uint64_t)(pages)*UNIT_PAGE)

static struct iova_unit u;
static struct fpr_iova_config config;

static int setup(void **state)
{
    (void)state;
    unit_config(&u, FPR_IOVA_MERGED, &config);
    config.emulated = false;
    return unit_open(&u, &config);
}

static int teardown(void **state)
{
    (void)state;
    unit_close(&u);
    return 0;
}

static void assert_valid(void)
{
    const char *reason = NULL;
    if (fpr_iova_space_validate(u.space, &reason))
        fail_msg("%s", reason);
}

static int invalidate(uint64_t iova, uint64_t size, uint64_t *bytes)
{
    return fpr_iova_unmap_flags(u.space, iova, size, V, NULL, bytes);
}

/* Of many mappings, beside which there is room for more: what was marked is as it was before. */
static void test_one_is_invalid_already(void **state)
{
    (void)state;
    uint64_t bytes = 7, value;
    for (unsigned k = 0; k < MANY; k++)
        assert_int_equal(unit_map(&u, 0x1000 + k * 0x2000, 1, k % 8, RW), 0);
    const uint64_t last = 0x1000 + (MANY - 1) * 0x2000;
    assert_int_equal(invalidate(last, 0x1000, &bytes), 0);
    assert_int_equal(bytes, 0x1000);
    for (unsigned round = 0; round < 3; round++) {
        assert_int_equal(invalidate(0x1000, last, &bytes), -EINVAL);
        assert_valid();
        for (unsigned k = 0; k < MANY - 1; k++)
            assert_int_equal(fpr_iova_read64(u.reader, 0x1000 + k * 0x2000, &value), 0);
        for (unsigned k = 0; k < MANY; k++)
            assert_int_equal(unit_map(&u, 0x2000 + k * 0x2000, 1, k % 8, RW), 0);
        for (unsigned k = 0; k < MANY; k++)
            assert_int_equal(fpr_iova_unmap(u.space, 0x2000 + k * 0x2000, 0x1000, NULL), 0);
        assert_valid();
    }
    assert_int_equal(unit_map(&u, last, 1, 0, V), 0);
    assert_int_equal(fpr_iova_read64(u.reader, last, &value), 0);
}

/*   |A|top     an ordinary mapping, and one of two pages that ends at 2^64 (broken_top)
 *   |range|    which this range reaches into */
static void test_one_that_wraps(void **state)
{
    (void)state;
    uint64_t bytes = 7, value;
    assert_int_equal(unit_map(&u, TOP(3), 1, 0, RW), 0);
    assert_int_equal(unit_map(&u, TOP(2), 2, 1, RW), 0);
    assert_int_equal(invalidate(TOP(3), 0x2000, &bytes), 0);
    assert_int_equal(bytes, 0x3000);
    assert_int_equal(fpr_iova_read64(u.reader, TOP(3), &value), -EBUSY);
    /* Only what look-ups find can be given an address. */
    assert_int_equal(unit_map(&u, TOP(2), 2, 1, V), -ENOENT);
    assert_int_equal(unit_map(&u, TOP(3), 1, 0, V), 0);
    assert_int_equal(fpr_iova_read64(u.reader, TOP(3), &value), 0);
    /* The one that wraps is invalid still, which undoes the other's. */
    assert_int_equal(invalidate(TOP(3), 0x2000, &bytes), -EINVAL);
    assert_int_equal(fpr_iova_read64(u.reader, TOP(3), &value), 0);
    assert_int_equal(fpr_iova_unmap(u.space, TOP(3), 0x2000, &bytes), 0);
    assert_int_equal(bytes, 0x3000);
    assert_valid();
}

/* An address that is none of this process is kept whole: what touches it fails. */
static void test_no_user_address(void **state)
{
    (void)state;
    uint64_t value;
    assert_int_equal(unit_map(&u, 0x1000, 1, 0, RW), 0);
    assert_int_equal(invalidate(0x1000, 0x1000, NULL), 0);
    uint64_t address = UINT64_C(1) << 48 | (uintptr_t)u.arena;
    assert_int_equal(fpr_iova_map(u.space, 0x1000, 0x1000, address, V), 0);
    assert_int_equal(fpr_iova_read64(u.reader, 0x1000, &value), -EFAULT);
    assert_int_equal(fpr_iova_write64(u.reader, 0x1000, 1), -EFAULT);
    assert_valid();
    assert_int_equal(invalidate(0x1000, 0x1000, NULL), 0);
    assert_int_equal(unit_map(&u, 0x1000, 1, 0, V), 0);
    assert_int_equal(fpr_iova_read64(u.reader, 0x1000, &value), 0);
    assert_valid();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_is_invalid_already, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_that_wraps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_user_address, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
