/* A broken invariant of the library's own: the process says which and aborts. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"

#include "base/check.h"

START_TEST(equal_goes_on)
{
    FPR_CHECK_EQ(7, 7);
}
END_TEST

/* The child's end, and what it wrote to stderr. */
static int run(char *said, size_t size)
{
    int ends[2], status = 0;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        fpr_check_failed("zone.c", 12, "free == counted", 7, UINT64_MAX);
    }
    close(ends[1]);
    size_t len = 0;
    for (ssize_t n; len < size - 1 && (n = read(ends[0], said + len, size - 1 - len)) > 0;)
        len += (size_t)n;
    said[len] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

START_TEST(says_which_and_aborts)
{
    char said[512];
    int status = run(said, sizeof(said));
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGABRT);
    ck_assert_str_eq(said, "zone.c:12: libfpr: broken invariant free == counted: 7 against "
                           "18446744073709551615\n");
}
END_TEST

#if FPR_CHECK_LEVEL >= 1
START_TEST(unequal_aborts)
{
    FPR_CHECK_EQ(7, 8);
}
END_TEST
#endif

int main(void)
{
    Suite *suite = suite_create("check");
    TCase *tests = tcase_create("check");
    tcase_add_test(tests, equal_goes_on);
    tcase_add_test(tests, says_which_and_aborts);
#if FPR_CHECK_LEVEL >= 1
    tcase_add_test_raise_signal(tests, unequal_aborts, SIGABRT);
#endif
    suite_add_tcase(suite, tests);
    return test_run_suite(suite);
}
