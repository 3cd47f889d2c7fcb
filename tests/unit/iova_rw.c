#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "support/iova_unit.h"

enum { R = FPR_IOVA_READ, W = FPR_IOVA_WRITE, RW = R | W };

static struct iova_unit u;
static unsigned char buffer[8 * UNIT_PAGE];

/* Every test runs with each way of surviving faults. */
struct how {
    enum fpr_iova_profile profile;
    enum fpr_iova_guard guard;
};
static struct how by_signal = {FPR_IOVA_MERGED, FPR_IOVA_GUARD_SIGNAL};
static struct how by_syscall = {FPR_IOVA_MERGED, FPR_IOVA_GUARD_SYSCALL};
static struct how seed_v1 = {FPR_IOVA_SEED_V1, FPR_IOVA_GUARD_SIGNAL};

/* Not a set-up function: CMocka puts its own handlers around each test. */
static void start(void **state)
{
    const struct how *how = *state;
    struct fpr_iova_config config;
    unit_config(&u, how->profile, &config);
    config.guard = how->guard;
    assert_int_equal(fpr_iova_guard_install(), 0);
    memset(buffer, 0xaa, sizeof(buffer));
    assert_int_equal(unit_open(&u, &config), 0);
}

static int teardown(void **state)
{
    (void)state;
    unit_close(&u);
    return fpr_iova_guard_remove();
}

static bool all(const unsigned char *bytes, unsigned char value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

static void test_arguments(void **state)
{
    start(state);
    size_t done = 7;
    assert_int_equal(unit_map(&u, 0x1000, 1, 0, RW), 0);
    assert_int_equal(fpr_iova_rw(NULL, 0x1000, buffer, 1, false), -EINVAL);
    assert_int_equal(fpr_iova_rw(u.reader, 0x1000, NULL, 1, false), -EINVAL);
    assert_int_equal(fpr_iova_rw(u.reader, 0x1000, buffer, 0, false), -EINVAL);
    assert_int_equal(fpr_iova_rw_progress(u.reader, 0x1000, NULL, 9, true, &done), -EINVAL);
    assert_int_equal(done, 0);
    assert_true(all(buffer, 0xaa, sizeof(buffer)));
}

/*   |1000 a0|2000 a8|3000-4fff a2,a3| hole   one access over all of it */
static void test_crosses_mappings(void **state)
{
    start(state);
    size_t done;
    assert_int_equal(unit_map(&u, 0x1000, 1, 0, RW), 0);
    assert_int_equal(unit_map(&u, 0x2000, 1, 8, RW), 0);
    assert_int_equal(unit_map(&u, 0x3000, 2, 2, RW), 0);
    assert_int_equal(fpr_iova_rw_progress(u.reader, 0x1ffd, buffer, 0x1006, false, &done), 0);
    assert_int_equal(done, 0x1006);
    assert_memory_equal(buffer, u.arena + 0xffd, 3);
    assert_memory_equal(buffer + 3, u.arena + 0x8000, 0x1000);
    assert_memory_equal(buffer + 0x1003, u.arena + 0x2000, 3);
    assert_int_equal(fpr_iova_rw_progress(u.reader, 0x4ff0, buffer, 0x20, false, &done), -EINVAL);
    assert_int_equal(done, 0x10);
    assert_memory_equal(buffer, u.arena + 0x3ff0, 0x10);
}

static void test_write_leaves_what_it_did(void **state)
{
    start(state);
    size_t done;
    assert_int_equal(unit_map(&u, 0x1000, 1, 0, RW), 0);
    assert_int_equal(unit_map(&u, 0x2000, 1, 1, R), 0);
    unsigned char next = u.arena[0x1000];
    assert_int_equal(fpr_iova_rw_progress(u.reader, 0x1ff8, buffer, 16, true, &done), -EPERM);
    assert_int_equal(done, 8);
    assert_true(all(u.arena + 0xff8, 0xaa, 8));
    assert_int_equal(u.arena[0x1000], next);
}

static void test_read_is_needed_for_both(void **state)
{
    start(state);
    assert_int_equal(unit_map(&u, 0x1000, 1, 0, W), 0);
    assert_int_equal(fpr_iova_rw(u.reader, 0x1000, buffer, 1, false), -EPERM);
    assert_int_equal(fpr_iova_rw(u.reader, 0x1000, buffer, 1, true), -EPERM);
    assert_int_equal(unit_map(&u, 0x2000, 1, 0, R), 0);
    assert_int_equal(fpr_iova_rw(u.reader, 0x2000, buffer, 1, false), 0);
    assert_int_equal(fpr_iova_rw(u.reader, 0x2000, buffer, 1, true), -EPERM);
}

/* Page 31 of the arena has no access; 28 to 31 are one mapping. */
static void test_faulting_read_zeroes_its_chunk(void **state)
{
    start(state);
    size_t done;
    assert_int_equal(unit_map(&u, 0x1000, 4, 28, R), 0);
    assert_int_equal(fpr_iova_rw_progress(u.reader, 0x2800, buffer, 0x2000, false, &done), -EFAULT);
    assert_int_equal(done, 0x1800);
    assert_memory_equal(buffer, u.arena + 29 * UNIT_PAGE + 0x800, 0x1800);
    assert_true(all(buffer + 0x1800, 0, 0x800));
    assert_true(all(buffer + 0x2000, 0xaa, 16));
    assert_int_equal(fpr_iova_rw_progress(u.reader, 0x4000, buffer, 5, false, &done), -EFAULT);
    assert_int_equal(done, 0);
    assert_true(all(buffer, 0, 5));
}

/* Pages 30 and 31 cannot be written; every length and place around their edge. */
static void test_faulting_write_stops_at_the_page(void **state)
{
    start(state);
    assert_int_equal(unit_map(&u, 0x1000, 4, 28, RW), 0);
    static const size_t lengths[] = {2, 3, 7, 8, 12, 16, 31, 64, 100, 500, 513, 3000, 5000};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        for (size_t before = 0; before <= lengths[i] && before <= 0x2000;
             before += 1 + before / 2) {
            unsigned char *edge = u.arena + 30 * (size_t)UNIT_PAGE;
            size_t done, want = before < lengths[i] ? before : lengths[i];
            memset(edge - 0x1fff, 0x11, 0x1fff);
            int rc =
                fpr_iova_rw_progress(u.reader, 0x3000 - before, buffer, lengths[i], true, &done);
            assert_int_equal(rc, before < lengths[i] ? -EFAULT : 0);
            assert_int_equal(done, want);
            assert_true(all(edge - before, 0xaa, want));
        }
    }
}

