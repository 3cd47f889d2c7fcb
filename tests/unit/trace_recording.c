#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/traces.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE "a-1 [000] ..... 1.0: mm_page_free: page=0 pfn=0x12 order=0\n"

static char folder[64];

static void put(const char *name, const char *text)
{
    test_file_write(name, text, strlen(text));
}

/* A folder with one of each. */
static int fill_folder(void **state)
{
    (void)state;
    static const uint64_t words[3] = {0, 1 << 10, 0x100000000u};
    snprintf(folder, sizeof(folder), "%s", test_scratch_create());
    put("trace.txt", LINE);
    put("state.before", "# fpr-state 1\nkernel 6.1.0-test\nslot before\n");
    put("state.after", "# fpr-state 1\nkernel 6.1.0-test\nslot after\n");
    put("rss.csv", "guest_mono_s,ram_rss_kib,ram_anonhuge_kib\n-0.428,0,0\n0.100,4,0\n"
                   "0.2,2048,2048\n");
    put("reports.txt", "# comment\n6.365661 92160:1024 91137:3\n6.5\n");
    put("phases.txt", "# guest_mono_s name\n2.942528 boot 2.94 120832\n4.0 trace-on\n");
    put("ringbuf.stats", "entries: 10\noverrun: 3\ncommit overrun: 1\ndropped events: 2\n");
    put("vmemmap", "# page structures\n0xffffea0040000000\n");
    put("command", "fpr-bench gen memhog\n");
    put("zoneinfo.before", "Node 0, zone DMA\n");
    put("pagetypeinfo.before", "Page block order: 9\n");
    test_file_write("kpageflags.before", words, sizeof(words));
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    test_scratch_remove();
    return 0;
}

static void check_parts(const struct fpr_recording *r)
{
    assert_string_equal(r->release, "6.1.0-test");
    assert_int_equal(r->state_before_size, strlen(r->state_before));
    assert_non_null(strstr(r->state_before, "slot before"));
    assert_non_null(strstr(r->state_after, "slot after"));
    assert_true(r->vmemmap == 0xffffea0040000000u);
    assert_string_equal(r->command, "fpr-bench gen memhog\n");
    assert_string_equal(r->zoneinfo_before, "Node 0, zone DMA\n");
    assert_string_equal(r->pagetypeinfo_before, "Page block order: 9\n");
    assert_int_equal(r->kpageflags_before_pages, 3);
    assert_int_equal(r->kpageflags_before[1], 1 << 10);
    assert_true(r->kpageflags_before[2] == 0x100000000u);
    assert_null(r->kpageflags_after);
    assert_int_equal(r->nr_rss, 2); /* the sample from before the boot is left out */
    assert_int_equal(r->rss[0].time, 100000000);
    assert_int_equal(r->rss[0].bytes, 4096);
    assert_int_equal(r->rss[1].bytes, 2 << 20);
    assert_int_equal(r->nr_reports, 2);
    assert_int_equal(r->reports[0].time, 6365661000);
    assert_int_equal(r->reports[0].nents, 3); /* 91137:3 is cut into 1 and 2 pages */
    assert_int_equal(r->reports[0].sg[0].pfn, 92160);
    assert_int_equal(r->reports[0].sg[0].order, 10);
    assert_int_equal(r->reports[0].sg[1].pfn, 91137);
    assert_int_equal(r->reports[0].sg[1].order, 0);
    assert_int_equal(r->reports[0].sg[2].pfn, 91138);
    assert_int_equal(r->reports[0].sg[2].order, 1);
    assert_int_equal(r->reports[1].nents, 0);
    assert_int_equal(r->nr_phases, 2);
    assert_string_equal(r->phases[0].name, "boot");
    assert_int_equal(r->phases[0].time, 2942528000);
    assert_string_equal(r->phases[1].name, "trace-on");
    assert_int_equal(r->lost_events, 6);
}

static void test_a_folder(void **state)
{
    (void)state;
    struct fpr_recording *r;
    struct fpr_trace_error e = {.line = 0};
    assert_int_equal(fpr_recording_open(folder, &r, &e), 0);
    assert_string_equal(r->trace_path, test_scratch_path("trace.txt"));
    check_parts(r);
    fpr_recording_close(r);
}

