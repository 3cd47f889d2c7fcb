/* Wrong calls of replay.h, import.h and sink.h. (Malformed recordings: trace_recording.c,
 * import.c; out of memory: misuse_heap_replay.c.) */
#include <fpr/import.h>
#include <fpr/replay.h>
#include <fpr/sink.h>

#include "support/digest.h"
#include "support/folder.h"
#include "support/lean_mem.h"
#include "support/misuse.h"
#include "support/tiny.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct test_folder folder;
static struct fpr_prepared *prepared, *none;
static struct fpr_replay_options options;
static struct fpr_sink *sink, *no_sink;
static unsigned written;

/* Where answers would go; `error` is there to change. */
static void *made;
static struct fpr_trace_summary summary;
static struct fpr_import_result import_result;
static struct fpr_event_sink events;
static struct fpr_report_observer observer;
static struct fpr_device device;
static struct fpr_trace_error error;

#define MADE(type) ((struct type **)(void *)&made)

static int count(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    (void)text;
    written += (unsigned)len;
    return 0;
}

static uint64_t digest_all(const void *object)
{
    (void)object;
    struct fpr_trace_summary s;
    fpr_prepared_summary(prepared, &s);
    return digest_word(digest_bytes(DIGEST_BASIS, s.records, sizeof(s.records)), written);
}

static int setup(void **state)
{
    (void)state;
    const struct fpr_sink_config config = {.write = count};
    test_folder_make(&folder);
    test_folder_write(&folder, "state.before", TINY_STATE);
    test_folder_write(&folder, "trace.txt",
                      BEGIN_SPAN TASK("000100", ALLOC("400")) TASK("000102", FREE("400")) END_SPAN);
    assert_int_equal(fpr_prepare(folder.path, NULL, &prepared, &error), 0);
    assert_int_equal(fpr_replay_options_init(&options), 0);
    assert_int_equal(fpr_sink_create(&config, &sink), 0);
    misuse_watch(digest_all, NULL);
    misuse_watch_bytes((void *)&made, sizeof(made));
    misuse_watch_bytes(&summary, sizeof(summary));
    misuse_watch_bytes(&import_result, sizeof(import_result));
    misuse_watch_bytes(&events, sizeof(events));
    misuse_watch_bytes(&observer, sizeof(observer));
    misuse_watch_bytes(&device, sizeof(device));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fpr_prepared_free(prepared);
    fpr_sink_destroy(sink);
    test_folder_remove(&folder);
    return misuse_end();
}

