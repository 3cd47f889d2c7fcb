/* Wrong calls of iova.h about pins and dirty pages, also from the device's callback, and every
 * request for memory that these functions make failing. */
#include <fpr/iova.h>

#include "support/digest.h"
#include "support/iova_unit.h"
#include "support/lean_mem.h"
#include "support/misuse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { IOVA = 0x10000, RW = FPR_IOVA_READ | FPR_IOVA_WRITE };
#define PAGE ((uint64_t)UNIT_PAGE)

static struct lean_mem mem;
static struct iova_unit u;
static struct fpr_iova_config config;
static struct fpr_iova_space *s, *none;
static unsigned told;

/* Where answers would go. */
static void *pages[4];
static uint64_t bits[2];
static uint64_t unmapped;

static uint64_t pinned(void)
{
    return fpr_iova_pinned_in(s, u.arena, (size_t)UNIT_PAGES * UNIT_PAGE);
}

static uint64_t digest_pins(const void *object)
{
    (void)object;
    return digest_word(digest_space(s), pinned());
}

static int open_unit(enum fpr_iova_type type)
{
    lean_mem_init(&mem);
    unit_config(&u, FPR_IOVA_MERGED, &config);
    config.mem = &mem.ops;
    config.type = type;
    assert_int_equal(unit_open(&u, &config), 0);
    s = u.space;
    /* page 8 is mapped twice; page 30 is read-only memory, page 31 none at all */
    assert_int_equal(unit_map(&u, IOVA, 8, 0, RW), 0);
    assert_int_equal(unit_map(&u, IOVA + 8 * PAGE, 1, 8, FPR_IOVA_READ), 0);
    assert_int_equal(unit_map(&u, IOVA + 16 * PAGE, 2, 30, RW), 0);
    misuse_watch(digest_pins, NULL);
    misuse_watch_bytes((void *)pages, sizeof(pages));
    misuse_watch_bytes(bits, sizeof(bits));
    misuse_watch_bytes(&unmapped, sizeof(unmapped));
    return 0;
}

static int setup(void **state)
{
    (void)state;
    told = 0;
    return open_unit(FPR_IOVA_TYPE1V2);
}

static int teardown(void **state)
{
    (void)state;
    unit_close(&u);
    assert_int_equal(mem.blocks, 0);
    return misuse_end();
}

static void test_pins(void **state)
{
    (void)state;
    REFUSED(fpr_iova_pin(none, IOVA, 1, RW, pages), -EINVAL, "no space");
    REFUSED(fpr_iova_pin(s, IOVA, 1, RW, NULL), -EINVAL, "no place for the pages");
    REFUSED(fpr_iova_pin(s, IOVA, 0, RW, pages), -EINVAL, "nothing");
    REFUSED(fpr_iova_pin(s, IOVA, -1, RW, pages), -E2BIG, "below nothing");
    REFUSED(fpr_iova_pin(s, IOVA, 513, RW, pages), -E2BIG, "more than 512");
    REFUSED(fpr_iova_pin(s, IOVA, INT64_MAX, RW, pages), -E2BIG, "more than 512");
    REFUSED(fpr_iova_pin(s, 0, 1, RW, pages), -EINVAL, "nothing is mapped there");
    REFUSED(fpr_iova_pin(s, IOVA + 7 * PAGE, 2, RW, pages), -EPERM, "the second is read-only");
    REFUSED(fpr_iova_pin(s, IOVA + 8 * PAGE, 2, 0, pages), -EINVAL, "the second is not mapped");
    REFUSED(fpr_iova_pin(s, IOVA + 16 * PAGE, 1, RW, pages), -EFAULT, "the memory is read-only");
    REFUSED(fpr_iova_pin(s, IOVA + 17 * PAGE, 1, 0, pages), -EFAULT, "there is no memory");
    REFUSED(fpr_iova_unpin(none, IOVA, 1), -EINVAL, "no space");
    REFUSED(fpr_iova_unpin(s, IOVA, 0), 0, "nothing");
    REFUSED(fpr_iova_unpin(s, IOVA, -1), 0, "below nothing");
    REFUSED(fpr_iova_unpin(s, IOVA, 513), 0, "more than 512");
    REFUSED(fpr_iova_unpin(s, IOVA, 4), 4, "not pinned: passed over");
    REFUSED(fpr_iova_unpin(s, 0, 1), 0, "nothing is mapped there");
    REFUSED(fpr_iova_unpin_range(none, IOVA, PAGE), -EINVAL, "no space");
    REFUSED(fpr_iova_unpin_range(s, IOVA, 0), -EINVAL, "nothing");
    REFUSED(fpr_iova_unpin_range(s, IOVA, UINT64_MAX), -EINVAL, "wraps");
    REFUSED(fpr_iova_unpin_range(s, IOVA, PAGE), 0, "nothing is pinned");
    REFUSED(fpr_iova_locked_pages(none), 0, "no space");
    REFUSED(fpr_iova_is_pinned(none, u.arena, 1), false, "no space");
    REFUSED(fpr_iova_is_pinned(s, NULL, 0), false, "nothing");
    REFUSED(fpr_iova_pinned_in(none, u.arena, 1), 0, "no space");
    REFUSED(fpr_iova_pinned_in(s, u.arena, SIZE_MAX), 0, "nothing is pinned");
    REFUSED(fpr_iova_discard(none, u.arena, 1), -EINVAL, "no space");
    REFUSED(fpr_iova_discard(s, u.arena, 0), -EINVAL, "nothing");
    REFUSED(fpr_iova_discard(s, u.arena, SIZE_MAX), -EINVAL, "wraps");
    REFUSED(fpr_iova_discard(s, NULL, 1), 0, "no memory of the map");
    assert_int_equal(fpr_iova_set_device(s, NULL, NULL), 0);
    REFUSED(fpr_iova_pin(s, IOVA, 1, RW, pages), -EINVAL, "no device");
}

