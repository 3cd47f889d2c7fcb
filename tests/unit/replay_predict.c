/* Predict mode on tiny guests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/replay.h>

#include "support/folder.h"
#include "support/replay_unit.h"
#include "support/tiny.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KNOW(bit) (1u << FPR_KNOW_BIT_##bit)

static void open_text(struct replay_unit *f, const char *trace, const char *state_after)
{
    replay_unit_open(f, TINY_STATE, trace, state_after ? "state.after" : NULL, state_after);
}

#define BIG(pfn) "mm_page_alloc: page=0 pfn=0x" pfn " order=10 migratetype=0 gfp_flags=GFP_KERNEL"

static void test_every_frame(void **state)
{
    (void)state;
    struct replay_unit f;
    open_text(&f,
              BEGIN_SPAN TASK("000100", ALLOC("400")) TASK("000101", ALLOC("401"))
                  TASK("000102", FREE("400")) TASK("000103", ALLOC("400"))
                      TASK("000104", BIG("800")) TASK("000105", BIG("c00")) TASK("000106", BIG("0"))
                          END_SPAN,
              NULL);
    replay_unit_play(&f);
    assert_int_equal(f.result.mode, FPR_REPLAY_PREDICT);
    assert_int_equal(f.result.allocs, 6);
    assert_int_equal(f.result.allocs_exact, 6); /* the failed one too */
    assert_false(f.result.missed);
    assert_int_equal(f.result.free_pages_end, 1024 - 8); /* one refill */
    assert_string_equal(f.result.profile, "linux-6.1");
    replay_unit_close(&f);
}

/* The kernel's frames must not leak into the model: it is driven by identities. */
static void test_wrong_answers_change_nothing(void **state)
{
    (void)state;
    struct replay_unit f;
    open_text(&f,
              BEGIN_SPAN TASK("000100", ALLOC("900")) TASK("000101", ALLOC("777"))
                  TASK("000102", FREE("900")) TASK("000103", ALLOC("400")) END_SPAN,
              NULL);
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs_exact, 1); /* 400 was given, freed as "900", given again */
    assert_int_equal(f.result.misses.in_buddy, 2);
    assert_int_equal(f.result.first_miss, 0);
    assert_non_null(strstr(f.result.first_miss_cause, "model 400, kernel 900"));
    assert_int_equal(f.result.frees_lost, 0);
    replay_unit_close(&f);
}

static const char bulk_trace[] = BEGIN_SPAN TASK("000100", ALLOC("400"))
    TASK("000101", "bulk_ret: FS_BULK gfp=8 nr=2 pre=0 got=2 list=0")
        TASK("000102", "bulk_ret: FS_BP 401") TASK("000103", "bulk_ret: FS_BP 402")
            TASK("000104", ALLOC("403")) TASK("000105", ALLOC("404")) TASK("000106", FREE("401"))
                TASK("000107", ALLOC("401")) END_SPAN;

static void test_hidden_bulk(void **state)
{
    (void)state;
    struct replay_unit f;
    open_text(&f, bulk_trace, NULL);
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs_exact, 6);
    f.options.without = KNOW(BULK);
    f.options.repair = false;
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs, 4);
    assert_int_equal(f.result.allocs_exact, 1);
    assert_int_equal(f.result.misses.in_pcp, 2);
    assert_int_equal(f.result.misses.allocated, 1);
    assert_int_equal(f.result.frees_lost, 1);
    f.options.resync = true;
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs_exact, 3); /* 401 and 402 are taken as gone */
    assert_int_equal(f.result.misses.in_pcp, 1);
    replay_unit_close(&f);
}

/* Requests are inferred from what the repair found, and the model serves them. */
static void test_inferred_bulk(void **state)
{
    (void)state;
    struct replay_unit f;
    open_text(&f, bulk_trace, NULL);
    f.options.without = KNOW(BULK);
    replay_unit_play(&f);
    assert_int_equal(f.result.repaired, 2);
    assert_int_equal(f.result.allocs_exact, 4);
    assert_int_equal(f.result.frees_lost, 0);
    replay_unit_close(&f);
    /* a page that is allocated later was not gone: nothing to infer */
    open_text(&f, BEGIN_SPAN TASK("000100", ALLOC("401")) TASK("000101", ALLOC("400")) END_SPAN,
              NULL);
    f.options.without = KNOW(BULK);
    replay_unit_play(&f);
    assert_int_equal(f.result.repaired, 0);
    assert_int_equal(f.result.allocs_exact, 0);
    replay_unit_close(&f);
}

/* The kernel's list was empty, so it refilled; the model's was not. */
static void test_refill_tells_of_bulk(void **state)
{
    (void)state;
    struct replay_unit f;
    open_text(&f,
              BEGIN_SPAN TASK("000100", ALLOC("400"))
                  LINE("work-7", "d....", "000101",
                       "mm_page_alloc_zone_locked: page=0 pfn=0x408 order=0 migratetype=1 "
                       "percpu_refill=1") TASK("000102", ALLOC("408")) TASK("000103", ALLOC("409"))
                      END_SPAN,
              NULL);
    f.options.without = KNOW(BULK);
    replay_unit_play(&f);
    assert_int_equal(f.result.repaired, 7); /* 401 to 407 */
    assert_int_equal(f.result.allocs_exact, 3);
    replay_unit_close(&f);
}

