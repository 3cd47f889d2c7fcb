/* Ctrl-C: the first asks the running work to end, the second ends the program. */
#ifndef BENCH_STOP_H
#define BENCH_STOP_H

#include <signal.h>
#include <stdatomic.h>

/* Adds the signals that ask for an end: SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE. */
void bench_stop_signals(sigset_t *set);
/* Installs handlers of them (but of an ignored SIGHUP, and of a SIGPIPE that a write of ours
 * raised: that write fails) and returns the flag that they set. */
const volatile int *bench_stop_install(void);
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "handlers may not wait for a lock");
/* Is it set? Also for threads other than the one that signals reach. */
static inline int bench_stopped(const volatile int *stop)
{
    return __atomic_load_n(stop, __ATOMIC_RELAXED);
}
/* Has one of the signals come? */
int bench_stop_asked(void);
/* While off (reading, before anything could be said about it), one signal ends the program. */
void bench_stop_graceful(int on);

#endif
