/* Who runs: threads hand each other a baton, and wait for mutexes, conditions, ends of threads and
 * moments that only exist here. */
#include "support/interleave_core.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/interleave_hooks.h"

enum { IDLE_MAX = 20000 };

struct inter_run inter_run;
_Thread_local struct inter_thread *inter_self;

static unsigned number(const struct inter_thread *t)
{
    return (unsigned)(t - inter_run.thread);
}

int *inter_owner(const void *mutex)
{
    unsigned k = 0;
    while (k < inter_run.mutexes && inter_run.mutex[k].mutex != mutex)
        k++;
    if (k == inter_run.mutexes) {
        inter_check(k < INTER_MUTEXES);
        inter_run.mutex[k].mutex = mutex;
        inter_run.mutex[k].owner = -1;
        inter_run.mutexes++;
    }
    return &inter_run.mutex[k].owner;
}

static bool can_run(const struct inter_thread *t)
{
    switch (t->state) {
    case INTER_READY:
        return true;
    case INTER_MUTEX:
        return *inter_owner(t->object) < 0;
    case INTER_JOIN:
        return ((const struct inter_thread *)t->object)->state == INTER_DONE;
    default:
        return false;
    }
}

/* Waits for a moment, which may come at any time. */
static bool can_time_out(const struct inter_thread *t)
{
    return (t->state == INTER_COND || t->state == INTER_SLEEP) && t->deadline != INTER_NEVER;
}

static void add(struct inter_choice *c, unsigned value, unsigned cost)
{
    c->value[c->n] = (uint8_t)value;
    c->cost[c->n] = (uint8_t)cost;
    c->n++;
}

/* Who may go on after `from`: the usual course is that it does itself unless it cannot or `spins`,
 * then that the next one does. Waiting threads whose moment comes are last. */
static struct inter_choice candidates(const struct inter_thread *from, bool spins)
{
    struct inter_choice c = {.threads = true};
    bool stays = can_run(from) && !spins;
    if (stays)
        add(&c, number(from), 0);
    for (unsigned k = 1; k < inter_run.threads; k++) {
        unsigned at = (number(from) + k) % inter_run.threads;
        if (can_run(&inter_run.thread[at]))
            add(&c, at, stays || (spins && c.n > 0));
    }
    bool somebody = c.n > 0;
    for (unsigned k = 0; k < inter_run.threads; k++)
        if (can_time_out(&inter_run.thread[k]))
            add(&c, k, somebody);
    return c;
}

static void describe(const struct inter_thread *t)
{
    static const char *const states[] = {
        "can run", "waits for a mutex", "waits for a signal", "waits for a thread's end", "sleeps",
        "is done"};
    dprintf(STDERR_FILENO, "  thread %u %s %p\n", number(t), states[t->state], t->object);
}

static void deadlock(void)
{
    dprintf(STDERR_FILENO, "nobody can go on:\n");
    for (unsigned k = 0; k < inter_run.threads; k++)
        describe(&inter_run.thread[k]);
    inter_fail(__FILE__, __LINE__, "deadlock");
}

/* What the chosen thread waited for has come. */
static void resume(struct inter_thread *t)
{
    if (t->state == INTER_MUTEX)
        *inter_owner(t->object) = (int)number(t);
    t->timed_out = can_time_out(t);
    if (t->timed_out && t->deadline > inter_run.now)
        inter_run.now = t->deadline;
    t->state = INTER_READY;
    t->object = NULL;
}

static void hand_over(struct inter_thread *from, struct inter_thread *to)
{
    resume(to);
    if (to != from) {
        inter_run.idle = 0;
        bool done = from->state == INTER_DONE;
        sem_post(&to->turn);
        if (!done)
            sem_wait(&from->turn);
    }
}

static void switch_from(struct inter_thread *from, bool spins)
{
    struct inter_choice c = candidates(from, spins);
    bool alone = c.n == 0 || (c.n == 1 && c.value[0] == number(from));
    if ((c.n == 0 && !spins) || (alone && inter_run.idle++ > IDLE_MAX))
        deadlock();
    if (c.n == 0) { /* the others are waiting, perhaps for what time brings */
        inter_run.now += 1000;
        return;
    }
    hand_over(from, &inter_run.thread[c.value[inter_choose(&c)]]);
}

