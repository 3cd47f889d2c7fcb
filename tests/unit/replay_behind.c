/* Compaction, kswapd and repairs where the model's lists are not the kernel's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/replay.h>

#include "support/replay_unit.h"
#include "support/tiny.h"

#include <errno.h>
#include <string.h>

#define KNOW(bit) (1u << FPR_KNOW_BIT_##bit)

/* page structure addresses of frames, as probes record them */
#define ISOLATE(frame64, order) "isol: (x+0x0/0x1) page=0xffffea00000" frame64 " order=" order
#define COMPACT(mode)                                                                              \
    "mm_compaction_begin: zone_start=0x0 migrate_pfn=0x0 free_pfn=0x1000 zone_end=0x1000, "        \
    "mode=" mode
#define COMPACT_END                                                                                \
    "mm_compaction_end: zone_start=0x0 migrate_pfn=0x0 free_pfn=0x1000 zone_end=0x1000, "          \
    "mode=async status=partial"
#define BLOCK(pfn, order)                                                                          \
    "mm_page_alloc: page=0 pfn=0x" pfn " order=" order                                             \
    " migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE"
#define TAKEN(t, pfn, order)                                                                       \
    TASK(t, "mm_page_alloc_zone_locked: page=0 pfn=0x" pfn " order=" order                         \
            " migratetype=1 percpu_refill=1")

/* Zones whose watermarks are boosted. */
#define BOOSTED                                                                                    \
    TINY_HEAD "Z DMA32 0 4096 4096 4096 0 1\nz 3072 0 100 8 16 24\nw 0 3072 0 0 0 0 0 0 0 0\n"     \
              "n 0 0 0 0 0 0 0 0 0 0 3\nb 11111111\nl 10 1 400 800 c00\np 0 64 8 0 0 0\nm\ne\n"    \
              ".\nQ 1 ok\n"

/* No watermark keeps the last pages back. */
#define NO_MARKS                                                                                   \
    TINY_HEAD "Z DMA32 0 4096 4096 4096 0 1\nz 3072 0 0 0 0 0\nw 0 3072 0 0 0 0 0 0 0 0\n"         \
              "n 0 0 0 0 0 0 0 0 0 0 3\nb 11111111\nl 10 1 400 800 c00\np 0 64 8 0 0 0\nm\ne\n"    \
              ".\nQ 1 ok\n"

static void open_text(struct replay_unit *f, const char *before, const char *trace)
{
    replay_unit_open(f, before, trace, NULL, NULL);
    f->options.repair = false;
}

/* Where the model has compaction's block in use, it gives the nearest of its size. */
static void test_isolation_finds_the_nearest(void **state)
{
    (void)state;
    struct replay_unit f;
    /* 400 to 7ff are in use, so that isolating 410 takes 800 */
    open_text(&f, NO_MARKS,
              BEGIN_SPAN TASK("000100", BLOCK("400", "10")) TASK("000101", ISOLATE("10400", "4"))
                  TASK("000102", BLOCK("c00", "10")) TASK("000103", BLOCK("810", "4")) END_SPAN);
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs, 3);
    assert_int_equal(f.result.allocs_exact, 3);
    assert_int_equal(f.result.free_pages_end, 1024 - 32);
    replay_unit_close(&f);
    /* below: all above the frame is in use */
    open_text(&f, NO_MARKS,
              BEGIN_SPAN TASK("000100", BLOCK("400", "10")) TASK("000101", BLOCK("800", "10"))
                  TASK("000102", BLOCK("c00", "10")) TASK("000103", "mm_page_free: page=0 "
                                                                    "pfn=0x400 order=10")
                      TASK("000104", ISOLATE("30400", "4")) END_SPAN);
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs_exact, 3);
    assert_int_equal(f.result.free_pages_end, 1024 - 16);
    replay_unit_close(&f);
}

/* Part of a larger free block is taken where it lies. */
static void test_isolation_of_a_part(void **state)
{
    (void)state;
    struct replay_unit f;
    open_text(&f, NO_MARKS,
              BEGIN_SPAN TASK("000100", ISOLATE("10400", "4")) TASK("000101", BLOCK("410", "4"))
                  END_SPAN);
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs_exact, 0); /* 410 is taken already */
    assert_int_equal(f.result.free_pages_end, 3072 - 32);
    replay_unit_close(&f);
}

/* With nothing free anywhere compaction gets nothing, and its page's free is lost. */
static void test_isolation_without_memory(void **state)
{
    (void)state;
    struct replay_unit f;
    open_text(&f, NO_MARKS,
              BEGIN_SPAN TASK("000100", BLOCK("400", "10")) TASK("000101", BLOCK("800", "10"))
                  TASK("000102", BLOCK("c00", "10")) TASK("000103", ISOLATE("10400", "4"))
                      TASK("000104", FREE("410")) END_SPAN);
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs_exact, 3);
    assert_int_equal(f.result.free_pages_end, 0);
    assert_int_equal(f.result.frees_lost, 1);
    replay_unit_close(&f);
}

/* What is freed while a task compacts for itself is its own. */
static void test_compaction_captures(void **state)
{
    (void)state;
    struct replay_unit f;
    open_text(&f, NO_MARKS,
              BEGIN_SPAN TASK("000100", GOT("10000")) TASK("000101", BLOCK("400", "8"))
                  TASK("000102", COMPACT("async"))
                      TASK("000103", "mm_page_free: page=0 pfn=0x400 order=8")
                          TASK("000104", COMPACT_END) TASK("000105", BLOCK("400", "8")) END_SPAN);
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs, 2);
    assert_int_equal(f.result.allocs_exact, 2);
    assert_int_equal(f.result.free_pages_end, 3072 - 256);
    replay_unit_close(&f);
    /* a compaction that begins in another's ends that one */
    open_text(&f, NO_MARKS,
              BEGIN_SPAN TASK("000100", GOT("10000")) TASK("000101", BLOCK("400", "8"))
                  TASK("000102", COMPACT("async"))
                      LINE("other-8", ".....", "000103", COMPACT("async"))
                          TASK("000104", COMPACT_END) TASK("000105", BLOCK("500", "8")) END_SPAN);
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs_exact, 2);
    replay_unit_close(&f);
}

