/* A device plug-in for tests of --device. Its argument: "fail" (refuses all), "room=N" (takes so
 * many blocks at once), "order=N" (its wish); else it accepts everything. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <fpr/devices.h>

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    (void)ctx;
    (void)sg;
    (void)nents;
    return 0;
}

static int refuse(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    return report(ctx, sg, nents) - EIO;
}

FPR_API int fpr_plugin_device(unsigned abi, const char *argument, struct fpr_plugin_device *out);

int fpr_plugin_device(unsigned abi, const char *argument, struct fpr_plugin_device *out)
{
    if (abi != FPR_PLUGIN_ABI) {
        return -ENOSYS;
    }
    out->device = (struct fpr_device){.name = "test", .report = report};
    if (!strcmp(argument, "fail")) {
        out->device.report = refuse;
    }
    sscanf(argument, "room=%u", &out->device.max_nents);
    sscanf(argument, "order=%d", &out->device.order);
    return 0;
}
