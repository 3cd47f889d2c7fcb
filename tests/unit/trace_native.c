#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/support.h"
#include "support/traces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DATA(name) FPR_TEST_DATA "/trace/" name

static void check_round_trip(const struct test_trace *t)
{
    struct test_trace back;
    const char *path = test_scratch_path("trip.fprt");
    assert_int_equal(test_trace_write(t, path), 0);
    test_trace_read(path, NULL, &back);
    assert_string_equal(back.error.reason, "");
    assert_int_equal(back.end, 0);
    assert_int_equal(back.summary.format, FPR_TRACE_NATIVE);
    assert_int_equal(test_trace_differs(t, &back, 0), -1);
    test_trace_free(&back);
}

static void test_text_comes_back(void **state)
{
    (void)state;
    static const char *const paths[] = {
        DATA("gcc-cut.txt"),          DATA("gcc-cut.latency.txt"), DATA("compact-cut.txt"),
        DATA("pressure-cut.txt"),     DATA("steal-cut.txt"),       DATA("ftrace-6.18.txt"),
        DATA("perf-script-6.18.txt"),
    };
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct test_trace t;
        test_trace_read(paths[i], NULL, &t);
        assert_int_equal(t.end, 0);
        check_round_trip(&t);
        test_trace_free(&t);
    }
}

/* A file that an earlier version wrote: the format, and the guesses it rests on, must not change
 * without a new version number. */
static void test_an_old_file_still_reads(void **state)
{
    (void)state;
    struct test_trace text;
    struct test_trace native;
    test_trace_read(DATA("compact-cut.txt"), NULL, &text);
    test_trace_read(DATA("compact-cut.fprt"), NULL, &native);
    if (native.end == -ENOTSUP) {
        test_trace_free(&text);
        skip();
    }
    assert_string_equal(native.error.reason, "");
    assert_int_equal(test_trace_differs(&text, &native, 0), -1);
    test_trace_free(&text);
    test_trace_free(&native);
}

/* A record of any kind with whatever its kind can hold. */
static struct fpr_trace_record random_record(uint64_t *seed, fpr_ns *time, struct fpr_sg *sg)
{
    struct fpr_trace_record r = {.type =
                                     (enum fpr_trace_type)(test_random(seed) % FPR_NR_TRACE_TYPES)};
    uint64_t bits = test_random(seed);
    *time += bits % 64 ? bits >> 32 & 0xfff : bits >> 20;
    if (bits % 128 == 7)
        *time -= 5000;
    r.time = *time;
    r.pid = bits & 0x100 ? (uint32_t)(bits >> 40) : 7;
    r.cpu = bits & 0x200 ? (uint16_t)(bits >> 50) : 0;
    r.context = (uint8_t) "hs.?"[bits >> 10 & 3];
    r.order = (uint8_t)(test_random(seed) % (FPR_MAX_ORDER + 1));
    r.migratetype = (uint8_t)(test_random(seed) % FPR_NR_MIGRATETYPES);
    r.pfn = test_random(seed) >> (test_random(seed) % 52 + 12);
    if (bits % 32 == 3)
        r.pfn = FPR_PFN_NONE;
    r.gfp = (fpr_gfp)test_random(seed) & FPR_GFP_ALL_BITS;
    r.nr = (uint32_t)test_random(seed) % 2;
    r.value = (int32_t)(uint32_t)test_random(seed);
    size_t len = test_random(seed) % sizeof(r.text);
    memset(r.text, 'a' + (int)(len % 26), len);
    if (r.type == FPR_TRACE_REPORT) {
        r.nr = (uint32_t)test_random(seed) % (FPR_TRACE_MAX_SG + 1);
        r.sg = sg;
        for (uint32_t i = 0; i < r.nr; i++)
            sg[i] = (struct fpr_sg){test_random(seed) >> 20,
                                    (unsigned)test_random(seed) % (FPR_MAX_ORDER + 1)};
    }
    return r;
}

