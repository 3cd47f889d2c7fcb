#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/gfp.h>

#include <errno.h>
#include <string.h>

static fpr_gfp parsed(const char *text)
{
    fpr_gfp gfp = 0xdead0000u;
    assert_int_equal(fpr_gfp_parse(text, strlen(text), &gfp), 0);
    return gfp;
}

static void refused(const char *text)
{
    fpr_gfp gfp = 0xdead0000u;
    assert_int_equal(fpr_gfp_parse(text, strlen(text), &gfp), -EINVAL);
    assert_int_equal(gfp, 0xdead0000u);
}

static void test_names_give_their_bits(void **state)
{
    (void)state;
    assert_int_equal(parsed("GFP_KERNEL"), FPR_GFP_KERNEL);
    assert_int_equal(parsed("GFP_KERNEL_ACCOUNT|__GFP_ZERO"),
                     FPR_GFP_KERNEL | FPR_GFP_ACCOUNT | FPR_GFP_ZERO);
    assert_int_equal(parsed("GFP_HIGHUSER_MOVABLE"), FPR_GFP_HIGHUSER_MOVABLE);
    assert_int_equal(parsed("GFP_HIGHUSER"), FPR_GFP_USER | FPR_GFP_HIGHMEM);
    assert_int_equal(parsed("GFP_NOFS"), FPR_GFP_RECLAIM | FPR_GFP_IO);
    assert_int_equal(parsed("GFP_NOIO"), FPR_GFP_RECLAIM);
    assert_int_equal(parsed("GFP_ATOMIC"), FPR_GFP_ATOMIC_REQUEST);
    assert_int_equal(parsed("GFP_NOWAIT"), FPR_GFP_KSWAPD_RECLAIM);
    assert_int_equal(parsed("__GFP_RECLAIM"), FPR_GFP_RECLAIM);
    assert_int_equal(parsed("GFP_TRANSHUGE"), FPR_GFP_TRANSHUGE_LIGHT | FPR_GFP_DIRECT_RECLAIM);
    assert_int_equal(parsed("GFP_TRANSHUGE_LIGHT"), FPR_GFP_TRANSHUGE_LIGHT);
    assert_int_equal(parsed("GFP_DMA"), FPR_GFP_DMA);
    assert_int_equal(parsed("__GFP_DMA32"), FPR_GFP_DMA32);
}

static void test_no_flags_are_zero(void **state)
{
    (void)state;
    assert_int_equal(parsed("(none)"), 0);
    assert_int_equal(parsed("none"), 0);
    assert_int_equal(parsed("0"), 0);
    assert_int_equal(parsed("0x0"), 0);
}

static void test_numbers_are_the_kernels(void **state)
{
    (void)state;
    assert_int_equal(parsed("0x400dc0"), FPR_GFP_KERNEL | FPR_GFP_ACCOUNT | FPR_GFP_ZERO);
    assert_int_equal(parsed("3264"), FPR_GFP_KERNEL);
    assert_int_equal(parsed("GFP_KERNEL|0x8000000"), FPR_GFP_KERNEL); /* a bit without a name */
    refused("0x100000000");
    refused("0x");
    refused("12g");
}

static void test_new_flags_are_passed_over(void **state)
{
    (void)state;
    assert_int_equal(parsed("GFP_KERNEL|__GFP_NOLOCKDEP"), FPR_GFP_KERNEL);
    assert_int_equal(parsed("GFP_KERNEL|__GFP_NO_OBJ_EXT"), FPR_GFP_KERNEL);
    assert_int_equal(parsed("GFP_KERNEL|__GFP_OF_TOMORROW"), FPR_GFP_KERNEL);
}

static void test_other_words_are_refused(void **state)
{
    (void)state;
    refused("");
    refused("GFP_KERNAL");
    refused("__GFP_ZER"); /* cut short */
    refused("__GFP_");
    refused("GFP_KERNEL|");
    refused("|GFP_KERNEL");
    refused("gfp_kernel");
    refused("GFP_KERNEL __GFP_ZERO");
}

static void test_only_len_bytes_are_read(void **state)
{
    (void)state;
    fpr_gfp gfp;
    assert_int_equal(fpr_gfp_parse("GFP_KERNEL_ACCOUNT", 10, &gfp), 0);
    assert_int_equal(gfp, FPR_GFP_KERNEL);
    /* A NUL inside is a letter like any other. */
    assert_int_equal(fpr_gfp_parse("GFP_KERNEL\0x", 12, &gfp), -EINVAL);
}

static void test_migratetype(void **state)
{
    (void)state;
    assert_int_equal(fpr_gfp_migratetype(FPR_GFP_KERNEL), FPR_UNMOVABLE);
    assert_int_equal(fpr_gfp_migratetype(FPR_GFP_HIGHUSER_MOVABLE), FPR_MOVABLE);
    assert_int_equal(fpr_gfp_migratetype(FPR_GFP_KERNEL | FPR_GFP_RECLAIMABLE), FPR_RECLAIMABLE);
    assert_int_equal(fpr_gfp_migratetype(FPR_GFP_MOVABLE | FPR_GFP_RECLAIMABLE), -EINVAL);
    assert_int_equal(fpr_gfp_migratetype(FPR_GFP_ALL_BITS + 1), -EINVAL);
}

static void test_zone(void **state)
{
    (void)state;
    assert_int_equal(fpr_gfp_zone(FPR_GFP_KERNEL), FPR_ZONE_NORMAL);
    assert_int_equal(fpr_gfp_zone(FPR_GFP_DMA), FPR_ZONE_DMA);
    assert_int_equal(fpr_gfp_zone(FPR_GFP_DMA32 | FPR_GFP_KERNEL), FPR_ZONE_DMA32);
    assert_int_equal(fpr_gfp_zone(FPR_GFP_MOVABLE), FPR_ZONE_NORMAL);
    assert_int_equal(fpr_gfp_zone(FPR_GFP_HIGHMEM), FPR_ZONE_NORMAL);
    assert_int_equal(fpr_gfp_zone(FPR_GFP_HIGHUSER_MOVABLE), FPR_ZONE_MOVABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_give_their_bits),
        cmocka_unit_test(test_no_flags_are_zero),
        cmocka_unit_test(test_numbers_are_the_kernels),
        cmocka_unit_test(test_new_flags_are_passed_over),
        cmocka_unit_test(test_other_words_are_refused),
        cmocka_unit_test(test_only_len_bytes_are_read),
        cmocka_unit_test(test_migratetype),
        cmocka_unit_test(test_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
