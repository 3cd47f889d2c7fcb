/* Tying the lines of a trace together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replay/op.h"
#include "replay/prepare.h"
#include "support/folder.h"
#include "support/tiny.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct fpr_prepared *prepare(const char *trace)
{
    struct test_folder folder;
    struct fpr_prepared *prepared = NULL;
    struct fpr_trace_error error;
    test_folder_make(&folder);
    test_folder_write(&folder, "state.before", TINY_STATE);
    test_folder_write(&folder, "trace.txt", trace);
    int err = fpr_prepare(folder.path, NULL, &prepared, &error);
    test_folder_remove(&folder);
    if (err) {
        fail_msg("%s:%d: %s", error.file, (int)error.line, error.reason);
    }
    return prepared;
}

/* The n-th operation of a kind. */
static const struct op *op_of(const struct fpr_prepared *p, enum op_kind kind, size_t n)
{
    for (size_t i = 0; i < p->nr_ops; i++) {
        if (p->ops[i].kind == kind && n-- == 0) {
            return &p->ops[i];
        }
    }
    fail_msg("no such operation");
    return NULL;
}

static void test_only_the_span_between_the_dumps(void **state)
{
    (void)state;
    struct fpr_prepared *p = prepare(TASK("000000", ALLOC("999")) BEGIN_SPAN TASK(
        "000100", ALLOC("400")) END_SPAN TASK("950000", ALLOC("998")));
    assert_int_equal(p->events, 1);
    assert_int_equal(p->nr_ops, 1);
    assert_int_equal(p->ops[0].pfn, 0x400);
    assert_int_equal(p->start, 1000001000);
    assert_int_equal(p->end, 1900000000);
    fpr_prepared_free(p);
}

static void test_request_at_its_got_and_at_its_event(void **state)
{
    (void)state;
    struct fpr_prepared *p = prepare(BEGIN_SPAN TASK("000100", GOT("10000")) IRQ(
        "000101", FREE("20")) TASK("000102", ALLOC("400")) END_SPAN);
    const struct op *early = op_of(p, OP_ALLOC, 0), *late = op_of(p, OP_ALLOC, 1);
    assert_true(early < op_of(p, OP_FREE, 0) && op_of(p, OP_FREE, 0) < late);
    assert_true(early->flags & OP_F_EARLY && late->flags & OP_F_LATE);
    assert_int_equal(early->id, late->id);
    assert_int_equal(early->pfn, 0x400);
    assert_true(op_of(p, OP_FREE, 0)->flags & OP_F_IRQ);
    fpr_prepared_free(p);
}

static void test_free_names_allocation_and_offset(void **state)
{
    (void)state;
    struct fpr_prepared *p = prepare(BEGIN_SPAN TASK(
        "000100", "mm_page_alloc: page=0 pfn=0x404 order=2 migratetype=0 gfp_flags=GFP_KERNEL")
                                         TASK("000101", FREE("406")) TASK("000102", FREE("20"))
                                             TASK("000103", FREE("20")) END_SPAN);
    const struct op *part = op_of(p, OP_FREE, 0);
    assert_int_equal(part->id, op_of(p, OP_ALLOC, 0)->id);
    assert_int_equal(part->aux, 2);
    assert_int_equal(op_of(p, OP_FREE, 1)->id, NONE32);  /* older than the trace */
    assert_int_equal(op_of(p, OP_FREE, 2)->id, FREED32); /* taken unseen since */
    assert_int_equal(p->unpaired_free, 2);
    fpr_prepared_free(p);
}

static void test_batched_free_is_prepared_first(void **state)
{
    (void)state;
    struct fpr_prepared *p = prepare(BEGIN_SPAN TASK("000100", FREE("20")) TASK(
        "000101", FREE("21")) TASK("000102", BATCHED("20")) TASK("000103", BATCHED("99")) END_SPAN);
    assert_true(op_of(p, OP_FREE, 0)->flags & OP_F_BATCHED);
    assert_false(op_of(p, OP_FREE, 1)->flags & OP_F_BATCHED);
    assert_int_equal(op_of(p, OP_BATCHED, 0)->pfn, 0x20);
    assert_int_equal(op_of(p, OP_BATCHED, 0)->gfp, op_of(p, OP_FREE, 0)->gfp);
    assert_int_equal(p->nr_ops, 3); /* the batched line without a free is dropped */
    fpr_prepared_free(p);
}

