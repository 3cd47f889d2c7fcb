#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/fpr.h>

#include <stdio.h>

static void test_version_is_the_headers(void **state)
{
    (void)state;
    char want[32];
    snprintf(want, sizeof(want), "%d.%d.%d", FPR_VERSION_MAJOR, FPR_VERSION_MINOR,
             FPR_VERSION_PATCH);
    assert_string_equal(fpr_version(), want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_is_the_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
