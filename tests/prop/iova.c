/* The IOVA map against a slow reference, on random operation strings. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/iova_ref.h"
#include "support/suite.h"
#include "support/support.h"

enum { SEEDS = 400, LONGEST = 3000 };

/* All seeds in one test: a process a seed takes minutes under Valgrind. FPR_SEEDS changes how many,
 * FPR_SEED where they begin. */
START_TEST(test_iova_as_reference)
{
    unsigned char *ops = malloc(LONGEST);
    ck_assert_ptr_nonnull(ops);
    const char *from = getenv("FPR_SEED");
    uint64_t first = from ? strtoull(from, NULL, 0) : 1;
    uint64_t seeds = test_times(SEEDS, 20);
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        uint64_t state = seed;
        size_t n = test_random(&state) % LONGEST;
        for (size_t i = 0; i < n; i++)
            ops[i] = (unsigned char)test_random(&state);
        const char *wrong = iova_ref_run(ops, n);
        ck_assert_msg(!wrong, "seed %llu: %s", (unsigned long long)seed, wrong ? wrong : "");
    }
    free(ops);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("iova");
    TCase *tcase = tcase_create("reference");
    tcase_set_timeout(tcase, 600);
    tcase_add_test(tcase, test_iova_as_reference);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