static void test_locked_lists(void **state)
{
    (void)state;
    struct fpr_prepared *p = prepare(
        BEGIN_SPAN IRQ("000100", FREE("20"))
            IRQ("000101", "freeone: (free_one_page+0x0/0x1) page=0xffffea0000000800 pfn=0x20 "
                          "order=0 mt=1") TASK("000102", "pcpfail: (x+0x0/0x1)")
                TASK("000103", GOT("10000")) TASK("000104", ALLOC("400")) END_SPAN);
    assert_true(op_of(p, OP_FREE, 0)->flags & OP_F_LOCKED);
    assert_true(op_of(p, OP_ALLOC, 0)->flags & OP_F_LOCKED);
    fpr_prepared_free(p);
}

static void test_bulk_pages(void **state)
{
    (void)state;
    struct fpr_prepared *p =
        prepare(BEGIN_SPAN TASK("000100", "bulk_ret: FS_BULK gfp=cc0 nr=2 pre=0 got=2 list=0")
                    TASK("000101", "bulk_ret: FS_BP 400") TASK("000102", "bulk_ret: FS_BP 401")
                        TASK("000103", ALLOC("402"))
                            TASK("000104", "bulk_ret: FS_BULK gfp=cc0 nr=1 pre=0 got=1 list=0")
                                TASK("000105", "bulk_ret: FS_BP 402") END_SPAN);
    assert_int_equal(op_of(p, OP_BULK, 0)->aux, 2);
    assert_false(op_of(p, OP_BULK, 0)->flags & OP_F_LAST);
    assert_true(op_of(p, OP_BULK, 1)->flags & OP_F_LAST);
    assert_int_equal(p->nr_ids, 3); /* the single page has an event of its own */
    fpr_prepared_free(p);
}

static void test_isolation_by_pass_or_compaction(void **state)
{
    (void)state;
    struct fpr_prepared *p =
        prepare(BEGIN_SPAN KWORKER("000100", "process: (page_reporting_process+0x0/0x570)")
                    KWORKER("000101", "isol: (x+0x0/0x1) page=0xffffea0000010000 order=10")
                        TASK("000102", "isol: (x+0x0/0x1) page=0xffffea0000020000 order=9")
                            KWORKER("000103", "process_ret: (a <- b)") END_SPAN);
    assert_int_equal(op_of(p, OP_PASS_ISOLATE, 0)->pfn, 0x400);
    assert_int_equal(op_of(p, OP_ISOLATE, 0)->pfn, 0x800);
    assert_int_equal(p->nr_passes, 1);
    assert_int_equal(p->passes[0].end - p->passes[0].begin, 3000);
    fpr_prepared_free(p);
}

static void test_capture(void **state)
{
    (void)state;
    const char *compact = "mm_compaction_begin: zone_start=0x0 migrate_pfn=0x0 free_pfn=0x1000 "
                          "zone_end=0x1000, mode=async";
    const char *end = "mm_compaction_end: zone_start=0x0 migrate_pfn=0x0 free_pfn=0x1000 "
                      "zone_end=0x1000, mode=async status=partial";
    char trace[2048];
    snprintf(trace, sizeof(trace),
             BEGIN_SPAN TASK("000099", GOT("10000")) TASK("000099", ALLOC("400"))
                 TASK("000100", "%s") TASK("000101", "%s") TASK("000102", "%s") END_SPAN,
             compact, end,
             "mm_page_alloc: page=0 pfn=0xa00 order=9 migratetype=1 gfp_flags=GFP_TRANSHUGE");
    struct fpr_prepared *p = prepare(trace);
    assert_true(op_of(p, OP_COMPACT, 0)->flags & OP_F_BATCHED);
    assert_int_equal(op_of(p, OP_COMPACT, 0)->order, 9);
    assert_true(op_of(p, OP_ALLOC, 2)->flags & OP_F_CAPTURED);
    fpr_prepared_free(p);
}

