/* Running code that ends the program when it meets a mistake. Link with -Wl,--wrap=exit. */
#ifndef FUZZ_ENDING_H
#define FUZZ_ENDING_H

#include <stdbool.h>

/* Calls run(ctx). If that calls exit(), comes back at once and frees, under AddressSanitizer, what
 * was allocated meanwhile. @return true and the status if exit() was called */
bool fuzz_run_to_exit(void (*run)(void *ctx), void *ctx, int *status);

#endif
