/* Native files whose checksums are right and whose contents are not, and places where no file can
 * be written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/traces.h"
#include "trace/bytes.h"
#include "trace/checksum.h"
#include "trace/input.h"
#include "trace/native.h"
#include "trace/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

/* A file being made by hand. */
struct file {
    struct fpr_out out;
    uint64_t check;
};

static void begin(struct file *f)
{
    unsigned char head[FPR_NATIVE_FILE_HEADER] = {0};
    memset(f, 0, sizeof(*f));
    memcpy(head, FPR_NATIVE_MAGIC, FPR_NATIVE_MAGIC_SIZE);
    fpr_put_le(head + 8, FPR_NATIVE_VERSION, 4);
    fpr_out_bytes(&f->out, head, sizeof(head));
    f->check = fpr_checksum(0, head, sizeof(head));
}

static void block(struct file *f, unsigned kind, uint32_t count, const void *body, size_t size)
{
    unsigned char head[FPR_NATIVE_BLOCK_HEADER];
    fpr_put_le(head, kind, 4);
    fpr_put_le(head + 4, count, 4);
    fpr_put_le(head + 8, size, 8);
    f->check = fpr_checksum(f->check, head, 16);
    f->check = fpr_checksum(f->check, body, size);
    fpr_put_le(head + 16, f->check, 8);
    fpr_out_bytes(&f->out, head, sizeof(head));
    fpr_out_bytes(&f->out, body, size);
}

static void refused(struct file *f, uint64_t line, const char *reason)
{
    struct test_trace t;
    assert_false(f->out.failed);
    const char *path = test_file_write("damaged.fprt", f->out.data, f->out.size);
    test_trace_read(path, NULL, &t);
    assert_int_equal(t.end, -EINVAL);
    assert_string_equal(t.error.file, path);
    assert_int_equal(t.error.line, line);
    assert_string_equal(t.error.field, "block");
    if (!strstr(t.error.reason, reason))
        fail_msg("%s", t.error.reason);
    test_trace_free(&t);
    free(f->out.data);
}

static void refused_block(unsigned kind, uint32_t count, const void *body, size_t size,
                          const char *reason)
{
    struct file f;
    begin(&f);
    block(&f, kind, count, body, size);
    refused(&f, 1, reason);
}

static void test_blocks(void **state)
{
    (void)state;
    unsigned char body[512] = {0};
    struct file f;
    refused_block('X', 0, body, 0, "a block of unknown kind");
    refused_block(FPR_NATIVE_END, 0, body, 8, "the end block does not fit");
    body[0] = 1;
    refused_block(FPR_NATIVE_END, 0, body, 16, "the end block does not fit");
    refused_block(FPR_NATIVE_ATTACHMENT, 0, body, 4, "not an attachment");
    refused_block(FPR_NATIVE_ATTACHMENT, 0, body, 10, "not an attachment"); /* no name */
    body[8] = 5;
    refused_block(FPR_NATIVE_ATTACHMENT, 0, body, 14, "not an attachment"); /* name of 5 in 4 */
    body[8] = 201;
    refused_block(FPR_NATIVE_ATTACHMENT, 0, body, 300, "not an attachment");
    memset(body, 0, sizeof(body));
    body[5] = 1;
    body[8] = 1;
    refused_block(FPR_NATIVE_ATTACHMENT, 0, body, 11, "not an attachment"); /* of 2^40 bytes */
    memset(body, 0, sizeof(body));
    size_t head = 8 + 8 * FPR_NR_STREAMS;
    refused_block(FPR_NATIVE_RECORDS, 1, body, 20, "not a block of records");
    refused_block(FPR_NATIVE_RECORDS, 0, body, head, "not a block of records");
    refused_block(FPR_NATIVE_RECORDS, 1, body, head + 1, "not a block of records");
    refused_block(FPR_NATIVE_RECORDS, FPR_NATIVE_BLOCK_RECORDS + 1, body, head,
                  "not a block of records");
    fpr_put_le(body + 8, FPR_NATIVE_STREAM_MAX + 1, 4);
    refused_block(FPR_NATIVE_RECORDS, 1, body, head, "a stream of impossible size");
    fpr_put_le(body + 8, 1, 4); /* 1 byte, packed into 2 */
    fpr_put_le(body + 12, 2, 4);
    refused_block(FPR_NATIVE_RECORDS, 1, body, head + 2, "cannot be unpacked");
    begin(&f);
    unsigned char huge[FPR_NATIVE_BLOCK_HEADER] = {FPR_NATIVE_END};
    fpr_put_le(huge + 8, UINT64_MAX, 8);
    fpr_out_bytes(&f.out, huge, sizeof(huge));
    refused(&f, 1, "impossible size");
}

