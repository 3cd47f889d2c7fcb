#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iova/guard.h"

#include "support/iova_unit.h"

static sigjmp_buf landing;
static volatile sig_atomic_t others;

static void other_handler(int signal)
{
    (void)signal;
    others++;
    siglongjmp(landing, 1);
}

static void use_other_handler(struct sigaction *old)
{
    struct sigaction action = {.sa_handler = other_handler, .sa_flags = SA_NODEFER};
    assert_int_equal(sigaction(SIGSEGV, &action, old), 0);
}

static void test_counted(void **state)
{
    (void)state;
    struct fpr_iova_config config;
    struct fpr_iova_space *space = NULL;
    fpr_iova_config_init(&config, FPR_IOVA_MERGED);
    config.guard = FPR_IOVA_GUARD_SIGNAL;
    assert_int_equal(fpr_iova_guard_remove(), -EINVAL);
    assert_int_equal(fpr_iova_space_create(&config, &space), -EINVAL); /* not installed */
    assert_int_equal(fpr_iova_guard_install(), 0);
    assert_int_equal(fpr_iova_guard_install(), 0);
    assert_int_equal(fpr_iova_guard_remove(), 0);
    assert_int_equal(fpr_iova_space_create(&config, &space), 0);
    fpr_iova_space_destroy(space);
    assert_int_equal(fpr_iova_guard_remove(), 0);
    assert_int_equal(fpr_iova_guard_remove(), -EINVAL);
}

