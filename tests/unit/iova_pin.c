#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "support/iova_unit.h"

enum { R = FPR_IOVA_READ, W = FPR_IOVA_WRITE, RW = R | W };

static struct iova_unit u;
static struct fpr_iova_config config;
static void *pages[FPR_IOVA_PIN_MAX];

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

static void open_with_four_pages(void)
{
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x100000, 4, 0, RW), 0);
}

static void test_references(void **state)
{
    (void)state;
    open_with_four_pages();
    assert_int_equal(fpr_iova_pin(u.space, 0x100000, 4, RW, pages), 4);
    assert_ptr_equal(pages[3], u.arena + 3 * UNIT_PAGE);
    assert_int_equal(fpr_iova_pin(u.space, 0x102000, 2, R, pages), 2);
    assert_int_equal(fpr_iova_locked_pages(u.space), 4);
    assert_int_equal(fpr_iova_unpin(u.space, 0x100000, 4), 4);
    assert_int_equal(fpr_iova_locked_pages(u.space), 2);
    assert_int_equal(fpr_iova_unpin(u.space, 0x102000, 9), 2); /* ends at the hole */
    assert_int_equal(fpr_iova_locked_pages(u.space), 0);
    assert_int_equal(fpr_iova_unpin(u.space, 0x102000, 2), 2); /* nothing left to drop */
}

static void test_arguments(void **state)
{
    (void)state;
    open_with_four_pages();
    assert_int_equal(fpr_iova_pin(u.space, 0x100000, 0, R, pages), -EINVAL);
    assert_int_equal(fpr_iova_pin(u.space, 0x100000, 1, R, NULL), -EINVAL);
    assert_int_equal(fpr_iova_pin(u.space, 0x100000, -1, R, pages), -E2BIG);
    assert_int_equal(fpr_iova_pin(u.space, 0x100000, 513, R, pages), -E2BIG);
    assert_int_equal(fpr_iova_pin(u.space, 0x100000, 1, 8, pages), -EPERM);
    assert_int_equal(fpr_iova_unpin(u.space, 0x100000, 0), 0);
    assert_int_equal(fpr_iova_unpin(u.space, 0x100000, 513), 0);
    assert_int_equal(fpr_iova_set_device(u.space, NULL, NULL), 0);
    assert_int_equal(fpr_iova_pin(u.space, 0x100000, 1, R, pages), -EINVAL); /* no device */
}

static void test_all_or_nothing(void **state)
{
    (void)state;
    open_with_four_pages();
    assert_int_equal(fpr_iova_pin(u.space, 0x103000, 1, R, pages), 1);
    assert_int_equal(fpr_iova_pin(u.space, 0x101000, 4, R, pages), -EINVAL);
    assert_int_equal(fpr_iova_locked_pages(u.space), 1);
    assert_true(fpr_iova_is_pinned(u.space, u.arena, 4 * UNIT_PAGE));
    assert_false(fpr_iova_is_pinned(u.space, u.arena, 3 * UNIT_PAGE));
}

static void test_bad_memory(void **state)
{
    (void)state;
    for (int guard = 0; guard < 2; guard++) {
        config.guard = guard ? FPR_IOVA_GUARD_SIGNAL : FPR_IOVA_GUARD_SYSCALL;
        assert_int_equal(fpr_iova_guard_install(), 0);
        assert_int_equal(unit_open(&u, &config), 0);
        assert_int_equal(unit_map(&u, 0x100000, 2, 30, RW), 0);
        assert_int_equal(unit_map(&u, 0x200000, 2, 30, R), 0);
        assert_int_equal(fpr_iova_pin(u.space, 0x100000, 1, R, pages), -EFAULT);
        assert_int_equal(fpr_iova_pin(u.space, 0x200000, 1, R, pages), 1);
        assert_int_equal(fpr_iova_pin(u.space, 0x200000, 2, R, pages), -EFAULT);
        assert_int_equal(fpr_iova_locked_pages(u.space), 1);
        unit_close(&u);
        assert_int_equal(fpr_iova_guard_remove(), 0);
    }
}

