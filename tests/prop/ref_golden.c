/* The reference model against recordings of real kernels: every answer, batch and hash.
 * With file names as arguments it replays those; without, the bundled ones. */
#include "support/ref_replay.h"
#include "support/suite.h"

#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

START_TEST(bundled_files_replay)
{
    glob_t found;
    unsigned bad = 0;

    if (glob(FPR_TEST_DATA "/golden/*/*.fpr*", 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        bad += !ref_replay_file(found.gl_pathv[i]);
    globfree(&found);
    ck_assert_uint_eq(bad, 0);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *suite = suite_create("reference model against recordings");
    TCase *tcase = tcase_create("golden");
    int failed = 0;

    if (argc > 1) {
        for (int i = 1; i < argc; i++)
            failed += !ref_replay_file(argv[i]);
        printf("%d passed, %d failed\n", argc - 1 - failed, failed);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, bundled_files_replay);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