/* A limit of two pages, for mappings of somebody without the capability. */
static void test_limit(void **state)
{
    (void)state;
    assert_int_equal(fpr_iova_set_locked_limit(s, 2, false), 0);
    assert_int_equal(unit_map(&u, 0x100000, 4, 0, RW), 0);
    REFUSED(fpr_iova_pin(s, 0x100000, 3, RW, pages), -ENOMEM, "one more than the limit");
    void *got[2];
    assert_int_equal(fpr_iova_pin(s, 0x100000, 2, RW, got), 2);
    REFUSED(fpr_iova_pin(s, 0x100000 + 2 * PAGE, 1, RW, pages), -ENOMEM, "above the limit");
    assert_int_equal(fpr_iova_unpin(s, 0x100000, 2), 2);
    REFUSED(fpr_iova_unpin(s, 0x100000, 2), 2, "unpinned already");
}

static void test_dirty(void **state)
{
    (void)state;
    struct fpr_iova_bitmap good = {PAGE, 16, bits}, bad;
    REFUSED(fpr_iova_dirty_start(none), -EINVAL, "no space");
    REFUSED(fpr_iova_dirty_stop(none), -EINVAL, "no space");
    REFUSED(fpr_iova_dirty_get(none, IOVA, PAGE, &good), -EINVAL, "no space");
    REFUSED(fpr_iova_dirty_stop(s), 0, "not started is not wrong");
    REFUSED(fpr_iova_dirty_get(s, IOVA, 8 * PAGE, &good), -EINVAL, "not started");
    assert_int_equal(fpr_iova_dirty_start(s), 0);
    REFUSED(fpr_iova_dirty_start(s), 0, "started already is not wrong");
    REFUSED(fpr_iova_dirty_get(s, IOVA, 8 * PAGE, NULL), -EINVAL, "no bitmap");
    REFUSED(fpr_iova_dirty_get(s, IOVA, 0, &good), -EINVAL, "nothing");
    REFUSED(fpr_iova_dirty_get(s, IOVA + 1, 8 * PAGE, &good), -EINVAL, "misaligned iova");
    REFUSED(fpr_iova_dirty_get(s, IOVA, 8 * PAGE - 1, &good), -EINVAL, "misaligned size");
    REFUSED(fpr_iova_dirty_get(s, IOVA, PAGE, &good), -EINVAL, "would bisect a mapping");
    REFUSED(fpr_iova_dirty_get(s, UINT64_MAX - PAGE + 1, 2 * PAGE, &good), -EINVAL, "wraps");
#define BAD(field, value, wrong)                                                                   \
    bad = good;                                                                                    \
    bad.field = (value);                                                                           \
    REFUSED(fpr_iova_dirty_get(s, IOVA, 8 * PAGE, &bad), -EINVAL, wrong);                          \
    REFUSED(fpr_iova_unmap_dirty(s, IOVA, 8 * PAGE, &bad, &unmapped), -EINVAL, wrong)
    BAD(data, NULL, "no words");
    BAD(size, 0, "no room");
    BAD(size, 7, "room for less");
    BAD(size, UINT64_MAX, "larger than 256 MiB");
    BAD(pgsize, 0, "no page size");
    BAD(pgsize, 2 * PAGE, "another page size");
#undef BAD
}