static void test_limit(void **state)
{
    (void)state;
    config.locked_limit = 2;
    open_with_four_pages();
    assert_int_equal(fpr_iova_pin(u.space, 0x100000, 4, R, pages), 4); /* capable */
    assert_int_equal(fpr_iova_unpin_range(u.space, 0x100000, 0x4000), 4);
    assert_int_equal(fpr_iova_set_locked_limit(u.space, 2, false), 0);
    assert_int_equal(unit_map(&u, 0x200000, 4, 8, RW), 0);
    assert_int_equal(fpr_iova_pin(u.space, 0x200000, 2, R, pages), 2);
    assert_int_equal(fpr_iova_pin(u.space, 0x202000, 1, R, pages), -ENOMEM);
    assert_int_equal(fpr_iova_pin(u.space, 0x200000, 2, R, pages), 2); /* no new page */
    assert_int_equal(fpr_iova_pin(u.space, 0x100000, 1, R, pages), 1); /* the old mapping may */
    assert_int_equal(fpr_iova_locked_pages(u.space), 3);
}

static void test_unmap_tells_the_device(void **state)
{
    (void)state;
    uint64_t bytes;
    open_with_four_pages();
    assert_int_equal(unit_map(&u, 0x104000, 4, 4, RW), 0);
    assert_int_equal(fpr_iova_pin(u.space, 0x105000, 1, R, pages), 1);
    assert_int_equal(fpr_iova_unmap(u.space, 0x101000, 0x1000, &bytes), -EINVAL);
    assert_int_equal(u.told, 0);
    assert_int_equal(fpr_iova_unmap(u.space, 0x100000, 0x8000, &bytes), 0);
    assert_int_equal(bytes, 0x8000);
    assert_int_equal(u.told, 1);
    assert_int_equal(u.told_iova, 0x104000);
    assert_int_equal(u.told_size, 0x4000);
    assert_int_equal(fpr_iova_locked_pages(u.space), 0);
    assert_false(fpr_iova_is_pinned(u.space, u.arena, 8 * UNIT_PAGE));
}

/* Where the kernel would BUG, the unmap ends with an error and the mapping stays. */
static void test_a_device_that_keeps_its_pins(void **state)
{
    (void)state;
    uint64_t bytes = 9;
    open_with_four_pages();
    assert_int_equal(fpr_iova_pin(u.space, 0x100000, 1, R, pages), 1);
    u.stubborn = true;
    assert_int_equal(fpr_iova_unmap(u.space, 0x100000, 0x4000, &bytes), -EBUSY);
    assert_int_equal(bytes, 9);
    assert_int_equal(u.told, 10);
    u.stubborn = false;
    assert_int_equal(fpr_iova_unmap(u.space, 0x100000, 0x4000, &bytes), 0);
}

static void test_told_of_everything(void **state)
{
    (void)state;
    config.notify_all = true;
    open_with_four_pages();
    assert_int_equal(unit_map(&u, 0x104000, 4, 4, RW), 0);
    assert_int_equal(fpr_iova_unmap_all(u.space, NULL), 0);
    assert_int_equal(u.told, 2);
}

