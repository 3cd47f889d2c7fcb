/* Wrong calls of devices.h and of the small devices of host.h. (Out of memory: misuse_heap.c.) */
#include <fpr/devices.h>

#include "support/digest.h"
#include "support/misuse.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct fpr_sg two[] = {{512, 9}, {1024, 9}};
static const struct fpr_device hollow = {.name = "hollow"};
static struct fpr_device next;
static struct fpr_writer *writer;
static struct fpr_recorder *recorder;
static struct fpr_counting *counting;
static struct fpr_chain *chain;
static struct fpr_fault *fault;
static struct fpr_balloon *balloon;

/* Where answers would go. */
static struct fpr_device device;
static void *made;

static int refuse(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    (void)text;
    (void)len;
    return -EPIPE;
}

static uint64_t digest_kit(const void *object)
{
    (void)object;
    struct fpr_counts counts;
    struct fpr_fault_stats f;
    struct fpr_balloon_stats b;
    struct fpr_recorded_batch batch;
    fpr_counting_get(counting, &counts);
    fpr_fault_get(fault, &f);
    fpr_balloon_get_stats(balloon, &b);
    assert_int_equal(fpr_recorder_get(recorder, 0, &batch), 0);
    const uint64_t words[] = {counts.calls,
                              counts.entries,
                              counts.pages,
                              f.calls,
                              f.failed,
                              fpr_recorder_count(recorder),
                              batch.nents,
                              fpr_balloon_features(balloon),
                              fpr_balloon_poison(balloon),
                              (uint64_t)fpr_writer_error(writer)};
    return digest_bytes(digest_bytes(DIGEST_BASIS, words, sizeof(words)), &b, sizeof(b));
}

static int setup(void **state)
{
    (void)state;
    struct fpr_fault_config f;
    struct fpr_balloon_config b;
    const struct fpr_device *const devices[] = {&next};
    assert_int_equal(fpr_device_null(&next), 0);
    assert_int_equal(fpr_fault_config_init(&f), 0);
    assert_int_equal(fpr_balloon_config_init(&b, FPR_PROFILE_V16), 0);
    assert_int_equal(fpr_writer_create(NULL, NULL, refuse, NULL, &writer), 0);
    assert_int_equal(fpr_recorder_create(NULL, NULL, &recorder), 0);
    assert_int_equal(fpr_counting_create(&next, &counting), 0);
    assert_int_equal(fpr_chain_create(devices, 1, &chain), 0);
    assert_int_equal(fpr_fault_create(&f, &fault), 0);
    assert_int_equal(fpr_balloon_create(&b, &balloon), 0);
    assert_int_equal(fpr_recorder_device(recorder, &device), 0);
    assert_int_equal(device.report(device.ctx, two, 2), 0);
    misuse_watch(digest_kit, NULL);
    misuse_watch_bytes(&device, sizeof(device));
    misuse_watch_bytes((void *)&made, sizeof(made));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fpr_writer_destroy(writer);
    fpr_recorder_destroy(recorder);
    fpr_counting_destroy(counting);
    fpr_chain_destroy(chain);
    fpr_fault_destroy(fault);
    fpr_balloon_destroy(balloon);
    return misuse_end();
}

#define MADE(type) ((struct type **)(void *)&made)

