/* Wrong calls of iova.h: space, map and unmap, reads and writes, the ioctl shapes. Pins and dirty
 * pages: misuse_pin.c. Which check comes first, as in the kernel: iova_map.c. */
#include <fpr/iova.h>

#include "support/digest.h"
#include "support/iova_unit.h"
#include "support/lean_mem.h"
#include "support/misuse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { IOVA = 0x10000, RW = FPR_IOVA_READ | FPR_IOVA_WRITE };
#define PAGE ((uint64_t)UNIT_PAGE)

static struct lean_mem mem;
static struct iova_unit u;
static struct fpr_iova_config config;
static struct fpr_iova_space *s, *none;
static struct fpr_iova_reader *reader, *no_reader;

/* Where answers would go. */
static void *made;
static uint64_t unmapped;
static size_t done;
static unsigned char buffer[64];
static uint64_t value;
static enum fpr_iova_profile profile;

#define MADE(type) ((struct type **)(void *)&made)

/* Eight pages at IOVA, a read-only one behind them, a write-only one behind that. */
static int setup(void **state)
{
    (void)state;
    lean_mem_init(&mem);
    unit_config(&u, FPR_IOVA_MERGED, &config);
    config.mem = &mem.ops;
    assert_int_equal(unit_open(&u, &config), 0);
    s = u.space;
    reader = u.reader;
    assert_int_equal(unit_map(&u, IOVA, 8, 0, RW), 0);
    assert_int_equal(unit_map(&u, IOVA + 8 * PAGE, 1, 8, FPR_IOVA_READ), 0);
    assert_int_equal(unit_map(&u, IOVA + 9 * PAGE, 1, 9, FPR_IOVA_WRITE), 0);
    misuse_watch(digest_space, s);
    misuse_watch_bytes((void *)&made, sizeof(made));
    misuse_watch_bytes(&unmapped, sizeof(unmapped));
    misuse_watch_bytes(&value, sizeof(value));
    misuse_watch_bytes(&profile, sizeof(profile));
    misuse_watch_bytes(buffer, sizeof(buffer));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unit_close(&u);
    assert_int_equal(mem.blocks, 0);
    return misuse_end();
}

