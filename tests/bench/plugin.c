/* A device plug-in for tests of --device: accepts everything. */
#include <errno.h>

#include <fpr/devices.h>

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    (void)ctx;
    (void)sg;
    (void)nents;
    return 0;
}

FPR_API int fpr_plugin_device(unsigned abi, const char *argument, struct fpr_plugin_device *out);

int fpr_plugin_device(unsigned abi, const char *argument, struct fpr_plugin_device *out)
{
    (void)argument;
    if (abi != FPR_PLUGIN_ABI) {
        return -ENOSYS;
    }
    out->device = (struct fpr_device){.name = "test", .report = report};
    return 0;
}
