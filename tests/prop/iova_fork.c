/* A map in the child of fork(): it works on the child's memory, and the parent's goes on. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fpr/iova.h>

#include "support/suite.h"

enum { PAGE = FPR_IOVA_PAGE_SIZE, RW = FPR_IOVA_READ | FPR_IOVA_WRITE, BIAS = 4096 };

static struct fpr_iova_space *space;
static struct fpr_iova_reader *reader;
static char *private_page, *shared_page;

static char *page_of(int flags)
{
    char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    ck_assert(page != MAP_FAILED);
    return page;
}

/* 0x1000 private, 0x2000 shared, 0x3000 nothing there. */
static void open_map(enum fpr_iova_guard guard)
{
    struct fpr_iova_config config;
    fpr_iova_config_init(&config, FPR_IOVA_MERGED);
    config.guard = guard;
    private_page = page_of(MAP_PRIVATE);
    shared_page = page_of(MAP_SHARED);
    char *gone = page_of(MAP_PRIVATE);
    ck_assert_int_eq(munmap(gone, PAGE), 0);
    ck_assert_int_eq(fpr_iova_guard_install(), 0);
    ck_assert_int_eq(fpr_iova_space_create(&config, &space), 0);
    ck_assert_int_eq(fpr_iova_reader_create(space, &reader), 0);
    ck_assert_int_eq(fpr_iova_map(space, 0x1000, PAGE, (uintptr_t)private_page, RW), 0);
    ck_assert_int_eq(fpr_iova_map(space, 0x2000, PAGE, (uintptr_t)shared_page, RW), 0);
    ck_assert_int_eq(fpr_iova_map(space, 0x3000, PAGE, (uintptr_t)gone, RW), 0);
}

/* So often that the reader leaves its fences to the writer's barrier. */
static void read_often(void)
{
    uint8_t byte;
    for (unsigned i = 0; i < BIAS; i++)
        ck_assert_int_eq(fpr_iova_read8(reader, 0x1000, &byte), 0);
}

static void *read_elsewhere(void *arg)
{
    struct fpr_iova_reader *mine = NULL;
    uint8_t *byte = arg;
    int rc = fpr_iova_reader_create(space, &mine);
    for (unsigned i = 0; i < BIAS && rc == 0; i++)
        rc = fpr_iova_read8(mine, 0x2000, byte);
    fpr_iova_reader_destroy(mine);
    return rc ? arg : NULL;
}

/* Returns the exit status: the number of what went wrong. */
static int use_in_child(void)
{
    uint8_t byte = 0, other = 0;
    pthread_t thread;
    void *failed = &byte;
    if (fpr_iova_read8(reader, 0x1000, &byte) || byte != 5)
        return 1;
    if (fpr_iova_write8(reader, 0x1000, 6) || fpr_iova_write8(reader, 0x2000, 7))
        return 2;
    if (fpr_iova_read8(reader, 0x3000, &byte) != -EFAULT)
        return 3;
    if (pthread_create(&thread, NULL, read_elsewhere, &other) || pthread_join(thread, &failed) ||
        failed || other != 7)
        return 4;
    /* Waits for readers, with the barrier if they are biased. */
    if (fpr_iova_unmap(space, 0x1000, PAGE, NULL) || fpr_iova_space_validate(space, NULL))
        return 5;
    if (fpr_iova_read8(reader, 0x1000, &byte) != -EINVAL)
        return 6;
    if (fpr_iova_map(space, 0x1000, PAGE, (uintptr_t)shared_page, RW) ||
        fpr_iova_read8(reader, 0x1000, &byte) || byte != 7)
        return 7;
    fpr_iova_reader_destroy(reader);
    fpr_iova_space_destroy(space);
    return 0;
}

static void close_map(void)
{
    ck_assert_int_eq(fpr_iova_unmap_all(space, NULL), 0);
    fpr_iova_reader_destroy(reader);
    fpr_iova_space_destroy(space);
}

static void fork_and_use(void)
{
    uint8_t byte;
    int status;
    private_page[0] = 5;
    read_often();
    pid_t child = fork();
    ck_assert(child >= 0);
    if (child == 0)
        _exit(use_in_child());
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    /* The parent's memory and map are its own; what is shared is shared. */
    ck_assert_int_eq(fpr_iova_read8(reader, 0x1000, &byte), 0);
    ck_assert_uint_eq(byte, 5);
    ck_assert_int_eq(fpr_iova_read8(reader, 0x2000, &byte), 0);
    ck_assert_uint_eq(byte, 7);
    close_map();
}

START_TEST(test_child_of_a_guarded_map)
{
    open_map(FPR_IOVA_GUARD_SIGNAL);
    fork_and_use();
}
END_TEST

START_TEST(test_child_of_a_map_with_system_calls)
{
    open_map(FPR_IOVA_GUARD_SYSCALL);
    fork_and_use();
}
END_TEST

/* A child of a child, after its own fork with readers that are biased. */
START_TEST(test_grandchild)
{
    int status;
    open_map(FPR_IOVA_GUARD_SIGNAL);
    read_often();
    pid_t child = fork();
    ck_assert(child >= 0);
    if (child == 0) {
        fork_and_use();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    close_map();
}
END_TEST

/* Who forks may hold a pointer: then each has one. */
START_TEST(test_pointer_held_over_fork)
{
    void *pointer;
    int status;
    open_map(FPR_IOVA_GUARD_SIGNAL);
    ck_assert_int_eq(fpr_iova_get(reader, 0x1000, 8, RW, &pointer), 0);
    pid_t child = fork();
    ck_assert(child >= 0);
    if (child == 0) {
        int rc = fpr_iova_unmap_all(space, NULL) == -EDEADLK ? 0 : 1;
        rc |= fpr_iova_put(reader) ? 2 : 0;
        close_map();
        _exit(rc);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(fpr_iova_put(reader), 0);
    close_map();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("iova_fork");
    TCase *tcase = tcase_create("fork");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_child_of_a_guarded_map);
    tcase_add_test(tcase, test_child_of_a_map_with_system_calls);
    tcase_add_test(tcase, test_grandchild);
    tcase_add_test(tcase, test_pointer_held_over_fork);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