/* What a reader gives for a record: fields without meaning for its kind are 0. */
static void drop_meaningless(struct fpr_trace_record *r)
{
    struct fpr_trace_record k = {
        .type = r->type, .context = r->context, .cpu = r->cpu, .pid = r->pid, .time = r->time};
    switch (r->type) {
    case FPR_TRACE_ALLOC:
        k.gfp = r->gfp;
        /* fall through */
    case FPR_TRACE_ZONE_LOCKED:
    case FPR_TRACE_PCPU_DRAIN:
    case FPR_TRACE_EXTFRAG:
    case FPR_TRACE_FREE_DIRECT:
        k.migratetype = r->migratetype;
        /* fall through */
    case FPR_TRACE_FREE:
    case FPR_TRACE_ISOLATE:
        k.order = r->order;
        /* fall through */
    case FPR_TRACE_GOT:
    case FPR_TRACE_FREE_BATCHED:
    case FPR_TRACE_BULK_PAGE:
    case FPR_TRACE_COMPACT_BEGIN:
        k.pfn = r->pfn;
        break;
    case FPR_TRACE_BALANCE:
        k.order = r->order;
        break;
    case FPR_TRACE_BULK:
        k.gfp = r->gfp;
        break;
    case FPR_TRACE_MARK:
    case FPR_TRACE_OTHER:
        memcpy(k.text, r->text, sizeof(k.text));
        break;
    default:
        break;
    }
    if (r->type == FPR_TRACE_ZONE_LOCKED || r->type == FPR_TRACE_EXTFRAG ||
        r->type == FPR_TRACE_BULK || r->type == FPR_TRACE_BALANCE ||
        r->type == FPR_TRACE_DUMP_BEGIN || r->type == FPR_TRACE_DUMP_END ||
        r->type == FPR_TRACE_REPORT)
        k.nr = r->nr;
    if (r->type == FPR_TRACE_EXTFRAG || r->type == FPR_TRACE_REPORT_RET ||
        r->type == FPR_TRACE_COMPACT_BEGIN || r->type == FPR_TRACE_COMPACT_END)
        k.value = r->value;
    k.sg = r->sg;
    *r = k;
}

/* More than one block, and every kind with values at random. */
static void test_random_records_come_back(void **state)
{
    (void)state;
    enum { COUNT = 265000 };
    uint64_t seed = 11;
    fpr_ns time = 1000;
    struct fpr_sg sg[FPR_TRACE_MAX_SG];
    struct fpr_trace_writer *w;
    struct fpr_trace *t;
    const char *path = test_scratch_path("random.fprt");
    assert_int_equal(fpr_trace_writer_open(path, &w, NULL), 0);
    for (int i = 0; i < COUNT; i++) {
        struct fpr_trace_record r = random_record(&seed, &time, sg);
        assert_int_equal(fpr_trace_writer_put(w, &r), 0);
    }
    assert_int_equal(fpr_trace_writer_lost(w, 17), 0);
    assert_int_equal(fpr_trace_writer_commit(w), 0);
    fpr_trace_writer_close(w);
    seed = 11;
    time = 1000;
    assert_int_equal(fpr_trace_open(path, NULL, &t, NULL), 0);
    for (int i = 0; i < COUNT; i++) {
        struct fpr_trace_record want = random_record(&seed, &time, sg);
        struct fpr_trace_record got;
        drop_meaningless(&want);
        assert_int_equal(fpr_trace_next(t, &got, NULL), 1);
        assert_false(test_record_differs(&want, &got, 0));
    }
    struct fpr_trace_record after;
    assert_int_equal(fpr_trace_next(t, &after, NULL), 0);
    assert_int_equal(fpr_trace_next(t, &after, NULL), 0); /* the end stays the end */
    struct fpr_trace_summary s;
    assert_int_equal(fpr_trace_get_summary(t, &s), 0);
    assert_int_equal(s.lost_events, 17);
    assert_int_equal(s.lines, COUNT);
    fpr_trace_close(t);
}

static void test_attachments(void **state)
{
    (void)state;
    struct fpr_trace_writer *w;
    struct fpr_trace *t;
    const char *path = test_scratch_path("attached.fprt");
    size_t size = 3 << 20;
    unsigned char *big = malloc(size);
    uint64_t seed = 5;
    assert_non_null(big);
    for (size_t i = 0; i < size; i++)
        big[i] = (unsigned char)test_random(&seed);
    struct fpr_trace_record r = {.type = FPR_TRACE_NOTIFY};
    assert_int_equal(fpr_trace_writer_open(path, &w, NULL), 0);
    assert_int_equal(fpr_trace_writer_attach(w, "big", big, size), 0);
    assert_int_equal(fpr_trace_writer_attach(w, "empty", NULL, 0), 0);
    assert_int_equal(fpr_trace_writer_attach(w, "", "x", 1), -EINVAL);
    assert_int_equal(fpr_trace_writer_put(w, &r), 0);
    assert_int_equal(fpr_trace_writer_attach(w, "late", "x", 1), -EINVAL);
    assert_int_equal(fpr_trace_writer_commit(w), 0);
    fpr_trace_writer_close(w);
    const void *data;
    size_t got;
    assert_int_equal(fpr_trace_open(path, NULL, &t, NULL), 0);
    assert_int_equal(fpr_trace_attachment(t, "big", &data, &got), 0);
    assert_int_equal(got, size);
    assert_memory_equal(data, big, size);
    assert_int_equal(fpr_trace_attachment(t, "empty", &data, &got), 0);
    assert_int_equal(got, 0);
    assert_int_equal(fpr_trace_attachment(t, "absent", &data, &got), -ENOENT);
    assert_int_equal(fpr_trace_next(t, &r, NULL), 1);
    assert_int_equal(fpr_trace_next(t, &r, NULL), 0);
    fpr_trace_close(t);
    free(big);
}