/* v1 containers know neither pins nor dirty pages. */
static void test_version_1(void **state)
{
    (void)state;
    struct fpr_iova_bitmap good = {PAGE, 16, bits};
    struct fpr_iova_ioctl_dirty dirty = {.argsz = 8, .flags = 1};
    unit_close(&u);
    misuse_end();
    open_unit(FPR_IOVA_TYPE1);
    REFUSED(fpr_iova_pin(s, IOVA, 1, RW, pages), -EACCES, "v1");
    REFUSED(fpr_iova_unpin(s, IOVA, 1), 0, "v1");
    REFUSED(fpr_iova_dirty_start(s), -EACCES, "v1");
    REFUSED(fpr_iova_dirty_stop(s), -EACCES, "v1");
    REFUSED(fpr_iova_dirty_get(s, IOVA, PAGE, &good), -EACCES, "v1");
    REFUSED(fpr_iova_ioctl_dirty_pages(s, &dirty), -EACCES, "v1");
}

static void unmap_in_callback(void *ctx, struct fpr_iova_space *space, uint64_t iova, uint64_t size)
{
    (void)ctx;
    void *frame = NULL;
    told++;
    REFUSED(fpr_iova_unmap(space, iova, size, &unmapped), -EDEADLK, "from the callback");
    REFUSED(fpr_iova_unmap_all(space, &unmapped), -EDEADLK, "from the callback");
    REFUSED(fpr_iova_get(u.reader, iova, 8, RW, &frame), -EDEADLK, "the unmap would wait for it");
    if (told == 2)
        fpr_iova_unpin_range(space, iova, size);
}

static void test_from_the_callback(void **state)
{
    (void)state;
    uint64_t bytes;
    void *got[2];
    assert_int_equal(fpr_iova_set_device(s, unmap_in_callback, NULL), 0);
    assert_int_equal(fpr_iova_pin(s, IOVA, 2, RW, got), 2);
    assert_int_equal(fpr_iova_unmap(s, IOVA, 8 * PAGE, &bytes), 0);
    assert_int_equal(bytes, 8 * PAGE);
    assert_int_equal(told, 2);
    assert_int_equal(fpr_iova_unmap(s, IOVA + 8 * PAGE, PAGE, &bytes), 0); /* allowed again */
}

static uint64_t digest_mappings(void)
{
    struct fpr_iova_info info;
    assert_int_equal(fpr_iova_get_info(s, &info), 0);
    const uint64_t words[] = {info.mappings, info.avail, info.locked,
                              pinned(),      unmapped,   (uintptr_t)pages[0]};
    return digest_bytes(DIGEST_BASIS, words, sizeof(words));
}

/* A visitor has the lock. What it calls is looked at without, so not by rows. */
static int call_from_walk(void *ctx, uint64_t iova, uint64_t size, uint64_t vaddr, unsigned prot)
{
    unsigned *wrong = ctx;
    struct fpr_iova_bitmap bitmap = {PAGE, 16, bits};
    struct fpr_iova_info info;
    struct fpr_iova_stats stats;
    struct fpr_iova_reader *reader;
    char byte;
    const int answers[] = {
        fpr_iova_map(s, 0x400000, PAGE, vaddr, prot),
        fpr_iova_unmap(s, iova, size, &unmapped),
        fpr_iova_unmap_all(s, &unmapped),
        fpr_iova_unmap_dirty(s, iova, PAGE, &bitmap, &unmapped),
        fpr_iova_pin(s, iova, 1, prot, pages),
        fpr_iova_unpin(s, iova, 1),
        (int)fpr_iova_unpin_range(s, iova, size),
        (int)fpr_iova_discard(s, u.arena, (size_t)UNIT_PAGES * UNIT_PAGE),
        fpr_iova_dirty_start(s),
        fpr_iova_dirty_stop(s),
        fpr_iova_dirty_get(s, iova, size, &bitmap),
        fpr_iova_get_info(s, &info),
        fpr_iova_get_stats(s, &stats),
        fpr_iova_set_device(s, NULL, NULL),
        fpr_iova_set_locked_limit(s, 1, false),
        fpr_iova_space_validate(s, NULL),
        fpr_iova_walk(s, call_from_walk, ctx),
        fpr_iova_reader_create(s, &reader),
    };
    for (size_t k = 0; k < sizeof(answers) / sizeof(answers[0]); k++)
        *wrong += answers[k] != -EDEADLK;
    *wrong += fpr_iova_locked_pages(s) != 0;
    fpr_iova_reader_destroy(u.reader);
    fpr_iova_space_destroy(s);
    *wrong += iova == IOVA && fpr_iova_rw(u.reader, iova, &byte, 1, false) != 0;
    told++;
    return 0;
}

