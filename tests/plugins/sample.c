/* A device as a researcher would write one: it takes only blocks from a given order on, and refuses
 * batches that hold a smaller one. The argument is that order. */
#include <fpr/devices.h>

#include <errno.h>
#include <stdlib.h>

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    const unsigned *lowest = ctx;
    for (unsigned i = 0; i < nents; i++)
        if (sg[i].order < *lowest)
            return -EINVAL;
    return 0;
}

FPR_API int fpr_plugin_device(unsigned abi, const char *argument, struct fpr_plugin_device *out);

int fpr_plugin_device(unsigned abi, const char *argument, struct fpr_plugin_device *out)
{
    if (abi != FPR_PLUGIN_ABI)
        return -ENOSYS;
    char *end;
    unsigned long order = strtoul(argument, &end, 10);
    if (end == argument || *end != '\0' || order > FPR_MAX_ORDER)
        return -EINVAL;
    unsigned *lowest = malloc(sizeof(*lowest));
    if (lowest == NULL)
        return -ENOMEM;
    *lowest = (unsigned)order;
    out->device =
        (struct fpr_device){.name = "sample", .report = report, .ctx = lowest, .order = (int)order};
    out->close = free;
    return 0;
}