static void test_creating(void **state)
{
    (void)state;
    const struct fpr_iova_range twisted = {2, 1}, falling[] = {{8, 9}, {1, 2}};
    struct fpr_iova_config bad;
    REFUSED(fpr_iova_config_init(NULL, FPR_IOVA_MERGED), -EINVAL, "no configuration");
    REFUSED(fpr_iova_config_init(&bad, FPR_IOVA_SEED_V1 + 1), -EINVAL, "unknown profile");
    REFUSED(fpr_iova_profile_name(FPR_IOVA_SEED_V1 + 1), 0, "unknown profile");
    REFUSED(fpr_iova_profile_from_name(NULL, &profile), -EINVAL, "no name");
    REFUSED(fpr_iova_profile_from_name("merged", NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_iova_profile_from_name("split", &profile), -EINVAL, "unknown name");
    REFUSED(fpr_iova_space_create(NULL, MADE(fpr_iova_space)), -EINVAL, "no configuration");
    REFUSED(fpr_iova_space_create(&config, NULL), -EINVAL, "no place for the space");
#define BAD(field, v, wrong)                                                                       \
    bad = config;                                                                                  \
    bad.field = (v);                                                                               \
    bad.nranges = bad.ranges ? 2 : bad.nranges;                                                    \
    REFUSED(fpr_iova_space_create(&bad, MADE(fpr_iova_space)), -EINVAL, wrong)
    BAD(profile, FPR_IOVA_SEED_V1 + 1, "unknown profile");
    BAD(type, (enum fpr_iova_type)2, "no such type");
    BAD(guard, FPR_IOVA_GUARD_TRUSTED + 1, "no such guard");
    BAD(guard, FPR_IOVA_GUARD_SIGNAL, "no handler is installed");
    BAD(mem, &lean_mem_half[0], "metadata without zalloc");
    BAD(mem, &lean_mem_half[1], "metadata without free");
    BAD(nranges, 1, "ranges without a list");
    BAD(ranges, falling, "ranges out of order");
#undef BAD
    bad = config;
    bad.ranges = &twisted;
    bad.nranges = 1;
    REFUSED(fpr_iova_space_create(&bad, MADE(fpr_iova_space)), -EINVAL, "ends before it starts");
    REFUSED(fpr_iova_reader_create(none, MADE(fpr_iova_reader)), -EINVAL, "no space");
    REFUSED(fpr_iova_reader_create(s, NULL), -EINVAL, "no place for the reader");
    IGNORED(fpr_iova_reader_destroy(NULL), "no reader");
    IGNORED(fpr_iova_space_destroy(NULL), "no space");
    IGNORED(fpr_iova_space_destroy(s), "it has readers");
    REFUSED(fpr_iova_guard_remove(), -EINVAL, "not installed");
    assert_int_equal(fpr_iova_guard_install(), 0);
    assert_int_equal(fpr_iova_guard_remove(), 0);
    REFUSED(fpr_iova_guard_remove(), -EINVAL, "removed already");
}

static int visit(void *ctx, uint64_t iova, uint64_t size, uint64_t vaddr, unsigned prot)
{
    (void)ctx;
    (void)iova;
    (void)size;
    (void)vaddr;
    (void)prot;
    return 0;
}

static void test_looking(void **state)
{
    (void)state;
    struct fpr_iova_info info;
    struct fpr_iova_range range;
    struct fpr_iova_stats stats;
    REFUSED(fpr_iova_get_info(none, &info), -EINVAL, "no space");
    REFUSED(fpr_iova_get_info(s, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_iova_get_range(none, 0, &range), -EINVAL, "no space");
    REFUSED(fpr_iova_get_range(s, 0, &range), -EINVAL, "no such range");
    REFUSED(fpr_iova_get_range(s, 0, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_iova_check_extension(none, 1), -EINVAL, "no space");
    REFUSED(fpr_iova_check_extension(s, UINT32_MAX), 0, "no such extension");
    REFUSED(fpr_iova_set_locked_limit(none, 1, false), -EINVAL, "no space");
    REFUSED(fpr_iova_set_device(none, NULL, NULL), -EINVAL, "no space");
    REFUSED(fpr_iova_get_stats(none, &stats), -EINVAL, "no space");
    REFUSED(fpr_iova_get_stats(s, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_iova_space_validate(none, NULL), -EINVAL, "no space");
    REFUSED(fpr_iova_space_validate(s, NULL), 0, "no place for the reason is not wrong");
    REFUSED(fpr_iova_walk(none, visit, NULL), -EINVAL, "no space");
    REFUSED(fpr_iova_walk(s, NULL, NULL), -EINVAL, "no visitor");
}

static void test_map(void **state)
{
    (void)state;
    const uint64_t at = 0x100000, va = (uintptr_t)u.arena;
    REFUSED(fpr_iova_map(none, at, PAGE, va, RW), -EINVAL, "no space");
    REFUSED(fpr_iova_map(s, at, 0, va, RW), -EINVAL, "nothing");
    REFUSED(fpr_iova_map(s, at + 1, PAGE, va, RW), -EINVAL, "misaligned iova");
    REFUSED(fpr_iova_map(s, at, PAGE + 1, va, RW), -EINVAL, "misaligned size");
    REFUSED(fpr_iova_map(s, at, PAGE, va + 1, RW), -EINVAL, "misaligned address");
    REFUSED(fpr_iova_map(s, UINT64_MAX - PAGE + 1, 2 * PAGE, va, RW), -EINVAL, "iova wraps");
    REFUSED(fpr_iova_map(s, at, 2 * PAGE, UINT64_MAX - PAGE + 1, RW), -EINVAL, "address wraps");
    REFUSED(fpr_iova_map(s, at, PAGE, va, 0), -EINVAL, "neither read nor write");
    REFUSED(fpr_iova_map(s, at, PAGE, va, 8), -EINVAL, "unknown flag");
    REFUSED(fpr_iova_map(s, at, PAGE, va, RW | FPR_IOVA_VADDR), -EINVAL, "flags that exclude");
    REFUSED(fpr_iova_map(s, at, PAGE, va, FPR_IOVA_VADDR), -ENOENT, "nothing is mapped there");
    REFUSED(fpr_iova_map(s, IOVA, PAGE, va, FPR_IOVA_VADDR), -EINVAL, "not invalidated");
    REFUSED(fpr_iova_map(s, IOVA, 8 * PAGE, va, RW), -EEXIST, "mapped already");
    REFUSED(fpr_iova_map(s, IOVA - PAGE, 2 * PAGE, va, RW), -EEXIST, "overlaps from below");
    REFUSED(fpr_iova_map(s, IOVA + 9 * PAGE, 2 * PAGE, va, RW), -EEXIST, "overlaps from above");
}

static void test_unmap(void **state)
{
    (void)state;
    struct fpr_iova_bitmap bitmap = {PAGE, 8, &value};
    const unsigned dirty = FPR_IOVA_UNMAP_DIRTY, all = FPR_IOVA_UNMAP_ALL;
    REFUSED(fpr_iova_unmap(none, IOVA, PAGE, &unmapped), -EINVAL, "no space");
    REFUSED(fpr_iova_unmap(s, IOVA, 0, &unmapped), -EINVAL, "nothing");
    REFUSED(fpr_iova_unmap(s, IOVA + 1, PAGE, &unmapped), -EINVAL, "misaligned iova");
    REFUSED(fpr_iova_unmap(s, IOVA, 1, &unmapped), -EINVAL, "misaligned size");
    REFUSED(fpr_iova_unmap(s, IOVA, UINT64_MAX - PAGE + 1, &unmapped), -EINVAL, "wraps");
    REFUSED(fpr_iova_unmap(s, IOVA, PAGE, &unmapped), -EINVAL, "would bisect a mapping");
    REFUSED(fpr_iova_unmap(s, IOVA + PAGE, 7 * PAGE, &unmapped), -EINVAL, "would bisect");
    REFUSED(fpr_iova_unmap_all(none, &unmapped), -EINVAL, "no space");
    REFUSED(fpr_iova_unmap_dirty(none, IOVA, PAGE, &bitmap, &unmapped), -EINVAL, "no space");
    REFUSED(fpr_iova_unmap_dirty(s, IOVA, 8 * PAGE, NULL, &unmapped), -EINVAL, "no bitmap");
    REFUSED(fpr_iova_unmap_dirty(s, IOVA, 8 * PAGE, &bitmap, &unmapped), -EINVAL, "no tracking");
    REFUSED(fpr_iova_unmap_flags(none, IOVA, PAGE, 0, NULL, &unmapped), -EINVAL, "no space");
    REFUSED(fpr_iova_unmap_flags(s, IOVA, PAGE, 8, NULL, &unmapped), -EINVAL, "unknown flag");
    REFUSED(fpr_iova_unmap_flags(s, IOVA, 0, all, NULL, &unmapped), -EINVAL, "all, from there");
    REFUSED(fpr_iova_unmap_flags(s, 0, PAGE, all, NULL, &unmapped), -EINVAL, "all, so much");
    REFUSED(fpr_iova_unmap_flags(s, 0, 0, all | dirty, &bitmap, &unmapped), -EINVAL,
            "flags that exclude each other");
    REFUSED(fpr_iova_unmap_flags(s, IOVA, 8 * PAGE, FPR_IOVA_VADDR, NULL, &unmapped), -EBUSY,
            "an emulated device needs the address");
    REFUSED(fpr_iova_unmap(s, 0x100000, PAGE, NULL), 0, "nothing there is not wrong");
}

/* Only bytes that could be written are kept apart: reads zero what they could not read. */
static void test_reads_and_writes(void **state)
{
    (void)state;
    const uint64_t hole = IOVA + 10 * PAGE;
    struct fpr_iova_vec vec = {IOVA, NULL, 4};
    REFUSED(fpr_iova_rw(no_reader, IOVA, buffer, 4, false), -EINVAL, "no reader");
    REFUSED(fpr_iova_rw(reader, IOVA, NULL, 4, false), -EINVAL, "no buffer");
    REFUSED(fpr_iova_rw(reader, IOVA, buffer, 0, false), -EINVAL, "nothing");
    REFUSED(fpr_iova_rw(reader, hole, buffer, 4, false), -EINVAL, "nothing is mapped there");
    REFUSED(fpr_iova_rw(reader, UINT64_MAX - 1, buffer, 4, false), -EINVAL, "wraps");
    REFUSED(fpr_iova_rw(reader, IOVA + 8 * PAGE, buffer, 4, true), -EPERM, "read-only");
    REFUSED(fpr_iova_rw(reader, IOVA + 9 * PAGE, buffer, 4, true), -EPERM, "write-only");
    REFUSED(fpr_iova_rw(reader, IOVA + 9 * PAGE, buffer, 4, false), -EPERM, "write-only");
    REFUSED(fpr_iova_rw_progress(no_reader, IOVA, buffer, 4, false, &done), -EINVAL, "no reader");
    REFUSED(fpr_iova_rw_progress(reader, hole, buffer, 4, false, NULL), -EINVAL, "not mapped");
    REFUSED(fpr_iova_rwv(no_reader, &vec, 1, false, &done), -EINVAL, "no reader");
    REFUSED(fpr_iova_rwv(reader, NULL, 1, false, &done), -EINVAL, "no pieces");
    REFUSED(fpr_iova_rwv(reader, &vec, 1, false, NULL), -EINVAL, "a piece without a buffer");
    REFUSED(fpr_iova_rwv(reader, NULL, 0, false, NULL), 0, "nothing is not wrong");
    uint8_t *v8 = (uint8_t *)&value;
    REFUSED(fpr_iova_read8(no_reader, IOVA, v8), -EINVAL, "no reader");
    REFUSED(fpr_iova_read8(reader, IOVA, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_iova_read8(reader, hole, v8), -EINVAL, "nothing is mapped there");
    REFUSED(fpr_iova_read16(no_reader, IOVA, (uint16_t *)&value), -EINVAL, "no reader");
    REFUSED(fpr_iova_read16(reader, IOVA, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_iova_read16(reader, hole - 1, (uint16_t *)&value), -EPERM, "half in a hole");
    REFUSED(fpr_iova_read32(no_reader, IOVA, (uint32_t *)&value), -EINVAL, "no reader");
    REFUSED(fpr_iova_read32(reader, hole, (uint32_t *)&value), -EINVAL, "nothing is mapped there");
    REFUSED(fpr_iova_read32(reader, IOVA, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_iova_read64(no_reader, IOVA, &value), -EINVAL, "no reader");
    REFUSED(fpr_iova_read64(reader, hole, &value), -EINVAL, "nothing is mapped there");
    REFUSED(fpr_iova_read64(reader, IOVA, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_iova_write8(no_reader, IOVA, 1), -EINVAL, "no reader");
    REFUSED(fpr_iova_write8(reader, IOVA + 8 * PAGE, 1), -EPERM, "read-only");
    REFUSED(fpr_iova_write16(no_reader, IOVA, 1), -EINVAL, "no reader");
    REFUSED(fpr_iova_write16(reader, hole, 1), -EINVAL, "nothing is mapped there");
    REFUSED(fpr_iova_write32(no_reader, IOVA, 1), -EINVAL, "no reader");
    REFUSED(fpr_iova_write32(reader, hole, 1), -EINVAL, "nothing is mapped there");
    REFUSED(fpr_iova_write64(no_reader, IOVA, 1), -EINVAL, "no reader");
    REFUSED(fpr_iova_write64(reader, hole, 1), -EINVAL, "nothing is mapped there");
}

static void test_direct_pointers(void **state)
{
    (void)state;
    REFUSED(fpr_iova_get(no_reader, IOVA, 4, RW, &made), -EINVAL, "no reader");
    REFUSED(fpr_iova_get(reader, IOVA, 4, RW, NULL), -EINVAL, "no place for the pointer");
    REFUSED(fpr_iova_get(reader, IOVA, 0, RW, &made), -EINVAL, "nothing");
    REFUSED(fpr_iova_get(reader, IOVA, 4, 0, &made), -EINVAL, "for no use");
    REFUSED(fpr_iova_get(reader, IOVA, 4, 8, &made), -EINVAL, "unknown use");
    REFUSED(fpr_iova_get(reader, 0, 4, RW, &made), -EINVAL, "nothing is mapped there");
    REFUSED(fpr_iova_get(reader, IOVA + 8 * PAGE, 4, RW, &made), -EPERM, "read-only");
    REFUSED(fpr_iova_get(reader, IOVA, 9 * PAGE, FPR_IOVA_READ, &made), -ENOTSUP, "two mappings");
    REFUSED(fpr_iova_get(reader, IOVA, SIZE_MAX, FPR_IOVA_READ, &made), -ENOTSUP, "too long");
    REFUSED(fpr_iova_put(no_reader), -EINVAL, "no reader");
    REFUSED(fpr_iova_put(reader), -EINVAL, "none held");
    void *held;
    assert_int_equal(fpr_iova_get(reader, IOVA, 4, FPR_IOVA_READ, &held), 0);
    REFUSED(fpr_iova_get(reader, IOVA, 4, FPR_IOVA_READ, &made), -EBUSY, "one is held");
    REFUSED(fpr_iova_unmap(s, IOVA, 8 * PAGE, &unmapped), -EDEADLK, "this thread holds it");
    REFUSED(fpr_iova_unmap_all(s, &unmapped), -EDEADLK, "this thread holds it");
    REFUSED(fpr_iova_dirty_start(s), -EDEADLK, "this thread holds it");
    assert_int_equal(fpr_iova_put(reader), 0);
    REFUSED(fpr_iova_put(reader), -EINVAL, "given back already");
}

static void test_ioctls(void **state)
{
    (void)state;
    const struct fpr_iova_ioctl_map map = {31, RW, (uintptr_t)u.arena, 0x100000, UNIT_PAGE};
    struct fpr_iova_ioctl_unmap unmap = {.argsz = 23, .iova = IOVA, .size = 8 * PAGE};
    struct fpr_iova_ioctl_dirty dirty = {.argsz = 7, .flags = 1};
    REFUSED(fpr_iova_ioctl_map_dma(none, &map), -EINVAL, "no space");
    REFUSED(fpr_iova_ioctl_map_dma(s, NULL), -EINVAL, "no argument");
    REFUSED(fpr_iova_ioctl_map_dma(s, &map), -EINVAL, "argsz too small");
    REFUSED(fpr_iova_ioctl_unmap_dma(none, &unmap), -EINVAL, "no space");
    REFUSED(fpr_iova_ioctl_unmap_dma(s, NULL), -EINVAL, "no argument");
    REFUSED(fpr_iova_ioctl_unmap_dma(s, &unmap), -EINVAL, "argsz too small");
    unmap.argsz = 47;
    unmap.flags = FPR_IOVA_UNMAP_DIRTY;
    REFUSED(fpr_iova_ioctl_unmap_dma(s, &unmap), -EINVAL, "argsz too small for a bitmap");
    assert_int_equal(unmap.size, 8 * PAGE);
    REFUSED(fpr_iova_ioctl_dirty_pages(none, &dirty), -EINVAL, "no space");
    REFUSED(fpr_iova_ioctl_dirty_pages(s, NULL), -EINVAL, "no argument");
    REFUSED(fpr_iova_ioctl_dirty_pages(s, &dirty), -EINVAL, "argsz too small");
    dirty.argsz = 48;
    dirty.flags = 3;
    REFUSED(fpr_iova_ioctl_dirty_pages(s, &dirty), -EINVAL, "two orders at once");
    dirty.flags = 0;
    REFUSED(fpr_iova_ioctl_dirty_pages(s, &dirty), -EINVAL, "no order");
    dirty.argsz = 47;
    dirty.flags = 4;
    REFUSED(fpr_iova_ioctl_dirty_pages(s, &dirty), -EINVAL, "argsz too small for a bitmap");
}

static int do_create(void *ctx)
{
    static const struct fpr_iova_range ranges[] = {{0, 0xffff}, {0x20000, UINT64_MAX}};
    (void)ctx;
    struct fpr_iova_space *space = NULL;
    struct fpr_iova_reader *r = NULL;
    struct fpr_iova_config c = config;
    c.ranges = ranges;
    c.nranges = 2;
    int err = fpr_iova_space_create(&c, &space);
    err = err ? err : fpr_iova_reader_create(space, &r);
    fpr_iova_reader_destroy(r);
    fpr_iova_space_destroy(space);
    return err;
}

/* Enough mappings for a tree of several levels, one of them at the top, which older kernels lose;
 * then every other one goes. Unmapping never fails for lack of memory. */
static int do_map(void *ctx)
{
    (void)ctx;
    struct fpr_iova_space *space = NULL;
    int err = fpr_iova_space_create(&config, &space);
    for (uint64_t k = 0; k < 300 && !err; k++)
        err = fpr_iova_map(space, 2 * k * PAGE, PAGE, (uintptr_t)u.arena, RW);
    err = err ? err : fpr_iova_map(space, -PAGE, PAGE, (uintptr_t)u.arena, RW);
    for (uint64_t k = 0; k < 300 && !err; k += 2) {
        assert_int_equal(fpr_iova_unmap(space, 2 * k * PAGE, PAGE, NULL), 0);
        digest_space(space);
    }
    if (!err)
        assert_int_equal(fpr_iova_unmap_all(space, NULL), 0);
    fpr_iova_space_destroy(space);
    return err;
}

/* One map at a time in a space that is full of them: a failure changes nothing. */
static void test_no_memory(void **state)
{
    (void)state;
    assert_int_equal(lean_mem_exhaust(&mem, do_create, NULL), 5);
    assert_true(lean_mem_exhaust(&mem, do_map, NULL) > 4);
    mem.fail_on = true;
    mem.fail_at = mem.asked + 1;
    int err = 0;
    uint64_t k = 0;
    for (; !err; k++) {
        uint64_t before = digest_space(s);
        err = unit_map(&u, 0x100000 + k * PAGE, 1, 0, RW);
        if (err)
            assert_true(digest_space(s) == before);
    }
    assert_int_equal(err, -ENOMEM);
    mem.fail_at = 0;
    assert_int_equal(unit_map(&u, 0x100000 + k * PAGE, 1, 0, RW), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_creating), TEST(test_looking),          TEST(test_map),
        TEST(test_unmap),    TEST(test_reads_and_writes), TEST(test_direct_pointers),
        TEST(test_ioctls),   TEST(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
