#include "micro/pair.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

enum { MOST = 2 };

struct pair {
    const struct pair_work *work;
    pthread_mutex_t gate; /* held until every thread is there, or will not come */
    pthread_barrier_t warm;
    bool abandoned;
};

struct member {
    struct pair *pair;
    void *ctx;
    pthread_t thread;
};

static void *member_main(void *arg)
{
    struct member *m = arg;
    struct pair *p = m->pair;
    pthread_mutex_lock(&p->gate);
    bool abandoned = p->abandoned;
    pthread_mutex_unlock(&p->gate);
    if (abandoned) {
        return NULL;
    }
    if (p->work->warm) {
        p->work->warm(m->ctx);
    }
    pthread_barrier_wait(&p->warm);
    p->work->run(m->ctx);
    return NULL;
}

/* The cpus that this process may use, by turns. */
static void pin(pthread_attr_t *attr, unsigned nth)
{
    cpu_set_t usable, one;
    if (sched_getaffinity(0, sizeof(usable), &usable)) {
        return;
    }
    unsigned skip = nth % (unsigned)CPU_COUNT(&usable);
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &usable) || skip--) {
        cpu++;
    }
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    pthread_attr_setaffinity_np(attr, sizeof(one), &one);
}

static int start(struct member *m, unsigned nth)
{
    pthread_attr_t attr;
    int err = pthread_attr_init(&attr);
    if (err) {
        return -err;
    }
    pin(&attr, nth);
    err = pthread_create(&m->thread, &attr, member_main, m);
    pthread_attr_destroy(&attr);
    return -err;
}

int pair_run(const struct pair_work *work, void *first, void *second)
{
    struct pair p = {.work = work, .gate = PTHREAD_MUTEX_INITIALIZER};
    struct member member[MOST] = {{.pair = &p, .ctx = first}, {.pair = &p, .ctx = second}};
    unsigned count = second ? MOST : 1, started = 0;
    int err = -pthread_barrier_init(&p.warm, NULL, count);
    if (err) {
        return err;
    }
    pthread_mutex_lock(&p.gate);
    while (started < count && !err) {
        err = start(&member[started], started);
        started += !err;
    }
    p.abandoned = err != 0;
    pthread_mutex_unlock(&p.gate);
    for (unsigned i = 0; i < started; i++) {
        pthread_join(member[i].thread, NULL);
    }
    pthread_barrier_destroy(&p.warm);
    return err;
}