/* Streams of one block. */
struct streams {
    const unsigned char *data[FPR_NR_STREAMS];
    size_t size[FPR_NR_STREAMS];
};

static void set(struct streams *s, unsigned stream, const char *bytes, size_t size)
{
    s->data[stream] = (const unsigned char *)bytes;
    s->size[stream] = size;
}

static void records(struct file *f, uint32_t count, const struct streams *s)
{
    struct fpr_out body = {0};
    unsigned char n[8];
    fpr_put_le(n, 1, 8);
    fpr_out_bytes(&body, n, 8);
    for (unsigned i = 0; i < FPR_NR_STREAMS; i++) {
        fpr_put_le(n, s->size[i], 4);
        fpr_put_le(n + 4, s->size[i], 4);
        fpr_out_bytes(&body, n, 8);
    }
    for (unsigned i = 0; i < FPR_NR_STREAMS; i++)
        fpr_out_bytes(&body, s->data[i], s->size[i]);
    assert_false(body.failed);
    block(f, FPR_NATIVE_RECORDS, count, body.data, body.size);
    free(body.data);
}

/* One record of this kind; every stream but KIND is as given or absent. */
static void refused_record(enum fpr_trace_type type, struct streams *s)
{
    struct file f;
    const char kind = (char)type;
    set(s, FPR_STREAM_KIND, &kind, 1);
    begin(&f);
    records(&f, 1, s);
    refused(&f, 1, "not a record");
}

static void with_rest(enum fpr_trace_type type, const char *rest, size_t size)
{
    struct streams s = {{0}, {0}};
    set(&s, FPR_STREAM_TIME + fpr_native_class_of(type), "\0", 1);
    set(&s, FPR_STREAM_REST, rest, size);
    refused_record(type, &s);
}

static void with_shape(enum fpr_trace_type type, const char *shape, const char *page,
                       const char *gfp)
{
    struct streams s = {{0}, {0}};
    unsigned class = fpr_native_class_of(type);
    set(&s, FPR_STREAM_TIME + class, "\0", 1);
    set(&s, FPR_STREAM_SHAPE + class, shape, 1);
    set(&s, FPR_STREAM_PAGE + class, page, 1);
    set(&s, FPR_STREAM_GFP, gfp, 1);
    refused_record(type, &s);
}