/* kswapd takes away the boost that it found, in the zones that it balances, and no other. */
static void test_kswapd_ends_the_boost(void **state)
{
    (void)state;
    struct replay_unit f;
    open_text(&f, BOOSTED,
              BEGIN_SPAN TASK("000100", "balance: (x+0x0/0x1) order=0 highest=1")
                  TASK("000101", "balance_ret: (a <- b)") TASK("000102", ALLOC("400")) END_SPAN);
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs_exact, 1);
    replay_unit_close(&f);
    open_text(&f, BOOSTED,
              BEGIN_SPAN TASK("000100", "balance_ret: (a <- b)")
                  TASK("000101", "balance: (x+0x0/0x1) order=0 highest=0")
                      TASK("000102", "balance_ret: (a <- b)") TASK("000103", ALLOC("400"))
                          END_SPAN);
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs_exact, 1);
    replay_unit_close(&f);
}

/* Every way in which the model's answer can be wrong has its count and its words. */
static void miss(const char *trace, bool resync, const char *words, const uint64_t *count,
                 struct replay_unit *f)
{
    open_text(f, NO_MARKS, trace);
    f->options.resync = resync;
    replay_unit_play(f);
    assert_true(f->result.missed);
    if (!strstr(f->result.first_miss_cause, words)) {
        fail_msg("%s", f->result.first_miss_cause);
    }
    assert_int_equal(*count, 1);
    replay_unit_close(f);
}

static void test_causes_of_misses(void **state)
{
    (void)state;
    struct replay_unit f = {0};
    const struct fpr_replay_result *r = &f.result;
    miss(BEGIN_SPAN TASK("000100", BLOCK("10", "4")) END_SPAN, false, "is allocated in the model",
         &r->misses.allocated, &f);
    miss(BEGIN_SPAN TASK("000100", BLOCK("0", "10")) END_SPAN, false, "its request failed",
         &r->misses.kernel_failed, &f);
    miss(BEGIN_SPAN TASK("000100", BLOCK("400", "10")) TASK("000101", BLOCK("800", "10"))
             TASK("000102", BLOCK("c00", "10")) TASK("000103", BLOCK("500", "4")) END_SPAN,
         false, "the model's request failed", &r->misses.model_failed, &f);
    miss(BEGIN_SPAN TASK("000100", ALLOC("400")) TASK("000101", BLOCK("400", "10")) END_SPAN, false,
         "is partly allocated", &r->misses.partly, &f);
    miss(BEGIN_SPAN TASK("000100", ALLOC("900")) END_SPAN, false, "is on a free list",
         &r->misses.in_buddy, &f);
}

/* A repair leaves the model with what the kernel gave. */
static void repaired(const char *trace, uint64_t exact, uint64_t free_pages)
{
    struct replay_unit f;
    open_text(&f, NO_MARKS, trace);
    f.options.resync = true;
    replay_unit_play(&f);
    assert_int_equal(f.result.allocs_exact, exact);
    assert_int_equal(f.result.free_pages_end, free_pages);
    replay_unit_close(&f);
}

static void test_repairs(void **state)
{
    (void)state;
    /* the kernel's request failed: the model's page goes back */
    repaired(BEGIN_SPAN TASK("000100", BLOCK("0", "10")) END_SPAN, 0, 3072);
    /* part of a larger free block */
    repaired(BEGIN_SPAN TASK("000100", BLOCK("910", "4")) END_SPAN, 0, 3072 - 16);
    /* many smaller blocks, pages of the per-cpu list, and pages in use */
    repaired(BEGIN_SPAN TASK("000100", ALLOC("400")) TASK("000101", BLOCK("400", "8"))
                 TASK("000102", BLOCK("500", "8")) END_SPAN,
             2, 3072 - 512);
    /* on the per-cpu list, behind others, which went unseen */
    repaired(BEGIN_SPAN TASK("000100", ALLOC("400")) TASK("000101", ALLOC("403"))
                 TASK("000102", ALLOC("404")) END_SPAN,
             2, 3072 - 8);
    /* one page of a larger block that is on a per-cpu list: its other seven are free */
    repaired(BEGIN_SPAN TASK("000100", BLOCK("400", "3")) TASK("000101", ALLOC("409")) END_SPAN, 1,
             3072 - 8 - 1 - 8);
    /* The kernel refilled with a page that the model does not come to: what the model took while
     * looking is on its list again, but 401, which the kernel never took, is free. */
    repaired(BEGIN_SPAN TASK("000100", ALLOC("400")) TAKEN("000101", "900", "0")
                 TASK("000102", ALLOC("900")) END_SPAN,
             1, 3072 - 2 - 6 - 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_isolation_finds_the_nearest),
        cmocka_unit_test(test_isolation_of_a_part),
        cmocka_unit_test(test_isolation_without_memory),
        cmocka_unit_test(test_compaction_captures),
        cmocka_unit_test(test_kswapd_ends_the_boost),
        cmocka_unit_test(test_causes_of_misses),
        cmocka_unit_test(test_repairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
