#include <fpr/version.h>

#define TEXT(x)  #x
#define QUOTE(x) TEXT(x)

const char *fpr_version(void)
{
    return QUOTE(FPR_VERSION_MAJOR) "." QUOTE(FPR_VERSION_MINOR) "." QUOTE(FPR_VERSION_PATCH);
}
