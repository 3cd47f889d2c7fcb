#include "iova/guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

/* The one process-wide thing in the library: what was there before our handlers, and how many
 * times they were asked for. Opt-in, see fpr_iova_guard_install(). */
static struct {
    pthread_mutex_t lock;
    atomic_uint installs;
    struct sigaction old_segv;
    struct sigaction old_bus;
} guard = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* A fault of somebody else: as if we were not there. */
static void pass_on(const struct sigaction *old, int signal, siginfo_t *info, void *context)
{
    if (old->sa_flags & SA_SIGINFO) {
        old->sa_sigaction(signal, info, context);
    } else if (old->sa_handler == SIG_IGN && info->si_code <= 0) {
        return; /* sent, not a fault */
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
    if (!fpr_iova_raw_leave(context)) {
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
