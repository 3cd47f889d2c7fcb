/* Says yes and fills nothing. */
#include <fpr/devices.h>

FPR_API int fpr_plugin_device(unsigned abi, const char *argument, struct fpr_plugin_device *out);

int fpr_plugin_device(unsigned abi, const char *argument, struct fpr_plugin_device *out)
{
    (void)abi;
    (void)argument;
    (void)out;
    return 0;
}