static void test_nothing_to_replay(void **state)
{
    (void)state;
    struct test_folder folder;
    struct fpr_prepared *p = NULL;
    struct fpr_trace_error error;
    test_folder_make(&folder);
    test_folder_write(&folder, "trace.txt", TASK("000100", ALLOC("400")) BEGIN_SPAN END_SPAN);
    assert_int_equal(fpr_prepare(folder.path, NULL, &p, &error), -EINVAL);
    assert_null(p);
    assert_non_null(strstr(error.reason, "no event"));
    assert_int_equal(fpr_prepare("/nonexistent", NULL, &p, &error), -ENOENT);
    assert_int_equal(fpr_prepare(NULL, NULL, &p, &error), -EINVAL);
    test_folder_remove(&folder);
    fpr_prepared_free(NULL);
}

static void test_frames_beyond_any_memory(void **state)
{
    (void)state;
    struct test_folder folder;
    struct fpr_prepared *p = NULL;
    struct fpr_trace_error error;
    test_folder_make(&folder);
    test_folder_write(&folder, "state.before", TINY_STATE);
    test_folder_write(&folder, "trace.txt",
                      BEGIN_SPAN TASK("000100", ALLOC("400")) TASK("000101", FREE("100000000"))
                          END_SPAN);
    assert_int_equal(fpr_prepare(folder.path, NULL, &p, &error), -EINVAL);
    test_folder_remove(&folder);
    assert_null(p);
    assert_int_equal(error.line, 4);
    assert_string_equal(error.field, "pfn");
    assert_non_null(strstr(error.file, "trace.txt"));
    assert_non_null(strstr(error.reason, "beyond the 2^32 frames"));
}

/* Records that no reader gives. */
static void test_records_that_cannot_be(void **state)
{
    (void)state;
    struct fpr_prepared p = {0};
    struct prep prep = {.p = &p};
    struct fpr_trace_record rec = {.type = FPR_TRACE_FREE, .pfn = FPR_PFN_NONE};
    assert_int_equal(fpr_prep_record(&prep, &rec), -EINVAL);
    assert_string_equal(prep.field, "pfn");
    assert_string_equal(prep.reason, "no frame where there must be one");
    rec = (struct fpr_trace_record){.type = FPR_TRACE_ALLOC, .order = FPR_MAX_ORDER + 1};
    assert_int_equal(fpr_prep_record(&prep, &rec), -EINVAL);
    assert_string_equal(prep.field, "order");
    assert_int_equal(p.events, 0);
    assert_int_equal(p.nr_ops, 0);
    fpr_prep_free(&prep);
}

static void test_what_a_prepared_trace_tells(void **state)
{
    (void)state;
    struct fpr_prepared *p = prepare(BEGIN_SPAN TASK("000100", ALLOC("400")) END_SPAN);
    struct fpr_trace_summary s;
    assert_int_equal(fpr_prepared_summary(p, &s), 0);
    assert_int_equal(s.format, FPR_TRACE_FTRACE);
    assert_int_equal(s.lines, 4);
    assert_int_equal(fpr_prepared_summary(NULL, &s), -EINVAL);
    assert_int_equal(fpr_prepared_summary(p, NULL), -EINVAL);
    assert_non_null(fpr_prepared_recording(p)->state_before);
    assert_null(fpr_prepared_recording(NULL));
    fpr_prepared_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_span_between_the_dumps),
        cmocka_unit_test(test_request_at_its_got_and_at_its_event),
        cmocka_unit_test(test_free_names_allocation_and_offset),
        cmocka_unit_test(test_batched_free_is_prepared_first),
        cmocka_unit_test(test_locked_lists),
        cmocka_unit_test(test_bulk_pages),
        cmocka_unit_test(test_isolation_by_pass_or_compaction),
        cmocka_unit_test(test_capture),
        cmocka_unit_test(test_nothing_to_replay),
        cmocka_unit_test(test_frames_beyond_any_memory),
        cmocka_unit_test(test_records_that_cannot_be),
        cmocka_unit_test(test_what_a_prepared_trace_tells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
