/* Who goes by a clock. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <fpr/clock.h>

/* Somebody's work may be queued with the clock from now on: it is not freed meanwhile. NULL: no
 * clock, nothing to do. */
void fpr_clock_hold(struct fpr_clock *clock);
void fpr_clock_release(struct fpr_clock *clock);

#endif
