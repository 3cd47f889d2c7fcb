#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bits.h"
#include "base/hash.h"

static void test_powers_of_two(void **state)
{
    (void)state;
    assert_int_equal(fpr_log2(1), 0);
    assert_int_equal(fpr_log2(UINT64_MAX), 63);
    assert_int_equal(fpr_div_up(0, 512), 0);
    assert_int_equal(fpr_div_up(512, 512), 1);
    assert_int_equal(fpr_div_up(513, 512), 2);
    assert_false(fpr_is_pow2(0));
    assert_true(fpr_is_pow2(1ull << 63));
    assert_false(fpr_is_pow2(3));
}

/* Every range of a three-word map, counted bit by bit. */
static void test_ranges_cross_words(void **state)
{
    (void)state;
    enum { BITS = 192 };
    for (uint64_t from = 0; from < BITS; from++) {
        for (uint64_t bits = 0; from + bits <= BITS; bits++) {
            uint64_t map[3] = {0};
            assert_int_equal(fpr_bitmap_set(map, from, bits), bits);
            assert_int_equal(fpr_bitmap_set(map, from, bits), 0);
            assert_int_equal(fpr_bitmap_count(map, 0, BITS), bits);
            if (bits > 0) {
                assert_true(fpr_bitmap_test(map, from));
                assert_true(fpr_bitmap_test(map, from + bits - 1));
            }
            if (from > 0)
                assert_false(fpr_bitmap_test(map, from - 1));
            if (from + bits < BITS)
                assert_false(fpr_bitmap_test(map, from + bits));
            assert_int_equal(fpr_bitmap_clear(map, from / 2, from + bits - from / 2), bits);
            assert_int_equal(map[0] | map[1] | map[2], 0);
        }
    }
    assert_int_equal(fpr_bitmap_words(0), 0);
    assert_int_equal(fpr_bitmap_words(64), 1);
    assert_int_equal(fpr_bitmap_words(65), 2);
}

static void test_hash_depends_on_order_and_random_is_splitmix64(void **state)
{
    (void)state;
    assert_true(fpr_hash_add(fpr_hash_add(0, 1), 2) != fpr_hash_add(fpr_hash_add(0, 2), 1));
    assert_true(fpr_hash_add(0, 0) != 0);
    uint64_t seed = 0;
    assert_true(fpr_random_next(&seed) == 0xe220a8397b1dcdafu); /* published first value */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_powers_of_two),
        cmocka_unit_test(test_ranges_cross_words),
        cmocka_unit_test(test_hash_depends_on_order_and_random_is_splitmix64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
