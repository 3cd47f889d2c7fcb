/* Containers with a hardware-backed group: valid ranges, pages pinned by mapping, new addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "support/iova_unit.h"

enum { R = FPR_IOVA_READ, W = FPR_IOVA_WRITE, RW = R | W, V = FPR_IOVA_VADDR };

static struct iova_unit u;
static struct fpr_iova_config config;

static int setup(void **state)
{
    (void)state;
    unit_config(&u, FPR_IOVA_MERGED, &config);
    config.emulated = false;
    config.hardware = true;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unit_close(&u);
    return 0;
}

static int invalidate(uint64_t iova, uint64_t pages)
{
    return fpr_iova_unmap_flags(u.space, iova, pages * UNIT_PAGE, V, NULL, NULL);
}

static void test_mappings_lie_in_one_valid_range(void **state)
{
    (void)state;
    static const struct fpr_iova_range ranges[] = {{0x1000, 0x2fff}, {0x4000, 0x7fff}};
    struct fpr_iova_range range;
    config.ranges = ranges;
    config.nranges = 2;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x0000, 1, 0, RW), -EINVAL);
    assert_int_equal(unit_map(&u, 0x0000, 2, 0, RW), -EINVAL);
    assert_int_equal(unit_map(&u, 0x2000, 2, 0, RW), -EINVAL); /* begins in one */
    assert_int_equal(unit_map(&u, 0x2000, 3, 0, RW), -EINVAL); /* reaches from one to the other */
    assert_int_equal(unit_map(&u, 0x1000, 2, 0, RW), 0);
    assert_int_equal(unit_map(&u, 0x4000, 4, 0, RW), 0);
    assert_int_equal(unit_map(&u, 0x2000, 2, 0, RW), -EEXIST); /* is tested first */
    assert_int_equal(fpr_iova_get_range(u.space, 1, &range), 0);
    assert_int_equal(range.last, 0x7fff);
    assert_int_equal(fpr_iova_get_range(u.space, 2, &range), -EINVAL);
}

static void test_mapping_charges_up_to_the_limit(void **state)
{
    (void)state;
    config.capable = false;
    config.locked_limit = 4;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x1000, 5, 0, RW), -ENOMEM);
    assert_int_equal(fpr_iova_locked_pages(u.space), 0);
    assert_int_equal(unit_map(&u, 0x1000, 3, 0, RW), 0);
    assert_int_equal(unit_map(&u, 0x9000, 2, 4, RW), -ENOMEM);
    assert_int_equal(unit_map(&u, 0x9000, 1, 4, RW), 0); /* just enough */
    assert_int_equal(fpr_iova_locked_pages(u.space), 4);
    assert_int_equal(fpr_iova_set_locked_limit(u.space, 2, false), 0);
    assert_int_equal(unit_map(&u, 0xa000, 1, 5, RW), -ENOMEM); /* more than allowed already */
    assert_int_equal(fpr_iova_set_locked_limit(u.space, 2, true), 0);
    assert_int_equal(unit_map(&u, 0xa000, 1, 5, RW), 0);
    assert_int_equal(fpr_iova_unmap_all(u.space, NULL), 0);
    assert_int_equal(fpr_iova_locked_pages(u.space), 0);
}

static void test_memory_must_be_there(void **state)
{
    (void)state;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x1000, 2, 29, RW), -EFAULT); /* the second is read-only */
    assert_int_equal(unit_map(&u, 0x1000, 2, 29, R), 0);
    assert_int_equal(unit_map(&u, 0x9000, 1, 31, R), -EFAULT);
    assert_int_equal(fpr_iova_locked_pages(u.space), 2);
}

