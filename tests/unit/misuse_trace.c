/* Wrong calls of trace.h. (Malformed files: trace_errors.c; out of memory: misuse_heap_trace.c.) */
#include <fpr/trace.h>

#include "support/digest.h"
#include "support/misuse.h"
#include "support/traces.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define TEXT FPR_TEST_DATA "/trace/compact-cut.txt"

static struct fpr_trace *trace, *none;
static struct fpr_trace_writer *writer, *no_writer;
static struct fpr_trace_record good;
static char target[200], long_path[5000];

/* Where answers would go; `error` is there to change. */
static void *made;
static struct fpr_trace_record record;
static struct fpr_trace_summary summary;
static const void *data;
static size_t size;
static struct fpr_trace_error error;

#define MADE(type) ((struct type **)(void *)&made)

static uint64_t digest_trace(const void *object)
{
    struct fpr_trace_summary s;
    fpr_trace_get_summary(object, &s);
    uint64_t h = digest_bytes(digest_word(DIGEST_BASIS, s.lines), s.records, sizeof(s.records));
    return digest_word(digest_word(h, s.skipped_lines), s.last);
}

static int setup(void **state)
{
    (void)state;
    memset(long_path, 'x', sizeof(long_path) - 1);
    assert_int_equal(fpr_trace_open(TEXT, NULL, &trace, &error), 0);
    assert_int_equal(fpr_trace_next(trace, &good, &error), 1);
    test_scratch_create();
    strcpy(target, test_scratch_path("new.fprt"));
    assert_int_equal(fpr_trace_writer_open(target, &writer, &error), 0);
    misuse_watch(digest_trace, trace);
    misuse_watch_bytes((void *)&made, sizeof(made));
    misuse_watch_bytes(&record, sizeof(record));
    misuse_watch_bytes(&summary, sizeof(summary));
    misuse_watch_bytes((void *)&data, sizeof(data));
    misuse_watch_bytes(&size, sizeof(size));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fpr_trace_close(trace);
    fpr_trace_writer_close(writer);
    test_scratch_remove();
    return misuse_end();
}

static void test_opening(void **state)
{
    (void)state;
    const struct fpr_trace_options odd = {.format = FPR_TRACE_NATIVE + 1};
    const struct fpr_trace_options other = {.format = FPR_TRACE_NATIVE};
    REFUSED(fpr_trace_open(NULL, NULL, MADE(fpr_trace), &error), -EINVAL, "no path");
    REFUSED(fpr_trace_open(TEXT, NULL, NULL, &error), -EINVAL, "no place for the reader");
    REFUSED(fpr_trace_open(TEXT, &odd, MADE(fpr_trace), &error), -EINVAL, "no such format");
    REFUSED(fpr_trace_open(TEXT, &other, MADE(fpr_trace), &error), -EINVAL, "not that format");
    REFUSED(fpr_trace_open("/no/such", NULL, MADE(fpr_trace), &error), -ENOENT, "no such file");
    REFUSED(fpr_trace_open("/no/such", NULL, MADE(fpr_trace), NULL), -ENOENT, "no such file");
    REFUSED(fpr_trace_open("", NULL, MADE(fpr_trace), &error), -ENOENT, "an empty path");
    REFUSED(fpr_trace_open(FPR_TEST_DATA, NULL, MADE(fpr_trace), &error), -EINVAL, "a folder");
    IGNORED(fpr_trace_close(NULL), "no reader");
}

/* Made here, as a stored one may be packed with a library that is not built in. */
static struct fpr_trace *open_native(void)
{
    struct fpr_trace_writer *w;
    struct fpr_trace *native;
    const char *path = test_scratch_path("native.fprt");
    assert_int_equal(fpr_trace_writer_open(path, &w, &error), 0);
    assert_int_equal(fpr_trace_writer_attach(w, "rss.csv", "0,1\n", 4), 0);
    assert_int_equal(fpr_trace_writer_put(w, &good), 0);
    assert_int_equal(fpr_trace_writer_commit(w), 0);
    fpr_trace_writer_close(w);
    assert_int_equal(fpr_trace_open(path, NULL, &native, &error), 0);
    return native;
}

