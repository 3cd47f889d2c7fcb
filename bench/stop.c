#include "stop.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static volatile int stop;
static int graceful;

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (number == SIGPIPE && info->si_pid == getpid()) {
        return; /* from a write, which has failed; others that follow it may not */
    }
    if (bench_stopped(&stop) || !__atomic_load_n(&graceful, __ATOMIC_RELAXED)) {
        static const char text[] = ": interrupted: nothing was finished\n";
        if (!bench_stopped(&stop)) {
            (void)!write(STDERR_FILENO, bench_program(), strlen(bench_program()));
            (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
        }
        _exit(BENCH_FAILED);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};

void bench_stop_signals(sigset_t *set)
{
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        sigaddset(set, signals[i]);
    }
}

const volatile int *bench_stop_install(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        struct sigaction old; /* nohup has it ignored on purpose */
        if (signals[i] != SIGHUP || sigaction(SIGHUP, NULL, &old) || old.sa_handler != SIG_IGN) {
            sigaction(signals[i], &action, NULL);
        }
    }
    return &stop;
}

int bench_stop_asked(void)
{
    return bench_stopped(&stop);
}

void bench_stop_graceful(int on)
{
    __atomic_store_n(&graceful, on, __ATOMIC_RELAXED);
}