static void test_records(void **state)
{
    (void)state;
    struct streams s = {{0}, {0}};
    refused_record(FPR_NR_TRACE_TYPES, &s);
    refused_record((enum fpr_trace_type)0xff, &s);
    refused_record(FPR_TRACE_NOTIFY, &s); /* no time */
    set(&s, FPR_STREAM_TIME + FPR_CLASS_NOTIFY, "\360", 1);
    refused_record(FPR_TRACE_NOTIFY, &s); /* a wide time of no bytes */
    set(&s, FPR_STREAM_TIME + FPR_CLASS_NOTIFY, "\0\0", 2);
    refused_record(FPR_TRACE_NOTIFY, &s);              /* a byte too many */
    with_shape(FPR_TRACE_ALLOC, "\017", "\376", "\0"); /* order 15 */
    with_shape(FPR_TRACE_ALLOC, "\160", "\376", "\0"); /* type 7 */
    with_shape(FPR_TRACE_ALLOC, "\0", "\376", "\0");   /* no such flags yet */
    with_shape(FPR_TRACE_FREE, "\0", "\375", "\0");    /* no such guess */
    with_rest(FPR_TRACE_REPORT, "\041\0", 2);          /* 33 entries */
    with_rest(FPR_TRACE_REPORT, "\0\2", 2);            /* guessed, or not, or what? */
    with_rest(FPR_TRACE_REPORT, "\1\0\2\077", 4);      /* order 63 */
    with_rest(FPR_TRACE_MARK, "\5ab", 3);              /* text of 5 in 2 */
    with_rest(FPR_TRACE_MARK, "\377", 1);              /* text too long */
    with_rest(FPR_TRACE_REPORT_RET, "\200\200\200\200\200\200\200\200\200\200\200", 11);
}

/* The same hands make good files: what was refused above was so for its damage. */
static void test_a_sound_file(void **state)
{
    (void)state;
    struct file f;
    struct streams s = {{0}, {0}};
    struct test_trace t;
    const char kind = FPR_TRACE_MARK;
    unsigned char end[16] = {1};
    set(&s, FPR_STREAM_KIND, &kind, 1);
    set(&s, FPR_STREAM_TIME + fpr_native_class_of(FPR_TRACE_MARK), "\7", 1);
    set(&s, FPR_STREAM_REST, "\2hi", 3);
    begin(&f);
    records(&f, 1, &s);
    block(&f, FPR_NATIVE_END, 0, end, sizeof(end));
    test_trace_read(test_file_write("sound.fprt", f.out.data, f.out.size), NULL, &t);
    assert_string_equal(t.error.reason, "");
    assert_int_equal(t.end, 0);
    assert_int_equal(t.count, 1);
    assert_string_equal(t.record[0].text, "hi");
    assert_int_equal(t.record[0].time, 7);
    test_trace_free(&t);
    free(f.out.data);
    /* an attachment must not follow records */
    begin(&f);
    records(&f, 1, &s);
    block(&f, FPR_NATIVE_ATTACHMENT, 0, "\0\0\0\0\0\0\0\0\1\0x", 11);
    refused(&f, 2, "a block of unknown kind");
}

/* A damaged attachment is told of when it is asked for. */
static void test_attachment(void **state)
{
    (void)state;
    struct file f;
    struct fpr_trace *t;
    const void *data;
    size_t size;
    unsigned char end[16] = {0};
    begin(&f);
    block(&f, FPR_NATIVE_ATTACHMENT, 0, "\x20\0\0\0\0\0\0\0\1\0xyzzy", 15); /* 32 bytes of 4 */
    block(&f, FPR_NATIVE_END, 0, end, sizeof(end));
    const char *path = test_file_write("attached.fprt", f.out.data, f.out.size);
    assert_int_equal(fpr_trace_open(path, NULL, &t, NULL), 0);
    assert_int_equal(fpr_trace_attachment(t, "x", &data, &size), -EINVAL);
    assert_int_equal(fpr_trace_attachment(t, "y", &data, &size), -ENOENT);
    fpr_trace_close(t);
    free(f.out.data);
}

