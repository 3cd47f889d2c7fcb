/* Real memory behind frames, and giving it back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/arena.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGES = 4096, HUGE_PAGES = 512 };

static struct fpr_arena *make(enum fpr_arena_backing backing, enum fpr_arena_thp thp, fpr_pfn start)
{
    struct fpr_arena_config config;
    struct fpr_arena *arena = NULL;
    assert_int_equal(fpr_arena_config_init(&config), 0);
    config.start = start;
    config.pages = PAGES;
    config.backing = backing;
    config.thp = thp;
    assert_int_equal(fpr_arena_create(&config, &arena), 0);
    return arena;
}

static void fill(struct fpr_arena *arena, fpr_pfn pfn, uint64_t pages)
{
    memset(fpr_arena_address(arena, pfn), 0x5a, (size_t)pages * fpr_arena_page_size(arena));
}

static void test_addresses(void **state)
{
    (void)state;
    struct fpr_arena *arena = make(FPR_ARENA_ANON, FPR_ARENA_THP_SYSTEM, 100);
    size_t page = fpr_arena_page_size(arena);
    unsigned char *first = fpr_arena_address(arena, 100);
    assert_ptr_equal(fpr_arena_address(arena, 101), first + page);
    assert_null(fpr_arena_address(arena, 99));
    assert_null(fpr_arena_address(arena, 100 + PAGES));
    uintptr_t huge = (uintptr_t)fpr_arena_address(arena, 512);
    assert_int_equal(huge % (512 * page), 0);
    assert_int_equal(fpr_arena_resident_bytes(arena), 0);
    fill(arena, 612, 3);
    assert_int_equal(fpr_arena_resident_in(arena, 612, 3), 3 * page);
    assert_int_equal(fpr_arena_resident_in(arena, 99, 1), -EINVAL);
    assert_int_equal(fpr_arena_resident_in(arena, 100, PAGES + 1), -EINVAL);
    fpr_arena_destroy(arena);
}

/* Blocks come back, in whatever way the backing knows, and only those. */
static void check_way(enum fpr_arena_backing backing, enum fpr_arena_mode mode)
{
    struct fpr_arena *arena = make(backing, FPR_ARENA_THP_NEVER, 0);
    struct fpr_device device;
    struct fpr_arena_stats stats;
    const struct fpr_sg sg[] = {{1024, 9}, {0, 9}, {2049, 0}, {PAGES, 9}, {PAGES - 1, 1}};
    int64_t page = (int64_t)fpr_arena_page_size(arena);
    int err = fpr_arena_device(arena, mode, &device);
    if (err == -ENOTSUP && mode == FPR_ARENA_PROCESS_MADVISE) {
        fpr_arena_destroy(arena);
        skip();
    }
    assert_int_equal(err, 0);
    fill(arena, 0, PAGES);
    assert_int_equal(fpr_arena_resident_bytes(arena), PAGES * page);
    assert_int_equal(device.report(device.ctx, sg, 5), 0);
    assert_int_equal(fpr_arena_get_stats(arena, &stats), 0);
    assert_int_equal(stats.entries, 5);
    assert_int_equal(stats.outside_entries, 2);
    assert_int_equal(stats.misaligned_entries, 0);
    assert_int_equal(stats.errors, 0);
    assert_int_equal(stats.returned_bytes, 1025 * page);
    if (mode != FPR_ARENA_FREE) {
        assert_int_equal(fpr_arena_resident_bytes(arena), (PAGES - 1025) * page);
        assert_int_equal(*(unsigned char *)fpr_arena_address(arena, 1024), 0);
    }
    assert_int_equal(*(unsigned char *)fpr_arena_address(arena, 1023), 0x5a);
    fpr_arena_destroy(arena);
}

static void test_dontneed(void **state)
{
    (void)state;
    check_way(FPR_ARENA_ANON, FPR_ARENA_DONTNEED);
}

static void test_lazily_free(void **state)
{
    (void)state;
    check_way(FPR_ARENA_ANON, FPR_ARENA_FREE);
}

static void test_remove(void **state)
{
    (void)state;
    check_way(FPR_ARENA_MEMFD, FPR_ARENA_REMOVE);
}

static void test_punch(void **state)
{
    (void)state;
    check_way(FPR_ARENA_MEMFD, FPR_ARENA_PUNCH);
}

static void test_process_madvise(void **state)
{
    (void)state;
    check_way(FPR_ARENA_ANON, FPR_ARENA_PROCESS_MADVISE);
}

/* Locked memory is refused by the system; what lies behind it goes back nevertheless. (By the
 * system call itself: with the address sanitizer mlock() does nothing.) */
