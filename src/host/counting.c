#include <fpr/devices.h>

#include <errno.h>
#include <pthread.h>

struct fpr_counting {
    const struct fpr_device *next;
    pthread_mutex_t lock; /* of the counts: they are read while reports go on */
    struct fpr_counts counts;
};

int fpr_counting_create(const struct fpr_device *next, struct fpr_counting **counting)
{
    if (counting == NULL || (next != NULL && next->report == NULL))
        return -EINVAL;
    const struct fpr_mem_ops *mem = fpr_mem_default();
    struct fpr_counting *made = mem->zalloc(mem->ctx, sizeof(*made));
    if (made == NULL)
        return -ENOMEM;
    made->next = next;
    pthread_mutex_init(&made->lock, NULL);
    *counting = made;
    return 0;
}

void fpr_counting_destroy(struct fpr_counting *counting)
{
    const struct fpr_mem_ops *mem = fpr_mem_default();
    if (counting == NULL)
        return;
    pthread_mutex_destroy(&counting->lock);
    mem->free(mem->ctx, counting, sizeof(*counting));
}

static void count(struct fpr_counts *counts, const struct fpr_sg *sg, unsigned nents, int result)
{
    counts->calls++;
    counts->failed += result != 0;
    counts->entries += nents;
    for (unsigned i = 0; i < nents; i++) {
        unsigned order = sg[i].order;
        counts->by_order[order < FPR_MAX_ORDER ? order : FPR_MAX_ORDER]++;
        counts->pages += order < 64 ? 1ull << order : 0;
    }
    if (counts->largest_batch < nents)
        counts->largest_batch = nents;
}

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct fpr_counting *counting = ctx;
    int result = 0;
    if (counting->next != NULL)
        result = counting->next->report(counting->next->ctx, sg, nents);
    pthread_mutex_lock(&counting->lock);
    count(&counting->counts, sg, nents, result);
    pthread_mutex_unlock(&counting->lock);
    return result;
}

int fpr_counting_device(struct fpr_counting *counting, struct fpr_device *device)
{
    if (counting == NULL || device == NULL)
        return -EINVAL;
    *device = (struct fpr_device){.name = "counting", .report = report, .ctx = counting};
    if (counting->next != NULL) {
        device->order = counting->next->order;
        device->max_nents = counting->next->max_nents;
    }
    return 0;
}

int fpr_counting_get(struct fpr_counting *counting, struct fpr_counts *counts)
{
    if (counting == NULL || counts == NULL)
        return -EINVAL;
    pthread_mutex_lock(&counting->lock);
    *counts = counting->counts;
    pthread_mutex_unlock(&counting->lock);
    return 0;
}

void fpr_counting_clear(struct fpr_counting *counting)
{
    if (counting == NULL)
        return;
    pthread_mutex_lock(&counting->lock);
    counting->counts = (struct fpr_counts){0};
    pthread_mutex_unlock(&counting->lock);
}
