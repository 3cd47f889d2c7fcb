#include <fpr/devices.h>

#include <errno.h>

struct fpr_chain {
    size_t count;
    const struct fpr_device *devices[];
};

static size_t chain_bytes(size_t count)
{
    return sizeof(struct fpr_chain) + count * sizeof(const struct fpr_device *);
}

int fpr_chain_create(const struct fpr_device *const *devices, size_t nr_devices,
                     struct fpr_chain **chain)
{
    if (devices == NULL || chain == NULL || nr_devices == 0 || nr_devices > 1000)
        return -EINVAL;
    for (size_t i = 0; i < nr_devices; i++)
        if (devices[i] == NULL || devices[i]->report == NULL)
            return -EINVAL;
    const struct fpr_mem_ops *mem = fpr_mem_default();
    struct fpr_chain *made = mem->zalloc(mem->ctx, chain_bytes(nr_devices));
    if (made == NULL)
        return -ENOMEM;
    made->count = nr_devices;
    for (size_t i = 0; i < nr_devices; i++)
        made->devices[i] = devices[i];
    *chain = made;
    return 0;
}

void fpr_chain_destroy(struct fpr_chain *chain)
{
    const struct fpr_mem_ops *mem = fpr_mem_default();
    if (chain != NULL)
        mem->free(mem->ctx, chain, chain_bytes(chain->count));
}

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct fpr_chain *chain = ctx;
    int result = 0;
    for (size_t i = 0; i < chain->count && result == 0; i++)
        result = chain->devices[i]->report(chain->devices[i]->ctx, sg, nents);
    return result;
}

int fpr_chain_device(struct fpr_chain *chain, struct fpr_device *device)
{
    if (chain == NULL || device == NULL)
        return -EINVAL;
    struct fpr_device made = {.name = "chain", .report = report, .ctx = chain};
    for (size_t i = 0; i < chain->count; i++) {
        const struct fpr_device *one = chain->devices[i];
        if (made.order < one->order)
            made.order = one->order;
        if (one->max_nents > 0 && (made.max_nents == 0 || one->max_nents < made.max_nents))
            made.max_nents = one->max_nents;
    }
    *device = made;
    return 0;
}
