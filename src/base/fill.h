/* Memory that is about to be written from end to end. */
#ifndef BASE_FILL_H
#define BASE_FILL_H

#include <stddef.h>

/* Gets the pages of fresh memory at once, which is several times cheaper than one fault each. Does
 * nothing where the system cannot, or for little. */
void fpr_fill_soon(void *at, size_t size);

#endif