static void test_faults_do_not_stick(void **state)
{
    start(state);
    struct fpr_iova_stats stats;
    assert_int_equal(fpr_iova_map(u.space, 0x1000, 0x1000, 0x10000, RW), 0);
    assert_int_equal(unit_map(&u, 0x2000, 1, 0, RW), 0);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(fpr_iova_rw(u.reader, 0x1000, buffer, 64, i & 1), -EFAULT);
        assert_int_equal(fpr_iova_rw(u.reader, 0x2000, buffer, 64, i & 1), 0);
    }
    assert_int_equal(fpr_iova_get_stats(u.space, &stats), 0);
    assert_int_equal(stats.faults, 1000);
    assert_int_equal(stats.refused, 1000);
    assert_int_equal(stats.reads, 1000);
    assert_int_equal(stats.writes, 1000);
    assert_int_equal(stats.read_bytes, 500 * 64);
}

static void test_chunk_above_int_max(void **state)
{
    start(state);
    assert_int_equal(
        fpr_iova_map(u.space, UINT64_C(1) << 32, UINT64_C(2) << 32, (uintptr_t)u.arena, RW), 0);
    assert_int_equal(fpr_iova_rw(u.reader, UINT64_C(1) << 32, buffer, (size_t)INT_MAX + 1, false),
                     -EFAULT);
    assert_true(all(buffer, 0xaa, sizeof(buffer)));
}

static void test_vectors(void **state)
{
    start(state);
    size_t done = 0;
    assert_int_equal(unit_map(&u, 0x1000, 2, 0, RW), 0);
    struct fpr_iova_vec vec[] = {
        {0x1004, buffer, 8}, {0x9000, NULL, 0}, {0x1fff, buffer + 8, 2}, {0x2fff, buffer + 10, 4}};
    assert_int_equal(fpr_iova_rwv(u.reader, vec, 3, false, &done), 0);
    assert_int_equal(done, 10);
    assert_memory_equal(buffer, u.arena + 4, 8);
    assert_memory_equal(buffer + 8, u.arena + 0xfff, 2);
    assert_int_equal(fpr_iova_rwv(u.reader, vec, 4, false, &done), -EINVAL);
    assert_int_equal(done, 11);
    assert_int_equal(fpr_iova_rwv(u.reader, NULL, 1, false, &done), -EINVAL);
}