/* A fault that is not in a copy of ours goes to the handler that was there. */
static void test_others_faults_are_passed_on(void **state)
{
    (void)state;
    struct sigaction old, now;
    char *hole = mmap(NULL, UNIT_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(hole, MAP_FAILED);
    use_other_handler(&old);
    assert_int_equal(fpr_iova_guard_install(), 0);
    others = 0;
    if (!sigsetjmp(landing, 1))
        *(volatile char *)hole = 1;
    assert_int_equal(others, 1);
    assert_int_equal(fpr_iova_guard_remove(), 0);
    assert_int_equal(sigaction(SIGSEGV, &old, &now), 0);
    assert_ptr_equal((void *)(uintptr_t)now.sa_handler, (void *)(uintptr_t)other_handler);
    munmap(hole, UNIT_PAGE);
}

static struct sigaction former;

static void chaining_handler(int signal, siginfo_t *info, void *context)
{
    others++;
    if (former.sa_flags & SA_SIGINFO)
        former.sa_sigaction(signal, info, context);
}

/* Someone installs a handler behind ours and passes on to us: copies still survive, and after we
 * were removed and installed again too. */
static void test_someone_chains_behind_us(void **state)
{
    (void)state;
    struct iova_unit u = {0};
    struct fpr_iova_config config;
    struct sigaction action = {.sa_sigaction = chaining_handler,
                               .sa_flags = SA_SIGINFO | SA_NODEFER};
    others = 0;
    assert_int_equal(fpr_iova_guard_install(), 0);
    assert_int_equal(sigaction(SIGSEGV, &action, &former), 0);
    uint64_t value;
    sig_atomic_t first = 0;
    for (int round = 0; round < 2; round++) {
        unit_config(&u, FPR_IOVA_MERGED, &config);
        assert_int_equal(unit_open(&u, &config), 0);
        assert_int_equal(unit_map(&u, 0x1000, 1, 31, 3), 0);
        assert_int_equal(fpr_iova_read64(u.reader, 0x1000, &value), -EFAULT);
        unit_close(&u);
        assert_int_equal(fpr_iova_guard_remove(), 0);
        /* In the second round we are before it again. */
        first = round == 0 ? others : first;
        assert_true(first > 0 && others == first);
        assert_int_equal(fpr_iova_guard_install(), 0);
    }
    assert_int_equal(fpr_iova_guard_remove(), 0);
}

/* The same by someone who has the signal blocked while we are asked, as handlers do. */
static void test_someone_chains_with_the_signal_blocked(void **state)
{
    (void)state;
    struct iova_unit u = {0};
    struct fpr_iova_config config;
    struct sigaction action = {.sa_sigaction = chaining_handler, .sa_flags = SA_SIGINFO}, old;
    uint64_t value;
    assert_int_equal(fpr_iova_guard_install(), 0);
    assert_int_equal(sigaction(SIGSEGV, &action, &former), 0);
    unit_config(&u, FPR_IOVA_MERGED, &config);
    assert_int_equal(unit_open(&u, &config), 0);
    assert_int_equal(unit_map(&u, 0x1000, 1, 31, 3), 0);
    for (int round = 0; round < 3; round++)
        assert_int_equal(fpr_iova_read64(u.reader, 0x1000, &value), -EFAULT);
    unit_close(&u);
    assert_int_equal(sigaction(SIGSEGV, &former, &old), 0);
    assert_int_equal(fpr_iova_guard_remove(), 0);
}

enum { SIZES = 1400, EDGE = UNIT_PAGE, ROOM = 3 * UNIT_PAGE };

/* Every short size between any two alignments: all of it, nothing beside it. */
static void test_every_size(void **state)
{
    (void)state;
    static unsigned char from[SIZES + 16], to[SIZES + 64];
    for (size_t i = 0; i < sizeof(from); i++)
        from[i] = (unsigned char)(i * 11 + 1);
    for (size_t n = 0; n < SIZES; n++) {
        size_t shift = n % 7, at = 8 + n % 33;
        memset(to, 0, sizeof(to));
        assert_int_equal(fpr_iova_raw_copy(to + at, from + shift, n), 0);
        assert_memory_equal(to + at, from + shift, n);
        for (size_t i = 0; i < sizeof(to); i++)
            if (i < at || i >= at + n)
                assert_int_equal(to[i], 0);
    }
}

/* |  there  |  hole  |  there  |: a copy over the edge fails, and leaves what lies behind it. */
static void test_every_edge(void **state)
{
    (void)state;
    static unsigned char other[ROOM];
    unsigned char *memory =
        mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    assert_int_equal(mprotect(memory + EDGE, UNIT_PAGE, PROT_NONE), 0);
    assert_int_equal(fpr_iova_guard_install(), 0);
    memset(other, 0x5a, sizeof(other));
    for (size_t n = 1; n < SIZES; n++) {
        unsigned char *at = memory + EDGE - n;
        assert_int_equal(fpr_iova_raw_copy(at, other, n), 0);
        assert_int_equal(fpr_iova_raw_copy(at + 1, other, n), -1);
        assert_int_equal(fpr_iova_raw_copy(other, at, n), 0);
        assert_int_equal(fpr_iova_raw_copy(other, at + 1, n), -1);
    }
    assert_int_equal(fpr_iova_raw_copy(memory, other, ROOM), -1);
    assert_int_equal(memory[2 * UNIT_PAGE], 0);
    memset(other, 0x77, sizeof(other));
    assert_int_equal(fpr_iova_raw_copy(other, memory, ROOM), -1);
    assert_int_equal(other[EDGE], 0x77);
    assert_int_equal(other[2 * UNIT_PAGE], 0x77);
    /* By a pointer: Valgrind, which follows direct calls, would report the caller's place. */
    int (*volatile probe)(void *) = fpr_iova_raw_probe_write;
    assert_int_equal(probe(memory), 0);
    assert_int_equal(probe(memory + EDGE), -1);
    assert_int_equal(fpr_iova_guard_remove(), 0);
    munmap(memory, ROOM);
}

/* Memory of a file that became shorter: SIGBUS. */
static void test_memory_that_is_gone(void **state)
{
    (void)state;
    struct iova_unit u = {0};
    struct fpr_iova_config config;
    uint64_t value;
    assert_int_equal(fpr_iova_guard_install(), 0);
    unit_config(&u, FPR_IOVA_MERGED, &config);
    assert_int_equal(unit_open(&u, &config), 0);
    int fd = memfd_create("iova", MFD_CLOEXEC);
    assert_true(fd >= 0 && ftruncate(fd, 2 * UNIT_PAGE) == 0);
    void *file = mmap(NULL, 2 * UNIT_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(file, MAP_FAILED);
    assert_int_equal(fpr_iova_map(u.space, 0x1000, 2 * UNIT_PAGE, (uintptr_t)file, 3), 0);
    assert_int_equal(fpr_iova_read64(u.reader, 0x2000, &value), 0);
    assert_int_equal(ftruncate(fd, UNIT_PAGE), 0);
    assert_int_equal(fpr_iova_read64(u.reader, 0x2000, &value), -EFAULT);
    assert_int_equal(fpr_iova_write64(u.reader, 0x2000, 1), -EFAULT);
    munmap(file, 2 * UNIT_PAGE);
    assert_int_equal(fpr_iova_read64(u.reader, 0x1000, &value), -EFAULT); /* and SIGSEGV */
    close(fd);
    unit_close(&u);
    assert_int_equal(fpr_iova_guard_remove(), 0);
}

/* Who ignored the signals before us is not ended by one that is sent. */
static void test_ignored_before(void **state)
{
    (void)state;
    const int both[] = {SIGSEGV, SIGBUS};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old[2];
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(sigaction(both[i], &ignore, &old[i]), 0);
    assert_int_equal(fpr_iova_guard_install(), 0);
    for (unsigned i = 0; i < 2; i++)
        for (unsigned twice = 0; twice < 2; twice++)
            assert_int_equal(raise(both[i]), 0);
    assert_int_equal(fpr_iova_guard_remove(), 0);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(sigaction(both[i], &old[i], NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counted),
        cmocka_unit_test(test_others_faults_are_passed_on),
        cmocka_unit_test(test_someone_chains_behind_us),
        cmocka_unit_test(test_someone_chains_with_the_signal_blocked),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_every_edge),
        cmocka_unit_test(test_memory_that_is_gone),
        cmocka_unit_test(test_ignored_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
