/* Containers with a hardware-backed group: valid ranges, pages pinned by mapping, new addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

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

static uint64_t pinned(unsigned page, unsigned pages)
{
    uint64_t count =
        fpr_iova_pinned_in(u.space, u.arena + (size_t)page * UNIT_PAGE, (size_t)pages * UNIT_PAGE);
    assert_int_equal(
        fpr_iova_is_pinned(u.space, u.arena + (size_t)page * UNIT_PAGE, (size_t)pages * UNIT_PAGE),
        count > 0);
    assert_int_equal(fpr_iova_space_validate(u.space, NULL), 0);
    return count;
}

static int64_t discard(unsigned page, unsigned pages)
{
    return fpr_iova_discard(u.space, u.arena + (size_t)page * UNIT_PAGE, (size_t)pages * UNIT_PAGE);
}

/* What is mapped is pinned, for as long as it is mapped and through however many mappings. */
static void test_mapped_memory_is_pinned(void **state)
{
    (void)state;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x10000, 4, 2, RW), 0);
    assert_int_equal(pinned(0, UNIT_PAGES), 4);
    assert_int_equal(pinned(0, 2), 0);
    assert_int_equal(pinned(1, 2), 1);
    assert_int_equal(pinned(5, 1), 1);
    assert_int_equal(pinned(6, 20), 0);
    assert_int_equal(unit_map(&u, 0x20000, 6, 4, R), 0); /* 4 and 5 again */
    assert_int_equal(pinned(0, UNIT_PAGES), 8);
    assert_int_equal(fpr_iova_locked_pages(u.space), 10); /* charged for each mapping */
    assert_int_equal(fpr_iova_unmap(u.space, 0x10000, 4 * UNIT_PAGE, NULL), 0);
    assert_int_equal(pinned(0, UNIT_PAGES), 6);
    assert_int_equal(pinned(2, 2), 0);
    assert_int_equal(fpr_iova_unmap_all(u.space, NULL), 0);
    assert_int_equal(pinned(0, UNIT_PAGES), 0);
}

/* Half of its memory was there: nothing of it stays pinned. */
static void test_a_failed_mapping_pins_nothing(void **state)
{
    (void)state;
    config.capable = false;
    config.locked_limit = 8;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x10000, 4, 27, RW), -EFAULT); /* 30 is read-only */
    assert_int_equal(pinned(0, UNIT_PAGES), 0);
    assert_int_equal(unit_map(&u, 0x10000, 9, 0, RW), -ENOMEM);
    assert_int_equal(pinned(0, UNIT_PAGES), 0);
    assert_int_equal(unit_map(&u, 0x10000, 2, 0, RW), 0);
    assert_int_equal(unit_map(&u, 0x11000, 2, 0, RW), -EEXIST);
    assert_int_equal(unit_map(&u, 0x20000, 4, 28, R), -EFAULT); /* 31 is not there */
    assert_int_equal(pinned(0, UNIT_PAGES), 2);
}

/* Its frames stay pinned while its address is invalid, and are seen at the new one. */
static void test_pins_go_with_the_address(void **state)
{
    (void)state;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x10000, 4, 2, RW), 0);
    assert_int_equal(unit_map(&u, 0x20000, 1, 3, RW), 0);
    assert_int_equal(discard(4, 1), 1);
    assert_int_equal(invalidate(0x10000, 4), 0);
    assert_int_equal(pinned(0, UNIT_PAGES), 3);
    assert_int_equal(invalidate(0x10000, 17), -EINVAL); /* undone for the other */
    assert_int_equal(pinned(0, UNIT_PAGES), 3);
    assert_int_equal(
        fpr_iova_map(u.space, 0x10000, 4 * UNIT_PAGE, (uintptr_t)u.arena + 10 * UNIT_PAGE, V), 0);
    assert_int_equal(pinned(0, 10), 1);
    assert_int_equal(pinned(3, 1), 1); /* the other mapping's */
    assert_int_equal(pinned(10, 2), 2);
    assert_int_equal(pinned(12, 1), 0); /* was discarded */
    assert_int_equal(pinned(13, 1), 1);
    assert_int_equal(invalidate(0x10000, 4), 0);
    assert_int_equal(fpr_iova_unmap(u.space, 0x10000, 4 * UNIT_PAGE, NULL), 0);
    assert_int_equal(pinned(0, UNIT_PAGES), 1);
}