static void test_accessors(void **state)
{
    start(state);
    uint8_t b = 1;
    uint16_t h = 1;
    uint32_t w = 1;
    uint64_t d = 1;
    assert_int_equal(unit_map(&u, 0x1000, 1, 0, RW), 0);
    assert_int_equal(unit_map(&u, 0x2000, 1, 5, RW), 0);
    assert_int_equal(fpr_iova_write64(u.reader, 0x1100, UINT64_C(0x8877665544332211)), 0);
    assert_int_equal(fpr_iova_read64(u.reader, 0x1100, &d), 0);
    assert_true(d == UINT64_C(0x8877665544332211));
    assert_int_equal(fpr_iova_write32(u.reader, 0x1104, 0xddccbbaa), 0);
    assert_int_equal(fpr_iova_write16(u.reader, 0x1ffe, 0xbeef), 0);
    assert_int_equal(fpr_iova_write8(u.reader, 0x2000, 0x42), 0);
    assert_int_equal(fpr_iova_read32(u.reader, 0x1104, &w), 0);
    assert_int_equal(w, 0xddccbbaa);
    assert_int_equal(fpr_iova_read16(u.reader, 0x1fff, &h), 0); /* over two mappings */
    assert_memory_equal(&h, ((unsigned char[]){u.arena[0xfff], 0x42}), 2);
    assert_int_equal(fpr_iova_read8(u.reader, 0x3000, &b), -EINVAL);
    assert_int_equal(b, 1); /* untouched */
    assert_int_equal(fpr_iova_read64(u.reader, 0x1100, NULL), -EINVAL);
}

static void test_direct_pointer(void **state)
{
    start(state);
    void *ptr = NULL, *none = NULL;
    assert_int_equal(unit_map(&u, 0x1000, 2, 3, RW), 0);
    assert_int_equal(unit_map(&u, 0x3000, 1, 9, R), 0);
    assert_int_equal(fpr_iova_get(u.reader, 0x1800, 0x1000, R, &ptr), 0);
    assert_ptr_equal(ptr, u.arena + 3 * UNIT_PAGE + 0x800);
    assert_int_equal(fpr_iova_get(u.reader, 0x1800, 1, R, &none), -EBUSY);
    /* The reader may go on reading; this thread may not wait for itself. */
    assert_int_equal(fpr_iova_rw(u.reader, 0x3000, buffer, 8, false), 0);
    assert_int_equal(fpr_iova_unmap_all(u.space, NULL), -EDEADLK);
    assert_int_equal(fpr_iova_unmap(u.space, 0x1800, 0x1000, NULL), -EDEADLK); /* first of all */
    assert_int_equal(fpr_iova_dirty_start(u.space), -EDEADLK);
    assert_int_equal(fpr_iova_dirty_stop(u.space), -EDEADLK); /* whether it is on or not */
    assert_int_equal(fpr_iova_map(u.space, 0x9000, 0x1000, 0, FPR_IOVA_VADDR), -EDEADLK);
    assert_int_equal(fpr_iova_put(u.reader), 0);
    assert_int_equal(fpr_iova_dirty_start(u.space), 0);
    assert_int_equal(fpr_iova_get(u.reader, 0x1800, 1, R, &ptr), 0);
    assert_int_equal(fpr_iova_dirty_start(u.space), -EDEADLK);
    assert_int_equal(fpr_iova_dirty_stop(u.space), -EDEADLK);
    assert_int_equal(fpr_iova_put(u.reader), 0);
    assert_int_equal(fpr_iova_dirty_stop(u.space), 0);
    assert_int_equal(fpr_iova_put(u.reader), -EINVAL);
    assert_int_equal(fpr_iova_get(u.reader, 0x2800, 0x1000, R, &none), -ENOTSUP);
    assert_int_equal(fpr_iova_get(u.reader, 0x3000, 1, RW, &none), -EPERM);
    assert_int_equal(fpr_iova_get(u.reader, 0x4000, 1, R, &none), -EINVAL);
    assert_int_equal(fpr_iova_get(u.reader, 0x3000, 0, R, &none), -EINVAL);
    assert_int_equal(fpr_iova_get(u.reader, 0x3000, 1, 0, &none), -EINVAL);
    assert_null(none);
    assert_int_equal(fpr_iova_unmap_all(u.space, NULL), 0);
}

