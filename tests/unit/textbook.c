#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "support/support.h"
#include "support/textbook.h"

#include <stdlib.h>
#include <string.h>

static void first_blocks_come_from_the_top(void **state)
{
    struct textbook *t = textbook_create(4096);

    (void)state;
    assert_non_null(t);
    assert_int_equal(textbook_alloc(t, 0), 3072);
    assert_int_equal(textbook_alloc(t, 0), 3073);
    assert_int_equal(textbook_alloc(t, 10), 2048);
    textbook_free(t, 3072, 0);
    textbook_free(t, 3073, 0);
    assert_int_equal(textbook_alloc(t, 10), 3072);
    textbook_destroy(t);
}

static void blocks_never_overlap_and_all_comes_back(void **state)
{
    enum { FRAMES = 5000, SLOTS = 500 };
    struct textbook *t = textbook_create(FRAMES);
    int64_t frame[SLOTS];
    unsigned order[SLOTS];
    char used[FRAMES] = {0};
    uint64_t seed = 1;

    (void)state;
    assert_non_null(t);
    memset(frame, -1, sizeof frame);
    for (int i = 0; i < 20000; i++) {
        unsigned s = (unsigned)(test_random(&seed) % SLOTS);

        if (frame[s] < 0) {
            order[s] = (unsigned)(test_random(&seed) % 5);
            frame[s] = textbook_alloc(t, order[s]);
            for (int64_t f = frame[s]; frame[s] >= 0 && f < frame[s] + (1 << order[s]); f++) {
                assert_int_equal(used[f], 0);
                used[f] = 1;
            }
        } else {
            memset(used + frame[s], 0, (size_t)1 << order[s]);
            textbook_free(t, (uint64_t)frame[s], order[s]);
            frame[s] = -1;
        }
    }
    for (int s = 0; s < SLOTS; s++)
        if (frame[s] >= 0)
            textbook_free(t, (uint64_t)frame[s], order[s]);
    assert_int_equal(textbook_nr_free(t), FRAMES);
    for (int i = 0; i < FRAMES / 1024; i++)
        assert_true(textbook_alloc(t, 10) >= 0);
    textbook_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_blocks_come_from_the_top),
        cmocka_unit_test(blocks_never_overlap_and_all_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