static void test_from_a_walk(void **state)
{
    (void)state;
    unsigned wrong = 0;
    void *got[1];
    assert_int_equal(fpr_iova_pin(s, IOVA, 1, RW, got), 1);
    struct fpr_iova_stats stats;
    uint64_t mapped = digest_mappings();
    assert_int_equal(fpr_iova_walk(s, call_from_walk, &wrong), 0);
    assert_int_equal(wrong, 0);
    assert_int_equal(told, 3);
    assert_int_equal(fpr_iova_get_stats(s, &stats), 0);
    assert_int_equal(stats.read_bytes, 1); /* that was all */
    assert_true(digest_mappings() == mapped);
    REFUSED(fpr_iova_unmap(s, IOVA, PAGE, &unmapped), -EINVAL, "as before: would bisect");
}

static int pin_and_unpin(struct fpr_iova_space *space)
{
    void *got[8];
    int result = fpr_iova_pin(space, IOVA, 8, RW, got);
    if (result > 0)
        fpr_iova_unpin(space, IOVA, 8);
    return result;
}

static int track(struct fpr_iova_space *space)
{
    int err = fpr_iova_dirty_start(space);
    return err ? err : fpr_iova_dirty_stop(space);
}

/* In a space of its own each time, as mappings keep what they once needed. */
static int in_new_space(int (*act)(struct fpr_iova_space *space))
{
    struct fpr_iova_space *space = NULL;
    int err = fpr_iova_space_create(&config, &space);
    for (uint64_t k = 0; k < 2 && !err; k++)
        err = fpr_iova_map(space, IOVA + k * 8 * PAGE, 8 * PAGE, (uintptr_t)u.arena, RW);
    if (!err) {
        uint64_t before = digest_space(space);
        err = act(space);
        if (err < 0)
            assert_true(digest_space(space) == before);
    }
    fpr_iova_space_destroy(space);
    return err;
}

static int do_nothing(struct fpr_iova_space *space)
{
    (void)space;
    return 0;
}

static int do_map(void *ctx)
{
    (void)ctx;
    return in_new_space(do_nothing);
}

static int do_pin(void *ctx)
{
    (void)ctx;
    return in_new_space(pin_and_unpin);
}

static int do_track(void *ctx)
{
    (void)ctx;
    return in_new_space(track);
}

/* Pages of two mappings, so of two tables. */
static int64_t discard(void)
{
    return fpr_iova_discard(s, u.arena, (size_t)16 * UNIT_PAGE);
}

static void test_no_memory(void **state)
{
    (void)state;
    void *got[9];
    unsigned bare = lean_mem_exhaust(&mem, do_map, NULL);
    assert_true(lean_mem_exhaust(&mem, do_pin, NULL) >= bare + 5); /* two tables, two chunks … */
    assert_true(lean_mem_exhaust(&mem, do_track, NULL) >= bare + 4); /* … of each mapping */
    assert_int_equal(fpr_iova_pin(s, IOVA, 8, RW, got), 8);
    assert_int_equal(fpr_iova_pin(s, IOVA + 8 * PAGE, 1, 0, got), 1);
    for (unsigned n = 1; n <= 9 + 2; n++) {
        size_t out = mem.bytes;
        mem.fail_at = mem.asked + n;
        REFUSED(discard(), -ENOMEM, "no memory for a frame");
        assert_int_equal(mem.bytes, out);
    }
    mem.fail_at = 0;
    assert_int_equal(discard(), 9);
    REFUSED(discard(), 0, "discarded already");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_pins),        TEST(test_limit),     TEST(test_dirty),
        TEST(test_version_1),   TEST(test_no_memory), TEST(test_from_the_callback),
        TEST(test_from_a_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