static void test_text(void **state)
{
    (void)state;
    struct fpr_recorded_batch batch;
    REFUSED(fpr_batch_write(0, two, 2, 0, NULL, NULL), -EINVAL, "nowhere to write");
    REFUSED(fpr_batch_write(0, NULL, 2, 0, refuse, NULL), -EINVAL, "no entries");
    REFUSED(fpr_batch_write(0, two, 2, 0, refuse, NULL), -EPIPE, "what the writer says");
    REFUSED(fpr_writer_create(NULL, NULL, NULL, NULL, MADE(fpr_writer)), -EINVAL, "nowhere");
    REFUSED(fpr_writer_create(NULL, NULL, refuse, NULL, NULL), -EINVAL, "no place for it");
    REFUSED(fpr_writer_create(NULL, &hollow, refuse, NULL, MADE(fpr_writer)), -EINVAL,
            "a device without a function");
    REFUSED(fpr_writer_device(NULL, &device), -EINVAL, "no writer");
    REFUSED(fpr_writer_device(writer, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_writer_error(NULL), -EINVAL, "no writer");
    IGNORED(fpr_writer_destroy(NULL), "no writer");
    REFUSED(fpr_recorder_create(NULL, NULL, NULL), -EINVAL, "no place for it");
    REFUSED(fpr_recorder_create(NULL, &hollow, MADE(fpr_recorder)), -EINVAL,
            "a device without a function");
    REFUSED(fpr_recorder_device(NULL, &device), -EINVAL, "no recorder");
    REFUSED(fpr_recorder_device(recorder, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_recorder_count(NULL), 0, "no recorder");
    REFUSED(fpr_recorder_get(NULL, 0, &batch), -EINVAL, "no recorder");
    REFUSED(fpr_recorder_get(recorder, 1, &batch), -EINVAL, "no such batch");
    REFUSED(fpr_recorder_get(recorder, SIZE_MAX, &batch), -EINVAL, "no such batch");
    REFUSED(fpr_recorder_get(recorder, 0, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_recorder_save(NULL, refuse, NULL), -EINVAL, "no recorder");
    REFUSED(fpr_recorder_save(recorder, NULL, NULL), -EINVAL, "nowhere to write");
    REFUSED(fpr_recorder_save(recorder, refuse, NULL), -EPIPE, "what the writer says");
    IGNORED(fpr_recorder_clear(NULL), "no recorder");
    IGNORED(fpr_recorder_destroy(NULL), "no recorder");
    REFUSED(fpr_device_null(NULL), -EINVAL, "no place for the answer");
}

static void test_counting_and_chain(void **state)
{
    (void)state;
    struct fpr_counts counts;
    const struct fpr_device *const none[] = {&next, NULL}, *const empty[] = {&next, &hollow};
    REFUSED(fpr_counting_create(NULL, NULL), -EINVAL, "no place for it");
    REFUSED(fpr_counting_create(&hollow, MADE(fpr_counting)), -EINVAL,
            "a device without a function");
    REFUSED(fpr_counting_device(NULL, &device), -EINVAL, "no counting device");
    REFUSED(fpr_counting_device(counting, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_counting_get(NULL, &counts), -EINVAL, "no counting device");
    REFUSED(fpr_counting_get(counting, NULL), -EINVAL, "no place for the answer");
    IGNORED(fpr_counting_clear(NULL), "no counting device");
    IGNORED(fpr_counting_destroy(NULL), "no counting device");
    REFUSED(fpr_chain_create(NULL, 1, MADE(fpr_chain)), -EINVAL, "no list");
    REFUSED(fpr_chain_create(none, 0, MADE(fpr_chain)), -EINVAL, "an empty list");
    REFUSED(fpr_chain_create(none, 2, MADE(fpr_chain)), -EINVAL, "a place without a device");
    REFUSED(fpr_chain_create(empty, 2, MADE(fpr_chain)), -EINVAL, "a device without a function");
    REFUSED(fpr_chain_create(none, SIZE_MAX, MADE(fpr_chain)), -EINVAL, "would overflow");
    REFUSED(fpr_chain_create(none, 1, NULL), -EINVAL, "no place for it");
    REFUSED(fpr_chain_device(NULL, &device), -EINVAL, "no chain");
    REFUSED(fpr_chain_device(chain, NULL), -EINVAL, "no place for the answer");
    IGNORED(fpr_chain_destroy(NULL), "no chain");
}

static void test_fault(void **state)
{
    (void)state;
    struct fpr_fault_stats stats;
    struct fpr_fault_config config;
    REFUSED(fpr_fault_config_init(NULL), -EINVAL, "no configuration");
    assert_int_equal(fpr_fault_config_init(&config), 0);
    REFUSED(fpr_fault_create(NULL, MADE(fpr_fault)), -EINVAL, "no configuration");
    REFUSED(fpr_fault_create(&config, NULL), -EINVAL, "no place for it");
#define BAD(field, value, wrong)                                                                   \
    fpr_fault_config_init(&config);                                                                \
    config.field = (value);                                                                        \
    REFUSED(fpr_fault_create(&config, MADE(fpr_fault)), -EINVAL, wrong)
    BAD(error, 0, "a failure that is none");
    BAD(fail_probability, -0.1, "out of range");
    BAD(fail_probability, 1.1, "out of range");
    BAD(fail_probability, (double)NAN, "no number");
    BAD(next, &hollow, "a device without a function");
#undef BAD
    REFUSED(fpr_fault_device(NULL, &device), -EINVAL, "no faulty device");
    REFUSED(fpr_fault_device(fault, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_fault_get(NULL, &stats), -EINVAL, "no faulty device");
    REFUSED(fpr_fault_get(fault, NULL), -EINVAL, "no place for the answer");
    IGNORED(fpr_fault_release(NULL), "no faulty device");
    IGNORED(fpr_fault_release(fault), "nothing hangs");
    IGNORED(fpr_fault_destroy(NULL), "no faulty device");
}

static void test_balloon(void **state)
{
    (void)state;
    struct fpr_balloon_stats stats;
    struct fpr_balloon_config config;
    struct fpr_balloon *silent;
    REFUSED(fpr_balloon_config_init(NULL, FPR_PROFILE_V16), -EINVAL, "no configuration");
    REFUSED(fpr_balloon_config_init(&config, FPR_NR_PROFILES), -EINVAL, "unknown profile");
    assert_int_equal(fpr_balloon_config_init(&config, FPR_PROFILE_V16), 0);
    REFUSED(fpr_balloon_create(NULL, MADE(fpr_balloon)), -EINVAL, "no configuration");
    REFUSED(fpr_balloon_create(&config, NULL), -EINVAL, "no place for it");
#define BAD(field, value, answer, wrong)                                                           \
    fpr_balloon_config_init(&config, FPR_PROFILE_V16);                                             \
    config.field = (value);                                                                        \
    REFUSED(fpr_balloon_create(&config, MADE(fpr_balloon)), answer, wrong)
    BAD(profile, FPR_NR_PROFILES, -EINVAL, "unknown profile");
    BAD(ring_size, 0, -EINVAL, "no ring");
    BAD(ring_size, 32769, -EINVAL, "larger than virtio's queues");
    BAD(ring_size, 31, -ENOSPC, "shorter than a batch");
    BAD(capacity, 0, -EINVAL, "no entries");
    BAD(capacity, 65537, -EINVAL, "too many entries");
    BAD(host, &hollow, -EINVAL, "a device without a function");
#undef BAD
    fpr_balloon_config_init(&config, FPR_PROFILE_V16);
    config.offered = 0;
    assert_int_equal(fpr_balloon_create(&config, &silent), 0);
    REFUSED(fpr_balloon_device(silent, &device), -ENODEV, "reporting was not negotiated");
    fpr_balloon_destroy(silent);
    REFUSED(fpr_balloon_device(NULL, &device), -EINVAL, "no balloon");
    REFUSED(fpr_balloon_device(balloon, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_balloon_features(NULL), 0, "no balloon");
    REFUSED(fpr_balloon_poison(NULL), 0, "no balloon");
    REFUSED(fpr_balloon_get_stats(NULL, &stats), -EINVAL, "no balloon");
    REFUSED(fpr_balloon_get_stats(balloon, NULL), -EINVAL, "no place for the answer");
    IGNORED(fpr_balloon_inhibit(NULL, true), "no balloon");
    IGNORED(fpr_balloon_stall(NULL, true), "no balloon");
    IGNORED(fpr_balloon_break(NULL), "no balloon");
    IGNORED(fpr_balloon_destroy(NULL), "no balloon");
}

static void test_plugin(void **state)
{
    (void)state;
    char reason[8];
    struct fpr_plugin *loaded;
    REFUSED(fpr_plugin_load(NULL, NULL, MADE(fpr_plugin), NULL, 0), -EINVAL, "no path");
    REFUSED(fpr_plugin_load("", NULL, MADE(fpr_plugin), NULL, 0), -EINVAL, "an empty path");
    REFUSED(fpr_plugin_load("x.so", NULL, NULL, NULL, 0), -EINVAL, "no place for it");
    REFUSED(fpr_plugin_load("no/such.so", NULL, MADE(fpr_plugin), NULL, 99), -ENOENT, "no file");
    REFUSED(fpr_plugin_load("no/such.so", NULL, MADE(fpr_plugin), reason, sizeof(reason)), -ENOENT,
            "no file");
    assert_int_equal(reason[7], '\0');
    REFUSED(fpr_plugin_load(FPR_TEST_DATA "/view/README", NULL, MADE(fpr_plugin), NULL, 0), -ENOENT,
            "no shared object");
    REFUSED(fpr_plugin_load(FPR_TEST_PLUGINS "/stranger.so", NULL, MADE(fpr_plugin), NULL, 0),
            -ENOSYS, "no plugin");
    REFUSED(fpr_plugin_load(FPR_TEST_PLUGINS "/newer.so", NULL, MADE(fpr_plugin), NULL, 0), -ENOSYS,
            "another version");
    REFUSED(fpr_plugin_load(FPR_TEST_PLUGINS "/hollow.so", NULL, MADE(fpr_plugin), NULL, 0),
            -EINVAL, "a device without a function");
    assert_int_equal(fpr_plugin_load(FPR_TEST_PLUGINS "/sample.so", "0", &loaded, NULL, 0), 0);
    REFUSED(fpr_plugin_get_device(NULL, &device), -EINVAL, "no plugin");
    REFUSED(fpr_plugin_get_device(loaded, NULL), -EINVAL, "no place for the answer");
    fpr_plugin_unload(loaded);
    IGNORED(fpr_plugin_unload(NULL), "no plugin");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_text),   TEST(test_counting_and_chain), TEST(test_fault), TEST(test_balloon),
        TEST(test_plugin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
