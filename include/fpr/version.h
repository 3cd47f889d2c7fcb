/** @file version.h
 *  Version of the library.
 */
#ifndef FPR_VERSION_H
#define FPR_VERSION_H

#include <fpr/types.h>

#define FPR_VERSION_MAJOR 0 /**< changes break callers */
#define FPR_VERSION_MINOR 1 /**< additions */
#define FPR_VERSION_PATCH 0 /**< corrections */

/** Version of the library that is linked, "major.minor.patch". Thread safe. */
FPR_API const char *fpr_version(void);

#endif
