/* Parts of the generators: blocks in order of age, chance from a seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "gen/gen.h"

static void test_blocks_keep_their_age(void **state)
{
    (void)state;
    struct gen_blocks b = {.block = NULL};
    /* taken and added in turns, so that the room is used again and again */
    uint64_t next = 0, oldest = 0;
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 100; i++) {
            gen_blocks_add(&b, next++, 0);
        }
        for (int i = 0; i < 90; i++) {
            assert_int_equal(gen_blocks_take_oldest(&b).pfn, oldest++);
        }
        assert_int_equal(gen_blocks_count(&b), next - oldest);
        assert_int_equal(b.pages, next - oldest);
    }
    assert_true(b.room <= 2048);
    assert_int_equal(gen_blocks_take_newest(&b).pfn, next - 1);
    gen_blocks_release(&b);
    assert_int_equal(gen_blocks_count(&b), 0);
}

static void test_a_taken_block_is_gone(void **state)
{
    (void)state;
    struct gen_blocks b = {.block = NULL};
    bool seen[10] = {false};
    for (unsigned i = 0; i < 10; i++) {
        gen_blocks_add(&b, i, i % 3);
    }
    assert_int_equal(b.pages, 4 * 1 + 3 * 2 + 3 * 4);
    for (unsigned i = 0; i < 10; i++) {
        struct gen_block taken = gen_blocks_take(&b, (i * 7) % gen_blocks_count(&b));
        assert_in_range(taken.pfn, 0, 9);
        assert_false(seen[taken.pfn]);
        assert_int_equal(taken.order, taken.pfn % 3);
        seen[taken.pfn] = true;
    }
    assert_int_equal(b.pages, 0);
    gen_blocks_release(&b);
}

static void test_chance_is_the_seeds(void **state)
{
    (void)state;
    struct gen_guest a = {.random = 5}, b = {.random = 5}, c = {.random = 6};
    unsigned same = 0, heads = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t x = gen_below(&a, 1000);
        assert_in_range(x, 0, 999);
        assert_int_equal(x, gen_below(&b, 1000));
        same += x == gen_below(&c, 1000);
        heads += gen_chance(&a, 30);
        gen_chance(&b, 30);
    }
    assert_true(same < 20);
    assert_in_range(heads, 200, 400);
    assert_int_equal(gen_below(&a, 0), 0);
    assert_false(gen_chance(&a, 0));
    assert_true(gen_chance(&a, 100));
}

static void test_around_the_mean(void **state)
{
    (void)state;
    struct gen_guest g = {.random = 1};
    uint64_t sum = 0;
    for (int i = 0; i < 20000; i++) {
        uint64_t x = gen_around(&g, 300);
        assert_in_range(x, 100, 300 * 9);
        sum += x;
    }
    assert_in_range(sum / 20000, 280, 320);
    assert_true(gen_around(&g, 0) >= 1);
}

static void test_every_workload_has_sound_parameters(void **state)
{
    (void)state;
    for (const struct gen_workload *const *w = gen_workloads; *w; w++) {
        struct gen_job job;
        const struct gen_param *p;
        gen_job_init(&job, *w);
        assert_ptr_equal(gen_workload_find((*w)->name, strlen((*w)->name), ""), *w);
        for (size_t i = 0; (p = gen_param_at(*w, i)); i++) {
            assert_true(i < GEN_MAX_PARAMS);
            if (!p->words) {
                assert_in_range(job.values[i], p->min, p->max);
            }
            for (size_t k = 0; k < i; k++) {
                assert_string_not_equal(p->name, gen_param_at(*w, k)->name);
            }
        }
        gen_job_check(&job, "--");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_keep_their_age),
        cmocka_unit_test(test_a_taken_block_is_gone),
        cmocka_unit_test(test_chance_is_the_seeds),
        cmocka_unit_test(test_around_the_mean),
        cmocka_unit_test(test_every_workload_has_sound_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