void inter_wait(enum inter_state state, const void *object, uint64_t deadline)
{
    struct inter_thread *t = inter_self;
    inter_fence();
    t->state = state;
    t->object = object;
    t->deadline = deadline;
    if (t->quiet && can_run(t))
        resume(t);
    else
        switch_from(t, false);
}

void inter_point(void)
{
    if (inter_self && !inter_self->quiet)
        switch_from(inter_self, false);
}

void inter_spin(void)
{
    if (!inter_self)
        return;
    inter_fence();
    inter_lower(inter_self);
    switch_from(inter_self, true);
}

void inter_quiet(bool on)
{
    inter_self->quiet = on;
}

void inter_store_late(_Atomic uint64_t *object, uint64_t value)
{
    struct inter_thread *t = inter_self;
    if (t && !t->quiet) {
        static const struct inter_choice choice = {.n = 2, .value = {0, 1}, .cost = {0, 1}};
        inter_point();
        inter_fence(); /* stores become visible in their order */
        if (inter_choose(&choice)) {
            t->late_old = atomic_load(object);
            t->late = object;
        }
    }
    atomic_store(object, value);
}

uint64_t inter_load_others(_Atomic uint64_t *object)
{
    for (unsigned k = 0; inter_self && k < inter_run.threads; k++) {
        const struct inter_thread *t = &inter_run.thread[k];
        if (t != inter_self && t->late == object)
            return t->late_old;
    }
    return atomic_load(object);
}

void inter_fence(void)
{
    if (inter_self)
        inter_self->late = NULL;
}

static void finish(struct inter_thread *t)
{
    inter_fence();
    t->state = INTER_DONE;
    t->quiet = false;
    for (unsigned k = 0; k < inter_run.threads; k++)
        if (inter_run.thread[k].state != INTER_DONE) {
            switch_from(t, false);
            return;
        }
    sem_post(&inter_run.over);
}

static void *trampoline(void *arg)
{
    struct inter_thread *t = arg;
    sem_wait(&t->turn);
    inter_self = t;
    t->result = t->start(t->arg);
    finish(t);
    return t->result;
}

int inter_create(pthread_t *id, void *(*start)(void *), void *arg)
{
    inter_check(inter_run.threads < INTER_THREADS);
    struct inter_thread *t = &inter_run.thread[inter_run.threads];
    *t = (struct inter_thread){.start = start, .arg = arg, .deadline = INTER_NEVER};
    sem_init(&t->turn, 0, 0);
    inter_raise_new(t);
    int err = __real_pthread_create(&t->real, NULL, trampoline, t);
    if (err)
        return err;
    inter_run.threads++;
    *id = t->real;
    return 0;
}

struct inter_thread *inter_find(pthread_t id)
{
    for (unsigned k = 0; k < inter_run.threads; k++)
        if (!inter_run.thread[k].joined && pthread_equal(inter_run.thread[k].real, id))
            return &inter_run.thread[k];
    inter_fail(__FILE__, __LINE__, "a thread of ours");
}

pthread_t inter_begin(void *(*start)(void *), const void *arg)
{
    pthread_t id;
    inter_check(pthread_create(&id, NULL, start, (void *)(uintptr_t)arg) == 0);
    return id;
}

void *inter_end(pthread_t id)
{
    void *result;
    inter_check(pthread_join(id, &result) == 0);
    return result;
}

static void *run_body(void *arg)
{
    void (*body)(void);
    memcpy(&body, arg, sizeof(body));
    body();
    return NULL;
}

void inter_run_body(void (*body)(void))
{
    pthread_t first;
    memset(&inter_run, 0, sizeof(inter_run));
    inter_run.now = UINT64_C(1000000000);
    sem_init(&inter_run.over, 0, 0);
    inter_check(inter_create(&first, run_body, &body) == 0);
    sem_post(&inter_run.thread[0].turn);
    sem_wait(&inter_run.over);
    for (unsigned k = 0; k < inter_run.threads; k++) {
        if (!inter_run.thread[k].joined)
            __real_pthread_join(inter_run.thread[k].real, NULL);
        sem_destroy(&inter_run.thread[k].turn);
    }
    sem_destroy(&inter_run.over);
}

void inter_fail(const char *file, int line, const char *what)
{
    dprintf(STDERR_FILENO, "%s:%d: %s\n", file, line, what);
    inter_print_schedule();
    _exit(1);
}