/* The same through a native file, and through a second one made of the first. */
static void test_a_native_file(void **state)
{
    (void)state;
    char from[128];
    snprintf(from, sizeof(from), "%s", folder);
    for (int i = 0; i < 2; i++) {
        struct fpr_recording *r;
        struct fpr_trace_writer *w;
        struct fpr_trace_record record = {.type = FPR_TRACE_NOTIFY};
        const char *to = test_scratch_path(i ? "b.fprt" : "a.fprt");
        assert_int_equal(fpr_recording_open(from, &r, NULL), 0);
        assert_int_equal(fpr_trace_writer_open(to, &w, NULL), 0);
        assert_int_equal(fpr_recording_attach(r, w, NULL), 11);
        assert_int_equal(fpr_trace_writer_put(w, &record), 0);
        assert_int_equal(fpr_recording_attach(r, w, NULL), -EINVAL); /* too late */
        assert_int_equal(fpr_trace_writer_commit(w), 0);
        fpr_trace_writer_close(w);
        fpr_recording_close(r);
        snprintf(from, sizeof(from), "%s", to);
        assert_int_equal(fpr_recording_open(from, &r, NULL), 0);
        assert_string_equal(r->trace_path, from);
        check_parts(r);
        fpr_recording_close(r);
    }
}

static void test_a_bare_trace(void **state)
{
    (void)state;
    struct fpr_recording *r;
    const char *path = test_scratch_path("trace.txt");
    assert_int_equal(fpr_recording_open(path, &r, NULL), 0);
    assert_string_equal(r->trace_path, path);
    assert_null(r->state_before);
    assert_int_equal(r->nr_rss, 0);
    fpr_recording_close(r);
}

/* Puts `text` in the place of a part for a moment. */
static void check_refused(const char *name, const char *text, uint64_t line, const char *field)
{
    size_t size;
    unsigned char *old = test_file_read(test_scratch_path(name), &size);
    struct fpr_recording *r = NULL;
    struct fpr_trace_error e = {.line = 0};
    put(name, text);
    assert_int_equal(fpr_recording_open(folder, &r, &e), -EINVAL);
    assert_null(r);
    assert_string_equal(e.file, test_scratch_path(name));
    assert_int_equal(e.line, line);
    assert_string_equal(e.field, field);
    test_file_write(name, old, size);
    free(old);
}

static void test_broken_parts(void **state)
{
    (void)state;
    check_refused("rss.csv", "", 0, "");
    check_refused("rss.csv", "time,rss\n1,2\n", 1, "guest_mono_s");
    check_refused("rss.csv", "guest_mono_s,rss\n1,2\n", 1, "ram_rss_kib");
    check_refused("rss.csv", "guest_mono_s,ram_rss_kib\n1.0,4\n2.0\n", 3, "ram_rss_kib");
    check_refused("rss.csv", "guest_mono_s,ram_rss_kib\n1.0,x\n", 2, "ram_rss_kib");
    check_refused("rss.csv", "guest_mono_s,ram_rss_kib\nx,4\n", 2, "guest_mono_s");
    check_refused("rss.csv", "guest_mono_s,ram_rss_kib\n2,4\n1,4\n", 3, "guest_mono_s");
    check_refused("reports.txt", "1.0 5:1\nsoon 5:1\n", 2, "time");
    check_refused("reports.txt", "2.0 5:1\n1.0 5:1\n", 2, "time");
    check_refused("reports.txt", "1.0 5\n", 1, "pfn");
    check_refused("reports.txt", "1.0 5:0\n", 1, "pages");
    check_refused("reports.txt", "1.0 5:1x\n", 1, "pages");
    check_refused("phases.txt", "1.0\n", 1, "time");
    check_refused("phases.txt", "2.0 a\n1.0 b\n", 2, "time");
    check_refused("ringbuf.stats", "overrun: many\n", 1, "overrun:");
    check_refused("kpageflags.before", "seven b", 0, "");
}

static void test_missing_things(void **state)
{
    (void)state;
    struct fpr_recording *r = NULL;
    struct fpr_trace_error e;
    assert_int_equal(fpr_recording_open("/nonexistent", &r, &e), -ENOENT);
    assert_string_equal(e.file, "/nonexistent");
    assert_int_equal(fpr_recording_open("/proc/self/task", &r, &e), -ENOENT); /* no trace in it */
    assert_int_equal(fpr_recording_open(NULL, &r, &e), -EINVAL);
    assert_int_equal(fpr_recording_attach(NULL, NULL, &e), -EINVAL);
    assert_null(r);
    fpr_recording_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_folder),       cmocka_unit_test(test_a_native_file),
        cmocka_unit_test(test_a_bare_trace),   cmocka_unit_test(test_broken_parts),
        cmocka_unit_test(test_missing_things),
    };
    return cmocka_run_group_tests(tests, fill_folder, remove_folder);
}