static void test_instants(void **state)
{
    (void)state;
    struct replay_unit f;
    /* the second request got its page before the interrupt's free, and was told of after it */
    open_text(&f,
              BEGIN_SPAN TASK("000100", GOT("10000")) TASK("000101", ALLOC("400"))
                  TASK("000102", GOT("10040")) IRQ("000103", FREE("400"))
                      TASK("000104", ALLOC("401")) END_SPAN,
              NULL);
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs_exact, 2);
    f.options.without = KNOW(GOT);
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs_exact, 1);
    replay_unit_close(&f);
    open_text(&f,
              BEGIN_SPAN TASK("000100", ALLOC("400")) TASK("000101", FREE("400"))
                  TASK("000102", ALLOC("401")) TASK("000103", BATCHED("400"))
                      TASK("000104", ALLOC("400")) END_SPAN,
              NULL);
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs_exact, 3);
    f.options.without = KNOW(BATCHED);
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs_exact, 1);
    replay_unit_close(&f);
}

static void test_buddy_events(void **state)
{
    (void)state;
    static const char one[] = LINE("work-7", "d....", "000099",
                                   "mm_page_alloc_zone_locked: page=0 pfn=0x400 order=4 "
                                   "migratetype=1 percpu_refill=0");
    static const char alloc[] = TASK(
        "000100",
        "mm_page_alloc: page=0 pfn=0x400 order=4 migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE");
    char trace[2048];
    struct replay_unit f;
    snprintf(trace, sizeof(trace), "%s%s%s%s", BEGIN_SPAN, one, alloc, END_SPAN);
    open_text(&f, trace, NULL);
    replay_unit_play(&f);
    assert_int_equal(f.result.buddy_events, 1);
    assert_int_equal(f.result.buddy_wrong, 0);
    replay_unit_close(&f);
    snprintf(trace, sizeof(trace), "%s%s%s%s%s", BEGIN_SPAN, one, one, alloc, END_SPAN);
    open_text(&f, trace, NULL);
    replay_unit_play(&f);
    assert_int_equal(f.result.buddy_events, 2);
    assert_int_equal(f.result.buddy_wrong, 1);
    replay_unit_close(&f);
}

static void test_state_after(void **state)
{
    (void)state;
    struct replay_unit f;
    static const char same[] =
        TINY_HEAD "Z DMA32 0 4096 4096 4096 0 1\nz 3056 0 0 8 16 24\nw 0 3056 0 0 0 0 0 0 0 0\n"
                  "n 0 0 0 0 1 1 1 1 1 1 2\nb 11111111\nl 4 1 410\nl 5 1 420\nl 6 1 440\n"
                  "l 7 1 480\nl 8 1 500\nl 9 1 600\nl 10 1 800 c00\np 0 64 8 0 0 0\nm 400+10\ne\n"
                  ".\nQ 1 ok\n";
    static const char other[] =
        TINY_HEAD "Z DMA32 0 4096 4096 4096 0 1\nz 3056 0 0 8 16 24\nw 0 3056 0 0 0 0 0 0 0 0\n"
                  "n 0 0 0 0 1 1 1 1 1 1 2\nb 01111111\nl 4 1 400\nl 5 1 420\nl 6 1 440\n"
                  "l 7 1 480\nl 8 1 500\nl 9 1 600\nl 10 1 c00 800*\np 0 64 8 0 0 0\nm\ne\n"
                  ".\nQ 1 ok\n";
    static const char trace[] = BEGIN_SPAN TASK(
        "000100", "mm_page_alloc: page=0 pfn=0x400 order=4 migratetype=1 gfp_flags=GFP_HIGHUSER_"
                  "MOVABLE") END_SPAN;
    open_text(&f, trace, same);
    replay_unit_play(&f);
    const struct fpr_state_diff *d = &f.result.state_after;
    assert_true(d->known && f.result.free_set_known);
    assert_int_equal(d->lists, 7);
    assert_int_equal(d->blocks_missing + d->blocks_extra + d->lists_reordered + d->lists_differ, 0);
    assert_int_equal(d->pageblocks + d->pcp_lists + d->flags + d->counters, 0);
    assert_int_equal(f.result.free_set_missing + f.result.free_set_extra, 0);
    replay_unit_close(&f);
    open_text(&f, trace, other);
    replay_unit_play(&f);
    assert_int_equal(d->blocks_missing, 1);
    assert_int_equal(d->blocks_extra, 1);
    assert_int_equal(d->lists_differ, 1);
    assert_int_equal(d->lists_reordered, 1);
    assert_int_equal(d->flags, 1);
    assert_int_equal(d->pageblocks, 1);
    assert_int_equal(f.result.free_set_missing, 16);
    assert_int_equal(f.result.free_set_extra, 16);
    replay_unit_close(&f);
}