static void test_reading(void **state)
{
    (void)state;
    struct fpr_trace *native = open_native();
    REFUSED(fpr_trace_next(none, &record, &error), -EINVAL, "no reader");
    REFUSED(fpr_trace_next(trace, NULL, &error), -EINVAL, "no place for the record");
    REFUSED(fpr_trace_get_summary(none, &summary), -EINVAL, "no reader");
    REFUSED(fpr_trace_get_summary(trace, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_trace_type_name(FPR_NR_TRACE_TYPES), 0, "no such kind");
    REFUSED(fpr_trace_type_name((enum fpr_trace_type) - 1), 0, "no such kind");
    REFUSED(fpr_trace_attachment(none, "rss.csv", &data, &size), -EINVAL, "no reader");
    REFUSED(fpr_trace_attachment(native, NULL, &data, &size), -EINVAL, "no name");
    REFUSED(fpr_trace_attachment(native, "rss.csv", NULL, &size), -EINVAL, "no place for data");
    REFUSED(fpr_trace_attachment(native, "rss.csv", &data, NULL), -EINVAL, "no place for a size");
    REFUSED(fpr_trace_attachment(native, "nothing", &data, &size), -ENOENT, "no such name");
    REFUSED(fpr_trace_attachment(trace, "rss.csv", &data, &size), -ENOENT, "text carries none");
    fpr_trace_close(native);
}

static void test_writing(void **state)
{
    (void)state;
    REFUSED(fpr_trace_writer_open(NULL, MADE(fpr_trace_writer), &error), -EINVAL, "no path");
    REFUSED(fpr_trace_writer_open(target, NULL, &error), -EINVAL, "no place for the writer");
    REFUSED(fpr_trace_writer_open(long_path, MADE(fpr_trace_writer), &error), -EINVAL, "too long");
    const char *fifo = test_scratch_path("fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    REFUSED(fpr_trace_writer_open("", MADE(fpr_trace_writer), &error), -EINVAL, "no name");
    REFUSED(fpr_trace_writer_open("/", MADE(fpr_trace_writer), &error), -EISDIR, "a folder");
    REFUSED(fpr_trace_writer_open(fifo, MADE(fpr_trace_writer), &error), -EINVAL, "a pipe");
    REFUSED(fpr_trace_writer_open("/no/such/x", MADE(fpr_trace_writer), NULL), -ENOENT,
            "no such folder");
    REFUSED(fpr_trace_writer_attach(no_writer, "a", "b", 1), -EINVAL, "no writer");
    REFUSED(fpr_trace_writer_attach(writer, NULL, "b", 1), -EINVAL, "no name");
    REFUSED(fpr_trace_writer_attach(writer, "", "b", 1), -EINVAL, "an empty name");
    REFUSED(fpr_trace_writer_attach(writer, "../a", "b", 1), -EINVAL, "out of the folder");
    REFUSED(fpr_trace_writer_attach(writer, "a/b", "b", 1), -EINVAL, "in another folder");
    REFUSED(fpr_trace_writer_attach(writer, long_path, "b", 1), -EINVAL, "too long a name");
    REFUSED(fpr_trace_writer_attach(writer, "a", NULL, 1), -EINVAL, "no data");
    REFUSED(fpr_trace_writer_attach(writer, "a", "b", SIZE_MAX), -EINVAL, "too much data");
    REFUSED(fpr_trace_writer_lost(no_writer, 1), -EINVAL, "no writer");
    REFUSED(fpr_trace_writer_put(no_writer, &good), -EINVAL, "no writer");
    REFUSED(fpr_trace_writer_put(writer, NULL), -EINVAL, "no record");
    struct fpr_trace_record bad;
#define BAD(field, value, wrong)                                                                   \
    bad = good;                                                                                    \
    bad.field = (value);                                                                           \
    REFUSED(fpr_trace_writer_put(writer, &bad), -EINVAL, wrong)
    BAD(type, FPR_NR_TRACE_TYPES, "no such kind");
    BAD(type, (enum fpr_trace_type) - 1, "no such kind");
    bad = (struct fpr_trace_record){.type = FPR_TRACE_REPORT, .context = '.', .nr = 2};
    REFUSED(fpr_trace_writer_put(writer, &bad), -EINVAL, "a report without entries");
    bad.nr = FPR_TRACE_MAX_SG + 1;
    REFUSED(fpr_trace_writer_put(writer, &bad), -EINVAL, "more entries than a report has");
    bad = (struct fpr_trace_record){.type = FPR_TRACE_MARK, .context = '.'};
    memset(bad.text, 'x', sizeof(bad.text));
    REFUSED(fpr_trace_writer_put(writer, &bad), -EINVAL, "text without an end");
#undef BAD
    assert_int_equal(fpr_trace_writer_put(writer, &good), 0);
    REFUSED(fpr_trace_writer_attach(writer, "a", "b", 1), -EINVAL, "a record was written");
    REFUSED(fpr_trace_writer_commit(no_writer), -EINVAL, "no writer");
    assert_int_equal(fpr_trace_writer_commit(writer), 0);
    REFUSED(fpr_trace_writer_commit(writer), -EINVAL, "committed already");
    REFUSED(fpr_trace_writer_put(writer, &good), -EINVAL, "committed already");
    REFUSED(fpr_trace_writer_attach(writer, "a", "b", 1), -EINVAL, "committed already");
    REFUSED(fpr_trace_writer_lost(writer, 1), -EINVAL, "committed already");
    IGNORED(fpr_trace_writer_close(NULL), "no writer");
    /* what was refused is not in the file */
    struct fpr_trace *back;
    assert_int_equal(fpr_trace_open(target, NULL, &back, &error), 0);
    assert_int_equal(fpr_trace_next(back, &bad, &error), 1);
    assert_int_equal(fpr_trace_next(back, &bad, &error), 0);
    fpr_trace_close(back);
}

static void test_recordings(void **state)
{
    (void)state;
    struct fpr_recording *recording;
    REFUSED(fpr_recording_open(NULL, MADE(fpr_recording), &error), -EINVAL, "no path");
    REFUSED(fpr_recording_open(TEXT, NULL, &error), -EINVAL, "no place for the recording");
    REFUSED(fpr_recording_open("/no/such", MADE(fpr_recording), &error), -ENOENT, "no such file");
    REFUSED(fpr_recording_open("", MADE(fpr_recording), NULL), -ENOENT, "an empty path");
    REFUSED(fpr_recording_open(FPR_TEST_DATA, MADE(fpr_recording), &error), -ENOENT,
            "a folder without a trace");
    IGNORED(fpr_recording_close(NULL), "no recording");
    assert_int_equal(fpr_recording_open(TEXT, &recording, &error), 0);
    assert_string_equal(fpr_recording_part(0), "command");
    REFUSED(fpr_recording_part(1000), 0, "no part of that number");
    REFUSED(fpr_recording_part(SIZE_MAX), 0, "no part of that number");
    REFUSED(fpr_recording_attach(NULL, writer, &error), -EINVAL, "no recording");
    REFUSED(fpr_recording_attach(recording, no_writer, &error), -EINVAL, "no writer");
    fpr_recording_close(recording);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_opening),
        TEST(test_reading),
        TEST(test_writing),
        TEST(test_recordings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
