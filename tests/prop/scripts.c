/* Scripts that once showed a difference between the library and the reference model. */
#include "support/script.h"
#include "support/suite.h"

#include <check.h>
#include <glob.h>
#include <stdlib.h>

START_TEST(old_differences_stay_away)
{
    static char why[4096];
    unsigned bad = 0;
    glob_t found;

    ck_assert_int_eq(glob(FPR_TEST_DATA "/scripts/*.txt", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct script s;
        FILE *in = fopen(found.gl_pathv[i], "r");

        ck_assert_ptr_nonnull(in);
        ck_assert_uint_eq(script_read(&s, in), 0);
        fclose(in);
        if (script_run_apart(&s, why, sizeof why)) {
            printf("%s:\n%s", found.gl_pathv[i], why);
            fflush(stdout);
            bad++;
        }
        script_clear(&s);
    }
    globfree(&found);
    ck_assert_uint_eq(bad, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scripts");
    TCase *tcase = tcase_create("regressions");

    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, old_differences_stay_away);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
