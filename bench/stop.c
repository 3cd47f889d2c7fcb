#include "stop.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static volatile int stop;
static volatile sig_atomic_t graceful;

static void on_signal(int number)
{
    (void)number;
    if (stop || !graceful) {
        static const char text[] = "\ninterrupted: nothing was finished\n";
        if (!stop) {
            (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
        }
        _exit(BENCH_FAILED);
    }
    stop = 1;
}

const volatile int *bench_stop_install(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return &stop;
}

void bench_stop_graceful(int on)
{
    graceful = on;
}
