#include "iova/guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <ucontext.h>

/* What was there before our handler of a signal. */
struct former {
    struct sigaction action;
    atomic_bool spent; /* it was for one call (SA_RESETHAND), which it has had */
};

/* The one process-wide thing in the library: the handlers before ours, and how many times ours were
 * asked for. Opt-in, see fpr_iova_guard_install(). */
static struct {
    pthread_mutex_t lock;
    atomic_uint installs;
    struct former segv;
    struct former bus;
} guard = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Nobody to be asked. */
static void by_default(int signal, const siginfo_t *info)
{
    /* The instruction runs again and ends the process; a sent signal ends it at once. */
    struct sigaction fallback = {.sa_handler = SIG_DFL};
    sigaction(signal, &fallback, NULL);
    if (info->si_code <= 0)
        raise(signal);
}

/* What the kernel would block while this handler runs: of what is blocked now, and by the handler
 * that called us if it was not the kernel, nothing is let through but the signal itself. */
static void handler_mask(const struct sigaction *old, int signal, const ucontext_t *interrupted,
                         sigset_t *mask)
{
    pthread_sigmask(SIG_BLOCK, NULL, mask);
    for (int other = 1; other < NSIG; other++)
        if (sigismember(&old->sa_mask, other) == 1)
            sigaddset(mask, other);
    if (!(old->sa_flags & SA_NODEFER))
        sigaddset(mask, signal);
    else if (!sigismember(&interrupted->uc_sigmask, signal) && !sigismember(&old->sa_mask, signal))
        sigdelset(mask, signal);
}

static void call_former(const struct sigaction *old, int signal, siginfo_t *info, void *context)
{
    sigset_t mask, now;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    handler_mask(old, signal, context, &mask);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    if (old->sa_flags & SA_SIGINFO)
        old->sa_sigaction(signal, info, context);
    else
        old->sa_handler(signal);
    pthread_sigmask(SIG_SETMASK, &now, NULL);
}

/* A fault of somebody else: as if we were not there. */
static void pass_on(struct former *former, int signal, siginfo_t *info, void *context)
{
    const struct sigaction *old = &former->action;
    /* With SA_SIGINFO, too, these two are what they are. */
    if (old->sa_handler == SIG_IGN && info->si_code <= 0)
        return; /* sent, not a fault */
    if (old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN ||
        (old->sa_flags & (int)SA_RESETHAND && atomic_exchange(&former->spent, true)))
        by_default(signal, info);
    else
        call_former(old, signal, info, context);
}

/* A fault being passed on. If the handler that it goes to chained to us, it comes back: the same
 * context on a deeper stack. (Stack depth too, since a handler may jump out and the next fault be
 * at the same place.) */
static _Thread_local struct {
    const void *context;
    const char *frame;
} passing;

/* The instruction did it. Else it was sent, and came while a copy ran by chance. */
static bool faulted(int signal, const siginfo_t *info)
{
    return info->si_code > 0 && !(signal == SIGBUS && info->si_code == BUS_MCEERR_AO);
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
    int saved = errno;
    const char *frame = __builtin_frame_address(0);
    if (!faulted(signal, info) || !fpr_iova_raw_leave(context)) {
        bool back = passing.context == context && frame < passing.frame;
        passing.context = context;
        passing.frame = frame;
        if (back)
            by_default(signal, info);
        else
            pass_on(signal == SIGBUS ? &guard.bus : &guard.segv, signal, info, context);
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

/* System calls that a sent signal interrupts go on as they did: SA_RESTART is the former's, and who
 * ignored the signal was not interrupted. */
static int install_one(int signal, struct former *former)
{
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    if (sigaction(signal, NULL, &former->action))
        return -errno;
    atomic_store(&former->spent, false);
    bool ignored = former->action.sa_handler == SIG_IGN;
    action.sa_flags |= ignored ? SA_RESTART : former->action.sa_flags & SA_RESTART;
    return sigaction(signal, &action, NULL) ? -errno : 0;
}

/* A handler that was for one call and has had it left the default behind. */
static void remove_one(int signal, struct former *former)
{
    struct sigaction action = former->action;
    if (atomic_load(&former->spent))
        action.sa_handler = SIG_DFL;
    sigaction(signal, &action, NULL);
}

/* Each by itself: where ours is still there, what was before it is kept. */
static int install(void)
{
    bool segv = !ours(SIGSEGV);
    int rc = segv ? install_one(SIGSEGV, &guard.segv) : 0;
    if (rc)
        return rc;
    rc = ours(SIGBUS) ? 0 : install_one(SIGBUS, &guard.bus);
    if (rc && segv)
        remove_one(SIGSEGV, &guard.segv);
    return rc;
}

int fpr_iova_guard_install(void)
{
    pthread_mutex_lock(&guard.lock);
    int rc = install();
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
    } else if (atomic_fetch_sub(&guard.installs, 1) == 1) {
        if (ours(SIGSEGV))
            remove_one(SIGSEGV, &guard.segv);
        if (ours(SIGBUS))
            remove_one(SIGBUS, &guard.bus);
    }
    pthread_mutex_unlock(&guard.lock);
    return rc;
}
