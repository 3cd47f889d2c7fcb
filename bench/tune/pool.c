#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "stop.h"
#include "tune.h"

struct shared {
    const struct tune_pool *pool;
    pthread_mutex_t lock;
    size_t next; /* first task nobody has taken */
    size_t done;
    int error; /* first one */
};

/* Takes the next task. */
static bool take(struct shared *shared, size_t *i)
{
    const struct tune_pool *pool = shared->pool;
    pthread_mutex_lock(&shared->lock);
    if (pool->stop && bench_stopped(pool->stop) && !shared->error) {
        shared->error = -EINTR;
    }
    bool more = !shared->error && shared->next < pool->count;
    if (more) {
        *i = shared->next++;
    }
    pthread_mutex_unlock(&shared->lock);
    return more;
}

static void *work(void *arg)
{
    struct shared *shared = arg;
    const struct tune_pool *pool = shared->pool;
    size_t i;
    while (take(shared, &i)) {
        int result = pool->task(pool->ctx, i);
        pthread_mutex_lock(&shared->lock);
        if (result < 0) {
            shared->error = shared->error ? shared->error : result;
        } else {
            shared->done++;
            if (pool->tick) {
                pool->tick(pool->ctx, shared->done);
            }
        }
        pthread_mutex_unlock(&shared->lock);
    }
    return NULL;
}

int tune_pool_run(const struct tune_pool *pool)
{
    struct shared shared = {.pool = pool};
    pthread_mutex_init(&shared.lock, NULL);
    size_t wanted = pool->threads < pool->count ? pool->threads : pool->count;
    pthread_t *threads = tune_alloc(wanted, sizeof(*threads));
    size_t started = 0;
    while (started + 1 < wanted && !pthread_create(&threads[started], NULL, work, &shared)) {
        started++;
    }
    work(&shared); /* this thread is one of them, and does all if none could be made */
    for (size_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    free(threads);
    pthread_mutex_destroy(&shared.lock);
    return shared.error;
}