/* The device keeps the frame, the owner gets a new page: the two no longer see each other. */
static void test_discard_under_a_pin(void **state)
{
    (void)state;
    struct fpr_iova_stats stats;
    unsigned char byte;
    open_with_four_pages();
    unsigned char old = u.arena[UNIT_PAGE + 5];
    assert_int_equal(fpr_iova_discard(u.space, u.arena, 4 * UNIT_PAGE), 0);
    assert_int_equal(fpr_iova_pin(u.space, 0x101000, 1, RW, pages), 1);
    assert_int_equal(fpr_iova_discard(u.space, u.arena, 4 * UNIT_PAGE), 1);
    madvise(u.arena, 4 * UNIT_PAGE, MADV_DONTNEED);
    assert_int_equal(fpr_iova_pin(u.space, 0x101000, 1, RW, pages), 1);
    assert_ptr_not_equal(pages[0], u.arena + UNIT_PAGE);
    assert_int_equal(((unsigned char *)pages[0])[5], old);
    assert_int_equal(fpr_iova_read8(u.reader, 0x101005, &byte), 0);
    assert_int_equal(byte, 0);
    /* The page that is there now is not pinned, and is not hit twice. */
    assert_false(fpr_iova_is_pinned(u.space, u.arena, 4 * UNIT_PAGE));
    assert_int_equal(fpr_iova_discard(u.space, u.arena, 4 * UNIT_PAGE), 0);
    assert_int_equal(fpr_iova_locked_pages(u.space), 1);
    assert_int_equal(fpr_iova_get_stats(u.space, &stats), 0);
    assert_int_equal(stats.discarded_pinned, 1);
    /* With the last reference the old frame is forgotten. */
    assert_int_equal(fpr_iova_unpin_range(u.space, 0x101000, 0x1000), 1);
    assert_int_equal(fpr_iova_pin(u.space, 0x101000, 1, RW, pages), 1);
    assert_ptr_equal(pages[0], u.arena + UNIT_PAGE);
}

static void test_two_mappings_of_one_page(void **state)
{
    (void)state;
    open_with_four_pages();
    assert_int_equal(unit_map(&u, 0x200000, 4, 0, RW), 0);
    assert_int_equal(fpr_iova_pin(u.space, 0x100000, 1, R, pages), 1);
    assert_int_equal(fpr_iova_pin(u.space, 0x200000, 1, R, pages), 1);
    assert_int_equal(fpr_iova_locked_pages(u.space), 2); /* charged twice */
    assert_int_equal(fpr_iova_pinned_in(u.space, u.arena, 4 * UNIT_PAGE), 1);
    assert_int_equal(fpr_iova_unpin(u.space, 0x100000, 1), 1);
    assert_true(fpr_iova_is_pinned(u.space, u.arena, 1));
    assert_int_equal(fpr_iova_unpin(u.space, 0x200000, 1), 1);
    assert_false(fpr_iova_is_pinned(u.space, u.arena, 1));
}

/* A page that is pinned through two mappings is one page of memory, and one old frame. */
static void test_discard_under_two_pins(void **state)
{
    (void)state;
    struct fpr_iova_stats stats;
    void *other[1];
    open_with_four_pages();
    assert_int_equal(unit_map(&u, 0x200000, 4, 0, RW), 0);
    assert_int_equal(fpr_iova_pin(u.space, 0x100000, 4, RW, pages), 4);
    assert_int_equal(fpr_iova_pin(u.space, 0x201000, 1, RW, other), 1);
    assert_int_equal(fpr_iova_discard(u.space, u.arena, 2 * UNIT_PAGE), 2);
    assert_int_equal(fpr_iova_get_stats(u.space, &stats), 0);
    assert_int_equal(stats.discarded_pinned, 2);
    assert_int_equal(fpr_iova_locked_pages(u.space), 5);
    assert_int_equal(fpr_iova_space_validate(u.space, NULL), 0);
    /* What the device writes by one address it reads by the other. */
    assert_int_equal(fpr_iova_pin(u.space, 0x101000, 1, RW, pages), 1);
    assert_int_equal(fpr_iova_pin(u.space, 0x201000, 1, RW, other), 1);
    assert_ptr_not_equal(pages[0], u.arena + UNIT_PAGE);
    assert_ptr_equal(pages[0], other[0]);
    assert_int_equal(fpr_iova_unpin_range(u.space, 0x100000, 4 * UNIT_PAGE), 4);
    *(unsigned char *)other[0] = 1; /* is still there */
    assert_int_equal(fpr_iova_unpin_range(u.space, 0x200000, 4 * UNIT_PAGE), 1);
    assert_int_equal(fpr_iova_space_validate(u.space, NULL), 0);
}