static void test_the_others_of_a_batch_go_back(void **state)
{
    (void)state;
    const enum fpr_arena_mode modes[] = {FPR_ARENA_DONTNEED, FPR_ARENA_PROCESS_MADVISE};
    struct fpr_sg sg[8];
    for (unsigned k = 0; k < 8; k++)
        sg[k] = (struct fpr_sg){.pfn = k * 512, .order = 4};
    for (unsigned k = 0; k < 2; k++) {
        struct fpr_arena *arena = make(FPR_ARENA_ANON, FPR_ARENA_THP_NEVER, 0);
        struct fpr_device device;
        struct fpr_arena_stats stats;
        int64_t page = (int64_t)fpr_arena_page_size(arena);
        fill(arena, 0, PAGES);
        if (fpr_arena_device(arena, modes[k], &device) ||
            syscall(SYS_mlock, fpr_arena_address(arena, 4 * 512), (size_t)page)) {
            fpr_arena_destroy(arena);
            continue; /* an older kernel, or nothing may be locked */
        }
        assert_int_equal(device.report(device.ctx, sg, 8), -EINVAL);
        assert_int_equal(fpr_arena_get_stats(arena, &stats), 0);
        assert_int_equal(stats.errors, 1);
        assert_int_equal(stats.returned_bytes, 7 * 16 * page);
        assert_int_equal(fpr_arena_resident_bytes(arena), (PAGES - 7 * 16) * page);
        assert_int_equal(*(unsigned char *)fpr_arena_address(arena, 4 * 512), 0x5a);
        fpr_arena_destroy(arena);
    }
}

/* Else the process would die of SIGXFSZ. */
static void test_a_limit_of_file_sizes_is_an_error(void **state)
{
    (void)state;
    struct fpr_arena_config config;
    struct fpr_arena *arena = NULL;
    struct rlimit before, limit;
    assert_int_equal(fpr_arena_config_init(&config), 0);
    config.pages = PAGES;
    config.backing = FPR_ARENA_MEMFD;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 1 << 20;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    int err = fpr_arena_create(&config, &arena);
    config.pages = 1;
    int small = fpr_arena_create(&config, &arena);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(err, -ENOMEM);
    assert_int_equal(small, 0);
    fpr_arena_destroy(arena);
}

static void test_hugetlb_takes_whole_huge_pages(void **state)
{
    (void)state;
    struct fpr_arena_config config;
    struct fpr_arena *arena = NULL;
    struct fpr_device device;
    struct fpr_arena_stats stats;
    const struct fpr_sg sg[] = {{0, 8}, {512, 9}, {256, 8}};
    assert_int_equal(fpr_arena_config_init(&config), 0);
    config.backing = FPR_ARENA_HUGETLB;
    config.pages = HUGE_PAGES + 1;
    assert_int_equal(fpr_arena_create(&config, &arena), -EINVAL);
    config.pages = 2 * HUGE_PAGES;
    int err = fpr_arena_create(&config, &arena);
    if (err) {
        assert_true(err == -ENOMEM || err == -ENOTSUP);
        skip(); /* no huge pages are set aside here */
    }
    fill(arena, 0, 2 * HUGE_PAGES);
    assert_int_equal(fpr_arena_device(arena, FPR_ARENA_PUNCH, &device), 0);
    assert_int_equal(device.report(device.ctx, sg, 3), 0);
    fpr_arena_get_stats(arena, &stats);
    assert_int_equal(stats.misaligned_entries, 2);
    assert_int_equal(fpr_arena_resident_bytes(arena), 2 << 20);
    fpr_arena_destroy(arena);
}

static void test_wrong_arguments(void **state)
{
    (void)state;
    struct fpr_arena_config config;
    struct fpr_arena *arena = NULL;
    struct fpr_device device;
    struct fpr_arena_stats stats;
    assert_int_equal(fpr_arena_config_init(NULL), -EINVAL);
    assert_int_equal(fpr_arena_config_init(&config), 0);
    assert_int_equal(fpr_arena_create(&config, &arena), -EINVAL); /* no pages */
    config.pages = UINT64_MAX;
    assert_int_equal(fpr_arena_create(&config, &arena), -EINVAL);
    config.pages = 16;
    config.backing = (enum fpr_arena_backing)3;
    assert_int_equal(fpr_arena_create(&config, &arena), -EINVAL);
    assert_null(arena);
    arena = make(FPR_ARENA_ANON, FPR_ARENA_THP_SYSTEM, 0);
    assert_int_equal(fpr_arena_device(arena, FPR_ARENA_PUNCH, &device), -ENOTSUP);
    assert_int_equal(fpr_arena_device(arena, FPR_ARENA_REMOVE, &device), -ENOTSUP);
    assert_int_equal(fpr_arena_device(arena, (enum fpr_arena_mode)5, &device), -EINVAL);
    assert_int_equal(fpr_arena_device(NULL, FPR_ARENA_FREE, &device), -EINVAL);
    assert_int_equal(fpr_arena_get_stats(NULL, &stats), -EINVAL);
    assert_int_equal(fpr_arena_resident_bytes(NULL), -EINVAL);
    assert_int_equal(fpr_arena_page_size(NULL), 0);
    fpr_arena_destroy(arena);
    fpr_arena_destroy(NULL);
    arena = make(FPR_ARENA_MEMFD, FPR_ARENA_THP_SYSTEM, 0);
    assert_int_equal(fpr_arena_device(arena, FPR_ARENA_DONTNEED, &device), -ENOTSUP);
    assert_int_equal(fpr_arena_device(arena, FPR_ARENA_PROCESS_MADVISE, &device), -ENOTSUP);
    fpr_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_dontneed),
        cmocka_unit_test(test_lazily_free),
        cmocka_unit_test(test_remove),
        cmocka_unit_test(test_punch),
        cmocka_unit_test(test_process_madvise),
        cmocka_unit_test(test_the_others_of_a_batch_go_back),
        cmocka_unit_test(test_a_limit_of_file_sizes_is_an_error),
        cmocka_unit_test(test_hugetlb_takes_whole_huge_pages),
        cmocka_unit_test(test_wrong_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
