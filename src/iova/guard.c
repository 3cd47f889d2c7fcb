#include "iova/guard.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <ucontext.h>

/* The one process-wide thing in the library: what was there before our handlers, and how many
 * times they were asked for. Opt-in, see fpr_iova_guard_install(). */
static struct {
    pthread_mutex_t lock;
    atomic_uint installs;
    struct sigaction old_segv;
    struct sigaction old_bus;
} guard = {.lock = PTHREAD_MUTEX_INITIALIZER};

#if defined(__x86_64__)

extern const char fpr_iova_raw_begin[];
extern const char fpr_iova_raw_fail[];

/* Ends the copy under way, if the fault is in one. */
static bool leave_copy(ucontext_t *context)
{
    greg_t *ip = &context->uc_mcontext.gregs[REG_RIP];
    if (*ip < (greg_t)(uintptr_t)fpr_iova_raw_begin || *ip >= (greg_t)(uintptr_t)fpr_iova_raw_fail)
        return false;
    *ip = (greg_t)(uintptr_t)fpr_iova_raw_fail;
    return true;
}

#else /* any other machine: twice as slow for short copies, and the stores may go either way */

static _Thread_local sigjmp_buf *volatile landing;

static bool leave_copy(ucontext_t *context)
{
    (void)context;
    if (landing)
        siglongjmp(*landing, 1);
    return false;
}

static void plain_copy(void *to, const void *from, size_t n)
{
    switch (n) {
    case 1:
        *(volatile uint8_t *)to = *(const volatile uint8_t *)from;
        return;
    case 2:
        *(volatile uint16_t *)to = *(const volatile uint16_t *)from;
        return;
    case 4:
        *(volatile uint32_t *)to = *(const volatile uint32_t *)from;
        return;
    case 8:
        *(volatile uint64_t *)to = *(const volatile uint64_t *)from;
        return;
    default:
        memcpy(to, from, n);
    }
}

int fpr_iova_raw_copy(void *to, const void *from, size_t n)
{
    sigjmp_buf here;
    if (sigsetjmp(here, 0)) {
        landing = NULL;
        return -1;
    }
    landing = &here;
    /* Page by page of the destination, so that nothing behind a page at fault is written. */
    for (size_t done = 0, len; done < n; done += len) {
        uintptr_t at = (uintptr_t)to + done;
        size_t room = FPR_IOVA_PAGE_SIZE - (at & (FPR_IOVA_PAGE_SIZE - 1));
        len = n - done < room ? n - done : room;
        plain_copy((char *)to + done, (const char *)from + done, len);
    }
    landing = NULL;
    return 0;
}

int fpr_iova_raw_probe_write(void *page)
{
    sigjmp_buf here;
    if (sigsetjmp(here, 0)) {
        landing = NULL;
        return -1;
    }
    landing = &here;
    atomic_fetch_or((_Atomic uint8_t *)page, 0);
    landing = NULL;
    return 0;
}

#endif

/* A fault of somebody else: as if we were not there. */
static void pass_on(const struct sigaction *old, int signal, siginfo_t *info, void *context)
{
    if (old->sa_flags & SA_SIGINFO) {
        old->sa_sigaction(signal, info, context);
    } else if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN) {
        old->sa_handler(signal);
    } else {
        /* The instruction runs again and ends the process; a sent signal ends it at once. */
        struct sigaction fallback = {.sa_handler = SIG_DFL};
        sigaction(signal, &fallback, NULL);
        if (info->si_code <= 0)
            raise(signal);
    }
}

/* A fault being passed on. If the handler that it goes to chained to us, it comes back: the same
 * context on a deeper stack. (Stack depth too, since a handler may jump out and the next fault be
 * at the same place.) */
static _Thread_local struct {
    const void *context;
    const char *frame;
} passing;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    static const struct sigaction none = {.sa_handler = SIG_DFL};
    int saved = errno;
    const char *frame = __builtin_frame_address(0);
    if (!leave_copy(context)) {
        bool back = passing.context == context && frame < passing.frame;
        passing.context = context;
        passing.frame = frame;
        pass_on(back               ? &none
                : signal == SIGBUS ? &guard.old_bus
                                   : &guard.old_segv,
                signal, info, context);
        passing.context = NULL;
    }
    errno = saved;
}

bool fpr_iova_guard_installed(void)
{
    return atomic_load(&guard.installs) > 0;
}

static bool ours(int signal)
{
    struct sigaction now;
    return sigaction(signal, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) &&
           now.sa_sigaction == on_fault;
}

static int install(void)
{
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGSEGV, &action, &guard.old_segv))
        return -errno;
    if (sigaction(SIGBUS, &action, &guard.old_bus)) {
        int rc = -errno;
        sigaction(SIGSEGV, &guard.old_segv, NULL);
        return rc;
    }
    return 0;
}

int fpr_iova_guard_install(void)
{
    pthread_mutex_lock(&guard.lock);
    int rc = 0;
    if (!ours(SIGSEGV) || !ours(SIGBUS))
        rc = install();
    if (rc == 0)
        atomic_fetch_add(&guard.installs, 1);
    pthread_mutex_unlock(&guard.lock);
    return rc;
}

int fpr_iova_guard_remove(void)
{
    pthread_mutex_lock(&guard.lock);
    int rc = 0;
    if (atomic_load(&guard.installs) == 0) {
        rc = -EINVAL;
    } else if (atomic_fetch_sub(&guard.installs, 1) == 1 && ours(SIGSEGV) && ours(SIGBUS)) {
        sigaction(SIGSEGV, &guard.old_segv, NULL);
        sigaction(SIGBUS, &guard.old_bus, NULL);
    }
    pthread_mutex_unlock(&guard.lock);
    return rc;
}
