/* A device plug-in for tests of --device: accepts everything. */
#include <fpr/device.h>

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    (void)ctx;
    (void)sg;
    (void)nents;
    return 0;
}

FPR_API int fpr_plugin_open(struct fpr_device *device);

int fpr_plugin_open(struct fpr_device *device)
{
    *device = (struct fpr_device){.name = "test", .report = report};
    return 0;
}