static void test_an_invalid_address_is_not_used(void **state)
{
    (void)state;
    unsigned char byte = 7;
    void *none = NULL;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x1000, 1, 3, R), 0);
    assert_int_equal(fpr_iova_read8(u.reader, 0x1000, &byte), 0);
    assert_int_equal(fpr_iova_pin(u.space, 0x1000, 1, R, &none), -EINVAL); /* no emulated device */
    assert_int_equal(invalidate(0x1000, 1), 0);
    assert_int_equal(fpr_iova_pin(u.space, 0x1000, 1, R, &none), -EBUSY); /* is asked first */
    byte = 7;
    assert_int_equal(fpr_iova_read8(u.reader, 0x1000, &byte), -EBUSY);
    assert_int_equal(byte, 7);
    assert_int_equal(fpr_iova_write8(u.reader, 0x1000, 7), -EPERM); /* is asked first */
    assert_int_equal(fpr_iova_get(u.reader, 0x1000, 1, R, &none), -EBUSY);
    assert_int_equal(fpr_iova_get(u.reader, 0x1000, 1, RW, &none), -EPERM);
    assert_int_equal(invalidate(0x1000, 1), -EINVAL); /* it is already */
}

static void test_a_new_address_is_for_a_whole_mapping(void **state)
{
    (void)state;
    uint64_t address;
    unsigned char byte;
    assert_int_equal(unit_open(&u, &config), 0);
    address = (uintptr_t)u.arena + 9 * UNIT_PAGE;
    assert_int_equal(unit_map(&u, 0x2000, 2, 3, RW), 0);
    assert_int_equal(fpr_iova_map(u.space, 0x2000, 0x2000, address, V), -EINVAL); /* it is valid */
    assert_int_equal(invalidate(0x2000, 2), 0);
    assert_int_equal(fpr_iova_map(u.space, 0x8000, 0x1000, address, V), -ENOENT);
    assert_int_equal(fpr_iova_map(u.space, 0x1000, 0x1000, address, V), -ENOENT); /* before it */
    assert_int_equal(fpr_iova_map(u.space, 0x1000, 0x3000, address, V), -EINVAL);
    assert_int_equal(fpr_iova_map(u.space, 0x2000, 0x1000, address, V), -EINVAL);
    assert_int_equal(fpr_iova_map(u.space, 0x3000, 0x1000, address, V), -EINVAL);
    assert_int_equal(fpr_iova_map(u.space, 0x2000, 0x2000, address, V), 0);
    assert_int_equal(fpr_iova_read8(u.reader, 0x2000, &byte), 0);
    assert_int_equal(byte, u.arena[9 * UNIT_PAGE]);
}

/* A mapping that fails late was in the kernel's tree (broken_top) and has turned it:
 *     |A|top      first A is above the one that wraps, then below it and hidden by it. */
static void test_a_failing_mapping_turns_the_tree(void **state)
{
    (void)state;
    const uint64_t top = UINT64_C(0) - 3 * UNIT_PAGE;
    uint64_t bytes;
    assert_int_equal(unit_open(&u, &config), 0);
    for (int fails = 0; fails < 2; fails++) {
        assert_int_equal(unit_map(&u, 0x1000, 1, 0, RW), 0);
        assert_int_equal(unit_map(&u, top, 3, 1, RW), 0);
        if (fails)
            assert_int_equal(unit_map(&u, top + UNIT_PAGE, 1, 31, RW), -EFAULT);
        assert_int_equal(fpr_iova_space_validate(u.space, NULL), 0);
        assert_int_equal(fpr_iova_unmap(u.space, 0x1000, UNIT_PAGE, &bytes), 0);
        assert_int_equal(bytes, fails ? 0 : UNIT_PAGE);
        assert_int_equal(fpr_iova_unmap_all(u.space, NULL), 0);
        unit_close(&u);
        assert_int_equal(unit_open(&u, &config), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_mappings_lie_in_one_valid_range, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mapping_charges_up_to_the_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory_must_be_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_invalid_address_is_not_used, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_new_address_is_for_a_whole_mapping, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_failing_mapping_turns_the_tree, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
