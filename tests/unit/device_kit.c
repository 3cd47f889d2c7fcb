/* Counting and chaining. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/devices.h>

#include <errno.h>

#include "support/devices.h"

static void test_counting(void **state)
{
    (void)state;
    struct test_device next;
    struct fpr_counting *counting;
    struct fpr_device device;
    struct fpr_counts counts;
    test_device_init(&next);
    assert_int_equal(fpr_counting_create(&next.device, &counting), 0);
    assert_int_equal(fpr_counting_device(counting, &device), 0);
    assert_int_equal(device.max_nents, 40);
    const struct fpr_sg sg[] = {{1024, 10}, {512, 9}, {0, 0}, {0, 40}};
    assert_int_equal(device.report(device.ctx, sg, 3), 0);
    next.result = 1; /* positive values are failures too */
    assert_int_equal(device.report(device.ctx, sg + 3, 1), 1);
    assert_int_equal(fpr_counting_get(counting, &counts), 0);
    assert_int_equal(counts.calls, 2);
    assert_int_equal(counts.failed, 1);
    assert_int_equal(counts.entries, 4);
    assert_int_equal(counts.pages, 1024 + 512 + 1 + (1ull << 40));
    assert_int_equal(counts.by_order[9], 1);
    assert_int_equal(counts.by_order[FPR_MAX_ORDER], 1);
    assert_int_equal(counts.largest_batch, 3);
    fpr_counting_clear(counting);
    fpr_counting_get(counting, &counts);
    assert_int_equal(counts.calls + counts.pages + counts.largest_batch, 0);
    fpr_counting_destroy(counting);

    assert_int_equal(fpr_counting_create(NULL, &counting), 0);
    fpr_counting_device(counting, &device);
    assert_int_equal(device.report(device.ctx, sg, 2), 0);
    fpr_counting_destroy(counting);
}

static void test_a_chain_stops_at_the_first_failure(void **state)
{
    (void)state;
    struct test_device a, b, c;
    struct fpr_chain *chain;
    struct fpr_device device;
    test_device_init(&a);
    test_device_init(&b);
    test_device_init(&c);
    a.device.order = 9;
    b.device.max_nents = 0;
    c.device.max_nents = 7;
    const struct fpr_device *all[] = {&a.device, &b.device, &c.device};
    assert_int_equal(fpr_chain_create(all, 3, &chain), 0);
    assert_int_equal(fpr_chain_device(chain, &device), 0);
    assert_int_equal(device.order, 9);
    assert_int_equal(device.max_nents, 7);
    const struct fpr_sg sg[] = {{77, 0}};
    assert_int_equal(device.report(device.ctx, sg, 1), 0);
    assert_int_equal(c.pfn, 77);
    b.result = -EIO;
    assert_int_equal(device.report(device.ctx, sg, 1), -EIO);
    assert_int_equal(a.calls, 2);
    assert_int_equal(b.calls, 2);
    assert_int_equal(c.calls, 1);
    fpr_chain_destroy(chain);
}

static void test_mistakes_are_returned(void **state)
{
    (void)state;
    struct fpr_counting *counting = NULL;
    struct fpr_chain *chain = NULL;
    const struct fpr_device empty = {.name = "no function"};
    const struct fpr_device *bad[] = {&empty}, *none[] = {NULL};
    struct fpr_device device;
    struct fpr_counts counts;
    assert_int_equal(fpr_counting_create(&empty, &counting), -EINVAL);
    assert_int_equal(fpr_counting_create(NULL, NULL), -EINVAL);
    assert_int_equal(fpr_counting_device(NULL, &device), -EINVAL);
    assert_int_equal(fpr_counting_get(NULL, &counts), -EINVAL);
    assert_int_equal(fpr_chain_create(bad, 1, &chain), -EINVAL);
    assert_int_equal(fpr_chain_create(none, 1, &chain), -EINVAL);
    assert_int_equal(fpr_chain_create(bad, 0, &chain), -EINVAL);
    assert_int_equal(fpr_chain_create(NULL, 1, &chain), -EINVAL);
    assert_int_equal(fpr_chain_device(NULL, &device), -EINVAL);
    fpr_counting_clear(NULL);
    fpr_counting_destroy(NULL);
    fpr_chain_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counting),
        cmocka_unit_test(test_a_chain_stops_at_the_first_failure),
        cmocka_unit_test(test_mistakes_are_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