static void test_compaction_and_kswapd(void **state)
{
    (void)state;
    struct replay_unit f;
    /* compaction takes a block, which comes back page by page; kswapd keeps lists short */
    open_text(&f,
              BEGIN_SPAN TASK("000100", "isol: (x+0x0/0x1) page=0xffffea0000010000 order=10")
                  TASK("000101", "fold: (x+0x0/0x1)") TASK("000102",
                                                           "balance: (x+0x0/0x1) order=0 highest=1")
                      TASK("000103", "drainz: (x+0x0/0x1)") TASK("000104", "balance_ret: (a <- b)")
                          TASK("000105", FREE("410")) TASK("000106", ALLOC("410"))
                              TASK("000107", ALLOC("800")) END_SPAN,
              NULL);
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs_exact, 2);
    assert_int_equal(f.result.frees_lost, 0);
    f.options.without = KNOW(ISOLATE) | KNOW(FOLD) | KNOW(DRAIN) | KNOW(RECLAIM);
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs_exact, 0);
    assert_int_equal(f.result.frees_lost, 1);
    replay_unit_close(&f);
}

static void refuse(struct replay_unit *f, const char *field)
{
    struct fpr_replay_result result;
    assert_int_equal(fpr_replay(f->prepared, &f->options, &result, &f->error), -EINVAL);
    assert_string_equal(f->error.field, field);
    fpr_replay_options_init(&f->options);
}

static void test_options_out_of_range(void **state)
{
    (void)state;
    struct replay_unit f;
    open_text(&f, bulk_trace, NULL);
    f.options.mode = (enum fpr_replay_mode)9;
    refuse(&f, "mode");
    f.options.without = 1u << FPR_NR_KNOWLEDGE;
    refuse(&f, "without");
    f.options.sample_every = 0;
    refuse(&f, "sample_every");
    f.options.profile_set = true;
    f.options.profile = (enum fpr_profile)99;
    refuse(&f, "profile");
    f.options.as_recorded = false;
    f.options.report.order = FPR_MAX_ORDER + 1;
    refuse(&f, "order");
    f.options.as_recorded = false;
    f.options.report.capacity = 0;
    refuse(&f, "capacity");
    f.options.as_recorded = false;
    f.options.resync = true;
    refuse(&f, "resync");
    assert_int_equal(fpr_replay(NULL, &f.options, &f.result, NULL), -EINVAL);
    assert_int_equal(fpr_replay_options_init(NULL), -EINVAL);
    replay_unit_close(&f);
}

static void test_damaged_state(void **state)
{
    (void)state;
    struct replay_unit f;
    memset(&f, 0, sizeof(f));
    struct test_folder folder;
    test_folder_make(&folder);
    test_folder_write(&folder, "state.before", TINY_HEAD "Z DMA32 0 x\n");
    test_folder_write(&folder, "trace.txt", bulk_trace);
    int err = fpr_prepare(folder.path, NULL, &f.prepared, &f.error);
    if (!err) {
        fpr_replay_options_init(&f.options);
        err = fpr_replay(f.prepared, &f.options, &f.result, &f.error);
    }
    assert_int_equal(err, -EINVAL);
    assert_int_equal(f.error.line, 10);
    assert_non_null(strstr(f.error.file, "state.before"));
    test_folder_remove(&folder);
    fpr_prepared_free(f.prepared);
}

static void test_stop(void **state)
{
    (void)state;
    static const volatile int stop = 1;
    struct replay_unit f;
    char *trace = malloc(6000 * 128);
    size_t len = (size_t)sprintf(trace, "%s", BEGIN_SPAN);
    for (int i = 0; i < 5000; i++) {
        len += (size_t)sprintf(trace + len, "%s", TASK("000100", FREE("20")));
    }
    open_text(&f, trace, NULL);
    f.options.stop = &stop;
    assert_int_equal(fpr_replay(f.prepared, &f.options, &f.result, &f.error), -EINTR);
    replay_unit_close(&f);
    free(trace);
}

static void test_words(void **state)
{
    (void)state;
    assert_int_equal(fpr_knowledge_find("got", 3), FPR_KNOW_BIT_GOT);
    assert_int_equal(fpr_knowledge_find("lru,x", 3), FPR_KNOW_BIT_LRU);
    assert_int_equal(fpr_knowledge_find("go", 2), -EINVAL);
    assert_int_equal(fpr_knowledge_find(NULL, 0), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_frame),
        cmocka_unit_test(test_wrong_answers_change_nothing),
        cmocka_unit_test(test_hidden_bulk),
        cmocka_unit_test(test_inferred_bulk),
        cmocka_unit_test(test_refill_tells_of_bulk),
        cmocka_unit_test(test_instants),
        cmocka_unit_test(test_buddy_events),
        cmocka_unit_test(test_state_after),
        cmocka_unit_test(test_compaction_and_kswapd),
        cmocka_unit_test(test_options_out_of_range),
        cmocka_unit_test(test_damaged_state),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