/* Files may not grow above a limit: what is written fails, stays failed, and leaves nothing. */
static void limit_files(struct rlimit *old, rlim_t bytes)
{
    assert_int_equal(getrlimit(RLIMIT_FSIZE, old), 0);
    struct rlimit small = {bytes, old->rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
}

static void test_full_disk(void **state)
{
    (void)state;
    struct rlimit old;
    struct fpr_trace_writer *w = NULL;
    struct fpr_trace_error e;
    struct fpr_trace_record r = {.type = FPR_TRACE_NOTIFY};
    const char *path = test_scratch_path("full.fprt");
    limit_files(&old, 0);
    int opened = fpr_trace_writer_open(path, &w, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(opened, -EIO);
    assert_string_equal(e.file, path);
    assert_string_equal(e.reason, "cannot write");
    limit_files(&old, 64);
    assert_int_equal(fpr_trace_writer_open(path, &w, NULL), 0);
    int attached = fpr_trace_writer_attach(w, "a", "0123456789012345678901234567890", 31);
    int again = fpr_trace_writer_attach(w, "b", "x", 1);
    int put = fpr_trace_writer_put(w, &r);
    int committed = fpr_trace_writer_commit(w);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(attached, -EIO);
    assert_int_equal(again, -EIO);
    assert_int_equal(put, -EIO);
    assert_int_equal(committed, -EIO);
    fpr_trace_writer_close(w);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_name_of_a_folder(void **state)
{
    (void)state;
    struct fpr_trace_writer *w;
    const char *path = test_scratch_path("sub");
    assert_int_equal(fpr_trace_writer_open(path, &w, NULL), 0);
    assert_int_equal(mkdir(path, 0700), 0); /* in the way when the file gets its name */
    assert_int_equal(fpr_trace_writer_commit(w), -EIO);
    assert_int_equal(fpr_trace_writer_commit(w), -EIO);
    fpr_trace_writer_close(w);
    assert_int_equal(rmdir(path), 0);
}

static void test_no_place_for_a_copy(void **state)
{
    (void)state;
    struct fpr_input in;
    struct fpr_trace_error e;
    struct rlimit old;
    int fd = -1;
    static const char text[] = "some text to be copied";
    const char *path = test_file_write("copied", text, sizeof(text));
    assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
    assert_int_equal(fpr_input_open(path, &in, &e), 0);
    assert_int_equal(fpr_spool(&in, &fd, &e), -EIO);
    assert_string_equal(e.reason, "no place for a decompressed copy in /nonexistent");
    assert_int_equal(unsetenv("TMPDIR"), 0);
    limit_files(&old, 0);
    int rc = fpr_spool(&in, &fd, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(rc, -EIO);
    assert_non_null(strstr(e.reason, "cannot write a decompressed copy to /tmp"));
    assert_int_equal(fpr_spool(&in, &fd, &e), 0);
    char back[sizeof(text)];
    assert_int_equal(pread(fd, back, sizeof(back), 0), sizeof(back));
    assert_memory_equal(back, text, sizeof(text));
    close(fd);
    fpr_input_close(&in);
}

/* A descriptor that cannot be read. */
static void test_failing_read(void **state)
{
    (void)state;
    struct fpr_input in;
    struct fpr_trace_error e;
    char *data;
    size_t size;
    const char *path = test_file_write("gone", "text", 4);
    assert_int_equal(fpr_input_open(path, &in, &e), 0);
    close(in.fd);
    in.fd = -1;
    int fd = -1;
    assert_int_equal(fpr_spool(&in, &fd, &e), -EIO);
    assert_string_equal(e.file, path);
    assert_non_null(strstr(e.reason, "cannot read"));
    fpr_input_close(&in);
    assert_int_equal(fpr_input_slurp(path, 3, &data, &size, &e), -EFBIG);
    assert_non_null(strstr(e.reason, "larger than the 3 bytes"));
    assert_int_equal(fpr_input_slurp("/proc/self/mem", 3, &data, &size, &e), -EIO);
    assert_non_null(strstr(e.reason, "cannot read"));
    assert_int_equal(fpr_input_slurp(path, 4, &data, &size, &e), 0);
    assert_int_equal(size, 4);
    assert_string_equal(data, "text");
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_a_sound_file),
        cmocka_unit_test(test_attachment),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_name_of_a_folder),
        cmocka_unit_test(test_no_place_for_a_copy),
        cmocka_unit_test(test_failing_read),
    };
    return cmocka_run_group_tests(tests, test_scratch_setup, test_scratch_teardown);
}
