/* Built for an interface that does not exist yet. */
#include <fpr/devices.h>

#include <errno.h>

FPR_API int fpr_plugin_device(unsigned abi, const char *argument, struct fpr_plugin_device *out);

int fpr_plugin_device(unsigned abi, const char *argument, struct fpr_plugin_device *out)
{
    (void)argument;
    (void)out;
    return abi == FPR_PLUGIN_ABI + 1 ? 0 : -ENOSYS;
}