/* The hardware keeps the frames; those that are there now are nobody's, and hit by no discard. */
static void test_discard_of_mapped_memory(void **state)
{
    (void)state;
    struct fpr_iova_stats stats;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x10000, 8, 0, RW), 0);
    assert_int_equal(unit_map(&u, 0x20000, 8, 4, RW), 0);
    assert_int_equal(discard(3, 4), 4); /* 4 to 6 are mapped twice */
    assert_int_equal(discard(3, 4), 0);
    assert_int_equal(pinned(0, UNIT_PAGES), 8);
    assert_int_equal(discard(2, 6), 2);
    assert_int_equal(discard(20, 1), 0);
    assert_int_equal(fpr_iova_get_stats(u.space, &stats), 0);
    assert_int_equal(stats.discarded_pinned, 6);
    assert_int_equal(unit_map(&u, 0x30000, 1, 5, RW), 0); /* pins what is there now */
    assert_int_equal(pinned(5, 1), 1);
    assert_int_equal(fpr_iova_unmap(u.space, 0x20000, 8 * UNIT_PAGE, NULL), 0);
    assert_int_equal(pinned(0, UNIT_PAGES), 3);
    assert_int_equal(fpr_iova_locked_pages(u.space), 9); /* frames that are gone are charged */
    assert_int_equal(fpr_iova_unmap_all(u.space, NULL), 0);
    assert_int_equal(pinned(0, UNIT_PAGES), 0);
}

/* An emulated device in the same container: a page that both pin is one page. */
static void test_a_mixed_container(void **state)
{
    (void)state;
    void *pages[8];
    unsigned char old;
    config.emulated = true;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x10000, 8, 0, RW), 0);
    old = u.arena[2 * UNIT_PAGE + 5];
    assert_int_equal(fpr_iova_pin(u.space, 0x12000, 2, RW, pages), 2);
    assert_int_equal(pinned(0, UNIT_PAGES), 8);
    assert_int_equal(discard(1, 2), 2);
    assert_int_equal(fpr_iova_pin(u.space, 0x12000, 1, RW, pages), 1);
    assert_int_equal(((unsigned char *)pages[0])[5], old);
    assert_int_equal(pinned(0, UNIT_PAGES), 6);
    assert_int_equal(fpr_iova_pin(u.space, 0x11000, 1, RW, pages), 1); /* the frame there now */
    assert_int_equal(pinned(0, UNIT_PAGES), 7);
    assert_int_equal(fpr_iova_unpin_range(u.space, 0x10000, 8 * UNIT_PAGE), 3);
    assert_int_equal(pinned(0, UNIT_PAGES), 6);
    assert_int_equal(fpr_iova_locked_pages(u.space), 8);
}

static unsigned rest; /* allocations that succeed */

static void *take(void *ctx, size_t size)
{
    (void)ctx;
    return rest > 0 && rest-- ? calloc(1, size) : NULL;
}

static void give(void *ctx, void *memory, size_t size)
{
    (void)ctx;
    (void)size;
    free(memory);
}

/* A mapping, or a discard that cuts one in two and saves a page, that finds no memory for some part
 * of it changes nothing. */
static void test_without_memory_nothing_changes(void **state)
{
    (void)state;
    static const struct fpr_mem_ops mem = {.zalloc = take, .free = give};
    void *pages[1];
    unsigned needs = 0;
    rest = UINT32_MAX;
    config.emulated = true;
    config.mem = &mem;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x10000, 8, 0, RW), 0);
    rest = 0;
    assert_int_equal(unit_map(&u, 0x20000, 8, 10, RW), -ENOMEM);
    assert_int_equal(pinned(0, UNIT_PAGES), 8);
    rest = UINT32_MAX;
    assert_int_equal(fpr_iova_pin(u.space, 0x13000, 1, RW, pages), 1);
    for (rest = 0; discard(3, 1) == -ENOMEM; rest = ++needs)
        assert_int_equal(pinned(0, UNIT_PAGES), 8);
    assert_int_equal(needs, 3); /* a table, a frame, a run */
    assert_int_equal(pinned(0, UNIT_PAGES), 7);
}

/* Before 6.18 several mappings that end at 2^64 may be there; each pins its memory. */
static void test_pins_at_the_top(void **state)
{
    (void)state;
    const uint64_t top = UINT64_C(0) - 2 * UNIT_PAGE;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x1000, 1, 0, RW), 0);
    assert_int_equal(unit_map(&u, top, 2, 4, RW), 0);
    assert_int_equal(unit_map(&u, top, 2, 4, RW), 0);
    assert_int_equal(unit_map(&u, top, 2, 5, RW), 0);
    assert_int_equal(pinned(0, UNIT_PAGES), 4);
    assert_int_equal(fpr_iova_unmap_all(u.space, NULL), 0);
    uint64_t left = fpr_iova_locked_pages(u.space); /* what unmap did not find */
    assert_int_equal(pinned(0, UNIT_PAGES) > 0, left > 0);
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
        cmocka_unit_test_setup_teardown(test_mapped_memory_is_pinned, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_failed_mapping_pins_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pins_go_with_the_address, setup, teardown),
        cmocka_unit_test_setup_teardown(test_discard_of_mapped_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_mixed_container, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_memory_nothing_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pins_at_the_top, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_failing_mapping_turns_the_tree, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
