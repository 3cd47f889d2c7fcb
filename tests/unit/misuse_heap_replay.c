/* Every request for memory failing while recordings are prepared, replayed and imported. */
#include <fpr/import.h>
#include <fpr/replay.h>
#include <fpr/sink.h>

#include "support/folder.h"
#include "support/lean_heap.h"
#include "support/tiny.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct test_folder folder;
static struct fpr_prepared *prepared;
static struct fpr_replay_options options;

/* Requests that are served, one that fails, one that the kernel served otherwise, a batched free.
 */
static const char trace_text[] =
    BEGIN_SPAN TASK("000100", ALLOC("400")) TASK("000101", ALLOC("401")) TASK("000102", FREE("400"))
        TASK("000103", ALLOC("400")) TASK("000104", ALLOC("410")) TASK("000110", BATCHED("401"))
            TASK("000111", ALLOC("401")) END_SPAN;

static int setup(void **state)
{
    (void)state;
    test_folder_make(&folder);
    test_folder_write(&folder, "state.before", TINY_STATE);
    test_folder_write(&folder, "state.after", TINY_STATE);
    test_folder_write(&folder, "rss.csv", "guest_mono_s,ram_rss_kib\n1.000,4096\n1.500,4000\n");
    test_folder_write(&folder, "trace.txt", trace_text);
    assert_int_equal(fpr_replay_options_init(&options), 0);
    options.explain = true;
    options.explain_at = 1 * FPR_NS_PER_S + 500000;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_folder_remove(&folder);
    return 0;
}

static int do_prepare(void *ctx)
{
    (void)ctx;
    struct fpr_prepared *p = NULL;
    struct fpr_trace_error error = {.line = 0};
    int err = fpr_prepare(folder.path, NULL, &p, &error);
    if (err)
        assert_int_not_equal(error.reason[0], '\0');
    fpr_prepared_free(p);
    return err;
}

/* A result that failed needs no freeing. */
static int do_replay(void *ctx)
{
    (void)ctx;
    struct fpr_replay_result result;
    int err = fpr_replay(prepared, &options, &result, NULL);
    if (!err)
        fpr_replay_result_free(&result);
    else
        assert_true(result.samples == NULL && result.explanation == NULL);
    return err;
}

static void exhaust(unsigned least)
{
    unsigned n = lean_heap_exhaust(do_replay, NULL);
    if (n < least)
        fail_msg("only %u requests", n);
}

static void test_preparing(void **state)
{
    (void)state;
    assert_true(lean_heap_exhaust(do_prepare, NULL) > 15);
}

static void test_replaying(void **state)
{
    (void)state;
    struct fpr_trace_error error;
    assert_int_equal(fpr_prepare(folder.path, NULL, &prepared, &error), 0);
    exhaust(20);
    options.repair = false;
    exhaust(20);
    options.without = (1u << FPR_NR_KNOWLEDGE) - 1;
    exhaust(20);
    options.without = 0;
    options.resync = true;
    exhaust(20);
    options.resync = false;
    options.as_recorded = false;
    exhaust(20);
    options.mode = FPR_REPLAY_MIRROR;
    options.as_recorded = true;
    exhaust(15);
    fpr_prepared_free(prepared);
}

/* A recording with reports. */
static void test_replaying_a_real_one(void **state)
{
    (void)state;
    struct fpr_trace_error error;
    const char *path = FPR_TEST_DATA "/replay/warm";
    assert_int_equal(fpr_prepare(path, NULL, &prepared, &error), 0);
    options.explain_at = 34600 * FPR_NS_PER_MS; /* within it */
    exhaust(20);
    fpr_prepared_free(prepared);
}

static int ignore(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    (void)text;
    (void)len;
    return 0;
}

static int do_sink(void *ctx)
{
    (void)ctx;
    const struct fpr_sink_config config = {.write = ignore};
    struct fpr_sink *sink = NULL;
    int err = fpr_sink_create(&config, &sink);
    fpr_sink_destroy(sink);
    return err;
}

static void test_sink(void **state)
{
    (void)state;
    assert_int_equal(lean_heap_exhaust(do_sink, NULL), 1);
}

static int do_import(void *ctx)
{
    struct fpr_machine *machine = NULL;
    int err = fpr_machine_import(folder.path, ctx, &machine, NULL, NULL);
    fpr_machine_destroy(machine);
    return err;
}

#define BUDDY "Node 0, zone   Normal 4 0 0 0 0 1 1 0 0 0 0\n"

static void test_import(void **state)
{
    (void)state;
    static const struct fpr_import_options plain;
    uint64_t words[1024] = {0};
    test_folder_write(&folder, "zoneinfo", TEST_ZONEINFO);
    test_folder_write(&folder, "buddyinfo", BUDDY);
    assert_true(lean_heap_exhaust(do_import, (void *)(uintptr_t)&plain) >= 15);
    test_folder_write_bytes(&folder, "kpageflags", words, sizeof(words));
    assert_true(lean_heap_exhaust(do_import, (void *)(uintptr_t)&plain) >= 15);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_preparing), TEST(test_replaying), TEST(test_replaying_a_real_one),
        TEST(test_sink),      TEST(test_import),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
