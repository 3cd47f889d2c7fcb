/* Every request for memory failing while traces are read and written. */
#include <fpr/trace.h>

#include "support/lean_heap.h"
#include "support/traces.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char target[200];

/* Reads a whole file. */
static int do_read(void *ctx)
{
    struct fpr_trace *trace;
    struct fpr_trace_record record;
    struct fpr_trace_error error = {.line = 0};
    int rc = fpr_trace_open(ctx, NULL, &trace, &error);
    if (rc < 0) {
        assert_int_not_equal(error.reason[0], '\0');
        return rc;
    }
    do
        rc = fpr_trace_next(trace, &record, &error);
    while (rc > 0);
    fpr_trace_close(trace);
    return rc;
}

static void exhaust_reading(const char *path, unsigned least)
{
    if (do_read((void *)(uintptr_t)path) == -ENOTSUP)
        return; /* the library that reads such files is not built in */
    unsigned n = lean_heap_exhaust(do_read, (void *)(uintptr_t)path);
    if (n < least)
        fail_msg("%s: only %u requests", path, n);
}

static void test_text(void **state)
{
    (void)state;
    exhaust_reading(FPR_TEST_DATA "/trace/ftrace-6.1.txt", 3);
    exhaust_reading(FPR_TEST_DATA "/trace/perf-script-6.18.txt", 3);
    exhaust_reading(FPR_TEST_DATA "/trace/trace-cmd-report-6.1.txt", 3);
}

static void test_compressed(void **state)
{
    (void)state;
    exhaust_reading(FPR_TEST_DATA "/trace/compact-cut.txt.gz", 5);
    exhaust_reading(FPR_TEST_DATA "/trace/compact-cut.txt.zst", 5);
}

static void test_binary(void **state)
{
    (void)state;
    exhaust_reading(FPR_TEST_DATA "/trace/gcc-cut.dat", 3);
    exhaust_reading(FPR_TEST_DATA "/trace/compact-cut.fprt", 4);
}

/* A file with attachments and a few records; it is there as a whole or not at all. */
static int do_write(void *ctx)
{
    (void)ctx;
    struct fpr_trace_writer *writer = NULL;
    struct fpr_trace_error error;
    static const struct fpr_sg sg[] = {{512, 9}, {1024, 9}};
    struct fpr_trace_record record = {
        .type = FPR_TRACE_REPORT, .context = '.', .nr = 2, .sg = sg, .time = 5};
    unlink(target);
    int rc = fpr_trace_writer_open(target, &writer, &error);
    rc = rc ? rc : fpr_trace_writer_attach(writer, "rss.csv", "1 2\n", 4);
    rc = rc ? rc : fpr_trace_writer_attach(writer, "empty", NULL, 0);
    for (int k = 0; k < 3 && !rc; k++)
        rc = fpr_trace_writer_put(writer, &record);
    rc = rc ? rc : fpr_trace_writer_commit(writer);
    fpr_trace_writer_close(writer);
    assert_int_equal(access(target, F_OK), rc ? -1 : 0);
    return rc;
}

static int do_attachment(void *ctx)
{
    struct fpr_trace *trace;
    struct fpr_trace_error error;
    const void *data;
    size_t size;
    int rc = fpr_trace_open(ctx, NULL, &trace, &error);
    if (rc < 0)
        return rc;
    rc = fpr_trace_attachment(trace, "rss.csv", &data, &size);
    if (rc == 0)
        assert_memory_equal(data, "1 2\n", 4);
    fpr_trace_close(trace);
    return rc;
}

static void test_writing(void **state)
{
    (void)state;
    test_scratch_create();
    strcpy(target, test_scratch_path("new.fprt"));
    assert_true(lean_heap_exhaust(do_write, NULL) >= 5);
    assert_int_equal(do_write(NULL), 0);
    assert_true(lean_heap_exhaust(do_attachment, target) >= 5);
    test_scratch_remove();
}

static int do_recording(void *ctx)
{
    struct fpr_recording *recording = NULL;
    struct fpr_trace_error error = {.line = 0};
    int rc = fpr_recording_open(ctx, &recording, &error);
    if (rc < 0)
        assert_int_not_equal(error.reason[0], '\0');
    fpr_recording_close(recording);
    return rc;
}

/* A recording becomes one file. */
static int do_attach(void *ctx)
{
    struct fpr_recording *recording = NULL;
    struct fpr_trace_writer *writer = NULL;
    struct fpr_trace_error error;
    int rc = fpr_recording_open(ctx, &recording, &error);
    rc = rc ? rc : fpr_trace_writer_open(target, &writer, &error);
    if (rc == 0)
        rc = fpr_recording_attach(recording, writer, &error);
    if (rc > 0)
        rc = fpr_trace_writer_commit(writer);
    fpr_trace_writer_close(writer);
    fpr_recording_close(recording);
    return rc;
}

static void test_recordings(void **state)
{
    (void)state;
    test_scratch_create();
    test_file_write("trace.txt", "", 0);
    test_file_write("state.before", "# fpr-state 1\nkernel 6.1.0\n", 27);
    test_file_write("rss.csv", "guest_mono_s,ram_rss_kib\n1.000,4096\n", 36);
    test_file_write("reports.txt", "1.000000 512:512\n", 17);
    test_file_write("phases.txt", "1.000 start\n", 12);
    test_file_write("kpageflags.before", "\0\0\0\0\0\0\0", 8);
    char folder[200];
    strcpy(folder, test_scratch_path("."));
    strcpy(target, test_scratch_path("new.fprt"));
    struct fpr_recording *recording;
    struct fpr_trace_error error;
    if (fpr_recording_open(folder, &recording, &error))
        fail_msg("%s: %s", error.file, error.reason);
    assert_int_equal(recording->nr_rss, 1);
    assert_int_equal(recording->nr_reports, 1);
    assert_int_equal(recording->nr_phases, 1);
    fpr_recording_close(recording);
    assert_true(lean_heap_exhaust(do_recording, folder) >= 9);
    assert_true(lean_heap_exhaust(do_attach, folder) >= 14);
    assert_true(lean_heap_exhaust(do_recording, target) >= 9);
    test_scratch_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),       cmocka_unit_test(test_compressed),
        cmocka_unit_test(test_binary),     cmocka_unit_test(test_writing),
        cmocka_unit_test(test_recordings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
