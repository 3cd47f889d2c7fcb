#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/devices.h>

#include <errno.h>
#include <string.h>

static void test_a_plugin_is_loaded_with_its_argument(void **state)
{
    (void)state;
    struct fpr_plugin *plugin = NULL;
    struct fpr_device device;
    char reason[200] = "";
    assert_int_equal(
        fpr_plugin_load(FPR_TEST_PLUGINS "/sample.so", "9", &plugin, reason, sizeof(reason)), 0);
    assert_string_equal(reason, "");
    assert_int_equal(fpr_plugin_get_device(plugin, &device), 0);
    assert_string_equal(device.name, "sample");
    assert_int_equal(device.order, 9);
    const struct fpr_sg sg[] = {{512, 9}, {0, 8}};
    assert_int_equal(device.report(device.ctx, sg, 1), 0);
    assert_int_equal(device.report(device.ctx, sg, 2), -EINVAL);
    fpr_plugin_unload(plugin);
}

static void check_refused(const char *file, const char *argument, int error, const char *words)
{
    struct fpr_plugin *plugin = NULL;
    char reason[200] = "";
    assert_int_equal(fpr_plugin_load(file, argument, &plugin, reason, sizeof(reason)), error);
    assert_null(plugin);
    if (strstr(reason, words) == NULL || strchr(reason, '\n') != NULL)
        fail_msg("%s: reason is \"%s\"", file, reason);
    assert_int_equal(fpr_plugin_load(file, argument, &plugin, NULL, 0), error);
}

static void test_what_is_no_plugin_is_refused_with_a_reason(void **state)
{
    (void)state;
    check_refused(FPR_TEST_PLUGINS "/sample.so", "nine", -EINVAL, "argument");
    check_refused(FPR_TEST_PLUGINS "/sample.so", NULL, -EINVAL, "argument");
    check_refused(FPR_TEST_PLUGINS "/newer.so", "", -ENOSYS, "another version");
    check_refused(FPR_TEST_PLUGINS "/hollow.so", "", -EINVAL, "report function");
    check_refused(FPR_TEST_PLUGINS "/stranger.so", "", -ENOSYS, FPR_PLUGIN_SYMBOL);
    check_refused(FPR_TEST_PLUGINS "/sample.so", "nine", -EINVAL, "sample.so: ");
    check_refused(FPR_TEST_PLUGINS "/moody.so", "-13", -EACCES, "moody.so: ");
    check_refused(FPR_TEST_PLUGINS "/moody.so", "-13", -EACCES, "ermission");
    check_refused(FPR_TEST_PLUGINS "/moody.so", "17", -EINVAL, "17");
    check_refused("/nonexistent.so", "", -ENOENT, "nonexistent.so");
    check_refused("libm.so.6", "", -ENOENT, "libm"); /* the system's folders are not searched */
    check_refused("", "", -EINVAL, "path");
    assert_int_equal(fpr_plugin_load("x.so", "", NULL, NULL, 0), -EINVAL);
    assert_int_equal(fpr_plugin_get_device(NULL, NULL), -EINVAL);
    fpr_plugin_unload(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plugin_is_loaded_with_its_argument),
        cmocka_unit_test(test_what_is_no_plugin_is_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
