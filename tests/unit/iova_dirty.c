#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "support/iova_unit.h"

enum { RW = FPR_IOVA_READ | FPR_IOVA_WRITE };

static struct iova_unit u;
static struct fpr_iova_config config;
static uint64_t words[4];
static struct fpr_iova_bitmap bitmap;

static int setup(void **state)
{
    (void)state;
    unit_config(&u, FPR_IOVA_MERGED, &config);
    bitmap = (struct fpr_iova_bitmap){UNIT_PAGE, sizeof(words), words};
    memset(words, 0, sizeof(words));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unit_close(&u);
    return 0;
}

static void open_tracking(void)
{
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x100000, 4, 0, RW), 0);
    assert_int_equal(unit_map(&u, 0x104000, 4, 4, RW), 0);
    assert_int_equal(fpr_iova_dirty_start(u.space), 0);
}

static uint64_t get(uint64_t iova, unsigned pages)
{
    memset(words, 0, sizeof(words));
    assert_int_equal(fpr_iova_dirty_get(u.space, iova, (uint64_t)pages * UNIT_PAGE, &bitmap), 0);
    return words[0];
}

static void test_writes_only(void **state)
{
    (void)state;
    uint8_t b;
    open_tracking();
    assert_int_equal(fpr_iova_read8(u.reader, 0x100000, &b), 0);
    u.arena[0] = 1; /* the owner's own */
    assert_int_equal(fpr_iova_write16(u.reader, 0x100fff, 1), 0);
    assert_int_equal(get(0x100000, 4), 3);
    assert_int_equal(get(0x100000, 4), 0);
    assert_int_equal(fpr_iova_dirty_start(u.space), 0); /* clears nothing, changes nothing */
    assert_int_equal(fpr_iova_dirty_stop(u.space), 0);
    assert_int_equal(fpr_iova_dirty_get(u.space, 0x100000, 0x4000, &bitmap), -EINVAL);
}

static void test_arguments(void **state)
{
    (void)state;
    open_tracking();
    assert_int_equal(fpr_iova_dirty_get(u.space, 0x101000, 0x3000, &bitmap), -EINVAL);
    assert_int_equal(fpr_iova_dirty_get(u.space, 0x100000, 0, &bitmap), -EINVAL);
    assert_int_equal(fpr_iova_dirty_get(u.space, 0x100000, 0x4001, &bitmap), -EINVAL);
    assert_int_equal(fpr_iova_dirty_get(u.space, 0x100000, 0x4000, NULL), -EINVAL);
    bitmap.size = 7;
    assert_int_equal(fpr_iova_dirty_get(u.space, 0x100000, 0x4000, &bitmap), -EINVAL);
    bitmap.size = 8;
    assert_int_equal(fpr_iova_dirty_get(u.space, 0x100000, 0x41000, &bitmap), -EINVAL);
    bitmap.pgsize = 0x2000;
    assert_int_equal(fpr_iova_dirty_get(u.space, 0x100000, 0x4000, &bitmap), -EINVAL);
    struct fpr_iova_ioctl_dirty raw = {.argsz = 8, .flags = 3};
    assert_int_equal(fpr_iova_ioctl_dirty_pages(u.space, &raw), -EINVAL);
    raw.flags = 4;
    assert_int_equal(fpr_iova_ioctl_dirty_pages(u.space, &raw), -EINVAL);
}

/* The second mapping begins at page 4 of the request: the kernel's bit wanders, the true one
 * does not. */
static void test_stale_and_exact(void **state)
{
    (void)state;
    open_tracking();
    assert_int_equal(fpr_iova_write8(u.reader, 0x104000, 1), 0);
    assert_int_equal(get(0x100000, 8), 0x10);
    assert_int_equal(get(0x100000, 8), 0x100);
    assert_int_equal(get(0x100000, 8), 0x1000);
    unit_close(&u);
    config.stale_dirty = false;
    open_tracking();
    assert_int_equal(fpr_iova_write8(u.reader, 0x104000, 1), 0);
    assert_int_equal(get(0x100000, 8), 0x10);
    assert_int_equal(get(0x100000, 8), 0);
}

static void test_exact_overwrites_only_its_words(void **state)
{
    (void)state;
    config.stale_dirty = false;
    open_tracking();
    memset(words, 0xff, sizeof(words));
    assert_int_equal(fpr_iova_dirty_get(u.space, 0xc0000, 0xc0000, &bitmap), 0);
    assert_true(words[0] == UINT64_MAX && words[1] == 0 && words[2] == UINT64_MAX);
}

static void test_pins_stay_dirty(void **state)
{
    (void)state;
    void *page;
    open_tracking();
    assert_int_equal(fpr_iova_pin(u.space, 0x102000, 1, RW, &page), 1);
    assert_int_equal(get(0x100000, 4), 4);
    assert_int_equal(get(0x100000, 4), 4);
    assert_int_equal(fpr_iova_unpin(u.space, 0x102000, 1), 1);
    assert_int_equal(get(0x100000, 4), 4);
    assert_int_equal(get(0x100000, 4), 0);
}

static void test_unmap_reports(void **state)
{
    (void)state;
    uint64_t bytes;
    open_tracking();
    assert_int_equal(fpr_iova_write8(u.reader, 0x103000, 1), 0);
    assert_int_equal(fpr_iova_unmap_dirty(u.space, 0x100000, 0x4000, &bitmap, &bytes), 0);
    assert_int_equal(bytes, 0x4000);
    assert_int_equal(words[0], 8);
    assert_int_equal(unit_map(&u, 0x100000, 4, 0, RW), 0); /* begins clean */
    assert_int_equal(get(0x100000, 4), 0);
}

static void test_direct_pointer_marks_when_given_back(void **state)
{
    (void)state;
    void *ptr;
    open_tracking();
    assert_int_equal(fpr_iova_get(u.reader, 0x101800, 0x1000, RW, &ptr), 0);
    memset(ptr, 1, 0x1000);
    assert_int_equal(fpr_iova_put(u.reader), 0);
    assert_int_equal(get(0x100000, 4), 6);
    assert_int_equal(fpr_iova_get(u.reader, 0x101800, 0x1000, FPR_IOVA_READ, &ptr), 0);
    assert_int_equal(fpr_iova_put(u.reader), 0);
    assert_int_equal(get(0x100000, 4), 0);
}

static void test_too_large_to_track(void **state)
{
    (void)state;
    open_tracking();
    assert_int_equal(fpr_iova_map(u.space, UINT64_C(1) << 44, UINT64_C(1) << 43, 0x1000, RW),
                     -EINVAL);
    assert_int_equal(fpr_iova_dirty_stop(u.space), 0);
    assert_int_equal(fpr_iova_map(u.space, UINT64_C(1) << 44, UINT64_C(1) << 43, 0x1000, RW), 0);
    assert_int_equal(fpr_iova_dirty_start(u.space), -EINVAL);
    assert_int_equal(fpr_iova_dirty_get(u.space, 0x100000, 0x4000, &bitmap), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_writes_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_arguments, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stale_and_exact, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exact_overwrites_only_its_words, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pins_stay_dirty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unmap_reports, setup, teardown),
        cmocka_unit_test_setup_teardown(test_direct_pointer_marks_when_given_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_large_to_track, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