/* A reader's last mapping must not outlive an unmap, nor hide a new one. */
/* Giving a mapping a new address waits for readers as an unmap does. */
static void test_new_address_under_a_pointer(void **state)
{
    const struct how *how = *state;
    struct fpr_iova_config config;
    void *ptr = NULL;
    unit_config(&u, how->profile, &config);
    config.guard = how->guard;
    config.emulated = false;
    config.hardware = true;
    assert_int_equal(fpr_iova_guard_install(), 0);
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x1000, 1, 3, RW), 0);
    assert_int_equal(unit_map(&u, 0x3000, 1, 9, RW), 0);
    assert_int_equal(fpr_iova_unmap_flags(u.space, 0x1000, 0x1000, FPR_IOVA_VADDR, NULL, NULL), 0);
    uint64_t address = (uintptr_t)u.arena + 5 * UNIT_PAGE;
    assert_int_equal(fpr_iova_get(u.reader, 0x3000, 8, R, &ptr), 0);
    assert_int_equal(fpr_iova_map(u.space, 0x1000, 0x1000, address, FPR_IOVA_VADDR), -EDEADLK);
    assert_int_equal(fpr_iova_put(u.reader), 0);
    assert_int_equal(fpr_iova_map(u.space, 0x1000, 0x1000, address, FPR_IOVA_VADDR), 0);
}

static void test_last_mapping_is_forgotten(void **state)
{
    start(state);
    uint8_t b;
    assert_int_equal(unit_map(&u, 0x1000, 1, 0, RW), 0);
    for (int i = 0; i < 3000; i++)
        assert_int_equal(fpr_iova_read8(u.reader, 0x1000, &b), 0);
    assert_int_equal(fpr_iova_unmap(u.space, 0x1000, 0x1000, NULL), 0);
    assert_int_equal(fpr_iova_read8(u.reader, 0x1000, &b), -EINVAL);
    assert_int_equal(unit_map(&u, 0x1000, 1, 7, RW), 0);
    assert_int_equal(fpr_iova_read8(u.reader, 0x1000, &b), 0);
    assert_int_equal(b, u.arena[7 * UNIT_PAGE]);
}

static void test_seed_v1(void **state)
{
    start(state);
    size_t done;
    assert_int_equal(unit_map(&u, 0x1000, 4, 28, W), 0); /* nobody asks for READ */
    assert_int_equal(fpr_iova_rw_progress(u.reader, 0x2800, buffer, 0x2000, false, &done), -EFAULT);
    assert_int_equal(done, 0x1800);
    assert_true(all(buffer + 0x1800, 0xaa, 0x800)); /* not zeroed */
    assert_int_equal(fpr_iova_rw_progress(u.reader, 0x2ffc, buffer, 8, true, &done), -EFAULT);
    assert_int_equal(done, 4);
    assert_int_equal(fpr_iova_rw(u.reader, 0x5000, buffer, 8, true), -EINVAL);
}

#define BOTH(test)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(test, NULL, teardown, &by_signal),                    \
        cmocka_unit_test_prestate_setup_teardown(test, NULL, teardown, &by_syscall)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_arguments),
        BOTH(test_crosses_mappings),
        BOTH(test_write_leaves_what_it_did),
        BOTH(test_read_is_needed_for_both),
        BOTH(test_faulting_read_zeroes_its_chunk),
        BOTH(test_faulting_write_stops_at_the_page),
        BOTH(test_faults_do_not_stick),
        BOTH(test_chunk_above_int_max),
        BOTH(test_vectors),
        BOTH(test_accessors),
        BOTH(test_direct_pointer),
        BOTH(test_new_address_under_a_pointer),
        BOTH(test_last_mapping_is_forgotten),
        cmocka_unit_test_prestate_setup_teardown(test_seed_v1, NULL, teardown, &seed_v1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