/* A small file with an attachment and many kinds of record. */
static unsigned char *small_file(size_t *size)
{
    struct test_trace t;
    struct fpr_trace_writer *w;
    const char *path = test_scratch_path("small.fprt");
    test_trace_read(DATA("ftrace-6.18.txt"), NULL, &t);
    assert_int_equal(fpr_trace_writer_open(path, &w, NULL), 0);
    assert_int_equal(fpr_trace_writer_attach(w, "note", "four words of text", 18), 0);
    for (size_t i = 0; i < t.count; i++)
        assert_int_equal(fpr_trace_writer_put(w, &t.record[i]), 0);
    assert_int_equal(fpr_trace_writer_commit(w), 0);
    fpr_trace_writer_close(w);
    test_trace_free(&t);
    return test_file_read(path, size);
}

static void check_refused(const unsigned char *data, size_t size)
{
    struct test_trace t;
    const char *path = test_file_write("bad.fprt", data, size);
    test_trace_read(path, NULL, &t);
    assert_true(t.end < 0);
    assert_string_equal(t.error.file, path);
    assert_string_not_equal(t.error.reason, "");
    test_trace_free(&t);
}

static void test_every_changed_byte_is_noticed(void **state)
{
    (void)state;
    size_t size;
    unsigned char *data = small_file(&size);
    for (size_t i = 0; i < size; i++) {
        unsigned char flip = (unsigned char)(1u << (i % 8));
        data[i] ^= flip;
        check_refused(data, size);
        data[i] ^= flip;
    }
    free(data);
}

static void test_every_cut_is_noticed(void **state)
{
    (void)state;
    size_t size;
    unsigned char *data = small_file(&size);
    for (size_t i = 0; i < size; i++)
        check_refused(data, i);
    unsigned char *more = malloc(size + 1);
    assert_non_null(more);
    memcpy(more, data, size);
    more[size] = 0;
    check_refused(more, size + 1);
    free(more);
    free(data);
}

static void test_other_versions_are_refused(void **state)
{
    (void)state;
    size_t size;
    unsigned char *data = small_file(&size);
    data[8] = 2;
    struct test_trace t;
    test_trace_read(test_file_write("new.fprt", data, size), NULL, &t);
    assert_int_equal(t.end, -EINVAL);
    assert_string_equal(t.error.field, "version");
    test_trace_free(&t);
    free(data);
}

static void test_nonsense_is_not_written(void **state)
{
    (void)state;
    struct fpr_trace_writer *w;
    struct fpr_sg sg = {1, 99};
    struct fpr_trace_record bad[] = {
        {.type = FPR_NR_TRACE_TYPES},
        {.type = FPR_TRACE_FREE, .order = FPR_MAX_ORDER + 1},
        {.type = FPR_TRACE_ALLOC, .migratetype = 9},
        {.type = FPR_TRACE_ZONE_LOCKED, .nr = 2},
        {.type = FPR_TRACE_REPORT, .nr = 1},
        {.type = FPR_TRACE_REPORT, .nr = 1, .sg = &sg},
        {.type = FPR_TRACE_REPORT, .nr = FPR_TRACE_MAX_SG + 1, .sg = &sg},
    };
    const char *path = test_scratch_path("never.fprt");
    assert_int_equal(fpr_trace_writer_open(path, &w, NULL), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(fpr_trace_writer_put(w, &bad[i]), -EINVAL);
    struct fpr_trace_record text = {.type = FPR_TRACE_MARK};
    memset(text.text, 'x', sizeof(text.text));
    assert_int_equal(fpr_trace_writer_put(w, &text), -EINVAL);
    fpr_trace_writer_close(w);
    assert_int_equal(access(path, F_OK), -1); /* nothing is left behind */
    struct fpr_trace_error e;
    assert_int_equal(fpr_trace_writer_open("/nonexistent/x.fprt", &w, &e), -ENOENT);
    assert_string_equal(e.file, "/nonexistent/x.fprt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_comes_back),
        cmocka_unit_test(test_an_old_file_still_reads),
        cmocka_unit_test(test_random_records_come_back),
        cmocka_unit_test(test_attachments),
        cmocka_unit_test(test_every_changed_byte_is_noticed),
        cmocka_unit_test(test_every_cut_is_noticed),
        cmocka_unit_test(test_other_versions_are_refused),
        cmocka_unit_test(test_nonsense_is_not_written),
    };
    return cmocka_run_group_tests(tests, test_scratch_setup, test_scratch_teardown);
}
