/* What takes the place of the C library's locks, waits and clocks (linked with --wrap). Threads
 * that are not played with get the real ones. */
#include "support/interleave_core.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <time.h>

#include "support/interleave_hooks.h"

#define WRAP(result, name, ...)                                                                    \
    result __real_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__)

static int take_if_free(const void *mutex)
{
    inter_point();
    inter_fence();
    int *owner = inter_owner(mutex);
    if (*owner >= 0)
        return EBUSY;
    *owner = (int)(inter_self - inter_run.thread);
    return 0;
}

static int give(const void *mutex)
{
    int *owner = inter_owner(mutex);
    inter_check(*owner == (int)(inter_self - inter_run.thread));
    inter_fence();
    *owner = -1;
    return 0;
}

WRAP(int, pthread_mutex_lock, pthread_mutex_t *mutex)
{
    if (!inter_self)
        return __real_pthread_mutex_lock(mutex);
    inter_wait(INTER_MUTEX, mutex, INTER_NEVER);
    return 0;
}

WRAP(int, pthread_mutex_trylock, pthread_mutex_t *mutex)
{
    return inter_self ? take_if_free(mutex) : __real_pthread_mutex_trylock(mutex);
}

WRAP(int, pthread_mutex_unlock, pthread_mutex_t *mutex)
{
    return inter_self ? give(mutex) : __real_pthread_mutex_unlock(mutex);
}

WRAP(int, pthread_spin_trylock, pthread_spinlock_t *lock)
{
    return inter_self ? take_if_free((const void *)lock) : __real_pthread_spin_trylock(lock);
}

WRAP(int, pthread_spin_unlock, pthread_spinlock_t *lock)
{
    return inter_self ? give((const void *)lock) : __real_pthread_spin_unlock(lock);
}

static int wait_cond(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t deadline)
{
    struct inter_thread *t = inter_self;
    give(mutex);
    inter_wait(INTER_COND, cond, deadline);
    bool timed_out = t->timed_out;
    inter_wait(INTER_MUTEX, mutex, INTER_NEVER);
    return timed_out ? ETIMEDOUT : 0;
}

WRAP(int, pthread_cond_wait, pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    return inter_self ? wait_cond(cond, mutex, INTER_NEVER) : __real_pthread_cond_wait(cond, mutex);
}

static uint64_t nanoseconds(const struct timespec *t)
{
    return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

WRAP(int, pthread_cond_timedwait, pthread_cond_t *cond, pthread_mutex_t *mutex,
     const struct timespec *until)
{
    return inter_self ? wait_cond(cond, mutex, nanoseconds(until))
                      : __real_pthread_cond_timedwait(cond, mutex, until);
}

static int signal_cond(const pthread_cond_t *cond, unsigned most)
{
    for (unsigned k = 0; k < inter_run.threads && most > 0; k++) {
        struct inter_thread *t = &inter_run.thread[k];
        if (t->state == INTER_COND && t->object == cond) {
            t->state = INTER_READY;
            most--;
        }
    }
    return 0;
}

WRAP(int, pthread_cond_signal, pthread_cond_t *cond)
{
    return inter_self ? signal_cond(cond, 1) : __real_pthread_cond_signal(cond);
}

WRAP(int, pthread_cond_broadcast, pthread_cond_t *cond)
{
    return inter_self ? signal_cond(cond, INTER_THREADS) : __real_pthread_cond_broadcast(cond);
}

int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*start)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*start)(void *),
                          void *arg)
{
    return inter_self ? inter_create(id, start, arg) : __real_pthread_create(id, attr, start, arg);
}

int __wrap_pthread_join(pthread_t id, void **result);
int __wrap_pthread_join(pthread_t id, void **result)
{
    if (inter_self) {
        struct inter_thread *t = inter_find(id);
        inter_wait(INTER_JOIN, t, INTER_NEVER);
        t->joined = true;
    }
    return __real_pthread_join(id, result);
}

WRAP(int, sched_yield, void)
{
    if (!inter_self)
        return __real_sched_yield();
    inter_spin();
    return 0;
}

WRAP(int, nanosleep, const struct timespec *time, struct timespec *rest)
{
    if (!inter_self)
        return __real_nanosleep(time, rest);
    inter_wait(INTER_SLEEP, NULL, inter_run.now + nanoseconds(time));
    return 0;
}

WRAP(int, clock_gettime, clockid_t clock, struct timespec *time)
{
    if (!inter_self)
        return __real_clock_gettime(clock, time);
    time->tv_sec = (time_t)(inter_run.now / 1000000000u);
    time->tv_nsec = (long)(inter_run.now % 1000000000u);
    return 0;
}

/* membarrier() alone: every thread's stores become visible. */
long __real_syscall(long call, ...);
long __wrap_syscall(long call, ...);
long __wrap_syscall(long call, ...)
{
    long arg[6];
    va_list list;
    va_start(list, call);
    for (unsigned k = 0; k < 6; k++)
        arg[k] = va_arg(list, long);
    va_end(list);
    if (call != SYS_membarrier || !inter_self)
        return __real_syscall(call, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
    if ((int)arg[0] == MEMBARRIER_CMD_QUERY)
        return MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
    inter_point();
    for (unsigned k = 0; k < inter_run.threads; k++)
        if ((int)arg[0] == MEMBARRIER_CMD_PRIVATE_EXPEDITED)
            inter_run.thread[k].late = NULL;
    return 0;
}