/* Lets go of its pages, and maps what reaches out of the range that is being unmapped. */
static void map_across(void *ctx, struct fpr_iova_space *space, uint64_t iova, uint64_t size)
{
    (void)ctx;
    assert_int_equal(fpr_iova_unpin(space, iova, (int64_t)(size / UNIT_PAGE)), 4);
    assert_int_equal(unit_map(&u, 0x104000, 8, 4, RW), 0);
    fpr_iova_space_destroy(space); /* not while it tells */
}

static void test_a_mapping_made_while_it_is_told(void **state)
{
    (void)state;
    config.unmap = map_across;
    open_with_four_pages();
    uint64_t bits[2] = {0, 0}, unmapped = 7;
    struct fpr_iova_bitmap bitmap = {.pgsize = UNIT_PAGE, .size = 8, .data = bits};
    assert_int_equal(fpr_iova_dirty_start(u.space), 0);
    assert_int_equal(fpr_iova_pin(u.space, 0x100000, 4, RW, pages), 4);
    assert_int_equal(fpr_iova_unmap_dirty(u.space, 0x100000, 0x6000, &bitmap, &unmapped), -EINVAL);
    assert_int_equal(unmapped, 7);
    assert_int_equal(bits[1], 0);
    assert_int_equal(fpr_iova_unmap(u.space, 0x100000, 0x4000, NULL), 0); /* both are there */
    assert_int_equal(fpr_iova_unmap(u.space, 0x104000, 0x8000, NULL), 0);
}

/* The last page is not followed by the first. */
static void test_the_end(void **state)
{
    (void)state;
    uint64_t last = UINT64_C(0) - UNIT_PAGE;
    config.broken_top = config.wrap_overflow = false;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, last, 1, 0, RW), 0);
    assert_int_equal(unit_map(&u, 0, 1, 1, RW), 0);
    assert_int_equal(fpr_iova_pin(u.space, last, 2, R, pages), -EINVAL);
    assert_int_equal(fpr_iova_locked_pages(u.space), 0);
    assert_int_equal(fpr_iova_pin(u.space, last + 1, 1, R, pages), 1);
    assert_int_equal(fpr_iova_unpin(u.space, last, 1), 1);
}

/* A question about memory that wraps is about what lies up to the end of the address space. */
static void test_pinned_anywhere(void **state)
{
    (void)state;
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(fpr_iova_pinned_in(u.space, (void *)1, SIZE_MAX), 0);
    assert_int_equal(unit_map(&u, 0x1000, 2, 3, RW), 0);
    assert_int_equal(fpr_iova_pin(u.space, 0x1000, 2, RW, pages), 2);
    char *first = (char *)u.arena + 3 * UNIT_PAGE;
    assert_int_equal(fpr_iova_pinned_in(u.space, (void *)1, SIZE_MAX), 2);
    assert_int_equal(fpr_iova_pinned_in(u.space, NULL, SIZE_MAX), 2);
    assert_int_equal(fpr_iova_pinned_in(u.space, first + UNIT_PAGE, SIZE_MAX), 1);
    assert_true(fpr_iova_is_pinned(u.space, first + UNIT_PAGE + 1, SIZE_MAX));
    assert_false(fpr_iova_is_pinned(u.space, first + 2 * UNIT_PAGE, SIZE_MAX));
    assert_int_equal(fpr_iova_pinned_in(u.space, NULL, (size_t)(uintptr_t)first), 0);
    assert_int_equal(fpr_iova_pinned_in(u.space, NULL, (size_t)(uintptr_t)first + 1), 1);
    assert_int_equal(fpr_iova_pinned_in(u.space, first, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_references, setup, teardown),
        cmocka_unit_test_setup_teardown(test_arguments, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_or_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unmap_tells_the_device, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_device_that_keeps_its_pins, setup, teardown),
        cmocka_unit_test_setup_teardown(test_told_of_everything, setup, teardown),
        cmocka_unit_test_setup_teardown(test_discard_under_a_pin, setup, teardown),
        cmocka_unit_test_setup_teardown(test_discard_under_two_pins, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_mappings_of_one_page, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_mapping_made_while_it_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pinned_anywhere, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