static void test_preparing(void **state)
{
    (void)state;
    const struct fpr_trace_options odd = {.format = FPR_TRACE_NATIVE + 1};
    REFUSED(fpr_prepare(NULL, NULL, MADE(fpr_prepared), &error), -EINVAL, "no path");
    REFUSED(fpr_prepare(folder.path, NULL, NULL, &error), -EINVAL, "no place for it");
    REFUSED(fpr_prepare("/no/such", NULL, MADE(fpr_prepared), NULL), -ENOENT, "no such file");
    REFUSED(fpr_prepare(folder.path, &odd, MADE(fpr_prepared), &error), -EINVAL, "no such format");
    REFUSED(fpr_prepared_summary(none, &summary), -EINVAL, "nothing prepared");
    REFUSED(fpr_prepared_summary(prepared, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_prepared_recording(none), 0, "nothing prepared");
    IGNORED(fpr_prepared_free(NULL), "nothing prepared");
    REFUSED(fpr_knowledge_find(NULL, 3), -EINVAL, "no word");
    REFUSED(fpr_knowledge_find("got", 0), -EINVAL, "an empty word");
    REFUSED(fpr_knowledge_find("gott", 4), -EINVAL, "unknown word");
}

static void test_replaying(void **state)
{
    (void)state;
    static const struct fpr_device hollow = {.name = "hollow"};
    struct fpr_replay_result result;
    struct fpr_replay_options bad;
    REFUSED(fpr_replay_options_init(NULL), -EINVAL, "no options");
    REFUSED(fpr_replay(none, &options, &result, &error), -EINVAL, "nothing prepared");
    REFUSED(fpr_replay(prepared, NULL, &result, &error), -EINVAL, "no options");
    REFUSED(fpr_replay(prepared, &options, NULL, &error), -EINVAL, "no place for the result");
#define BAD(field, value, wrong)                                                                   \
    bad = options;                                                                                 \
    bad.profile_set = true;                                                                        \
    bad.profile = FPR_PROFILE_LINUX_6_1;                                                           \
    bad.as_recorded = false;                                                                       \
    bad.field = (value);                                                                           \
    error.reason[0] = '\0';                                                                        \
    REFUSED(fpr_replay(prepared, &bad, &result, &error), -EINVAL, wrong);                          \
    assert_true(error.reason[0]);                                                                  \
    fpr_replay_result_free(&result);                                                               \
    REFUSED(fpr_replay(prepared, &bad, &result, NULL), -EINVAL, wrong);                            \
    fpr_replay_result_free(&result)
    BAD(mode, FPR_REPLAY_PREDICT + 1, "no such mode");
    BAD(profile, FPR_NR_PROFILES, "unknown profile");
    BAD(without, 1u << FPR_NR_KNOWLEDGE, "no such knowledge");
    BAD(sample_every, 0, "samples without end");
    BAD(sample_every, UINT64_MAX, "the next sample's time would wrap");
    BAD(report.order, FPR_MAX_ORDER + 1, "no such order");
    BAD(report.order, -2, "no such order");
    BAD(report.capacity, 0, "no entries");
    BAD(report.delay, UINT64_MAX, "would overflow");
    BAD(host.backing_shift, 63, "no such backing page");
    BAD(host.mode, FPR_HOST_INHIBITED + 1, "no such mode");
    BAD(device, &hollow, "a device without a function");
#undef BAD
    IGNORED(fpr_replay_result_free(NULL), "no result");
}

static void test_importing(void **state)
{
    (void)state;
    const struct fpr_import_options many = {.cpus = 1025};
    struct fpr_policy policy = {.base = FPR_NR_PROFILES};
    const struct fpr_import_options half[] = {{.mem = &lean_mem_half[0]},
                                              {.mem = &lean_mem_half[1]}};
    const struct fpr_import_options lawless = {.policy = &policy};
    struct fpr_machine **place = MADE(fpr_machine);
    REFUSED(fpr_machine_import(NULL, NULL, place, &import_result, &error), -EINVAL, "no folder");
    REFUSED(fpr_machine_import("/proc", NULL, NULL, &import_result, &error), -EINVAL, "no place");
    REFUSED(fpr_machine_import("/no/such", NULL, place, NULL, NULL), -ENOENT, "no such folder");
    REFUSED(fpr_machine_import(folder.path, NULL, place, &import_result, &error), -ENOENT,
            "a folder without zoneinfo");
    REFUSED(fpr_machine_import(folder.path, &many, place, &import_result, &error), -EINVAL,
            "too many cpus");
    REFUSED(fpr_machine_import(folder.path, &lawless, place, &import_result, &error), -EINVAL,
            "rules of no kernel");
    for (int k = 0; k < 2; k++)
        REFUSED(fpr_machine_import(folder.path, &half[k], place, &import_result, &error), -EINVAL,
                "metadata without a function");
}

static void test_sinks(void **state)
{
    (void)state;
    static const struct fpr_device hollow = {.name = "hollow"};
    struct fpr_sink_config bad = {0};
    REFUSED(fpr_sink_create(NULL, MADE(fpr_sink)), -EINVAL, "no configuration");
    REFUSED(fpr_sink_create(&bad, MADE(fpr_sink)), -EINVAL, "nowhere to write");
    bad = (struct fpr_sink_config){.write = count, .format = FPR_SINK_TIMELINE + 1};
    REFUSED(fpr_sink_create(&bad, MADE(fpr_sink)), -EINVAL, "no such format");
    bad = (struct fpr_sink_config){.write = count, .pageblock_order = FPR_MAX_ORDER + 1};
    REFUSED(fpr_sink_create(&bad, MADE(fpr_sink)), -EINVAL, "no such order");
    bad.pageblock_order = 0;
    REFUSED(fpr_sink_create(&bad, NULL), -EINVAL, "no place for the sink");
    REFUSED(fpr_sink_end(no_sink), -EINVAL, "no sink");
    REFUSED(fpr_sink_events(no_sink, &events), -EINVAL, "no sink");
    REFUSED(fpr_sink_events(sink, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_sink_observer(no_sink, &observer), -EINVAL, "no sink");
    REFUSED(fpr_sink_observer(sink, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_sink_device(no_sink, NULL, &device), -EINVAL, "no sink");
    REFUSED(fpr_sink_device(sink, NULL, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_sink_device(sink, &hollow, &device), -EINVAL, "a device without a function");
    REFUSED(fpr_usdt_events(NULL), -EINVAL, "no place for the answer");
    IGNORED(fpr_sink_destroy(NULL), "no sink");
}

/* Whatever comes after the end is not written, a second end neither. */
static void test_a_sink_that_has_ended(void **state)
{
    (void)state;
    const struct fpr_sg sg = {512, 9};
    const struct fpr_event event = {.type = FPR_EVENT_PAGE_FREE, .pfn = 5};
    assert_int_equal(fpr_sink_events(sink, &events), 0);
    assert_int_equal(fpr_sink_observer(sink, &observer), 0);
    assert_int_equal(fpr_sink_device(sink, NULL, &device), 0);
    assert_int_equal(fpr_sink_end(sink), 0);
    REFUSED(fpr_sink_end(sink), 0, "ended already");
    IGNORED(events.event(events.ctx, &event), "an event after the end");
    IGNORED(observer.pass_begin(observer.ctx, 1), "a pass after the end");
    REFUSED(device.report(device.ctx, &sg, 1), 0, "a report after the end");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_preparing),
        TEST(test_replaying),
        TEST(test_importing),
        TEST(test_sinks),
        TEST(test_a_sink_that_has_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
