/* Handlers that were there before the map's: called as the kernel would. Each test is a process of
 * its own. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <fpr/iova.h>

#include "support/suite.h"

static volatile char *hole;
static sigjmp_buf landing;
static atomic_int calls; /* also asked by another thread */
static volatile sig_atomic_t code;
static void *volatile where_at;
static sigset_t during;

static void note(int signal)
{
    calls += signal == SIGSEGV; /* handlers may not assert: that allocates */
    pthread_sigmask(SIG_BLOCK, NULL, &during);
}

static void plain(int signal)
{
    note(signal);
    siglongjmp(landing, 1);
}

static void detailed(int signal, siginfo_t *info, void *context)
{
    note(signal);
    code = context ? info->si_code : 0;
    where_at = info->si_addr;
    siglongjmp(landing, 1);
}

/* Returns, having made the memory be there. */
static void mending(int signal)
{
    note(signal);
    mprotect((void *)(uintptr_t)hole, FPR_IOVA_PAGE_SIZE, PROT_READ | PROT_WRITE);
}

/* Makes it the handler before ours. */
static void before_ours(struct sigaction action)
{
    hole = mmap(NULL, FPR_IOVA_PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(hole != MAP_FAILED);
    ck_assert_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
    ck_assert_int_eq(fpr_iova_guard_install(), 0);
}

static void fault(void)
{
    if (!sigsetjmp(landing, 1))
        *hole = 1;
}

static bool blocked(int signal)
{
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    return sigismember(&now, signal) == 1;
}

START_TEST(test_its_mask_and_the_signal_are_blocked)
{
    struct sigaction action = {.sa_handler = mending};
    sigaddset(&action.sa_mask, SIGUSR1);
    before_ours(action);
    *hole = 1;
    ck_assert_int_eq(calls, 1);
    ck_assert(sigismember(&during, SIGUSR1) && sigismember(&during, SIGSEGV));
#if !defined(__SANITIZE_THREAD__) /* whose own handler before ours blocks everything */
    ck_assert(!sigismember(&during, SIGUSR2));
#endif
    ck_assert(!blocked(SIGUSR1) && !blocked(SIGSEGV)); /* and no longer */
}
END_TEST

START_TEST(test_nodefer_leaves_the_signal_open)
{
    struct sigaction action = {.sa_handler = plain, .sa_flags = SA_NODEFER};
    sigaddset(&action.sa_mask, SIGUSR1);
    before_ours(action);
    fault();
    fault();
    ck_assert_int_eq(calls, 2);
    ck_assert(sigismember(&during, SIGUSR1) && !sigismember(&during, SIGSEGV));
}
END_TEST

static struct sigaction ours;

static void asks_ours(int signal, siginfo_t *info, void *context)
{
    ours.sa_sigaction(signal, info, context);
}

/* Also where somebody behind us has the signal blocked while we are asked. */
START_TEST(test_nodefer_behind_someone_who_chains)
{
    struct sigaction behind = {.sa_sigaction = asks_ours, .sa_flags = SA_SIGINFO};
    sigaddset(&behind.sa_mask, SIGUSR2);
    before_ours((struct sigaction){.sa_handler = mending, .sa_flags = SA_NODEFER});
    ck_assert_int_eq(sigaction(SIGSEGV, &behind, &ours), 0);
    *hole = 1;
    ck_assert_int_eq(calls, 1);
    ck_assert(sigismember(&during, SIGUSR2) && !sigismember(&during, SIGSEGV));
}
END_TEST

START_TEST(test_siginfo_is_handed_on)
{
    before_ours((struct sigaction){.sa_sigaction = detailed, .sa_flags = SA_SIGINFO});
    fault();
    ck_assert_int_eq(calls, 1);
    ck_assert_int_eq(code, SEGV_ACCERR);
    ck_assert_ptr_eq(where_at, (void *)(uintptr_t)hole);
}
END_TEST

START_TEST(test_resethand_is_called_once)
{
    struct sigaction now;
    before_ours((struct sigaction){.sa_handler = plain, .sa_flags = (int)SA_RESETHAND});
    fault();
    ck_assert_int_eq(calls, 1);
    ck_assert_int_eq(fpr_iova_guard_remove(), 0);
    ck_assert_int_eq(sigaction(SIGSEGV, NULL, &now), 0);
    ck_assert(now.sa_handler == SIG_DFL);
}
END_TEST

START_TEST(test_resethand_is_the_default_then)
{
    before_ours((struct sigaction){.sa_handler = plain, .sa_flags = (int)SA_RESETHAND});
    fault();
    fault();
    _exit(0);
}
END_TEST

/* Nobody asks for details of what is no handler. */
START_TEST(test_default_with_siginfo)
{
    before_ours((struct sigaction){.sa_handler = SIG_DFL, .sa_flags = SA_SIGINFO});
    fault();
    _exit(0);
}
END_TEST

START_TEST(test_default_of_a_sent_signal)
{
    before_ours((struct sigaction){.sa_handler = SIG_DFL});
    raise(SIGSEGV);
    _exit(0);
}
END_TEST

START_TEST(test_a_fault_cannot_be_ignored)
{
    before_ours((struct sigaction){.sa_handler = SIG_IGN, .sa_flags = SA_SIGINFO});
    raise(SIGSEGV);
    raise(SIGSEGV);
    calls = 0;
    fault();
    _exit(0);
}
END_TEST

static volatile sig_atomic_t on_alternate;
static char alternate[64 * 1024];

static void where(int signal)
{
    char here;
    note(signal);
    on_alternate = &here >= alternate && &here < alternate + sizeof(alternate);
    siglongjmp(landing, 1);
}

START_TEST(test_onstack_is_honoured)
{
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
    ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
    before_ours((struct sigaction){.sa_handler = where, .sa_flags = SA_ONSTACK});
    fault();
    ck_assert_int_eq(calls, 1);
    ck_assert(on_alternate);
}
END_TEST

static void *sends(void *arg)
{
    pthread_t *reader = arg;
    usleep(50000);
    pthread_kill(*reader, SIGSEGV);
    usleep(50000);
    return NULL;
}

static int pipe_end[2];

static void *sends_and_writes(void *arg)
{
    sends(arg);
    ck_assert_int_eq(write(pipe_end[1], "x", 1), 1);
    return NULL;
}

static void one_read(struct sigaction action, ssize_t want)
{
    pthread_t self = pthread_self(), other;
    char byte;
    before_ours(action);
    ck_assert_int_eq(pipe(pipe_end), 0);
    ck_assert_int_eq(pthread_create(&other, NULL, sends_and_writes, &self), 0);
    ck_assert_int_eq(read(pipe_end[0], &byte, 1), want);
    pthread_join(other, NULL);
}

/* A system call that a sent signal meets. */
START_TEST(test_restart_is_the_formers)
{
    one_read((struct sigaction){.sa_handler = note, .sa_flags = SA_RESTART}, 1);
    ck_assert_int_eq(calls, 1);
}
END_TEST

START_TEST(test_no_restart_is_the_formers)
{
    one_read((struct sigaction){.sa_handler = note}, -1);
    ck_assert_int_eq(calls, 1);
}
END_TEST

START_TEST(test_what_is_ignored_interrupts_nothing)
{
    one_read((struct sigaction){.sa_handler = SIG_IGN}, 1);
}
END_TEST

enum { COPIED = 4 << 20, SENT = 200 };

static atomic_bool enough;

static void *reads_on(void *arg)
{
    static char into[COPIED];
    struct fpr_iova_reader *reader = NULL;
    uintptr_t wrong = fpr_iova_reader_create(arg, &reader) != 0;
    while (!atomic_load(&enough))
        wrong += fpr_iova_rw(reader, 0, into, COPIED, false) != 0;
    fpr_iova_reader_destroy(reader);
    return (void *)wrong; // NOLINT(performance-no-int-to-ptr)
}

/* Nearly all of them come while a copy runs, which has no fault. */
START_TEST(test_sent_during_a_copy)
{
    static char from[COPIED] __attribute__((aligned(FPR_IOVA_PAGE_SIZE)));
    struct fpr_iova_config config;
    struct fpr_iova_space *space;
    pthread_t reader;
    void *wrong;
    before_ours((struct sigaction){.sa_handler = note});
    ck_assert_int_eq(fpr_iova_config_init(&config, FPR_IOVA_MERGED), 0);
    ck_assert_int_eq(fpr_iova_space_create(&config, &space), 0);
    ck_assert_int_eq(fpr_iova_map(space, 0, COPIED, (uintptr_t)from, 3), 0);
    ck_assert_int_eq(pthread_create(&reader, NULL, reads_on, space), 0);
    for (int sent = 1; sent <= SENT; sent++) {
        ck_assert_int_eq(pthread_kill(reader, SIGSEGV), 0);
        for (int n = 0; n < 20000 && calls < sent; n++)
            usleep(100);
        ck_assert_int_eq(calls, sent);
    }
    atomic_store(&enough, true);
    pthread_join(reader, &wrong);
    ck_assert_ptr_null(wrong);
    fpr_iova_space_destroy(space);
}
END_TEST

/* Who chains on one of the two signals leaves the other one to us. */
START_TEST(test_one_signal_of_two_is_chained)
{
    struct sigaction bus = {.sa_handler = mending}, now;
    struct sigaction chains = {.sa_sigaction = asks_ours, .sa_flags = SA_SIGINFO};
    ck_assert_int_eq(sigaction(SIGBUS, &bus, NULL), 0);
    ck_assert_int_eq(fpr_iova_guard_install(), 0);
    ck_assert_int_eq(sigaction(SIGSEGV, &chains, &ours), 0);
    ck_assert_int_eq(fpr_iova_guard_install(), 0); /* forgets nobody */
    ck_assert_int_eq(fpr_iova_guard_remove(), 0);
    ck_assert_int_eq(fpr_iova_guard_remove(), 0);
    ck_assert_int_eq(sigaction(SIGBUS, NULL, &now), 0);
    ck_assert(now.sa_handler == mending);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("guard_chain");
    TCase *tcase = tcase_create("former handlers");
    tcase_add_test(tcase, test_its_mask_and_the_signal_are_blocked);
    tcase_add_test(tcase, test_nodefer_leaves_the_signal_open);
    tcase_add_test(tcase, test_nodefer_behind_someone_who_chains);
    tcase_add_test(tcase, test_siginfo_is_handed_on);
    tcase_add_test(tcase, test_resethand_is_called_once);
    tcase_add_test_raise_signal(tcase, test_resethand_is_the_default_then, SIGSEGV);
    tcase_add_test_raise_signal(tcase, test_default_with_siginfo, SIGSEGV);
    tcase_add_test_raise_signal(tcase, test_default_of_a_sent_signal, SIGSEGV);
    tcase_add_test_raise_signal(tcase, test_a_fault_cannot_be_ignored, SIGSEGV);
    tcase_add_test(tcase, test_onstack_is_honoured);
    tcase_add_test(tcase, test_restart_is_the_formers);
    tcase_add_test(tcase, test_no_restart_is_the_formers);
    tcase_add_test(tcase, test_what_is_ignored_interrupts_nothing);
    tcase_add_test(tcase, test_sent_during_a_copy);
    tcase_add_test(tcase, test_one_signal_of_two_is_chained);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
