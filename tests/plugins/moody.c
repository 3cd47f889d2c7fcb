/* Answers with the number that its argument is. */
#include <fpr/devices.h>

#include <stdlib.h>

FPR_API int fpr_plugin_device(unsigned abi, const char *argument, struct fpr_plugin_device *out);

int fpr_plugin_device(unsigned abi, const char *argument, struct fpr_plugin_device *out)
{
    (void)abi;
    (void)out;
    return (int)strtol(argument, NULL, 10);
}
