#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/mem.h>

/* Sizes on both sides of the switch from the heap to mappings, and nothing at all. */
static void test_memory_is_zeroed_aligned_and_writable(void **state)
{
    (void)state;
    const struct fpr_mem_ops *mem = fpr_mem_default();
    const size_t sizes[] = {0, 1, 4096, ((size_t)1 << 20) - 1, (size_t)1 << 20, 5000001};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        unsigned char *ptr = mem->zalloc(mem->ctx, sizes[i]);
        assert_non_null(ptr);
        assert_int_equal((uintptr_t)ptr % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < sizes[i]; k++)
            if (ptr[k] != 0)
                fail_msg("byte %zu of %zu is not zero", k, sizes[i]);
        if (sizes[i] > 0)
            ptr[0] = ptr[sizes[i] - 1] = 0xff;
        mem->free(mem->ctx, ptr, sizes[i]);
    }
}

static void test_huge_requests_cost_nothing_untouched(void **state)
{
    (void)state;
    const struct fpr_mem_ops *mem = fpr_mem_default();
    const size_t size = (size_t)1 << 32;
    unsigned char *ptr = mem->zalloc(mem->ctx, size);
    assert_non_null(ptr);
    ptr[size - 1] = 1;
    assert_int_equal(ptr[size / 2], 0);
    mem->free(mem->ctx, ptr, size);
}

static void test_impossible_requests_fail(void **state)
{
    (void)state;
    const struct fpr_mem_ops *mem = fpr_mem_default();
    assert_null(mem->zalloc(mem->ctx, SIZE_MAX - 4096));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_aligned_and_writable),
        cmocka_unit_test(test_huge_requests_cost_nothing_untouched),
        cmocka_unit_test(test_impossible_requests_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
